//! Langevin-middle without friction against OpenMM's, step for step.

use crate::potentials::{Springs, config};
use dynamics::{Constraint, Integrator, Simulation};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_f64().unwrap())
        .collect()
}

fn vectors(value: &Value) -> Vec<[f64; 3]> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|row| numbers(row).try_into().unwrap())
        .collect()
}

fn links(value: &Value) -> Vec<([usize; 2], Vec<f64>)> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let row = numbers(row);
            ([row[0] as usize, row[1] as usize], row[2..].to_vec())
        })
        .collect()
}

#[test]
fn langevin_middle_follows_openmm() {
    let golden: Value = serde_json::from_str(include_str!("../data/langevin_middle.json")).unwrap();
    let masses = numbers(&golden["masses"]);
    for path in golden["paths"].as_array().unwrap() {
        let potential = Springs {
            n_atoms: masses.len(),
            springs: links(&path["bonds"])
                .into_iter()
                .map(|(atoms, v)| (atoms, v[0], v[1]))
                .collect(),
            ..Springs::default()
        };
        let integrator = Integrator::LangevinMiddle { friction: 0.0 };
        let mut config = config(masses.clone(), &[300.0], integrator);
        config.time_step = golden["time_step"].as_f64().unwrap();
        config.constraint_tolerance = 1e-12;
        config.constraints = links(&path["constraints"])
            .into_iter()
            .map(|(atoms, v)| Constraint {
                atoms,
                distance: v[0],
            })
            .collect();
        let frames = path["frames"].as_array().unwrap();
        let start = vectors(&frames[0]["positions"]);
        let start = start.iter().map(|x| x.map(|x| x as f32)).collect();
        let mut simulation = Simulation::new(potential, config, &[start]).unwrap();
        simulation
            .set_velocities(0, &vectors(&frames[0]["velocities"]))
            .unwrap();
        for frame in frames {
            let step = frame["step"].as_u64().unwrap();
            simulation.advance(step - simulation.step()).unwrap();
            let positions = largest(&simulation.positions(0), &vectors(&frame["positions"]));
            let velocities = largest(&simulation.velocities(0), &vectors(&frame["velocities"]));
            assert!(positions < 1e-6, "step {step}: {positions} nm");
            assert!(velocities < 1e-4, "step {step}: {velocities} nm/ps");
            // OpenMM's kinetic energy has the components along constraints in it
            let squares = simulation.velocities(0).into_iter().zip(&masses);
            let found: f64 = squares
                .map(|(v, m)| 0.5 * m * v.map(|v| v * v).iter().sum::<f64>())
                .sum();
            let kinetic = frame["kinetic_energy"].as_f64().unwrap();
            assert!(
                (found - kinetic).abs() < 1e-3,
                "step {step}: {found} {kinetic}"
            );
            let energy = frame["potential_energy"].as_f64().unwrap();
            assert!(
                (simulation.potential_energies()[0] - energy).abs() < 1e-3,
                "step {step}"
            );
        }
    }
}

fn largest(found: &[[f64; 3]], expected: &[[f64; 3]]) -> f64 {
    found
        .iter()
        .flatten()
        .zip(expected.iter().flatten())
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}
