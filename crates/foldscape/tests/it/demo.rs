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
        "--rounds",
        "1",
        "--frames-per-round",
        "2",
        "--coarse-steps",
        "400",
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
    let cg = &summary["cg"];
    for key in ["force_mse", "noise_floor", "replica_steps_per_s"] {
        assert!(cg[key].as_f64().unwrap() > 0.0, "cg.{key}");
    }
    assert!(
        cg["measures"]["dihedral_w1"].as_f64().unwrap() > 0.0,
        "{cg}"
    );
    let learning = &summary["active_learning"];
    for (key, length) in [
        ("tica_w1", 2),
        ("dihedral_w1", 2),
        ("coverage_radius_nm", 2),
    ] {
        let values = learning[key].as_array().unwrap();
        assert_eq!(values.len(), length, "{key}");
        assert!(
            values.iter().all(|v| v.as_f64().unwrap() > 0.0),
            "{learning}"
        );
    }
    assert!(learning["oracle_frames"].as_u64() >= Some(1), "{learning}");
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
    let out = folder.path().join("demo");
    let model = out.join("cg-model.safetensors");
    assert_eq!(
        cg_potential::CgModel::load(&model).unwrap().temperature,
        315.0
    );
    assert!(out.join("campaign/report.html").exists());
    let report = read("report.html");
    assert!(report.contains("Active learning"));
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
