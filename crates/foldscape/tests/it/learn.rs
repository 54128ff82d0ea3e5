//! learn.

use crate::{data, failure, in_folder, json};
use forcefield_gpu::system::BornModel;
use forcefield_gpu::{Engine, EngineConfig, ForceField, SystemOptions};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const BASE_FRAMES: usize = 90;

/// The first bundled frames with their forces in ff14SB and GBn2, as `base.trr`.
fn frames_with_forces(folder: &tempfile::TempDir) {
    let topology = molio::read_topology(data("cln025.pdb")).unwrap();
    let options = SystemOptions::with_solvent(BornModel::Gbn2);
    let system = ForceField::ff14sb()
        .unwrap()
        .create_system(&topology, &options)
        .unwrap();
    let engine = Engine::new(&system, EngineConfig::default()).unwrap();
    let frames = molio::Trajectory::read(data("cln025.xtc")).unwrap();
    let mut writer = molio::create(in_folder(folder, "base.trr"), &topology).unwrap();
    for index in 0..BASE_FRAMES {
        let mut frame = frames.frame(index);
        let mut forces = vec![[0.0; 3]; frame.n_atoms()];
        dynamics::Potential::energy_forces(&engine, &frame.positions, &mut forces).unwrap();
        frame.forces = Some(forces);
        writer.write_frame(&frame).unwrap();
    }
    writer.finish().unwrap();
}

/// A campaign of one round that takes seconds.
fn tiny(folder: &tempfile::TempDir) -> String {
    frames_with_forces(folder);
    let config = in_folder(folder, "learn.toml");
    let text = format!(
        r#"
        folder = "campaign"
        seed = 5
        [system]
        structure = {:?}
        temperature = 340
        [base]
        trajectories = ["base.trr"]
        max_rmsd_nm = 0.3
        max_frames = 80
        split = {{ blocks = 8, gap = 1 }}
        [reference]
        trajectories = [{:?}]
        stride = 2
        lag = 2
        resamples = 4
        [network]
        name = "ucsc"
        hidden = 8
        layers = 1
        [training]
        epochs = 2
        batch_size = 16
        energy = {{ weight = 1.0, toward = "labels", share = 0.5 }}
        [labels]
        prior_frames = 8
        [simulation]
        replicas = 4
        steps = 200
        save = 20
        time_step = 0.002
        [gate]
        outliers = 10 # of a model that is hardly trained
        [selection]
        method = "farthest-first"
        frames = 3
        spare = 1
        [oracle]
        kind = "mean-force"
        annealing = {{ temperature = 400, ps = 0.04, held = false }}
        equilibration_ps = 0.04
        length_ps = 0.2
        save_ps = 0.02
        blocks = 2
        batch = 2
        [rounds]
        rounds = 1
        attempts = [{{ warm_start = false, oracle_weight = 1.0 }}]
        tolerance = 1000.0
        "#,
        data("cln025.pdb"),
        data("cln025.xtc"),
    );
    std::fs::write(&config, text).unwrap();
    config
}

/// An outcome without what depends on the machine's speed, or on where the folder is.
fn lasting(mut outcome: Value) -> Value {
    fn strip(value: &mut Value) {
        if let Value::Object(entries) = value {
            for name in [
                "seconds",
                "seconds_by_stage",
                "replica_steps_per_s",
                "folder",
            ] {
                entries.remove(name);
            }
            entries.values_mut().for_each(strip);
        }
        if let Value::Array(values) = value {
            values.iter_mut().for_each(strip);
        }
    }
    strip(&mut outcome);
    outcome
}

#[test]
fn a_campaign_runs_and_one_that_is_killed_ends_alike() {
    let folder = tempfile::tempdir().unwrap();
    let config = tiny(&folder);
    let outcome = json(&["learn", &config, "--json"]);
    assert_eq!(outcome["ending"], "finished", "{outcome}");
    assert_eq!(outcome["tica_w1"].as_array().map(Vec::len), Some(2));
    assert_eq!(outcome["dihedral_w1"].as_array().map(Vec::len), Some(2));
    let round = &outcome["rounds"][1];
    assert_eq!(round["selected"], 4);
    // every frame near the native state can be given atoms, and each brings a label
    assert_eq!(outcome["oracle_frames"], round["asked"]);
    assert!(round["asked"].as_u64() >= Some(1), "{round}");
    assert_eq!(round["labels"], round["asked"]);
    let radius = |name: &str| round[name].as_f64().unwrap();
    assert!(radius("coverage_radius_after_nm") < radius("coverage_radius_before_nm"));
    let campaign = folder.path().join("campaign");
    let report = std::fs::read_to_string(campaign.join("report.html")).unwrap();
    assert!(report.contains("Selected frames") && report.contains("<svg"));

    // the same again, killed at several units of work and gone on with
    let killed = in_folder(&folder, "killed");
    let arguments = ["learn", &config, "--out", &killed, "--json"];
    for unit in [
        "round-000/attempt-0/model/last.safetensors",
        "round-000/attempt-0/sample.trr",
        "round-001/backmapped.trr",
        "round-001/labels-000.trr",
    ] {
        run_until(&arguments, &Path::new(&killed).join(unit));
    }
    let again = json(&arguments);
    assert_eq!(lasting(again), lasting(outcome));
    for file in [
        "round-001/attempt-0/model/model.safetensors",
        "round-001/labels-001.trr",
    ] {
        let [once, twice] =
            [&campaign, Path::new(&killed)].map(|folder| std::fs::read(folder.join(file)).unwrap());
        assert!(once == twice, "{file} differs");
    }

    // one that is done stays as it is, and does not become another
    assert_eq!(json(&arguments)["ending"], "finished");
    let from_its_folder = Command::new(env!("CARGO_BIN_EXE_foldscape"))
        .current_dir(folder.path())
        .args(["learn", "learn.toml", "--json"])
        .output()
        .unwrap();
    assert!(from_its_folder.status.success(), "{from_its_folder:?}");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(
        &config,
        text.replace("equilibration_ps = 0.04", "equilibration_ps = 0.4"),
    )
    .unwrap();
    let message = failure(&arguments);
    assert!(message.contains("parts.oracle"), "{message}");
}

#[test]
fn a_refined_campaign_goes_towards_an_ensemble() {
    let folder = tempfile::tempdir().unwrap();
    let config = tiny(&folder);
    let text = std::fs::read_to_string(&config)
        .unwrap()
        .replace("farthest-first", "random")
        .replace("\"mean-force\"", "\"free\"")
        .replace(
            "prior_frames = 8",
            "base_share = 0.5\n priors = { pairs = \"all\", angles = \"ensemble\", dihedrals = \"ensemble\" }",
        )
        + "[refinement]\n iterations = 3\n replicas = 4\n steps = 8\n samples = 2\n batch_size = 8\n \
           exchange = { hottest = 500, rungs = 2 }\n";
    std::fs::write(&config, &text).unwrap();
    let outcome = json(&["learn", &config, "--json"]);
    assert_eq!(outcome["ending"], "finished", "{outcome}");
    // the base set alone is no ensemble
    let campaign = folder.path().join("campaign");
    let model = |round| campaign.join(format!("round-00{round}/attempt-0/model"));
    assert!(!model(0).join("refinement.jsonl").exists());
    let log = std::fs::read_to_string(model(1).join("refinement.jsonl")).unwrap();
    assert_eq!(log.lines().count(), 3);
    let [before, after] = ["force-matched.safetensors", "model.safetensors"]
        .map(|name| std::fs::read(model(1).join(name)).unwrap());
    assert!(before != after);

    for (from, to, expected) in [
        ("base_share = 0.5", "", "labels.base_share"),
        ("base_share = 0.5", "base_share = 1.5", "from 0 to 1"),
        ("\"random\"", "\"top-k\"", "refinement"),
        ("rungs = 2", "rungs = 3", "refinement.exchange.rungs"),
    ] {
        std::fs::write(&config, text.replace(from, to)).unwrap();
        let out = in_folder(&folder, "other");
        let message = failure(&["learn", &config, "--out", &out]);
        assert!(message.contains(expected), "{to}: {message}");
    }
}

/// Runs the command and kills it once `file` is there.
fn run_until(arguments: &[&str], file: &Path) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_foldscape"))
        .args(arguments)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while !file.exists() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(file.exists(), "{} was never written", file.display());
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let config = in_folder(&folder, "learn.toml");
    let good = r#"
        folder = "campaign"
        [system]
        sequence = "GGG"
        temperature = 300
        [base]
        trajectories = ["base.trr"]
        [simulation]
        replicas = 4
        steps = 200
        save = 20
        time_step = 0.002
        [selection]
        method = "random"
        frames = 3
        [oracle]
        kind = "free"
        equilibration_ps = 1
        length_ps = 1
        save_ps = 0.1
        [rounds]
        rounds = 1
    "#;
    for (from, to, expected) in [
        ("replicas = 4", "replica = 4", "replica"),
        ("steps = 200", "steps = 10", "no frames"),
        ("\"random\"", "\"best\"", "farthest-first"),
        ("length_ps = 1", "length_ps = 0.01", "shorter than save_ps"),
        ("sequence = \"GGG\"", "", "either structure or sequence"),
        ("base.trr", "none*.trr", "no file fits"),
    ] {
        std::fs::write(&config, good.replace(from, to)).unwrap();
        let message = failure(&["learn", &config]);
        assert!(message.contains(expected), "{to}: {message}");
    }
}
