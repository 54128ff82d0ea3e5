//! train and generate.

use crate::{data, failure, foldscape, in_folder, json};

fn configuration(folder: &tempfile::TempDir) -> String {
    let path = in_folder(folder, "train.toml");
    let text = format!(
        r#"
out = "run"
[data]
sources = [{{ trajectory = {:?}, topology = {:?} }}]
selection = "name CA"
stride = 10
[model]
kind = "conv1d"
depth = 1
init_channels = 8
bottleneck_channels = 8
[trainer]
epochs = 2
"#,
        data("cln025.xtc"),
        data("cln025.pdb")
    );
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn trains_resumes_and_generates() {
    let folder = tempfile::tempdir().unwrap();
    let config = configuration(&folder);
    let report = json(&["train", &config, "--json"]);
    assert_eq!(report["epochs"].as_u64(), Some(2));
    // no file is left half written, and whoever may read the log may read the checkpoint
    let run = folder.path().join("run");
    let mut names: Vec<_> = std::fs::read_dir(&run)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "best.safetensors",
            "last.safetensors",
            "log.csv",
            "log.jsonl"
        ]
    );
    let permissions = |name: &str| run.join(name).metadata().unwrap().permissions();
    assert_eq!(permissions("last.safetensors"), permissions("log.csv"));
    assert!(report["rmsd_angstrom"].as_f64().unwrap() > 0.0);
    // more epochs go on from the second
    let report = json(&["train", &config, "--epochs", "3", "--json"]);
    assert_eq!(report["epochs"].as_u64(), Some(3));
    // another configuration in the same folder is refused, and the change is named
    let message = failure(&["train", &config, "--learning-rate", "0.5"]);
    assert!(message.contains("learning_rate"), "{message}");

    let (run, out) = (in_folder(&folder, "run"), in_folder(&folder, "path.pdb"));
    let start = data("cln025.pdb");
    let end = format!("{}:1100", data("cln025.xtc"));
    let generated = json(&[
        "generate", &run, &out, "--from", &start, "--to", &end, "--top", &start, "--steps", "5",
        "--json",
    ]);
    assert_eq!(
        (generated["atoms"].as_u64(), generated["frames"].as_u64()),
        (Some(10), Some(5))
    );
    assert_eq!(json(&["info", &out, "--json"])["frames"].as_u64(), Some(5));
    let generated = json(&[
        "generate", &run, &out, "--point", "-0.1,0.2", "--point", "0,0", "--json",
    ]);
    assert_eq!(generated["frames"].as_u64(), Some(2));
    assert!(failure(&["generate", &run, &out, "--point", "1,2,3"]).contains("2 numbers"));
}

/// A run with the force field in its loss, stopped and continued, gives the bytes of one that was not; another
/// force field is refused.
#[test]
fn physics_resumes_bit_by_bit() {
    let folder = tempfile::tempdir().unwrap();
    let config = configuration(&folder);
    let physics = "[physics]
frames = { fixed = 1e-6 }
interpolations = { gradient_share = { share = 0.1, memory = 0.9 } }
";
    let text = std::fs::read_to_string(&config)
        .unwrap()
        .replace("name CA\"", "name N CA CB C O\"");
    std::fs::write(&config, format!("{text}{physics}")).unwrap();
    let (whole, parts) = (in_folder(&folder, "whole"), in_folder(&folder, "parts"));
    json(&["train", &config, "--out", &whole, "--epochs", "3", "--json"]);
    json(&["train", &config, "--out", &parts, "--epochs", "1", "--json"]);
    json(&["train", &config, "--out", &parts, "--epochs", "3", "--json"]);
    let tensors = |run: &str| {
        let bytes = std::fs::read(std::path::Path::new(run).join("last.safetensors")).unwrap();
        let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        bytes[8 + header..].to_vec()
    };
    assert!(tensors(&whole) == tensors(&parts), "other parameters");
    let log = std::fs::read_to_string(format!("{whole}/log.jsonl")).unwrap();
    let last: serde_json::Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    for (index, name) in [(1, "interpolation_energy"), (2, "frame_energy")] {
        let term = &last["validation_terms"][index];
        assert_eq!(term["name"], name);
        assert!(term["value"].as_f64().unwrap() > 0.0);
    }
    std::fs::write(&config, format!("{text}{physics}nonbonded = \"repel\"")).unwrap();
    let message = failure(&["train", &config, "--out", &whole, "--epochs", "4"]);
    assert!(
        message.contains("settings") && message.contains("repel"),
        "{message}"
    );
}

#[test]
fn what_there_is_to_train_on_has_to_be_said() {
    let message = failure(&["train"]);
    assert!(
        message.contains("CONFIG") && message.contains("--data"),
        "{message}"
    );
    let folder = tempfile::tempdir().unwrap();
    let config = configuration(&folder);
    let message = failure(&["train", &config, "--epochs", "0"]);
    assert!(message.contains("epochs: expected at least 1"), "{message}");
}

#[test]
fn an_unknown_setting_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let config = configuration(&folder);
    let text = std::fs::read_to_string(&config)
        .unwrap()
        .replace("stride", "strid");
    std::fs::write(&config, text).unwrap();
    let message = failure(&["train", &config]);
    assert!(
        message.contains("strid") && message.contains("line"),
        "{message}"
    );
}

#[test]
fn a_first_try_needs_no_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let out = in_folder(&folder, "first");
    let output = foldscape(&[
        "train",
        "--data",
        &data("cln025.xtc"),
        "--top",
        &data("cln025.pdb"),
        "--select",
        "backbone",
        "--model",
        "conv1d",
        "--out",
        &out,
        "--epochs",
        "1",
        "--latent",
        "3",
        "--physics",
        "0.1",
    ]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(std::path::Path::new(&out).join("best.safetensors").exists());
}

#[test]
fn frames_are_split_as_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let config = configuration(&folder);
    let text = std::fs::read_to_string(&config).unwrap();
    let held_out = |split: &str, out: &str| {
        std::fs::write(&config, format!("{text}[data.split]\n{split}\n")).unwrap();
        let report = json(&[
            "train",
            &config,
            "--out",
            &in_folder(&folder, out),
            "--json",
        ]);
        report["held_out_frames"].as_u64().unwrap()
    };
    // 115 frames; the file lies beside the configuration
    let list = |frames: std::ops::Range<usize>| {
        frames.map(|f| f.to_string()).collect::<Vec<_>>().join(",")
    };
    let (train, validation, test) = (list(0..80), list(90..100), list(100..107));
    let lists = format!(r#"{{"train":[{train}],"validation":[{validation}],"test":[{test}]}}"#);
    std::fs::write(in_folder(&folder, "split.json"), lists).unwrap();
    let given = "method = \"indices\"\nindices = \"split.json\"";
    assert_eq!(held_out(given, "given"), 7);
    assert!(
        held_out(
            "method = \"clusters\"\nclusters = 30\ntest = 0.2",
            "clusters"
        ) > 0
    );
    assert_eq!(held_out("method = \"random\"\ntest = 0.2", "random"), 23);

    let refused = |split: &str| {
        std::fs::write(&config, format!("{text}[data.split]\n{split}\n")).unwrap();
        failure(&["train", &config])
    };
    assert!(refused("method = \"indices\"").contains("needs `indices`"));
    assert!(refused("indices = \"split.json\"").contains("method \"indices\" alone"));
    let overlapping = r#"{"train":[1,2],"validation":[2],"test":[3]}"#;
    std::fs::write(in_folder(&folder, "split.json"), overlapping).unwrap();
    let message = refused(given);
    assert!(
        message.contains("frame") && message.contains('2'),
        "{message}"
    );
}
