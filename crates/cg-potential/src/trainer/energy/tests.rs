use super::super::tests::{Polynomial, Setup, TRUTH, config, setup};
use super::super::{TrainerConfig, TrainingEvent};
use super::*;
use crate::ForceModel;
use std::sync::atomic::AtomicBool;

#[test]
fn energies_are_learned_up_to_a_constant() {
    let mut setup = setup(2.0);
    let energies: Vec<f64> = setup
        .data
        .positions()
        .chunks(2)
        .map(|x| {
            let mut forces = [[0.0; 3]; 2];
            let truth = Polynomial(TRUTH.to_vec());
            truth.energy_gradient(x, &[0.0], &mut [0.0; 2])[0]
                + setup.priors.energy_forces(x, &mut forces)
                + 1234.5
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let config = TrainerConfig {
        energy: Some(EnergyConfig {
            weight: 1e3,
            toward: EnergyTarget::Labels,
            share: 1.0,
        }),
        epochs: 60,
        learning_rate: 2.0,
        ..config()
    };
    let mut model = Polynomial(vec![0.0; 2]);
    let without = ForceTrainer::new(
        config.clone(),
        &mut model,
        "energies",
        setup.set(),
        folder.path(),
    );
    let message = without.err().map(|error| error.to_string());
    assert!(message.is_some_and(|m| m.contains("labels with energies")));

    setup.data.set_energies(energies).unwrap();
    let mut trainer =
        ForceTrainer::new(config, &mut model, "energies", setup.set(), folder.path()).unwrap();
    let mut deviations = Vec::new();
    trainer
        .run(&AtomicBool::new(false), &mut |event| {
            if let TrainingEvent::Epoch { record, .. } = event {
                deviations.push(record.energy_deviation.unwrap());
            }
        })
        .unwrap();
    // the constant of 1234.5 does not show
    assert!(deviations[59] < 0.1 * deviations[0], "{deviations:?}");
    for (found, truth) in model.0.iter().zip(TRUTH) {
        assert!((found - truth).abs() < 1.0, "{:?}", model.0);
    }
}

#[test]
fn the_energy_term_has_its_own_gradient() {
    let mut setup = setup(2.0);
    let n = setup.data.n_frames();
    let energies: Vec<f64> = (0..n).map(|frame| (frame as f64).sin()).collect();
    setup.data.set_energies(energies).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let frames = [3, 50, 7, 200, 11];
    let positions = setup.data.positions_of(&frames);
    let config = TrainerConfig {
        energy: Some(EnergyConfig {
            weight: 3.0,
            toward: EnergyTarget::Labels,
            share: 1.0,
        }),
        ..config()
    };
    let mut loss_of = |parameters: [f32; 2]| {
        let mut model = Polynomial(parameters.to_vec());
        let truth: Vec<f64> = positions
            .chunks(2)
            .map(|x| model.energy_gradient(x, &[0.0], &mut [0.0; 2])[0])
            .collect();
        let trainer = ForceTrainer::new(
            config.clone(),
            &mut model,
            &format!("{parameters:?}"),
            setup.set(),
            &folder.path().join(format!("{parameters:?}")),
        )
        .unwrap();
        let targets = trainer.energy_targets.unwrap();
        let errors: Vec<f64> = truth
            .iter()
            .zip(frames)
            .map(|(e, frame)| e - targets[frame])
            .collect();
        let mean = errors.iter().sum::<f64>() / 5.0;
        let loss = 3.0 * errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / 5.0;
        (loss, targets)
    };
    let at = [10.0_f32, 4.0];
    let (_, targets) = loss_of(at);
    let slope = |axis: usize, loss_of: &mut dyn FnMut([f32; 2]) -> (f64, Vec<f64>)| {
        let (mut up, mut down) = (at, at);
        up[axis] += 0.25;
        down[axis] -= 0.25;
        (loss_of(up).0 - loss_of(down).0) / 0.5
    };
    let expected = [slope(0, &mut loss_of), slope(1, &mut loss_of)];
    let model = Polynomial(at.to_vec());
    let mut forces = vec![[0.0; 3]; positions.len()];
    let energies = model.energies_forces(&positions, &mut forces);
    let targets = frames.map(|frame| targets[frame]);
    let scales = scales(3.0, &errors(&energies, &targets));
    let mut gradient = [0.0_f32; 2];
    model.energy_gradient(&positions, &scales, &mut gradient);
    for (found, expected) in gradient.iter().zip(expected) {
        assert!((f64::from(*found) - expected).abs() < 1e-3 * expected.abs().max(1e-3));
    }
}

/// A network trained with a term of that weight toward the priors.
fn held_to_the_priors(setup: &Setup, weight: Option<f64>) -> Polynomial {
    let folder = tempfile::tempdir().unwrap();
    let config = TrainerConfig {
        energy: weight.map(|weight| EnergyConfig {
            weight,
            toward: EnergyTarget::Priors,
            share: 1.0,
        }),
        epochs: 60,
        learning_rate: 2.0,
        ..config()
    };
    let mut model = Polynomial(vec![0.0; 2]);
    let mut trainer =
        ForceTrainer::new(config, &mut model, "held", setup.set(), folder.path()).unwrap();
    trainer.run(&AtomicBool::new(false), &mut |_| {}).unwrap();
    model
}

#[test]
fn energies_shrink_toward_the_priors() {
    let setup = setup(2.0);
    let deviation = |weight: Option<f64>| {
        let model = held_to_the_priors(&setup, weight);
        let positions = setup.data.positions();
        let energies = model.energies_forces(positions, &mut vec![[0.0; 3]; positions.len()]);
        let mean = energies.iter().sum::<f64>() / energies.len() as f64;
        energies.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / energies.len() as f64
    };
    let free = deviation(None);
    assert!(deviation(Some(1e-3)) > 0.8 * free);
    assert!(deviation(Some(1e5)) < 0.2 * free);
}

#[test]
fn frames_without_labels_hold_the_network_to_the_priors() {
    let bond = |length: f32| [[0.0; 3], [length, 0.0, 0.0]];
    let short = [0.12, 0.15, 0.2].map(bond).concat();
    // bonds of the data are of 0.3 to 0.5 nm, so of short ones the network knows only what it is told
    let at_short_bonds = |told: Vec<[f32; 3]>| {
        let mut setup = setup(2.0);
        setup.data.set_unlabelled(told).unwrap();
        let model = held_to_the_priors(&setup, Some(3.0));
        let energies = model.energies_forces(&short, &mut vec![[0.0; 3]; short.len()]);
        energies.iter().sum::<f64>().abs() / energies.len() as f64
    };
    let (held, free) = (at_short_bonds(short.clone()), at_short_bonds(Vec::new()));
    assert!(held < 0.2 * free, "{held} {free}");
}

#[test]
fn a_network_takes_its_share_of_the_labels_energies() {
    let mut setup = setup(2.0);
    let n = setup.data.n_frames();
    let energies: Vec<f64> = (0..n).map(|frame| (frame as f64).sin()).collect();
    setup.data.set_energies(energies).unwrap();
    let of = |share| {
        let config = EnergyConfig {
            weight: 1.0,
            toward: EnergyTarget::Labels,
            share,
        };
        targets(&setup.set(), config).unwrap()
    };
    let (whole, quarter) = (of(1.0), of(0.25));
    assert!(whole.iter().sum::<f64>().abs() < 1e-6 * n as f64);
    for (whole, quarter) in whole.iter().zip(&quarter) {
        assert!((0.25 * whole - quarter).abs() < 1e-9, "{whole} {quarter}");
    }
    assert!(of(0.0).iter().all(|&target| target == 0.0));
}
