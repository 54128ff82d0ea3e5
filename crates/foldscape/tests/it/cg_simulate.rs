//! `foldscape cg simulate`

use super::{failure, in_folder, json};
use cg_potential::{
    CgModel, Network, NetworkConfig, PairInteraction, PairTerm, Priors, RadialBasis,
};
use std::path::Path;

/// A small model of five beads, `stiffness` (kJ/mol/nm²) holding the chain together.
fn model(path: &str, stiffness: f64) {
    let mut builder = molio::TopologyBuilder::default();
    for number in 1..=5 {
        builder.start_residue("ALA", number, None, false);
        builder.add_atom(molio::AtomRecord::new("CA", molio::Element::CARBON));
    }
    let mut beads = builder.build();
    beads.set_bonds((1..5).map(|i| [i - 1, i])).unwrap();
    let config = NetworkConfig {
        hidden: 16,
        filters: 16,
        layers: 2,
        head: vec![8],
        radial: RadialBasis::exp_normal(8, true),
        ..NetworkConfig::named("majewski").unwrap()
    };
    let pair = |beads: [usize; 2], term| PairInteraction { beads, term };
    let mut pairs: Vec<_> = (1..5)
        .map(|i| {
            pair(
                [i - 1, i],
                PairTerm::Harmonic {
                    length: 0.38,
                    k: stiffness,
                },
            )
        })
        .collect();
    for i in 0..5 {
        let wall = PairTerm::Repulsion {
            coefficient: 1e-4,
            power: 6,
        };
        pairs.extend((i + 2..5).map(|j| pair([i, j], wall)));
    }
    let network = Network::new(config, &[1; 5], 1).unwrap();
    let priors = Priors::new(5, pairs, vec![], vec![]).unwrap();
    CgModel::new(network, priors, beads, 300.0)
        .unwrap()
        .save(Path::new(path))
        .unwrap();
}

fn frames(path: &str) -> Vec<Vec<[f32; 3]>> {
    let mut reader = molio::open(Path::new(path)).unwrap();
    let mut frame = molio::Frame::default();
    let mut frames = Vec::new();
    while reader.read_frame(&mut frame).unwrap() {
        assert!(frame.positions.iter().flatten().all(|x| x.is_finite()));
        frames.push(frame.positions.clone());
    }
    frames
}

#[test]
fn replicas_move_and_a_longer_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| in_folder(&folder, name);
    model(&at("m.safetensors"), 20_000.0);
    let run = |out: &str, steps: &str| {
        json(&[
            "cg",
            "simulate",
            &at("m.safetensors"),
            "--out",
            &at(out),
            "--replicas",
            "3",
            "--steps",
            steps,
            "--save",
            "50",
            "--json",
        ])
    };
    let whole = run("whole.xtc", "400");
    assert_eq!(
        (&whole["replicas"], &whole["steps"]),
        (&3.into(), &400.into())
    );
    assert_eq!(whole["faults"], 0);
    assert!(whole["replica_steps_per_s"].as_f64().unwrap() > 0.0 && whole["seconds"].is_number());
    run("parts.xtc", "150");
    run("parts.xtc", "400");
    for replica in 0..3 {
        let [whole, parts] =
            ["whole", "parts"].map(|stem| frames(&at(&format!("{stem}.r00{replica}.xtc"))));
        assert_eq!(whole.len(), 8);
        assert_eq!(whole, parts);
    }
    let told = failure(&[
        "cg",
        "simulate",
        &at("m.safetensors"),
        "--out",
        &at("parts.xtc"),
        "--replicas",
        "3",
        "--steps",
        "500",
        "--save",
        "50",
        "--seed",
        "2",
    ]);
    assert!(told.contains("--seed"), "{told}");
}

#[test]
fn temperatures_are_exchanged() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| in_folder(&folder, name);
    model(&at("m.safetensors"), 20_000.0);
    let report = json(&[
        "cg",
        "simulate",
        &at("m.safetensors"),
        "--out",
        &at("x.xtc"),
        "--replicas",
        "4",
        "--steps",
        "400",
        "--temperature",
        "290,310",
        "--exchange",
        "20",
        "--save",
        "10",
        "--json",
    ]);
    assert!(report["exchange_acceptance"].as_f64().unwrap() > 0.3);

    // the table says where the frames of one temperature are
    let table = std::fs::read_to_string(at("x.csv")).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().map(|row| row.split(',').collect()).collect();
    let coldest = rows.iter().filter(|row| row[3] == "290.000");
    let of_replica = |replica| coldest.clone().filter(|row| row[2] == replica).count();
    assert_eq!(coldest.clone().count(), 40);
    let n_first = of_replica("0");
    assert!(n_first > 0 && n_first < 40, "{n_first}");
    let (csv, x0, out) = (at("x.csv"), at("x.r000.xtc"), at("cold.xtc"));
    let of_table = ["--temperature", "290", "--temperatures", &csv, "--json"];
    let converted = json(&[&["convert", &x0, &out], &of_table[..]].concat());
    assert_eq!(converted["frames"], n_first);

    let beads = CgModel::load(Path::new(&at("m.safetensors")))
        .unwrap()
        .beads;
    let top = at("beads.pdb");
    let mut writer = molio::create(&top, &beads).unwrap();
    let first = frames(&x0).swap_remove(0);
    writer
        .write_frame(&molio::Frame::from_positions(first))
        .unwrap();
    writer.finish().unwrap();
    let files: Vec<String> = (0..4).map(|r| at(&format!("x.r00{r}.xtc"))).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let compare = |more: &[&str]| {
        json(
            &[
                &["compare", "--reference"],
                &files[..],
                &["--model"],
                &files[..],
                &["--top", &top, "--lag", "1", "--bootstrap", "0", "--json"],
                more,
            ]
            .concat(),
        )
    };
    let of_table = ["--model-temperatures", &csv, "--temperature", "290"];
    let compared = compare(&of_table);
    assert_eq!(compared["frames"]["reference"], 160);
    assert_eq!(compared["frames"]["model"], 40);
    let compared = compare(&[&of_table[..], &["--model-skip", "10"]].concat());
    assert_eq!(compared["frames"]["model"], 30);
    let told = failure(&[
        "compare",
        "--reference",
        files[0],
        "--model",
        files[0],
        "--temperature",
        "290",
    ]);
    assert!(told.contains("--model-temperatures"), "{told}");
}

#[test]
fn members_of_a_committee_move_beads_together() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| in_folder(&folder, name);
    model(&at("a.safetensors"), 20_000.0);
    model(&at("odd.safetensors"), 30_000.0);
    let files = ["a.safetensors", "odd.safetensors", "x.xtc", "y.xtc"].map(at);
    let [model, odd, out, other] = files.each_ref().map(String::as_str);
    let steps = [
        "--replicas",
        "2",
        "--steps",
        "200",
        "--save",
        "50",
        "--json",
    ];
    let report = json(&[&["cg", "simulate", model, model, "--out", out], &steps[..]].concat());
    assert_eq!(report["faults"], 0);
    assert_eq!(frames(&in_folder(&folder, "x.r001.xtc")).len(), 4);
    let told = failure(&[&["cg", "simulate", model, odd, "--out", other], &steps[..]].concat());
    assert!(told.contains("odd.safetensors: other priors"), "{told}");
}

#[test]
fn a_replica_that_blows_up_starts_anew() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| in_folder(&folder, name);
    // far too stiff for the time step
    model(&at("m.safetensors"), 1e8);
    let report = json(&[
        "cg",
        "simulate",
        &at("m.safetensors"),
        "--out",
        &at("x.xtc"),
        "--replicas",
        "2",
        "--steps",
        "400",
        "--save",
        "100",
        "--json",
    ]);
    let faults = report["faults"].as_u64().unwrap();
    assert!(faults >= 2, "{report}");
    assert_eq!(
        report["fault_list"].as_array().unwrap().len() as u64,
        faults
    );
    let kept = frames(&at("x.fault0.xyz"));
    assert_eq!(kept.len(), 1);
    assert_eq!(report["steps"], 400);
    frames(&at("x.r000.xtc"));
}
