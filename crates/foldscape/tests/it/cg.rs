//! cg map.

use crate::{data, failure, in_folder, json};
use molio::Frame;

/// The bundled frames with forces that each atom's place gives: enough to follow them through a map.
pub(crate) fn frames_with_forces(path: &str, n_frames: usize) -> Vec<Frame> {
    let topology = molio::read_topology(data("cln025.pdb")).unwrap();
    let mut reader = molio::open(data("cln025.xtc")).unwrap();
    let mut writer = molio::create(path, &topology).unwrap();
    let mut frames = Vec::new();
    let mut frame = Frame::default();
    while frames.len() < n_frames && reader.read_frame(&mut frame).unwrap() {
        let n = frame.n_atoms();
        let force = |i: usize| {
            let t = (frames.len() * n + i) as f32;
            [
                (0.7 * t).sin(),
                (1.3 * t * t).cos(),
                (0.31 * t).sin() * (2.0 * t).cos(),
            ]
        };
        frame.forces = Some((0..n).map(force).collect());
        writer.write_frame(&frame).unwrap();
        frames.push(frame.clone());
    }
    writer.finish().unwrap();
    frames
}

pub(crate) fn read(path: &str) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut reader = molio::open(path).unwrap();
    let mut frame = Frame::default();
    while reader.read_frame(&mut frame).unwrap() {
        frames.push(frame.clone());
    }
    frames
}

#[test]
fn forces_are_summed_over_constrained_groups() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (in_folder(&folder, "aa.trr"), in_folder(&folder, "cg.npz"));
    let atoms = frames_with_forces(&input, 12);
    let top = data("cln025.pdb");
    let report = json(&[
        "cg",
        "map",
        &input,
        &out,
        "--top",
        &top,
        "--forces",
        "constraint-aware",
        "--stride",
        "3",
        "--json",
    ]);
    assert_eq!(
        (report["frames"].as_u64(), report["beads"].as_u64()),
        (Some(4), Some(10))
    );
    let topology = molio::read_topology(&top).unwrap();
    let beads = read(&out);
    assert_eq!(beads.len(), 4);
    let alpha = topology.find(6, "CA").unwrap();
    // glycine's CA has two hydrogens
    let group: Vec<usize> = ["CA", "HA2", "HA3"]
        .map(|name| topology.find(6, name).unwrap())
        .to_vec();
    for (bead, atom) in beads.iter().zip(atoms.iter().step_by(3)) {
        assert_eq!(bead.positions[6], atom.positions[alpha]);
        let forces = atom.forces.as_ref().unwrap();
        for axis in 0..3 {
            let sum: f32 = group.iter().map(|&a| forces[a][axis]).sum();
            assert!((bead.forces.as_ref().unwrap()[6][axis] - sum).abs() < 1e-5);
        }
    }
    let structure = molio::read_topology(in_folder(&folder, "cg.pdb")).unwrap();
    assert_eq!(structure.residues()[6].name, "GLY");
}

#[test]
fn the_optimal_map_leaves_smaller_forces() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (in_folder(&folder, "aa.trr"), in_folder(&folder, "cg.trr"));
    frames_with_forces(&input, 120);
    let report = json(&[
        "cg",
        "map",
        &input,
        &out,
        "--top",
        &data("cln025.pdb"),
        "--json",
    ]);
    let aware = report["rms_force_constraint_aware"].as_f64().unwrap();
    assert!(report["rms_force"].as_f64().unwrap() < aware, "{report}");
    assert_eq!(read(&out).len(), 120);
}

#[test]
fn maps_that_would_be_wrong_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (in_folder(&folder, "aa.trr"), in_folder(&folder, "cg.trr"));
    frames_with_forces(&input, 4);
    let top = data("cln025.pdb");
    let message = failure(&[
        "cg", "map", &input, &out, "--top", &top, "--forces", "slice",
    ]);
    assert!(message.contains("constraint joins"), "{message}");
    let message = failure(&["cg", "map", &data("cln025.xtc"), &out, "--top", &top]);
    assert!(message.contains("no forces"), "{message}");
    let message = failure(&[
        "cg",
        "map",
        &input,
        &in_folder(&folder, "cg.xtc"),
        "--top",
        &top,
    ]);
    assert!(message.contains("TRR or NPZ"), "{message}");
    let message = failure(&["cg", "map", &input, &out, "--top", &top, "--map", "beads"]);
    assert!(message.contains("ca_cb"), "{message}");
}

#[test]
fn atoms_in_another_order_than_the_topologys_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (in_folder(&folder, "aa.trr"), in_folder(&folder, "cg.trr"));
    let topology = molio::read_topology(data("cln025.pdb")).unwrap();
    let mut writer = molio::create(&input, &topology).unwrap();
    for mut frame in frames_with_forces(&in_folder(&folder, "right.trr"), 2) {
        frame.positions.reverse();
        writer.write_frame(&frame).unwrap();
    }
    writer.finish().unwrap();
    let top = data("cln025.pdb");
    let message = failure(&["cg", "map", &input, &out, "--top", &top]);
    assert!(message.contains("aa.trr, frame 0"), "{message}");
    assert!(message.contains("bonded, but"), "{message}");
}

/// A configuration for a small network in a folder, with frames to train it on.
fn small_run(folder: &tempfile::TempDir) -> String {
    frames_with_forces(&in_folder(folder, "aa.trr"), 300);
    let config = in_folder(folder, "cg.toml");
    let text = format!(
        r#"
        [data]
        trajectories = ["a*.trr"]
        topology = {:?}
        temperature = 300
        noise_floor = {{ queries = 50, window = 5 }}
        [network]
        name = "ucsc"
        hidden = 8
        filters = 8
        layers = 1
        head = [8]
        [training]
        epochs = 2
        batch_size = 50
        [output]
        folder = "run"
        "#,
        data("cln025.pdb")
    );
    std::fs::write(&config, text).unwrap();
    config
}

#[test]
fn training_leaves_a_model_and_its_figures() {
    let folder = tempfile::tempdir().unwrap();
    let config = small_run(&folder);
    let report = json(&["cg", "train", &config, "--json"]);
    assert_eq!(
        (report["epochs"].as_u64(), report["beads"].as_u64()),
        (Some(2), Some(10))
    );
    assert_eq!(report["frames"].as_u64(), Some(300));
    for number in [
        "validation_loss",
        "noise_floor",
        "prior_only_loss",
        "rms_force",
    ] {
        assert!(
            report[number].as_f64().is_some_and(f64::is_finite),
            "{report}"
        );
    }
    let run = folder.path().join("run");
    for file in [
        "model.safetensors",
        "last.safetensors",
        "best.safetensors",
        "report.json",
        "report.html",
    ] {
        assert!(run.join(file).metadata().unwrap().len() > 100, "{file}");
    }
    let text = std::fs::read_to_string(run.join("priors.json")).unwrap();
    let priors: serde_json::Value = serde_json::from_str(&text).unwrap();
    let curves = priors["curves"].as_array().unwrap();
    let names: Vec<&str> = curves.iter().filter_map(|c| c["name"].as_str()).collect();
    assert!(
        names.contains(&"bond THR-TRP") && names.contains(&"dihedral ASP-PRO-GLU-THR"),
        "{names:?}"
    );
    let page = std::fs::read_to_string(run.join("report.html")).unwrap();
    for part in ["noise floor", "priors alone", "THR-TRP", "ASP-PRO-GLU-THR"] {
        assert!(page.contains(part), "{part}");
    }
    // the same command has nothing left to do; with more epochs it goes on
    assert_eq!(
        json(&["cg", "train", &config, "--json"])["epochs"].as_u64(),
        Some(2)
    );
    let more = json(&["cg", "train", &config, "--epochs", "3", "--json"]);
    assert_eq!(more["epochs"].as_u64(), Some(3));
}

#[test]
fn unknown_settings_of_training_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let config = small_run(&folder);
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("hidden = 8", "hiden = 8")).unwrap();
    let message = failure(&["cg", "train", &config]);
    assert!(message.contains("network.hiden"), "{message}");
    std::fs::write(&config, text.replace("batch_size", "batchsize")).unwrap();
    let message = failure(&["cg", "train", &config]);
    assert!(message.contains("batchsize"), "{message}");
}
