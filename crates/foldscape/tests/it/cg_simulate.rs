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
        "--json",
    ]);
    assert!(report["exchange_acceptance"].as_f64().unwrap() > 0.3);
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
