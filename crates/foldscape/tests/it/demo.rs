//! demo.

use crate::{in_folder, json};

#[test]
fn the_demo_leaves_what_it_promises() {
    let folder = tempfile::tempdir().unwrap();
    let out = in_folder(&folder, "demo");
    let summary = json(&[
        "demo",
        "--out",
        &out,
        "--epochs",
        "1",
        "--picoseconds",
        "20",
        "--json",
    ]);
    for (part, key) in [
        ("simulation", "ns_per_day"),
        ("physics", "interpolation_energy"),
        ("physics", "interpolation_energy_without"),
        ("physics", "data_energy"),
    ] {
        assert!(summary[part][key].as_f64().unwrap() > 0.0, "{part}.{key}");
    }
    let autoencoder = &summary["autoencoder"];
    for key in [
        "rmsd_angstrom",
        "rmsd_pca_angstrom",
        "seconds_per_epoch",
        "frames_per_second",
    ] {
        assert!(autoencoder[key].as_f64().unwrap() > 0.0, "{key}");
    }
    let read = |name: &str| std::fs::read_to_string(folder.path().join("demo").join(name)).unwrap();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&read("summary.json")).unwrap(),
        summary
    );
    let report = read("report.html");
    assert!(report.contains("<svg") && report.contains("held-out RMSD"));
    assert!(
        !report.contains("src=\"http") && !report.contains("href=\"http"),
        "the report needs no network"
    );
    assert_eq!(
        read("interpolation.pdb")
            .lines()
            .filter(|line| line.starts_with("MODEL"))
            .count(),
        41
    );
}

#[test]
fn the_bundled_frames_serve_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let out = in_folder(&folder, "demo");
    let summary = json(&[
        "demo",
        "--bundled",
        "--physics",
        "0",
        "--out",
        &out,
        "--epochs",
        "1",
        "--json",
    ]);
    assert!(summary["autoencoder"]["rmsd_angstrom"].as_f64().unwrap() > 0.0);
    assert!(summary["physics"].is_null() && summary["simulation"].is_null());
}
