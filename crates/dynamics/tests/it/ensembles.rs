//! Does a simulation sample what it should?

use crate::potentials::{Springs, Wells, assert_within_five_sigma, chain, config, methyls, zigzag};
use dynamics::{BOLTZMANN, Integrator, Potential, Simulation};

const LANGEVIN_MIDDLE: Integrator = Integrator::LangevinMiddle { friction: 5.0 };
const BAOAB: Integrator = Integrator::Baoab { friction: 5.0 };

/// Mean of `observable` over `samples` frames for each replica, after as long without samples.
fn averages<P: Potential>(
    simulation: &mut Simulation<P>,
    samples: u64,
    every: u64,
    mut observable: impl FnMut(&Simulation<P>, usize) -> f64,
) -> Vec<f64> {
    let n_replicas = simulation.n_replicas();
    let mut sums = vec![0.0; n_replicas];
    simulation.draw_velocities().unwrap();
    simulation.advance(samples * every / 2).unwrap();
    for _ in 0..samples {
        simulation.advance(every).unwrap();
        for (replica, sum) in sums.iter_mut().enumerate() {
            *sum += observable(simulation, replica) / samples as f64;
        }
    }
    assert!(simulation.faults().is_empty());
    sums
}

/// ⟨x²⟩ = kT/k, times 1/(1 − kΔt/(2mγ)) for the overdamped integrator, which is first order.
#[test]
fn harmonic_well_at_two_temperatures() {
    let temperatures: Vec<f64> = (0..32)
        .map(|r| if r < 16 { 300.0 } else { 600.0 })
        .collect();
    let overdamped = Integrator::Overdamped { friction: 20.0 };
    for integrator in [LANGEVIN_MIDDLE, BAOAB, overdamped] {
        let mut config = config(vec![12.0; 16], &temperatures, integrator);
        config.time_step = 0.02;
        let well = Wells {
            n_atoms: 16,
            k: 400.0,
        };
        let bias = match integrator {
            Integrator::Overdamped { friction } => {
                1.0 / (1.0 - 400.0 * 0.02 / (2.0 * 12.0 * friction))
            }
            _ => 1.0,
        };
        let starts = vec![vec![[0.0; 3]; 16]; 32];
        let mut simulation = Simulation::new(well, config, &starts).unwrap();
        let squares = averages(&mut simulation, 200, 20, |simulation, replica| {
            let positions = simulation.positions(replica);
            positions.iter().flatten().map(|x| x * x).sum::<f64>() / 48.0
        });
        for (half, temperature) in [(&squares[..16], 300.0), (&squares[16..], 600.0)] {
            let expected = bias * BOLTZMANN * temperature / 400.0;
            assert_within_five_sigma(half, expected, &format!("{integrator:?} {temperature}"));
        }
    }
}

/// ⟨K⟩ = (3N − Nc)kT/2.
#[test]
fn kinetic_energy_with_constraints() {
    for integrator in [LANGEVIN_MIDDLE, BAOAB] {
        let (potential, masses, constraints, start) = methyls();
        let temperatures: Vec<f64> = (0..32)
            .map(|r| if r < 16 { 300.0 } else { 400.0 })
            .collect();
        let mut config = config(masses, &temperatures, integrator);
        config.constraints = constraints;
        let mut simulation = Simulation::new(potential, config, &vec![start; 32]).unwrap();
        assert_eq!(simulation.degrees_of_freedom(), 48 - 12);
        let mut worst = 0.0_f64;
        let energies = averages(&mut simulation, 400, 20, |simulation, replica| {
            worst = worst.max(simulation.constraint_deviations()[replica]);
            simulation.kinetic_energies()[replica]
        });
        assert!(worst <= 1.001e-6, "{worst}");
        for (half, temperature) in [(&energies[..16], 300.0), (&energies[16..], 400.0)] {
            let expected = 18.0 * BOLTZMANN * temperature;
            assert_within_five_sigma(half, expected, &format!("{integrator:?} {temperature}"));
        }
    }
}

#[test]
fn first_velocities_are_maxwell_boltzmann() {
    let (potential, masses, constraints, start) = methyls();
    let mut config = config(masses, &[310.0; 400], LANGEVIN_MIDDLE);
    config.constraints = constraints;
    let mut simulation = Simulation::new(potential, config, &vec![start; 400]).unwrap();
    assert!(
        simulation
            .kinetic_energies()
            .iter()
            .all(|&energy| energy == 0.0)
    );
    simulation.draw_velocities().unwrap();
    let temperatures = simulation.instantaneous_temperatures();
    assert_within_five_sigma(&temperatures, 310.0, "temperature");
}

/// Beads on springs of length zero: ⟨R²⟩ = 3(N − 1)kT/k.
#[test]
fn ideal_chain_end_to_end() {
    let n_atoms = 5;
    let potential = Springs {
        n_atoms,
        springs: (1..n_atoms).map(|i| ([i - 1, i], 0.0, 500.0)).collect(),
        ..Springs::default()
    };
    let mut config = config(vec![10.0; n_atoms], &[300.0; 64], BAOAB);
    config.time_step = 0.02;
    let starts = vec![vec![[0.0; 3]; n_atoms]; 64];
    let mut simulation = Simulation::new(potential, config, &starts).unwrap();
    let squares = averages(&mut simulation, 500, 30, |simulation, replica| {
        let positions = simulation.positions(replica);
        (0..3)
            .map(|axis| (positions[n_atoms - 1][axis] - positions[0][axis]).powi(2))
            .sum()
    });
    let expected = 3.0 * (n_atoms - 1) as f64 * BOLTZMANN * 300.0 / 500.0;
    assert_within_five_sigma(&squares, expected, "end-to-end distance squared");
}

/// Total energy of a Lennard-Jones chain stays, with and without constraints.
#[test]
fn energy_does_not_drift() {
    let n_atoms = 12;
    let potential = chain(n_atoms);
    let mut config = config(
        vec![12.0; n_atoms],
        &[300.0; 16],
        Integrator::VelocityVerlet,
    );
    let starts: Vec<_> = (0..16).map(|r| zigzag(n_atoms, r)).collect();
    for constrained in [false, true] {
        if constrained {
            config.constraints = (0..n_atoms / 2)
                .map(|i| dynamics::Constraint {
                    atoms: [2 * i, 2 * i + 1],
                    distance: 0.38,
                })
                .collect();
        }
        let mut simulation = Simulation::new(potential.clone(), config.clone(), &starts).unwrap();
        simulation.draw_velocities().unwrap();
        simulation.advance(500).unwrap();
        let window = |simulation: &mut Simulation<Springs>| -> f64 {
            let mut sum = 0.0;
            for _ in 0..250 {
                simulation.advance(2).unwrap();
                let kinetic: f64 = simulation.kinetic_energies().iter().sum();
                sum += kinetic + simulation.potential_energies().iter().sum::<f64>();
            }
            sum / 250.0
        };
        let first = window(&mut simulation);
        simulation.advance(9_500).unwrap();
        let last = window(&mut simulation);
        let nanoseconds = 10_000.0 * 4e-6;
        let freedom = (16 * simulation.degrees_of_freedom()) as f64;
        let drift = (last - first) / (BOLTZMANN * 300.0 * freedom * nanoseconds);
        assert!(drift.abs() < 0.02, "{drift} kT a degree of freedom and ns");
    }
}

#[test]
fn massless_atoms_stay() {
    let integrators = [
        LANGEVIN_MIDDLE,
        BAOAB,
        Integrator::VelocityVerlet,
        Integrator::Overdamped { friction: 5.0 },
    ];
    for integrator in integrators {
        let mut config = config(vec![12.0, 0.0, 1.0, 0.0], &[300.0; 2], integrator);
        config.constraints = vec![dynamics::Constraint {
            atoms: [1, 2],
            distance: 0.1,
        }];
        let start = vec![[0.2, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, 0.6, 0.5], [0.1; 3]];
        let potential = Wells {
            n_atoms: 4,
            k: 100.0,
        };
        let mut simulation = Simulation::new(potential, config, &vec![start.clone(); 2]).unwrap();
        assert_eq!(simulation.degrees_of_freedom(), 5);
        simulation.draw_velocities().unwrap();
        simulation.advance(200).unwrap();
        let frame = simulation.frame(1);
        assert_eq!(
            (frame.positions[1], frame.positions[3]),
            (start[1], start[3])
        );
        assert_ne!(frame.positions[2], start[2]);
        assert!(simulation.constraint_deviations()[1] <= 1.001e-6);
        assert_eq!(frame.velocities.is_some(), integrator.has_velocities());
    }
}
