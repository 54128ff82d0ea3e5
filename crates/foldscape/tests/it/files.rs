//! info, convert, analyze.

use crate::{data, failure, in_folder, json, real_input};

#[test]
fn info_tells_what_a_trajectory_holds() {
    let info = json(&[
        "info",
        &data("cln025.xtc"),
        "--top",
        &data("cln025.pdb"),
        "--json",
    ]);
    assert_eq!(
        (info["atoms"].as_u64(), info["residues"].as_u64()),
        (Some(166), Some(10))
    );
    assert_eq!(
        (info["frames"].as_u64(), info["time_step"].as_f64()),
        (Some(1150), Some(1.0))
    );
    assert_eq!(
        (info["velocities"].as_bool(), info["cell"].is_null()),
        (Some(false), true)
    );
    // without a topology, what the file itself knows
    let bare = json(&["info", &data("cln025.xtc"), "--json"]);
    assert_eq!(
        (bare["atoms"].as_u64(), bare["residues"].is_null()),
        (Some(166), true)
    );
}

/// A file of CLN025's CA atoms.
fn alphas(folder: &tempfile::TempDir) -> String {
    let path = in_folder(folder, "ca.pdb");
    let protein = data("cln025.pdb");
    json(&["convert", &protein, &path, "--select", "name CA", "--json"]);
    path
}

#[test]
fn a_mismatched_topology_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let ca = alphas(&folder);
    let message = failure(&["info", &data("cln025.xtc"), "--top", &ca]);
    assert!(
        message.contains("topology has 10") && message.contains("166"),
        "{message}"
    );
}

#[test]
fn convert_selects_strides_and_aligns() {
    let folder = tempfile::tempdir().unwrap();
    let (dcd, pdb) = (in_folder(&folder, "ca.dcd"), in_folder(&folder, "ca.pdb"));
    let common = [
        "convert",
        &data("cln025.xtc"),
        "--top",
        &data("cln025.pdb"),
        "--select",
        "name CA",
        "--stride",
        "100",
    ];
    let run = |out: &str, more: &[&str]| {
        let mut arguments = common.to_vec();
        arguments.insert(2, out);
        arguments.extend(more);
        arguments.push("--json");
        json(&arguments)
    };
    let written = run(&dcd, &["--align", "name CA"]);
    assert_eq!(
        (written["atoms"].as_u64(), written["frames"].as_u64()),
        (Some(10), Some(12))
    );
    run(&pdb, &["--align", "name CA"]);
    // the aligned frames need no further alignment: RMSD is the same from both formats
    let from_dcd = json(&["analyze", &dcd, "--top", &pdb, "--json"]);
    let from_pdb = json(&["analyze", &pdb, "--json"]);
    for (a, b) in from_dcd["rmsd"]
        .as_array()
        .unwrap()
        .iter()
        .zip(from_pdb["rmsd"].as_array().unwrap())
    {
        assert!((a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 2e-4);
    }
}

#[test]
fn a_wrong_selection_points_at_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let out = in_folder(&folder, "out.xtc");
    let message = failure(&[
        "convert",
        &data("cln025.pdb"),
        &out,
        "--select",
        "name CA and )",
    ]);
    assert!(message.contains('^'), "{message}");
    let message = failure(&[
        "convert",
        &data("cln025.pdb"),
        &out,
        "--select",
        "resname XYZ",
    ]);
    assert!(message.contains("none of the 166 atoms"), "{message}");
}

#[test]
fn missing_files_and_formats_are_named() {
    assert!(failure(&["info", "nowhere.pdb"]).contains("nowhere.pdb"));
    assert!(failure(&["info", "notes.txt"]).contains("notes.txt"));
    // what is written: the folder that is not there, and formats that would do
    let folder = tempfile::tempdir().unwrap();
    let out = in_folder(&folder, "no/such/out.xtc");
    let message = failure(&["convert", &data("cln025.pdb"), &out]);
    assert!(
        message.contains("there is no folder") && message.contains("no/such"),
        "{message}"
    );
    let message = failure(&[
        "convert",
        &data("cln025.xtc"),
        &in_folder(&folder, "out.foo"),
    ]);
    assert!(
        message.contains("out.foo") && message.contains("dcd"),
        "{message}"
    );
}

#[test]
fn info_tells_what_a_bare_topology_holds() {
    let Some(psf) = real_input("adk/adk.psf") else {
        return;
    };
    let info = json(&["info", &psf, "--json"]);
    assert_eq!(
        (info["atoms"].as_u64(), info["frames"].as_u64()),
        (Some(3341), Some(0))
    );
}

#[test]
fn analyze_measures_each_frame() {
    let analysis = json(&["analyze", &data("cln025.pdb"), "--json"]);
    assert_eq!(analysis["frames"].as_u64(), Some(1));
    assert!(analysis["rmsd"][0].as_f64().unwrap() < 1e-6);
    // φ is undefined at the first residue, ψ at the last
    assert!(analysis["phi"][0][0].is_null() && analysis["psi"][0][9].is_null());
    let phi = analysis["phi"][0][1].as_f64().unwrap();
    assert!((-std::f64::consts::PI..=std::f64::consts::PI).contains(&phi));
    let counts = &analysis["ramachandran"][0];
    let total: u64 = ["favored", "allowed", "outlier"]
        .iter()
        .map(|class| counts[class].as_u64().unwrap())
        .sum();
    assert_eq!(total, 8);
    assert_eq!(analysis["chirality_errors"][0].as_u64(), Some(0));
}

/// A `.npy` file, version 1.0, of f64.
fn npy(path: &str, shape: &str, values: &[f64]) {
    let mut text = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
    while (10 + text.len() + 1) % 64 != 0 {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.bytes());
    bytes.extend(values.iter().flat_map(|x| x.to_le_bytes()));
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn analyze_joins_columns_and_writes_tables_and_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let name = |file: &str| in_folder(&folder, file);
    let (csv, npz, html) = (name("a.csv"), name("a.npz"), name("a.html"));
    let energy = name("energy.npy");
    let values: Vec<f64> = (0..1150).map(|i| 0.5 * f64::from(i)).collect();
    npy(&energy, "(1150,)", &values);
    let (xtc, top) = (data("cln025.xtc"), data("cln025.pdb"));
    let common = ["analyze", &xtc, "--top", &top, "--stride", "50", "--json"];
    let more = [
        "--column", "energy", &energy, "--out", &csv, "--out", &npz, "--report", &html,
    ];
    let analysis = json(&[&common[..], &more].concat());
    let n = analysis["frames"].as_u64().unwrap() as usize;
    assert_eq!(n, 23);
    for key in [
        "rmsd",
        "rg",
        "phi",
        "psi",
        "omega",
        "chi1",
        "end_to_end",
        "ramachandran",
        "chirality_errors",
        "dope",
        "native_contacts",
        "sasa",
        "secondary_structure",
        "hydrogen_bonds",
        "clashes",
        "strained_bonds",
    ] {
        assert_eq!(analysis[key].as_array().expect(key).len(), n, "{key}");
    }
    // without a table there is no DOPE, and that is said by null
    assert!(analysis["dope"][0].is_null() && analysis["sasa"][0].as_f64().unwrap() > 5.0);
    assert_eq!(analysis["columns"]["energy"][2].as_f64(), Some(50.0));
    assert_eq!(
        analysis["secondary_structure"][0].as_str().unwrap().len(),
        10
    );
    let table = std::fs::read_to_string(&csv).unwrap();
    let header: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    let place = header
        .iter()
        .position(|&h| h == "energy")
        .expect("a column");
    let third: Vec<&str> = table.lines().nth(3).unwrap().split(',').collect();
    assert_eq!(
        (table.lines().count(), third[place], header.len()),
        (n + 1, "50", third.len())
    );
    assert!(std::fs::read(&npz).unwrap().starts_with(b"PK"));
    assert!(
        std::fs::read_to_string(&html)
            .unwrap()
            .contains("Radius of gyration")
    );

    npy(&name("short.npy"), "(3,)", &[1.0, 2.0, 3.0]);
    let message = failure(&[
        "analyze",
        &xtc,
        "--top",
        &top,
        "--column",
        "x",
        &name("short.npy"),
    ]);
    assert!(
        message.contains("short.npy") && message.contains("1150"),
        "{message}"
    );
    let text = name("a.txt");
    assert!(failure(&[&common[..6], &["--out", &text]].concat()).contains(".npz"));
}

#[test]
fn analyze_says_null_where_nothing_is_defined() {
    let folder = tempfile::tempdir().unwrap();
    let ca = alphas(&folder);
    let analysis = json(&["analyze", &ca, "--json", "--without", "sasa"]);
    for key in [
        "ramachandran",
        "chirality_errors",
        "dope",
        "sasa",
        "secondary_structure",
        "hydrogen_bonds",
        "strained_bonds",
    ] {
        assert!(analysis[key][0].is_null(), "{key}: {}", analysis[key]);
    }
    assert!(analysis["phi"][0][4].is_null() && analysis["rg"][0].is_number());
    assert!(analysis["end_to_end"][0][0].as_f64().unwrap() > 0.2);
}

#[test]
fn compare_takes_columns_of_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (in_folder(&folder, "a.npy"), in_folder(&folder, "b.npy"));
    let values: Vec<f64> = (0..1150).map(|i| f64::from(i % 7)).collect();
    let higher: Vec<f64> = values.iter().map(|x| x + 2.0).collect();
    npy(&a, "(1150,)", &values);
    npy(&b, "(1150,)", &higher);
    let (xtc, top) = (data("cln025.xtc"), data("cln025.pdb"));
    let compare = [
        "compare",
        "--reference",
        &xtc,
        "--model",
        &xtc,
        "--top",
        &top,
        "--bootstrap",
        "5",
        "--stride",
        "5",
        "--lag",
        "4",
        "--json",
        "--column",
        "energy",
        &a,
    ];
    let found = json(&[&compare[..], &[b.as_str()]].concat());
    let entry = &found["columns"]["energy"]["w1"];
    assert!(
        (entry["value"].as_f64().unwrap() - 2.0).abs() < 1e-9,
        "{entry}"
    );
    assert!(entry["error"].is_number() && entry["baseline"].is_number());
    npy(&b, "(3,)", &[1.0, 2.0, 3.0]);
    let message = failure(&[&compare[..], &[b.as_str()]].concat());
    assert!(
        message.contains("b.npy") && message.contains("1150"),
        "{message}"
    );
}

#[test]
fn real_trajectories_of_three_programs() {
    let Some(psf) = real_input("adk/adk.psf") else {
        return;
    };
    let dcd = real_input("adk/adk_dims.dcd").unwrap();
    let info = json(&["info", &dcd, "--top", &psf, "--json"]);
    assert_eq!(
        (info["atoms"].as_u64(), info["frames"].as_u64()),
        (Some(3341), Some(98))
    );
    let trr = real_input("trajectories/trr_test_only_10_frame_10_atoms.trr").unwrap();
    let info = json(&["info", &trr, "--json"]);
    assert_eq!(
        (info["atoms"].as_u64(), info["frames"].as_u64()),
        (Some(10), Some(10))
    );
}

#[test]
fn an_ensemble_compared_with_itself_is_no_distance_away() {
    let folder = tempfile::tempdir().unwrap();
    let report = in_folder(&folder, "report.html");
    let (xtc, top) = (data("cln025.xtc"), data("cln025.pdb"));
    let common = [
        "--top",
        &top,
        "--native",
        &top,
        "--bootstrap",
        "5",
        "--stride",
        "2",
        "--json",
    ];
    let compare = |model: &str, more: &[&str]| {
        let arguments = [
            &["compare", "--reference", &xtc, "--model", model][..],
            &common,
            more,
        ]
        .concat();
        json(&arguments)
    };
    let same = compare(&xtc, &["--report", &report]);
    for quantity in [
        "bond",
        "angle",
        "dihedral",
        "rg",
        "end_to_end",
        "rmsd_to_native",
    ] {
        let entry = match quantity {
            "rmsd_to_native" => &same[quantity],
            _ => &same[quantity]["w1"],
        };
        assert!(
            entry["value"].as_f64().unwrap().abs() < 1e-9,
            "{quantity}: {entry}"
        );
        assert!(
            entry["baseline"].as_f64().unwrap() > 0.0,
            "{quantity}: {entry}"
        );
    }
    assert!(same["tica"]["w1_2d"]["value"].as_f64().unwrap().abs() < 1e-9);
    let html = std::fs::read_to_string(&report).unwrap();
    assert!(html.contains("<svg") && html.contains("Ramachandran"));
    let divergence = same["ramachandran"]["jensen_shannon"]["value"].as_f64();
    assert!(divergence.unwrap().abs() < 1e-12);
    // Fifty-seven microstates may or may not be connected, but something is said in either case.
    assert!(same["msm"].is_object() || same["msm_undetermined"].is_string());
    // every tenth frame is another sample of the same, one structure is not
    let thinned = in_folder(&folder, "thinned.xtc");
    json(&[
        "convert", &xtc, &thinned, "--top", &top, "--stride", "10", "--json",
    ]);
    let near = compare(&thinned, &[])["rg"]["w1"]["value"]
        .as_f64()
        .unwrap();
    let far = compare(&top, &[])["rg"]["w1"]["value"].as_f64().unwrap();
    assert!(0.0 < near && near < far, "{near} {far}");
}

/// Against OpenMM 8.6.1, Reference platform, ff14SB and GBn2, of the same file.
#[test]
fn energies_are_those_of_openmm() {
    let folder = tempfile::tempdir().unwrap();
    let forces = in_folder(&folder, "forces.npy");
    let energies = json(&[
        "energy",
        &data("cln025.pdb"),
        "--ff",
        "ff14SB",
        "--solvent",
        "gbn2",
        "--forces",
        &forces,
        "--json",
    ]);
    let frame = &energies["frames"][0];
    let expected = [
        ("bond", 17.769591),
        ("angle", 68.829035),
        ("torsion", 411.898431),
        ("nonbonded", -980.770085),
        ("solvation", -1255.121572),
        ("total", -1737.394600),
    ];
    for (term, expected) in expected {
        // positions are read as f32: at 3 nm from the origin that is 1e-4 Å of a stiff bond
        let found = frame[term].as_f64().unwrap();
        assert!(
            (found - expected).abs() < 2e-3,
            "{term}: {found}, OpenMM {expected}"
        );
    }
    // the header of a .npy file names the shape
    let bytes = std::fs::read(&forces).unwrap();
    assert!(String::from_utf8_lossy(&bytes[..128]).contains("(1, 166, 3, )"));
    assert!(failure(&["energy", &data("cln025.pdb"), "--device", "cuda"]).contains("CUDA"));
    let ca = alphas(&folder);
    assert!(failure(&["energy", &ca]).contains("TYR"));
}

#[test]
fn analyze_refuses_what_it_cannot_write_or_measure() {
    let folder = tempfile::tempdir().unwrap();
    let table = in_folder(&folder, "table.txt");
    let message = failure(&["analyze", &data("cln025.pdb"), "--out", &table]);
    assert!(
        message.contains("table.txt: expected a name that ends in .csv or .npz"),
        "{message}"
    );
    let ca = alphas(&folder);
    let message = failure(&["analyze", &data("cln025.xtc"), "--top", &ca]);
    assert!(
        message.contains("the frames have 166 atoms, the topology has 10"),
        "{message}"
    );
}
