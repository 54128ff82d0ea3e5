//! cg map and cg train: virial, noise, standard errors, energies, committees.

use crate::cg::{frames_with_forces, read};
use crate::{data, failure, foldscape, in_folder, json};
use npyz::WriterBuilder;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use tempfile::TempDir;

/// Enough for histograms of the priors.
const FRAMES: usize = 300;

/// CLN025's atoms with forces, and the same as CA beads.
fn mapped(folder: &TempDir, options: &[&str]) -> serde_json::Value {
    let (atoms, beads) = (in_folder(folder, "aa.trr"), in_folder(folder, "cg.npz"));
    frames_with_forces(&atoms, FRAMES);
    let top = data("cln025.pdb");
    let mut arguments = vec!["cg", "map", &atoms, &beads, "--top", &top, "--json"];
    arguments.extend(options);
    json(&arguments)
}

#[test]
fn the_virial_is_compared_with_the_temperature() {
    let folder = tempfile::tempdir().unwrap();
    let report = mapped(&folder, &["--temperature", "300"]);
    // 27 kT
    let expected = report["virial_expected"].as_f64().unwrap();
    assert!((expected - 67.35).abs() < 0.01, "{report}");
    let mut sums = Vec::new();
    for frame in read(&in_folder(&folder, "cg.npz")) {
        let mean = |axis: usize| frame.positions.iter().map(|x| x[axis]).sum::<f32>() / 10.0;
        let mean = [mean(0), mean(1), mean(2)];
        let beads = frame.positions.iter().zip(frame.forces.as_ref().unwrap());
        let products = beads.map(|(x, f)| (0..3).map(|k| (x[k] - mean[k]) * f[k]).sum::<f32>());
        sums.push(-f64::from(products.sum::<f32>()));
    }
    let mean = sums.iter().sum::<f64>() / sums.len() as f64;
    assert!(
        (report["virial"].as_f64().unwrap() - mean).abs() < 1e-4,
        "{report}"
    );
    assert!(report["virial_standard_error"].as_f64().unwrap() > 0.0);
    // forces that no ensemble has
    let (atoms, beads) = (in_folder(&folder, "aa.trr"), in_folder(&folder, "2.npz"));
    let top = data("cln025.pdb");
    let told = |options: &[&str]| {
        let mut arguments = vec!["cg", "map", &atoms, &beads, "--top", &top];
        arguments.extend(options);
        let output = foldscape(&arguments);
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(told(&["--temperature", "300"]).contains("warning: the virial"));
    assert!(!told(&[]).contains("warning"));
}

#[test]
fn noise_moves_beads_as_far_as_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    mapped(&folder, &[]);
    let still = read(&in_folder(&folder, "cg.npz"));
    let noisy = ["--temperature", "300", "--noise", "0.02", "--seed", "3"];
    mapped(&folder, &noisy);
    let moved = read(&in_folder(&folder, "cg.npz"));
    let mut squares = 0.0;
    for (still, moved) in still.iter().zip(&moved) {
        let pairs = still
            .positions
            .as_flattened()
            .iter()
            .zip(moved.positions.as_flattened());
        squares += pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
    }
    // 9,000 squares of normal numbers: 1.5 % of their mean is a standard error
    let ratio = squares / (30 * FRAMES) as f64 / (0.02 * 0.02);
    assert!((ratio - 1.0).abs() < 0.1, "{ratio}");
    let (atoms, beads) = (in_folder(&folder, "aa.trr"), in_folder(&folder, "cg.npz"));
    let message = failure(&[
        "cg",
        "map",
        &atoms,
        &beads,
        "--top",
        &data("cln025.pdb"),
        "--forces",
        "constraint-aware",
        "--temperature",
        "300",
        "--noise",
        "0.02",
    ]);
    assert!(message.contains("optimal"), "{message}");
}

/// A configuration for the beads that [`mapped`] wrote.
fn beads_run(folder: &TempDir, file: &str, more: &str) -> String {
    let config = in_folder(folder, "cg.toml");
    let text = format!(
        r#"
        [data]
        trajectories = ["{file}"]
        topology = "cg.pdb"
        temperature = 300
        noise_floor = {{ queries = 50, window = 5 }}
        [map]
        forces = "slice"
        constraints = "none"
        [network]
        hidden = 8
        filters = 8
        layers = 1
        head = [8]
        [output]
        folder = "run"
        [training]
        epochs = 1
        batch_size = 30
        {more}
        "#
    );
    std::fs::write(&config, text).unwrap();
    config
}

fn npy(shape: &[u64], values: impl Iterator<Item = f64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .shape(shape)
        .writer(&mut bytes)
        .begin_nd()
        .unwrap();
    writer.extend(values).unwrap();
    writer.finish().unwrap();
    bytes
}

/// The archive `from` with one array more.
fn with_array(from: &Path, to: &Path, name: &str, array: &[u8]) {
    let mut old = zip::ZipArchive::new(File::open(from).unwrap()).unwrap();
    let mut new = zip::ZipWriter::new(File::create(to).unwrap());
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for index in 0..old.len() {
        let mut member = old.by_index(index).unwrap();
        let name = member.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).unwrap();
        new.start_file(name, stored).unwrap();
        new.write_all(&bytes).unwrap();
    }
    new.start_file(format!("{name}.npy"), stored).unwrap();
    new.write_all(array).unwrap();
    new.finish().unwrap();
}

#[test]
fn standard_errors_weigh_labels() {
    let folder = tempfile::tempdir().unwrap();
    mapped(&folder, &[]);
    let loss_of = |file: &str, out: &str| {
        let config = beads_run(&folder, file, "");
        let out = in_folder(&folder, out);
        let report = json(&["cg", "train", &config, "--out", &out, "--json"]);
        assert_eq!(report["beads"].as_u64(), Some(10));
        report["train_loss"].as_f64().unwrap()
    };
    let plain = folder.path().join("cg.npz");
    let errors = |name: &str, of: fn(usize) -> f64| {
        let array = npy(&[FRAMES as u64, 10, 3], (0..FRAMES * 30).map(of));
        with_array(&plain, &folder.path().join(name), "force_errors", &array);
    };
    errors("same.npz", |_| 7.0);
    errors("some.npz", |i| if i % 30 < 15 { 1.0 } else { 10.0 });
    errors("wrong.npz", |_| -1.0);
    let without = loss_of("cg.npz", "run1");
    assert!((loss_of("same.npz", "run2") - without).abs() < 1e-5 * without);
    assert!((loss_of("some.npz", "run3") - without).abs() > 1e-3 * without);
    let message = failure(&["cg", "train", &beads_run(&folder, "wrong.npz", "")]);
    assert!(message.contains("standard errors above 0"), "{message}");
    // as active learning leaves them
    let frames = read(&in_folder(&folder, "cg.npz"));
    let topology = molio::read_topology(in_folder(&folder, "cg.pdb")).unwrap();
    let mut writer = molio::create(in_folder(&folder, "b.trr"), &topology).unwrap();
    for frame in &frames {
        writer.write_frame(frame).unwrap();
    }
    writer.finish().unwrap();
    let array = npy(&[FRAMES as u64, 9, 3], (0..FRAMES * 27).map(|_| 1.0));
    std::fs::write(in_folder(&folder, "b-errors.npy"), array).unwrap();
    let message = failure(&["cg", "train", &beads_run(&folder, "b.trr", "")]);
    assert!(
        message.contains("expected the shape (frames, 10, 3)"),
        "{message}"
    );
}

#[test]
fn energies_are_used_where_the_labels_have_them() {
    let folder = tempfile::tempdir().unwrap();
    mapped(&folder, &[]);
    let term = "energy = { weight = 10.0 }";
    let message = failure(&["cg", "train", &beads_run(&folder, "cg.npz", term)]);
    assert!(message.contains("labels with energies"), "{message}");
    let (plain, with) = (folder.path().join("cg.npz"), folder.path().join("e.npz"));
    let energies = |n: usize| npy(&[n as u64], (0..n).map(|i| (i as f64).sin()));
    with_array(&plain, &with, "energies", &energies(FRAMES));
    let config = beads_run(&folder, "e.npz", term);
    let report = json(&["cg", "train", &config, "--json"]);
    assert!(
        report["energy_deviation"].as_f64().unwrap() > 0.0,
        "{report}"
    );
    let log = std::fs::read_to_string(in_folder(&folder, "run/log.jsonl")).unwrap();
    assert!(log.contains("energy_deviation"), "{log}");
    with_array(&plain, &with, "energies", &energies(FRAMES - 1));
    let message = failure(&["cg", "train", &beads_run(&folder, "e.npz", term)]);
    assert!(message.contains("no energy of this frame"), "{message}");
}

#[test]
fn committees_leave_members_that_differ() {
    let folder = tempfile::tempdir().unwrap();
    mapped(&folder, &[]);
    let config = beads_run(&folder, "cg.npz", "[committee]\n members = 3");
    let report = json(&["cg", "train", &config, "--json"]);
    assert_eq!(report["members"].as_u64(), Some(3));
    assert!(
        report["force_deviation"].as_f64().unwrap() > 0.0,
        "{report}"
    );
    let run = folder.path().join("run");
    let bytes = std::fs::read(run.join("force-variance.npy")).unwrap();
    let variances = npyz::NpyFile::new(&bytes[..])
        .unwrap()
        .into_vec::<f64>()
        .unwrap();
    assert_eq!(variances.len(), FRAMES);
    let files = ["model", "member-1", "member-2"].map(|name| {
        let path = run.join(format!("{name}.safetensors"));
        path.to_str().unwrap().to_owned()
    });
    let beads = in_folder(&folder, "cg.npz");
    let out = in_folder(&folder, "v.npy");
    let [a, b, c] = &files;
    let found = json(&[
        "cg", "variance", &beads, "--models", a, b, c, "--out", &out, "--json",
    ]);
    let mean = variances.iter().sum::<f64>() / FRAMES as f64;
    let deviation = found["force_deviation"].as_f64().unwrap();
    assert!(
        (deviation - mean.sqrt()).abs() < 1e-4 * deviation,
        "{found}"
    );
    assert_eq!(std::fs::read(out).unwrap().len(), bytes.len());
    // one network with itself does not
    let alone = json(&["cg", "variance", &beads, "--models", a, a, "--json"]);
    assert_eq!(alone["largest_force_deviation"].as_f64(), Some(0.0));
    let refined = beads_run(
        &folder,
        "cg.npz",
        "[committee]\n members = 2\n [refinement]\n",
    );
    let message = failure(&["cg", "train", &refined]);
    assert!(message.contains("single network"), "{message}");
}
