//! md and minimize.

use crate::{data, failure, foldscape, in_folder, json};
use molio::Frame;
use std::process::{Command, Stdio};
use std::time::Duration;

/// ACE-ALA-NME, 22 atoms.
fn dipeptide() -> String {
    concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/alanine_dipeptide.pdb"
    )
    .to_owned()
}

fn frames(path: &str) -> Vec<Frame> {
    let mut reader = molio::open(path).unwrap();
    let mut frames = Vec::new();
    let mut frame = Frame::default();
    while reader.read_frame(&mut frame).unwrap() {
        frames.push(frame.clone());
    }
    frames
}

#[test]
fn replicas_are_written_to_files_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let out = in_folder(&folder, "run.trr");
    let report = json(&[
        "md",
        &data("cln025.pdb"),
        &out,
        "--ff",
        "ff14SB",
        "--solvent",
        "gbn2",
        "--replicas",
        "3",
        "--temperature",
        "300,320,340",
        "--steps",
        "20",
        "--save",
        "10",
        "--minimise",
        "--json",
    ]);
    assert_eq!(report["replicas"], 3);
    assert_eq!(report["steps"], 20);
    assert_eq!(report["faults"], 0);
    assert!(
        report["ns_per_day"].as_f64().unwrap() > 0.0 && report["seconds"].as_f64().unwrap() > 0.0
    );
    let replicas: Vec<_> = (0..3)
        .map(|k| frames(&in_folder(&folder, &format!("run.r00{k}.trr"))))
        .collect();
    for frames in &replicas {
        let steps: Vec<_> = frames.iter().map(|frame| frame.step).collect();
        assert_eq!(steps, [Some(10), Some(20)]);
        assert!((frames[1].time.unwrap() - 0.08).abs() < 1e-6);
        assert!(frames[0].velocities.is_some());
    }
    assert_ne!(replicas[0][1].positions, replicas[1][1].positions);
    let table = std::fs::read_to_string(in_folder(&folder, "run.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + 2 * 3);
    assert!(
        table
            .lines()
            .nth(2)
            .unwrap()
            .starts_with("10,0.040000,1,320.000,"),
        "{table}"
    );

    // the forces in the file are those of the positions in it
    let (run, npy) = (
        in_folder(&folder, "run.r000.trr"),
        in_folder(&folder, "forces.npy"),
    );
    json(&[
        "energy",
        &run,
        "--top",
        &data("cln025.pdb"),
        "--solvent",
        "gbn2",
        "--forces",
        &npy,
        "--json",
    ]);
    let bytes = std::fs::read(&npy).unwrap();
    let values: Vec<f32> = npyz::NpyFile::new(&bytes[..]).unwrap().into_vec().unwrap();
    let written: Vec<f32> = replicas[0]
        .iter()
        .flat_map(|frame| frame.forces.as_ref().unwrap().as_flattened().to_vec())
        .collect();
    assert_eq!(values.len(), written.len());
    // bonds to hydrogen are rigid in one and springs in the other, so only heavy atoms without
    // hydrogens compare: carbonyl oxygens
    let topology = molio::read_topology(data("cln025.pdb")).unwrap();
    let oxygens = molio::Selection::parse("name O")
        .unwrap()
        .indices(&topology);
    let n_atoms = topology.n_atoms();
    for frame in 0..2 {
        for &atom in &oxygens {
            for axis in 0..3 {
                let at = 3 * (frame * n_atoms + atom) + axis;
                assert!(
                    (values[at] - written[at]).abs() < 0.5,
                    "{} {}",
                    values[at],
                    written[at]
                );
            }
        }
    }
}

/// What all runs of the kill test share.
fn arguments(out: &str) -> Vec<String> {
    let text = "--ff ff14SB --replicas 2 --temperature 300,330 --exchange 70 --steps 30000 --save 300 --seed 5 \
                --checkpoint-every 0.05 --json";
    let mut all = vec!["md".to_owned(), dipeptide(), out.to_owned()];
    all.extend(text.split_whitespace().map(str::to_owned));
    all
}

fn run_whole(out: &str) {
    let all = arguments(out);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    assert_eq!(json(&all)["steps"], 30000);
}

#[test]
fn a_run_killed_at_any_moment_goes_on_to_the_same_bytes() {
    for extension in ["xtc", "dcd"] {
        let folder = tempfile::tempdir().unwrap();
        let whole = in_folder(&folder, &format!("whole.{extension}"));
        run_whole(&whole);
        let killed = in_folder(&folder, &format!("killed.{extension}"));
        // nobody knows where in its work these moments find the program
        let mut kills = 0;
        for delay in [20, 300, 90, 150, 210, 60] {
            let mut child = Command::new(env!("CARGO_BIN_EXE_foldscape"))
                .args(arguments(&killed))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(Duration::from_millis(delay));
            child.kill().unwrap();
            kills += usize::from(!child.wait().unwrap().success());
        }
        assert!(kills > 0, "every run ended before it could be killed");
        run_whole(&killed);
        for part in ["r000", "r001"] {
            let read = |name: &str| {
                std::fs::read(in_folder(&folder, &format!("{name}.{part}.{extension}"))).unwrap()
            };
            assert!(
                read("whole") == read("killed"),
                "{part}.{extension} differs"
            );
        }
        let table = |name: &str| std::fs::read(in_folder(&folder, &format!("{name}.csv"))).unwrap();
        assert!(table("whole") == table("killed"));
        assert_eq!(
            json(&[
                "info",
                &in_folder(&folder, &format!("killed.r001.{extension}")),
                "--json"
            ])["frames"],
            100
        );
    }
}

#[test]
fn what_was_written_behind_a_checkpoint_is_cut_off_and_lost_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let out = in_folder(&folder, "run.xtc");
    let dipeptide = dipeptide();
    let first = [
        "md", &dipeptide, &out, "--steps", "300", "--save", "100", "--json",
    ];
    json(&first);
    let short = std::fs::read(&out).unwrap();
    // garbage of a killed run behind the last checkpoint
    let mut longer = short.clone();
    longer.extend([7; 1000]);
    std::fs::write(&out, &longer).unwrap();
    let more = [
        "md", &dipeptide, &out, "--steps", "600", "--save", "100", "--json",
    ];
    assert_eq!(json(&more)["steps"], 600);
    let other = in_folder(&folder, "other.xtc");
    json(&[
        "md", &dipeptide, &other, "--steps", "600", "--save", "100", "--json",
    ]);
    let whole = std::fs::read(&other).unwrap();
    assert!(
        std::fs::read(&out).unwrap() == whole,
        "made longer = run in one go"
    );
    assert!(whole.starts_with(&short));

    std::fs::write(&out, &whole[..whole.len() - 1]).unwrap();
    let message = failure(&more);
    assert!(
        message.contains("run.xtc") && message.contains("expected at least"),
        "{message}"
    );
    let checkpoint = in_folder(&folder, "run.checkpoint");
    std::fs::remove_file(&checkpoint).unwrap();
    let message = failure(&more);
    assert!(message.contains("run.xtc exists"), "{message}");
    std::fs::write(&checkpoint, b"FOLDMD\0\x01 and so on").unwrap();
    assert!(failure(&more).contains("damaged"));
}

#[test]
fn a_changed_setting_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let out = in_folder(&folder, "run.xtc");
    let dipeptide = dipeptide();
    let base = [
        "md", &dipeptide, &out, "--steps", "10", "--save", "5", "--json",
    ];
    json(&base);
    let changes = [
        ["--seed", "3"],
        ["--temperature", "310"],
        ["--dt", "0.002"],
        ["--friction", "5"],
        ["--solvent", "gbn2"],
        ["--hmr", "3"],
        ["--restrain", "heavy=100"],
        ["--integrator", "baoab"],
    ];
    for change in changes {
        let message = failure(&[&base[..], &change].concat());
        assert!(message.contains(change[0]), "{change:?}: {message}");
    }
    let fewer = ["md", &dipeptide, &out, "--steps", "5", "--save", "5"];
    assert!(failure(&fewer).contains("at step 10 already"));
}

#[test]
fn settings_that_make_no_sense_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let out = in_folder(&folder, "run.xtc");
    let dipeptide = dipeptide();
    for (extra, expected) in [
        (&["--replicas", "0"][..], "--replicas"),
        (
            &["--replicas", "3", "--temperature", "300,310"],
            "3 replicas",
        ),
        (&["--exchange", "10"], "at least two"),
        (&["--restrain", "backbone"], "SELECTION=K"),
        (&["--restrain", "backbone=much"], "number"),
        (&["--freeze", "name XX"], "chooses none"),
        (&["--dt=-1"], "--dt"),
        (&["--temperature", "nan"], "--temperature"),
        (&["--hmr", "40"], "mass"),
    ] {
        let base = ["md", &dipeptide, &out, "--steps", "10"];
        let message = failure(&[&base[..], extra].concat());
        assert!(message.contains(expected), "{extra:?}: {message}");
    }
    let pdb = in_folder(&folder, "run.pdb");
    assert!(failure(&["md", &dipeptide, &pdb, "--steps", "1"]).contains("xtc, trr or dcd"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn frozen_atoms_stay_and_restrained_ones_nearly() {
    let folder = tempfile::tempdir().unwrap();
    let out = in_folder(&folder, "run.trr");
    json(&[
        "md",
        &dipeptide(),
        &out,
        "--steps",
        "400",
        "--save",
        "100",
        "--freeze",
        "name N CA C",
        "--restrain",
        "name O=100000",
        "--json",
    ]);
    let topology = molio::read_topology(dipeptide()).unwrap();
    let start = &frames(&dipeptide())[0];
    let indices = |text: &str| molio::Selection::parse(text).unwrap().indices(&topology);
    for frame in frames(&out) {
        let moved = |atom: usize| {
            let d = [0, 1, 2].map(|k| frame.positions[atom][k] - start.positions[atom][k]);
            d.iter().map(|x| x * x).sum::<f32>().sqrt()
        };
        for atom in indices("name N CA C") {
            assert!(moved(atom) < 1e-6, "{}", moved(atom));
        }
        for atom in indices("name O") {
            assert!(moved(atom) < 0.05, "{}", moved(atom));
        }
        assert!(
            indices("name HB1")
                .into_iter()
                .all(|atom| moved(atom) > 1e-4)
        );
    }
}

#[test]
fn a_replica_that_blows_up_ends_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let input = in_folder(&folder, "starts.pdb");
    // the second start has two atoms all but on top of each other: finite, and hopeless
    let topology = molio::read_topology(dipeptide()).unwrap();
    let good = frames(&dipeptide()).remove(0);
    let mut bad = good.clone();
    let last = bad.positions.len() - 1;
    bad.positions[last] = bad.positions[0].map(|x| x + 0.003);
    let mut writer = molio::create(&input, &topology).unwrap();
    for frame in [&good, &bad] {
        writer.write_frame(frame).unwrap();
    }
    writer.finish().unwrap();
    let out = in_folder(&folder, "run.trr");
    let arguments = [
        "md",
        &input,
        &out,
        "--replicas",
        "2",
        "--steps",
        "40",
        "--save",
        "10",
        "--constraints",
        "none",
        "--json",
    ];
    let output = foldscape(&arguments);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["faults"], 1);
    assert_eq!(report["fault_list"][0]["replica"], 1);
    assert!(String::from_utf8_lossy(&output.stderr).contains("replica 1 stopped at step"));
    assert_eq!(frames(&in_folder(&folder, "run.r000.trr")).len(), 4);
    let stopped = report["fault_list"][0]["step"].as_u64().unwrap();
    let kept = frames(&in_folder(&folder, "run.r001.trr"));
    assert_eq!(kept.len() as u64, (stopped - 1) / 10);
}

#[test]
fn minimize_lowers_the_energy_and_resolves_clashes() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (in_folder(&folder, "in.pdb"), in_folder(&folder, "out.pdb"));
    let topology = molio::read_topology(data("cln025.pdb")).unwrap();
    // the file's own frame is a minimum already
    let mut good = frames(&data("cln025.pdb")).remove(0);
    for (atom, position) in good.positions.iter_mut().enumerate() {
        for (axis, x) in position.iter_mut().enumerate() {
            *x += 0.01 * ((7 * atom + 3 * axis) as f32).sin();
        }
    }
    let mut clash = good.clone();
    clash.positions[40] = clash.positions[90];
    let mut writer = molio::create(&input, &topology).unwrap();
    for frame in [&good, &clash] {
        writer.write_frame(frame).unwrap();
    }
    writer.finish().unwrap();
    let shaken = in_folder(&folder, "shaken.pdb");
    let mut writer = molio::create(&shaken, &topology).unwrap();
    writer.write_frame(&good).unwrap();
    writer.finish().unwrap();
    let report = json(&["minimize", &input, &out, "--solvent", "gbn2", "--json"]);
    let frames = report["frames"].as_array().unwrap();
    assert_eq!(frames.len(), 2);
    let before = frames[0]["energy_before"].as_f64().unwrap();
    let after = frames[0]["energy"].as_f64().unwrap();
    assert!(after < before - 10.0, "{before} {after}");
    assert_eq!(frames[0]["outcome"], "converged");
    assert!(frames[0]["rms_force"].as_f64().unwrap() < 10.0);
    assert!(frames[1]["energy"].as_f64().unwrap() < 0.0, "{}", frames[1]);
    let energies = json(&["energy", &out, "--solvent", "gbn2", "--json"]);
    let read = energies["frames"][0]["total"].as_f64().unwrap();
    // PDB rounds positions to 0.0001 nm
    assert!((read - after).abs() < 5.0, "{read} {after}");

    // springs far stiffer than bonds hold shaken atoms where they are
    let moved = |extra: &[&str]| {
        let base = ["minimize", &shaken, &out, "--solvent", "gbn2", "--json"].map(str::to_owned);
        let all: Vec<&str> = base
            .iter()
            .map(String::as_str)
            .chain(extra.iter().copied())
            .collect();
        json(&all);
        let end = self::frames(&out).remove(0);
        let squared = |k: usize| {
            (0..3)
                .map(|x| (end.positions[k][x] - good.positions[k][x]).powi(2))
                .sum::<f32>()
        };
        (0..topology.n_atoms())
            .map(squared)
            .fold(0.0, f32::max)
            .sqrt()
    };
    let (free, held, frozen) = (
        moved(&[]),
        moved(&["--restrain", "all=10000000"]),
        moved(&["--freeze", "all"]),
    );
    assert!(held < 0.2 * free, "{held} {free}");
    // PDB rounds positions to 0.0001 nm
    assert!(frozen < 2e-4, "{frozen}");
}

#[test]
fn a_prmtop_brings_its_own_parameters() {
    let folder = tempfile::tempdir().unwrap();
    let prmtop = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../forcefield-gpu/tests/data/prmtop/ff19sb.prmtop"
    );
    let golden = prmtop.replace(".prmtop", ".json");
    let golden: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(golden).unwrap()).unwrap();
    let positions: Vec<[f32; 3]> = serde_json::from_value(golden["positions"].clone()).unwrap();
    let input = in_folder(&folder, "start.trr");
    let topology = molio::read_topology(prmtop).unwrap();
    let mut writer = molio::create(&input, &topology).unwrap();
    writer
        .write_frame(&Frame::from_positions(positions))
        .unwrap();
    writer.finish().unwrap();
    let energy = |extra: &[&str]| {
        let base = [
            "energy",
            &input,
            "--top",
            prmtop,
            "--solvent",
            "gbn2",
            "--json",
        ];
        json(&[&base[..], extra].concat())["frames"][0].clone()
    };
    let own = energy(&[]);
    for (term, expected) in golden["cases"]["gbn2"]["energies"].as_object().unwrap() {
        let (found, expected) = (own[term].as_f64().unwrap(), expected.as_f64().unwrap());
        assert!(
            (found - expected).abs() < 1e-4 * expected.abs().max(1.0),
            "{term}: {found} {expected}"
        );
    }
    assert!(own["cmap"].as_f64().unwrap() > 10.0);
    assert!(energy(&["--ff", "ff14SB"])["cmap"].is_null());
    let out = in_folder(&folder, "run.xtc");
    let report = json(&[
        "md", &input, &out, "--top", prmtop, "--steps", "10", "--save", "10", "--json",
    ]);
    assert_eq!(report["faults"], 0);
}
