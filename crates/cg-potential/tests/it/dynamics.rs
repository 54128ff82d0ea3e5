//! Beads in motion: energy is kept, and heat is shared.

use crate::network::cases;
use cg_potential::{CgPotential, PairInteraction, PairTerm, Priors};
use dynamics::{BOLTZMANN, Integrator, Replica, Simulation, SimulationConfig};

const REPLICAS: usize = 16;
const KELVIN: f64 = 300.0;

/// A chain with a published network over springs and repulsion, all replicas from one straight start.
fn simulation(integrator: Integrator, time_step: f64) -> Simulation<CgPotential> {
    let cases = cases();
    let case = cases
        .iter()
        .find(|case| case.name.contains("ucsc"))
        .unwrap();
    let (network, _) = case.network();
    let n = network.bead_types().len();
    let mut pairs = Vec::new();
    for j in 1..n {
        for i in 0..j {
            let term = match j - i {
                1 => PairTerm::Harmonic {
                    length: 0.38,
                    k: 20_000.0,
                },
                2 => PairTerm::Harmonic {
                    length: 0.6,
                    k: 500.0,
                },
                _ => PairTerm::Repulsion {
                    coefficient: 0.01,
                    power: 6,
                },
            };
            pairs.push(PairInteraction {
                beads: [i, j],
                term,
            });
        }
    }
    let priors = Priors::new(n, pairs, vec![], vec![]).unwrap();
    let potential = CgPotential::new(&network, priors).unwrap();
    let config = SimulationConfig {
        masses: vec![12.0; n],
        replicas: Replica::numbered(&[KELVIN; REPLICAS]),
        integrator,
        time_step,
        constraints: Vec::new(),
        constraint_tolerance: 1e-6,
        seed: 7,
    };
    let start: Vec<[f32; 3]> = (0..n)
        .map(|i| [0.3 * i as f32, if i % 2 == 0 { 0.0 } else { 0.23 }, 0.0])
        .collect();
    let mut simulation = Simulation::new(potential, config, &vec![start; REPLICAS]).unwrap();
    simulation.draw_velocities().unwrap();
    simulation
}

fn totals(simulation: &Simulation<CgPotential>) -> Vec<f64> {
    let kinetic = simulation.kinetic_energies();
    let potential = simulation.potential_energies();
    kinetic.iter().zip(potential).map(|(k, p)| k + p).collect()
}

/// Root mean square deviation (kJ/mol) of the total energy from its start over 2 ps of velocity Verlet.
fn deviation(time_step: f64) -> f64 {
    let mut simulation = simulation(Integrator::VelocityVerlet, time_step);
    let start = totals(&simulation);
    let mut squares = 0.0;
    let n_samples = 100;
    for _ in 0..n_samples {
        simulation
            .advance((0.02 / time_step).round() as u64)
            .unwrap();
        let now = totals(&simulation);
        squares += now
            .iter()
            .zip(&start)
            .map(|(now, start)| (now - start).powi(2))
            .sum::<f64>();
    }
    assert!(simulation.faults().is_empty());
    (squares / (n_samples * REPLICAS) as f64).sqrt()
}

#[test]
fn energy_is_kept_to_second_order_in_the_time_step() {
    let (coarse, fine) = (deviation(0.004), deviation(0.001));
    // 16 times smaller by theory, as long as forces are those of one energy
    assert!(coarse / fine > 10.0, "{coarse} and {fine} kJ/mol");
    assert!(fine < 0.02 * KELVIN * BOLTZMANN * 12.0, "{fine} kJ/mol");
}

#[test]
fn heat_is_shared_equally() {
    let mut simulation = simulation(Integrator::Baoab { friction: 5.0 }, 0.002);
    simulation.advance(1000).unwrap();
    let (mut sum, n_samples) = (0.0, 200);
    for _ in 0..n_samples {
        simulation.advance(25).unwrap();
        sum += simulation.kinetic_energies().iter().sum::<f64>();
    }
    let degrees = simulation.degrees_of_freedom() as f64;
    let expected = 0.5 * degrees * BOLTZMANN * KELVIN;
    let found = sum / (n_samples * REPLICAS) as f64;
    // 0.05 ps apart velocities of friction 5/ps are no more than 5 times one sample
    let error = expected * (2.0 / degrees).sqrt() * (5.0 / (n_samples * REPLICAS) as f64).sqrt();
    assert!(
        (found - expected).abs() < 4.0 * error,
        "{found}, expected {expected} ± {error} kJ/mol"
    );
}
