//! What CUDA kernels must do, on a GPU and in the emulation.

use super::energy_random::system;
use super::energy_support::{Engines, by_engine, difference, largest, reference, rounded, terms};
use super::system_support::structure;
use dynamics::{
    Batch, BoxError, Constraint, Energies, FaultCause, Integrator, Potential, Replica,
    ReplicaState, Simulation, SimulationConfig,
};
use forcefield_gpu::system::BornModel;
use forcefield_gpu::{ConstrainedBonds, Engine, ForceField, System, SystemOptions};

/// A small protein with its positions, in a solvent.
pub(crate) fn protein(name: &str, model: BornModel) -> (System, Vec<[f64; 3]>) {
    let structure = structure(name);
    let options = SystemOptions {
        constraints: ConstrainedBonds::Hydrogen,
        hydrogen_mass: Some(3.0),
        ..SystemOptions::with_solvent(model)
    };
    let force_field = ForceField::ff14sb().unwrap();
    let system = force_field
        .create_system(&structure.topology, &options)
        .unwrap();
    (system, structure.positions)
}

/// Forces within 1e-4 of the largest, every term's energy within `energy_tolerance`.
pub(crate) fn proteins_follow_the_reference(engines: Engines, energy_tolerance: f64) {
    for model in [
        BornModel::Hct,
        BornModel::Obc1,
        BornModel::Obc2,
        BornModel::Gbn,
        BornModel::Gbn2,
    ] {
        let (system, positions) = protein("chignolin", model);
        let (expected, expected_forces) = reference(&system, &rounded(&positions));
        for (backend, engine) in engines(&system) {
            let (energies, forces) = by_engine(&engine, std::slice::from_ref(&positions)).remove(0);
            for ((name, found), (_, expected)) in terms(&energies).into_iter().zip(terms(&expected))
            {
                let error = (found - expected).abs() / expected.abs().max(1.0);
                assert!(
                    error <= energy_tolerance,
                    "{backend}: {model:?}: {name}: {found}, expected {expected}"
                );
            }
            let error = difference(&forces, &expected_forces) / largest(&expected_forces);
            assert!(error <= 1e-4, "{backend}: {model:?}: {error:.1e}");
        }
    }
}

/// Atoms nearly on top of each other: forces beyond the first scale of fixed point are still right.
pub(crate) fn forces_beyond_fixed_point(engines: Engines) {
    let (system, mut positions) = system(8, 10, BornModel::Gbn2);
    let [x, y, z] = positions[0];
    positions[9] = [x + 0.01, y, z];
    let (_, expected) = reference(&system, &rounded(&positions));
    assert!(largest(&expected) > 1e12);
    for (backend, engine) in engines(&system) {
        let (_, forces) = by_engine(&engine, std::slice::from_ref(&positions)).remove(0);
        let error = difference(&forces, &expected) / largest(&expected);
        assert!(error < 1e-5, "{backend}: {error:.1e}");
    }
}

/// A chain of atoms with every term, beyond what a block holds.
pub(crate) fn large_molecules_follow_the_reference(engines: Engines, n_atoms: usize) {
    let (system, positions) = system(21, n_atoms, BornModel::Gbn2);
    let (expected, expected_forces) = reference(&system, &rounded(&positions));
    for (backend, engine) in engines(&system) {
        let (energies, forces) = by_engine(&engine, std::slice::from_ref(&positions)).remove(0);
        for ((name, found), (_, expected)) in terms(&energies).into_iter().zip(terms(&expected)) {
            let error = (found - expected).abs() / expected.abs().max(1.0);
            assert!(
                error <= 1e-5,
                "{backend}: {name}: {found}, expected {expected}"
            );
        }
        let error = difference(&forces, &expected_forces) / largest(&expected_forces);
        assert!(error <= 1e-4, "{backend}: {error:.1e}");
    }
}

/// An engine whose simulations integrate on the CPU.
struct WithoutSteps<'a>(&'a Engine);

impl Potential for WithoutSteps<'_> {
    fn n_atoms(&self) -> usize {
        self.0.n_atoms()
    }
    fn energy_forces(&self, x: &[[f32; 3]], f: &mut [[f32; 3]]) -> Result<f64, BoxError> {
        self.0.energy_forces(x, f)
    }
    fn energy_forces_batch(&self, batch: &mut Batch) -> Result<Energies, BoxError> {
        self.0.energy_forces_batch(batch)
    }
    fn evaluates_by_block(&self) -> bool {
        false
    }
}

fn config(system: &System, temperatures: &[f64], friction: f64) -> SimulationConfig {
    let constraints = system.constraints.iter().map(|constraint| Constraint {
        atoms: constraint.atoms,
        distance: constraint.length,
    });
    let mut masses = system.masses.clone();
    for &atom in &system.frozen {
        masses[atom] = 0.0;
    }
    SimulationConfig {
        masses,
        replicas: Replica::numbered(temperatures),
        integrator: Integrator::LangevinMiddle { friction },
        time_step: 0.004,
        constraints: constraints.collect(),
        constraint_tolerance: 1e-6,
        seed: 17,
    }
}

fn states<P: Potential>(simulation: &Simulation<P>) -> Vec<ReplicaState> {
    (0..simulation.n_replicas())
        .map(|replica| simulation.state(replica))
        .collect()
}

fn assert_same(found: &[ReplicaState], expected: &[ReplicaState], what: &str) {
    for (replica, (found, expected)) in found.iter().zip(expected).enumerate() {
        let same = found.positions == expected.positions
            && found.velocities == expected.velocities
            && found.forces == expected.forces
            && found.frozen == expected.frozen;
        assert!(same, "{what}: replica {replica} moved otherwise");
        let error = (found.energy - expected.energy).abs();
        assert!(error <= 1e-12 * expected.energy.abs(), "{what}: {error:e}");
    }
}

/// Positions after a few steps.
#[cfg(feature = "emulation")]
pub(crate) fn paths(engine: &Engine, system: &System, start: &[[f64; 3]]) -> Vec<Vec<[f64; 3]>> {
    let start: Vec<[f32; 3]> = start.iter().map(|x| x.map(|x| x as f32)).collect();
    let config = config(system, &[300.0, 310.0], 1.0);
    let mut simulation = Simulation::new(engine, config, &[start.clone(), start]).unwrap();
    simulation.draw_velocities().unwrap();
    simulation.advance(8).unwrap();
    (0..2)
        .map(|replica| simulation.positions(replica))
        .collect()
}

/// Steps on the device are the steps of the CPU, bit for bit where the forces are: constraints, heavy hydrogens,
/// frozen and restrained atoms, a temperature for each replica, noise or none, and checkpoints in between.
pub(crate) fn steps_are_those_of_the_cpu(engines: Engines, n_steps: u64) {
    let (mut system, positions) = protein("chignolin", BornModel::Obc2);
    system.frozen = vec![0, 4];
    system
        .restraints
        .push(forcefield_gpu::system::PositionalRestraint {
            atom: 20,
            position: positions[20],
            k: 500.0,
        });
    let start: Vec<[f32; 3]> = positions.iter().map(|x| x.map(|x| x as f32)).collect();
    for (backend, engine) in engines(&system) {
        for friction in [1.0, 0.0] {
            let config = config(&system, &[280.0, 300.0, 340.0], friction);
            let starts = vec![start.clone(); 3];
            let stepper = engine.stepper().expect("steps on the device");
            assert!(stepper.takes(&config), "{backend}");
            let mut cpu = Simulation::new(WithoutSteps(&engine), config.clone(), &starts).unwrap();
            let mut device = Simulation::new(&engine, config.clone(), &starts).unwrap();
            cpu.draw_velocities().unwrap();
            device.draw_velocities().unwrap();
            cpu.advance(n_steps).unwrap();
            device.advance(n_steps / 2).unwrap();
            // what one wrote the other goes on with
            let checkpoint = device.checkpoint().unwrap();
            let mut resumed = Simulation::resume(&engine, &config, &checkpoint).unwrap();
            resumed.advance(n_steps - n_steps / 2).unwrap();
            let what = format!("{backend}, friction {friction}");
            assert_same(&states(&resumed), &states(&cpu), &what);
            assert!(device.faults().is_empty());
            assert!(resumed.step() == n_steps && resumed.constraint_deviations()[2] < 1.1e-6);
        }
    }
}

/// A replica that blows up stays where it was, is reported, and disturbs nobody.
pub(crate) fn faults_stop_a_replica(engines: Engines) {
    let (system, positions) = protein("chignolin", BornModel::Obc2);
    let start: Vec<[f32; 3]> = positions.iter().map(|x| x.map(|x| x as f32)).collect();
    for (backend, engine) in engines(&system) {
        let run = |temperatures: &[f64]| {
            let config = config(&system, temperatures, 1.0);
            let starts = vec![start.clone(); temperatures.len()];
            let mut simulation = Simulation::new(&engine, config, &starts).unwrap();
            simulation.draw_velocities().unwrap();
            simulation.advance(6).unwrap();
            simulation
        };
        let broken = run(&[300.0, 1e12, 300.0]);
        let [fault] = broken.faults() else {
            panic!("{backend}: {:?}", broken.faults());
        };
        assert!(fault.replica == 1 && (1..=6).contains(&fault.step));
        assert!(
            matches!(
                fault.cause,
                FaultCause::Constraint | FaultCause::Force | FaultCause::Energy
            ),
            "{fault}"
        );
        assert!(broken.is_frozen(1) && !broken.is_frozen(0));
        let frame = broken.frame(1);
        assert!(frame.positions.iter().flatten().all(|x| x.is_finite()));
        let sound = run(&[300.0, 300.0, 300.0]);
        let (found, expected) = (states(&broken), states(&sound));
        assert_same(&found[..1], &expected[..1], &backend);
        assert_same(&found[2..], &expected[2..], &backend);
    }
}
