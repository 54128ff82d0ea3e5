//! What must hold for any system: gradients, invariance, independence of the batch, faults.

use super::energy_random::{Random, chain, system};
use super::energy_support::{Engines, by_engine, difference, engines, largest, reference, rounded};
use dynamics::{Batch, Potential, Scratch};
use forcefield_gpu::system::{BornModel, NonbondedMethod, SoftRepulsion};
use forcefield_gpu::{Engine, EngineConfig, Error, Nonfinite, System};
use proptest::prelude::*;

const MODELS: [BornModel; 5] = [
    BornModel::Hct,
    BornModel::Obc1,
    BornModel::Obc2,
    BornModel::Gbn,
    BornModel::Gbn2,
];

/// Systems without the jump that the neck integral has at its cutoff: a finite difference across it
/// would measure the jump.
fn smooth(seed: u64) -> (System, Vec<[f64; 3]>) {
    system(seed, 9, MODELS[(seed % 3) as usize])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn forces_are_minus_the_gradient(seed in any::<u64>()) {
        let (system, positions) = smooth(seed);
        let (_, forces) = reference(&system, &positions);
        let mut moved = positions.clone();
        let step = 1e-6;
        for atom in 0..positions.len() {
            for axis in 0..3 {
                let mut energy = |x: f64| {
                    moved[atom][axis] = positions[atom][axis] + x;
                    reference(&system, &moved).0.total()
                };
                let expected = (energy(-step) - energy(step)) / (2.0 * step);
                moved[atom][axis] = positions[atom][axis];
                let error = (forces[atom][axis] - expected).abs();
                prop_assert!(error < 1e-5 * largest(&forces), "atom {atom} axis {axis}: {} {expected}", forces[atom][axis]);
            }
        }
    }

    #[test]
    fn engines_follow_the_reference(seed in any::<u64>()) {
        follow_the_reference(engines, seed);
    }

    #[test]
    fn no_net_force_or_torque(seed in any::<u64>()) {
        let (mut system, positions) = system(seed, 12, BornModel::Gbn2);
        system.restraints.clear();
        let (_, forces) = reference(&system, &positions);
        let bound = 1e-9 * largest(&forces);
        for axis in 0..3 {
            let (b, c) = ((axis + 1) % 3, (axis + 2) % 3);
            let force: f64 = forces.iter().map(|f| f[axis]).sum();
            let torque: f64 = forces.iter().zip(&positions).map(|(f, x)| x[b] * f[c] - x[c] * f[b]).sum();
            prop_assert!(force.abs() < bound && torque.abs() < bound, "{force} {torque}");
        }
    }

    #[test]
    fn translation_and_rotation_change_nothing(seed in any::<u64>()) {
        let (mut system, positions) = system(seed, 12, BornModel::Gbn2);
        system.restraints.clear();
        let (sine, cosine) = (seed as f64 * 1e-19).sin_cos();
        let moved: Vec<[f64; 3]> = positions
            .iter()
            .map(|[x, y, z]| [cosine * x - sine * y + 1.5, sine * x + cosine * y - 0.5, z + 2.0])
            .collect();
        let (before, after) = (reference(&system, &positions).0.total(), reference(&system, &moved).0.total());
        prop_assert!((before - after).abs() < 1e-8 * before.abs().max(1.0));
    }

    /// Bit by bit: a lane never sees its neighbours.
    #[test]
    fn a_batch_is_its_conformers(seed in any::<u64>()) {
        are_their_conformers(engines, seed);
    }
}

pub(crate) fn follow_the_reference(engines: Engines, seed: u64) {
    for model in MODELS {
        let (system, positions) = system(seed, 21, model);
        let (energies, forces) = reference(&system, &rounded(&positions));
        for (backend, engine) in engines(&system) {
            let (found, found_forces) =
                by_engine(&engine, std::slice::from_ref(&positions)).remove(0);
            let scale = [energies.bond, energies.nonbonded, energies.solvation]
                .iter()
                .fold(1.0, |m: f64, e| m.max(e.abs()));
            assert!(
                (found.total() - energies.total()).abs() < 1e-5 * scale,
                "{backend}: {found:?} {energies:?}"
            );
            let error = difference(&forces, &found_forces);
            assert!(
                error < 1e-5 * largest(&forces),
                "{backend}: {model:?}: {error}"
            );
        }
    }
}

pub(crate) fn are_their_conformers(engines: Engines, seed: u64) {
    let (system, _) = system(seed, 14, BornModel::Gbn2);
    let mut random = Random(seed);
    let conformers: Vec<_> = (0..19).map(|_| chain(&mut random, 14)).collect();
    for (backend, engine) in engines(&system) {
        let together = by_engine(&engine, &conformers);
        for (conformer, expected) in conformers.iter().zip(&together) {
            let alone = by_engine(&engine, std::slice::from_ref(conformer)).remove(0);
            assert!(alone == *expected, "{backend}");
        }
    }
}

#[test]
fn a_block_is_its_part_of_the_batch() {
    is_its_part_of_the_batch(engines);
}

/// What simulations call, block by block, gives the bits of the whole batch.
pub(crate) fn is_its_part_of_the_batch(engines: Engines) {
    let (system, _) = system(5, 14, BornModel::Gbn2);
    let mut random = Random(6);
    let conformers: Vec<Vec<[f64; 3]>> = (0..19).map(|_| chain(&mut random, 14)).collect();
    let flat: Vec<[f32; 3]> = conformers
        .iter()
        .flatten()
        .map(|x| x.map(|v| v as f32))
        .collect();
    for (backend, engine) in engines(&system) {
        let mut whole = Batch::from_positions(14, &flat);
        let energies = engine.energy_forces_batch(&mut whole).unwrap();
        let mut blocks = Batch::from_positions(14, &flat);
        let mut scratch = Scratch::default();
        let mut by_block = Vec::new();
        for block in blocks.blocks_mut() {
            let n_used = block.n_used;
            by_block.extend_from_slice(
                &engine.energy_forces_block(block, &mut scratch).unwrap()[..n_used],
            );
        }
        assert_eq!(by_block, energies, "{backend}");
        let (mut expected, mut found) = (vec![[0.0; 3]; 14], vec![[0.0; 3]; 14]);
        for conformer in 0..19 {
            whole.copy_forces(conformer, &mut expected);
            blocks.copy_forces(conformer, &mut found);
            assert_eq!(found, expected, "{backend}, conformer {conformer}");
        }
    }
}

#[test]
fn threads_change_no_bit() {
    let (system, _) = system(3, 200, BornModel::Gbn2);
    let mut random = Random(4);
    let conformers: Vec<_> = (0..3).map(|_| chain(&mut random, 200)).collect();
    let lanes = forcefield_gpu::LaneUse::Atoms;
    let with = |threads| {
        let config = EngineConfig {
            threads: Some(threads),
            lanes,
            ..EngineConfig::default()
        };
        by_engine(&Engine::new(&system, config).unwrap(), &conformers)
    };
    assert!(with(1) == with(3));
}

#[test]
fn the_reaction_field_ends_at_zero() {
    ends_at_zero(engines);
}

pub(crate) fn ends_at_zero(engines: Engines) {
    let (mut system, _) = system(7, 9, BornModel::Hct);
    system.generalized_born = None;
    system.soft_repulsion = None;
    system.restraints.clear();
    let nonbonded = system.nonbonded.as_mut().unwrap();
    nonbonded
        .exceptions
        .retain(|e| e.charge_product == 0.0 && e.epsilon == 0.0 && e.atoms != [8, 0]);
    for particle in &mut nonbonded.particles {
        particle.epsilon = 0.0;
    }
    nonbonded.method = NonbondedMethod::Cutoff {
        cutoff: 0.5,
        reaction_field_dielectric: 78.5,
        switch: None,
    };
    // atoms 0 and 8 at the cutoff, all others far from everything
    let at = |r: f64| -> Vec<[f64; 3]> {
        (0..9)
            .map(|i| match i {
                0 => [0.0; 3],
                8 => [r, 0.0, 0.0],
                _ => [0.0, 10.0 * f64::from(i), 0.3 * f64::from(i * i)],
            })
            .collect()
    };
    let nonbonded = |positions: &[[f64; 3]]| reference(&system, positions).0.nonbonded;
    assert!(nonbonded(&at(0.4)).abs() > 1e-3);
    assert!((nonbonded(&at(0.5 - 1e-7)) - nonbonded(&at(0.5 + 1e-7))).abs() < 1e-4);
    for (backend, engine) in engines(&system) {
        let by = |r: f64| by_engine(&engine, &[at(r)]).remove(0).0.nonbonded;
        assert!((by(0.4) - nonbonded(&at(0.4))).abs() < 1e-4, "{backend}");
        assert!((by(0.499_99) - by(0.500_01)).abs() < 1e-3, "{backend}");
    }
}

#[test]
fn soft_repulsion_by_hand() {
    soft_by_hand(engines);
}

pub(crate) fn soft_by_hand(engines: Engines) {
    let mut system = System::new(vec![1.0; 2]);
    system.soft_repulsion = Some(SoftRepulsion::molearn(vec![]));
    let pair = |r: f64| [[0.0; 3], [0.0, r, 0.0]];
    assert!((reference(&system, &pair(0.2)).0.nonbonded - 0.5).abs() < 1e-12);
    assert!((reference(&system, &pair(0.0)).0.nonbonded - 1.0).abs() < 1e-12);
    system.soft_repulsion = Some(SoftRepulsion::repel(vec![]));
    // 1000 (1 − 0.64)² = 129.6
    assert!((reference(&system, &pair(0.2)).0.nonbonded - 129.6).abs() < 1e-9);
    for (backend, engine) in engines(&system) {
        let (energies, forces) = by_engine(&engine, &[pair(0.2).to_vec()]).remove(0);
        assert!((energies.nonbonded - 129.6).abs() < 1e-3, "{backend}");
        // 4 · 1000 · 0.36 · 0.2/0.0625
        assert!(
            (forces[1][1] - 4608.0).abs() < 0.05,
            "{backend}: {forces:?}"
        );
        let far = by_engine(&engine, &[pair(0.3).to_vec()]).remove(0);
        assert!(far.0.nonbonded == 0.0 && far.1[1][1] == 0.0, "{backend}");
    }
}

#[test]
fn faults_name_conformer_and_atoms() {
    name_conformer_and_atoms(engines);
}

pub(crate) fn name_conformer_and_atoms(engines: Engines) {
    let (system, positions) = system(11, 9, BornModel::Obc2);
    for (backend, engine) in engines(&system) {
        let conformer: Vec<[f32; 3]> = positions.iter().map(|x| x.map(|x| x as f32)).collect();
        let mut batch = Batch::from_positions(9, &conformer.repeat(18));
        let expected = engine
            .evaluate(&mut batch.clone(), Nonfinite::Error)
            .unwrap()
            .energies;
        let mut overlapping = conformer.clone();
        overlapping[7] = overlapping[2];
        batch.set_positions(3, &overlapping);
        let error = engine.evaluate(&mut batch, Nonfinite::Error).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Energy {
                    conformer: 3,
                    atoms: [2, 7],
                    ..
                }
            ),
            "{backend}: {error}"
        );

        let mut unreal = conformer.clone();
        unreal[4][1] = f32::NAN;
        batch.set_positions(17, &unreal);
        let evaluation = engine.evaluate(&mut batch, Nonfinite::Mask).unwrap();
        assert_eq!(evaluation.masked, [3, 17], "{backend}");
        let mut forces = vec![[1.0; 3]; 9];
        for conformer in 0..18 {
            batch.copy_forces(conformer, &mut forces);
            if [3, 17].contains(&conformer) {
                assert!(evaluation.energies[conformer].total().is_nan());
                assert!(forces.iter().flatten().all(|&f| f == 0.0));
            } else {
                assert_eq!(evaluation.energies[conformer], expected[conformer]);
                assert!(forces.iter().flatten().any(|&f| f != 0.0));
            }
        }
        batch.set_positions(3, &conformer);
        let error = engine.evaluate(&mut batch, Nonfinite::Error).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Position {
                    conformer: 17,
                    atom: 4,
                    ..
                }
            ),
            "{backend}: {error}"
        );
        assert!(engine.energy_forces(&conformer[1..], &mut forces).is_err());
    }
}
