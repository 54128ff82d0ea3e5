//! compare and analyze within a bound of memory.

use crate::{data, failure, in_folder, json};

#[test]
fn compare_names_the_stride_that_fits_into_memory() {
    let (xtc, pdb) = (data("cln025.xtc"), data("cln025.pdb"));
    let with = |memory: &'static str, stride: &'static str| {
        let arguments = ["compare", "--reference", &xtc, "--model", &xtc];
        let more = ["--top", &pdb, "--bootstrap", "0", "--lag", "5", "--json"];
        let limit = ["--memory", memory, "--stride", stride];
        let all = arguments.iter().chain(&more).chain(&limit);
        all.map(|&text| text.to_owned()).collect::<Vec<_>>()
    };
    fn borrowed(arguments: &[String]) -> Vec<&str> {
        arguments.iter().map(String::as_str).collect()
    }
    // 2 × 1150 frames of 10 CA atoms take 3.6 MB
    let message = failure(&borrowed(&with("0.001", "1")));
    assert!(
        message.contains("2300 frames") && message.contains("--stride 4 "),
        "{message}"
    );
    let message = failure(&borrowed(&with("0.001", "3")));
    assert!(message.contains("--stride 4 "), "{message}");
    let compared = json(&borrowed(&with("0.001", "4")));
    assert_eq!(compared["frames"]["reference"].as_u64(), Some(288));
    let message = failure(&borrowed(&with("0", "1")));
    assert!(message.contains("--memory"), "{message}");
}

#[test]
fn torsions_left_out_take_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let (csv, npz) = (in_folder(&folder, "a.csv"), in_folder(&folder, "a.npz"));
    let analysis = json(&[
        "analyze",
        &data("cln025.xtc"),
        "--top",
        &data("cln025.pdb"),
        "--stride",
        "100",
        "--without",
        "torsions,sasa",
        "--out",
        &csv,
        "--out",
        &npz,
        "--json",
    ]);
    for name in ["phi", "psi", "omega", "chi1"] {
        assert_eq!(analysis[name].as_array().map(Vec::len), Some(0), "{name}");
    }
    // classes of φ/ψ do not need the rows
    let classes = analysis["ramachandran"].as_array().unwrap();
    assert_eq!(classes.len(), 12);
    assert!(classes.iter().all(|frame| {
        let n = |class: &str| frame[class].as_u64().unwrap();
        n("favored") + n("allowed") + n("outlier") == 8
    }));
    let text = std::fs::read_to_string(&csv).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 13);
    assert!(lines[0].starts_with("frame,rmsd,rg,end_to_end_1,ramachandran_favored,"));
    let n_fields = lines[0].split(',').count();
    assert!(lines.iter().all(|line| line.split(',').count() == n_fields));
    // every value can be read back to the digits it was measured with
    let second: Vec<&str> = lines[2].split(',').collect();
    assert_eq!(second[2].parse().ok(), analysis["rg"][1].as_f64());
    let ends = second[3].parse::<f32>().unwrap();
    assert_eq!(
        f64::from(ends) as f32,
        analysis["end_to_end"][1][0].as_f64().unwrap() as f32
    );
}

/// Makes the x of an atom NaN in a frame counted from the end of a DCD file without cells.
fn spoil(path: &str, n_atoms: usize, from_end: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    let axis = 4 * n_atoms + 8;
    let at = bytes.len() - 3 * axis * from_end + 4 + 4 * 3;
    bytes[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn frames_that_are_not_finite_are_counted_and_read_past() {
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (
        in_folder(&folder, "good.dcd"),
        in_folder(&folder, "bad.dcd"),
    );
    let pdb = data("cln025.pdb");
    let convert = |out: &str| {
        let xtc = data("cln025.xtc");
        let arguments = ["convert", &xtc, out, "--top", &pdb];
        let all: Vec<&str> = arguments
            .into_iter()
            .chain(["--stride", "20", "--json"])
            .collect();
        json(&all)
    };
    convert(&good);
    let n = convert(&bad)["frames"].as_u64().unwrap() as usize;
    spoil(&bad, 166, 1);
    spoil(&bad, 166, 5);
    let analyze = |file: &str| {
        let quick = "sasa,clashes,secondary-structure,native-contacts";
        json(&["analyze", file, "--top", &pdb, "--without", quick, "--json"])
    };
    let (whole, spoilt) = (analyze(&good), analyze(&bad));
    assert_eq!(spoilt["rejected"].as_u64(), Some(2));
    assert_eq!(spoilt["frames"].as_u64(), Some(n as u64));
    for frame in 0..n {
        let rejected = frame == n - 1 || frame == n - 5;
        let (a, b) = (&whole["rg"][frame], &spoilt["rg"][frame]);
        assert!(
            if rejected { b.is_null() } else { a == b },
            "{frame}: {a} {b}"
        );
    }
    let compare = |reference: &str, model: &str| {
        let sides = ["compare", "--reference", reference, "--model", model];
        let more = ["--top", &pdb, "--bootstrap", "0", "--lag", "2", "--json"];
        json(&sides.into_iter().chain(more).collect::<Vec<_>>())["frames"].clone()
    };
    let frames = compare(&good, &bad);
    assert_eq!(frames["rejected"].as_u64(), Some(2));
    assert_eq!(frames["model"].as_u64(), Some(n as u64 - 2));
    assert_eq!(frames["rejected_reference"].as_u64(), Some(0));
    assert_eq!(compare(&bad, &good)["rejected_reference"].as_u64(), Some(2));
}
