//! Oracles that simulate.

use active_learning::{Annealing, Label, MdOracle, MdOracleConfig, MdSetup, Oracle, Sampling};
use dynamics::{BOLTZMANN, BoxError, Constraint, Potential};
use molio::Trajectory;
use std::sync::Arc;

/// Atom 0 on a spring (200 kJ/mol/nm²) to atom 1, which is on a spring to the origin; atom 2 rides on
/// atom 1 at a fixed distance. Beyond 5 nm everything is NaN.
struct Springs;

const K: f32 = 200.0;

fn spring_energy(x0: [f32; 3], x1: [f32; 3]) -> f64 {
    let squares = (0..3).map(|k| (x1[k] - x0[k]).powi(2) + x1[k].powi(2));
    f64::from(0.5 * K * squares.sum::<f32>())
}

impl Potential for Springs {
    fn n_atoms(&self) -> usize {
        3
    }
    fn energy_forces(&self, x: &[[f32; 3]], f: &mut [[f32; 3]]) -> Result<f64, BoxError> {
        for k in 0..3 {
            f[0][k] = K * (x[1][k] - x[0][k]);
            f[1][k] = -f[0][k] - K * x[1][k];
            f[2][k] = 0.0;
        }
        let energy = spring_energy(x[0], x[1]);
        Ok(if x[0][0].abs() > 5.0 {
            f64::NAN
        } else {
            energy
        })
    }
}

fn oracle(sampling: Sampling) -> impl Oracle {
    tethered_oracle(sampling, None)
}

/// Released beads on springs, or free.
fn tethered_oracle(sampling: Sampling, tether: Option<f64>) -> impl Oracle {
    let setup = MdSetup {
        masses: vec![12.0, 12.0, 1.0],
        constraints: vec![Constraint {
            atoms: [1, 2],
            distance: 0.1,
        }],
        bead_atoms: vec![0],
        temperature: 300.0,
        friction: 5.0,
        time_step: 0.01,
        tether,
    };
    let config = MdOracleConfig {
        sampling,
        annealing: None,
        equilibration_steps: 200,
        release_steps: 100,
        every: 10,
        n_records: 1000,
        n_blocks: 20,
        time_step: 0.01,
    };
    MdOracle::of_potential(
        Arc::new(Springs),
        setup,
        Box::new(|frame| Ok(frame.select(&[0]))),
        config,
    )
    .unwrap()
}

fn starts(xs: &[f32]) -> Trajectory {
    let atoms = xs
        .iter()
        .flat_map(|&x| [[x, 0.0, 0.0], [x / 2.0, 0.0, 0.0], [x / 2.0, 0.1, 0.0]]);
    Trajectory::from_positions(3, atoms.collect()).unwrap()
}

#[test]
fn mean_forces_agree_with_theory_within_their_errors() {
    let xs: Vec<f32> = (0..24).map(|i| -1.2 + 0.1 * i as f32).collect();
    let oracle = oracle(Sampling::MeanForce);
    let labels = oracle.label(&starts(&xs)).unwrap();
    assert_eq!(labels.len(), xs.len());
    // 24 × 3 components: the normalised deviations have unit variance, if errors are honest
    let mut squares = 0.0;
    for (label, x) in labels.iter().zip(&xs) {
        assert_eq!(label.frame.positions, [[*x, 0.0, 0.0]]);
        let (force, error) = (
            label.frame.forces.as_ref().unwrap()[0],
            label.force_errors.as_ref().unwrap()[0],
        );
        for (axis, expected) in [-K * x / 2.0, 0.0, 0.0].into_iter().enumerate() {
            assert!(error[axis] > 0.1 && error[axis] < 10.0, "{error:?}");
            squares += f64::from((force[axis] - expected) / error[axis]).powi(2);
        }
    }
    let mean_square = squares / 72.0;
    assert!(mean_square > 0.5 && mean_square < 2.2, "{mean_square}");
    assert!((oracle.nanoseconds_per_frame() - 0.102).abs() < 1e-12);
    assert_eq!(oracle.label(&starts(&xs)).unwrap(), labels);
}

#[test]
fn free_simulations_have_the_right_ensemble() {
    let labels = oracle(Sampling::Free).label(&starts(&[0.0; 32])).unwrap();
    assert_eq!(labels.len(), 32_000);
    // ⟨x²⟩ of two springs in series: 2kT/K; single forces are those of the springs, unaveraged
    let mut sum = 0.0;
    for label in &labels {
        sum += f64::from(label.frame.positions[0][0]).powi(2);
        assert!(label.force_errors.is_none());
    }
    let expected = 2.0 * BOLTZMANN * 300.0 / f64::from(K);
    let found = sum / labels.len() as f64;
    assert!((found / expected - 1.0).abs() < 0.15, "{found} {expected}");
}

#[test]
fn frames_are_labelled_where_they_were_and_along_the_way() {
    let xs: Vec<f32> = (0..24).map(|i| -1.2 + 0.1 * i as f32).collect();
    let oracle = oracle(Sampling::MeanForceThenFree);
    let labels = oracle.label(&starts(&xs)).unwrap();
    assert_eq!(labels.len(), 24 + 24_000);
    let (mut product, mut square) = (0.0, 0.0);
    // answer by answer: the mean force, then the frames along the way
    for (answer, &x) in labels.chunks(1001).zip(&xs) {
        let (label, free) = answer.split_first().unwrap();
        assert!(free.iter().all(|label| label.force_errors.is_none()));
        assert_eq!(label.frame.positions, [[x, 0.0, 0.0]]);
        assert!(label.force_errors.is_some());
        product += label.frame.forces.as_ref().unwrap()[0][0] * x;
        square += x * x;
    }
    let slope = product / square;
    assert!((slope / (-K / 2.0) - 1.0).abs() < 0.15, "{slope}");
    let plain = self::oracle(Sampling::Free).nanoseconds_per_frame();
    assert_eq!(oracle.nanoseconds_per_frame(), plain);
}

#[test]
fn starts_that_cannot_be_evaluated_are_left_out() {
    let oracle = oracle(Sampling::MeanForce);
    let labels = oracle.label(&starts(&[5.5, 0.5])).unwrap();
    assert_eq!(labels.len(), 1);
    assert_eq!(labels[0].frame.positions, [[0.5, 0.0, 0.0]]);
    let error = oracle.label(&starts(&[5.5])).unwrap_err();
    assert!(error.to_string().contains("finite energy"), "{error}");
}

#[test]
fn senseless_settings_are_refused() {
    let setup = MdSetup {
        masses: vec![1.0; 3],
        constraints: Vec::new(),
        bead_atoms: vec![0],
        temperature: 300.0,
        friction: 1.0,
        time_step: 0.002,
        tether: None,
    };
    let config = MdOracleConfig {
        sampling: Sampling::MeanForce,
        annealing: None,
        equilibration_steps: 0,
        release_steps: 0,
        every: 1,
        n_records: 10,
        n_blocks: 2,
        time_step: 0.002,
    };
    let make = |setup: MdSetup, config: MdOracleConfig| {
        let project = Box::new(|frame: &molio::Frame| Ok(frame.clone()));
        MdOracle::of_potential(Arc::new(Springs), setup, project, config).is_ok()
    };
    assert!(make(setup.clone(), config.clone()));
    for factor in [0.5, f64::NAN, 100.0] {
        let annealing = Some(Annealing {
            factor,
            steps: 8,
            held: true,
        });
        let config = MdOracleConfig {
            annealing,
            ..config.clone()
        };
        assert!(!make(setup.clone(), config));
    }
    for (bead_atoms, n_records, n_blocks, time_step) in [
        (vec![3], 10, 2, 0.002),
        (vec![0], 0, 2, 0.002),
        (vec![0], 10, 1, 0.002),
        (vec![0], 10, 11, 0.002),
        (vec![0], 10, 2, 0.004),
    ] {
        let setup = MdSetup {
            bead_atoms,
            ..setup.clone()
        };
        let config = MdOracleConfig {
            n_records,
            n_blocks,
            time_step,
            ..config.clone()
        };
        assert!(!make(setup, config));
    }
}

/// Atom 1 has a well of −18 kJ/mol at +0.3 nm of atom 0 and one of −6 at −0.3 nm, and pulls atom 0 to its side.
struct TwoWells;

impl Potential for TwoWells {
    fn n_atoms(&self) -> usize {
        2
    }
    fn energy_forces(&self, x: &[[f32; 3]], f: &mut [[f32; 3]]) -> Result<f64, BoxError> {
        let wells = [(18.0_f32, 0.3_f32), (6.0, -0.3)];
        let d = [0, 1, 2].map(|k| x[1][k] - x[0][k]);
        let mut energy = 0.0;
        f[1] = [0.0; 3];
        for (depth, centre) in wells {
            let r = [d[0] - centre, d[1], d[2]];
            let here = depth * (-r.iter().map(|r| r * r).sum::<f32>() / (2.0 * 0.15 * 0.15)).exp();
            energy -= here;
            for k in 0..3 {
                f[1][k] -= here * r[k] / (0.15 * 0.15);
            }
        }
        for k in 0..3 {
            f[1][k] -= 30.0 * d[k];
            energy += 15.0 * d[k] * d[k];
        }
        f[0] = f[1].map(|force| -force);
        Ok(f64::from(energy))
    }
}

#[test]
fn heat_lets_the_other_atoms_leave_where_they_began() {
    let setup = MdSetup {
        masses: vec![12.0; 2],
        constraints: Vec::new(),
        bead_atoms: vec![0],
        temperature: 150.0,
        friction: 5.0,
        time_step: 0.005,
        tether: None,
    };
    let labelled = |annealing| {
        let config = MdOracleConfig {
            sampling: Sampling::MeanForce,
            annealing,
            equilibration_steps: 200,
            release_steps: 0,
            every: 1,
            n_records: 2,
            n_blocks: 2,
            time_step: 0.005,
        };
        let wells = Arc::new(TwoWells);
        // the force's place carries where atom 1 is
        let project = Box::new(|frame: &molio::Frame| {
            let mut bead = frame.select(&[0]);
            bead.forces = Some(vec![frame.positions[1]]);
            Ok(bead)
        });
        let oracle = MdOracle::of_potential(wells, setup.clone(), project, config).unwrap();
        let starts = [[0.0; 3], [-0.3, 0.0, 0.0]].repeat(32);
        let labels = oracle
            .label(&Trajectory::from_positions(2, starts).unwrap())
            .unwrap();
        assert_eq!(labels.len(), 32);
        labels
    };
    let in_the_deep_well = |labels: &[Label]| {
        let places = labels.iter().map(|label| {
            let other = label.frame.forces.as_ref().unwrap()[0];
            other[0] - label.frame.positions[0][0]
        });
        places.filter(|&x| x > 0.0).count()
    };
    let heat = |held| {
        Some(Annealing {
            factor: 6.0,
            steps: 4000,
            held,
        })
    };
    let cold = in_the_deep_well(&labelled(None));
    let (held, free) = (labelled(heat(true)), labelled(heat(false)));
    for heated in [&held, &free] {
        let heated = in_the_deep_well(heated);
        assert!(cold < 8 && heated > 24, "{cold} and {heated} of 32");
    }
    // held beads stay to the last bit, free ones take part
    let moved = |label: &&Label| label.frame.positions[0] != [0.0; 3];
    assert_eq!(held.iter().filter(moved).count(), 0);
    assert_eq!(free.iter().filter(moved).count(), 32);
}

#[test]
fn tethered_beads_stay_about_their_frames_and_their_labels_know_no_tether() {
    let (k, start) = (400.0_f32, 1.0_f32);
    let oracle = tethered_oracle(Sampling::Free, Some(f64::from(k)));
    let labels = oracle.label(&starts(&[start; 16])).unwrap();
    assert_eq!(labels.len(), 16 * 1000);
    // after the first hundred records the ensemble is that of both springs: its mean is at k/(k + K/2)
    let late: Vec<(f64, f64)> = labels
        .chunks(1000)
        .flat_map(|replica| &replica[100..])
        .map(|label| {
            let force = label.frame.forces.as_ref().unwrap()[0][0];
            (f64::from(label.frame.positions[0][0]), f64::from(force))
        })
        .collect();
    // so are energies: a force on atom 0 tells where atom 1 is
    for label in &labels {
        let (x, force) = (
            label.frame.positions[0],
            label.frame.forces.as_ref().unwrap()[0],
        );
        let other = std::array::from_fn(|k| x[k] + force[k] / K);
        let (found, expected) = (label.energy.unwrap(), spring_energy(x, other));
        assert!(
            (found - expected).abs() < 0.02 + 1e-3 * expected,
            "{found} {expected}"
        );
    }
    let n = late.len() as f64;
    let mean = |value: &dyn Fn(&(f64, f64)) -> f64| late.iter().map(value).sum::<f64>() / n;
    let x = mean(&|l| l.0);
    let expected = f64::from(k * start / (k + K / 2.0));
    assert!((x - expected).abs() < 0.01, "{x} nm, expected {expected}");
    // the slope of forces over positions is that of the mean force, -K/2, with no part of the tether's
    let covariance = mean(&|l| (l.0 - x) * l.1);
    let slope = covariance / mean(&|l| (l.0 - x).powi(2));
    assert!(
        (slope + f64::from(K) / 2.0).abs() < 10.0,
        "{slope} kJ/mol/nm²"
    );
    let force = mean(&|l| l.1);
    assert!(
        (force + f64::from(K) / 2.0 * x).abs() < 3.0,
        "{force} kJ/mol/nm"
    );
}

#[test]
fn a_tether_that_is_none_is_refused() {
    for k in [0.0, -1.0, f64::NAN] {
        let setup = MdSetup {
            masses: vec![12.0; 3],
            constraints: Vec::new(),
            bead_atoms: vec![0],
            temperature: 300.0,
            friction: 5.0,
            time_step: 0.01,
            tether: Some(k),
        };
        let config = MdOracleConfig {
            sampling: Sampling::Free,
            annealing: None,
            equilibration_steps: 0,
            release_steps: 0,
            every: 1,
            n_records: 1,
            n_blocks: 2,
            time_step: 0.01,
        };
        let project = Box::new(|frame: &molio::Frame| Ok(frame.select(&[0])));
        assert!(MdOracle::of_potential(Arc::new(Springs), setup, project, config).is_err());
    }
}

#[test]
fn released_beads_that_drift_feel_less_than_the_mean_force() {
    let oracle = tethered_oracle(Sampling::Free, None);
    let labels = oracle.label(&starts(&[3.0; 64])).unwrap();
    // bead 0 still falls towards 0 in the first records, and atom 1, on which the force depends, lags behind
    let (mut force, mut mean_force) = (0.0, 0.0);
    for label in labels.chunks(1000).flat_map(|replica| &replica[..5]) {
        force += f64::from(label.frame.forces.as_ref().unwrap()[0][0]);
        mean_force += f64::from(-K / 2.0 * label.frame.positions[0][0]);
    }
    assert!(mean_force < -64.0 * 5.0 * 10.0, "{mean_force} kJ/mol/nm");
    let share = force / mean_force;
    assert!((0.2..0.85).contains(&share), "{share} of the mean force");
}
