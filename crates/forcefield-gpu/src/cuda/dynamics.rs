//! Whole steps of Langevin dynamics on the device: `kernels/dynamics.cu`.

use super::launcher::{Arguments, DeviceData, Kernel, Launcher, Module, Shape};
use super::memory::Array;
use super::parameters::{Parameters, Real, SystemArguments};
use super::resident;
use crate::Result;
use crate::engine::Precision;
use dynamics::{
    BOLTZMANN, BoxError, Fault, FaultCause, Integrator, ReplicaState, ReplicaSteps,
    SimulationConfig,
};
use std::sync::Arc;

/// Steps of one launch: a GPU that also draws a screen stops kernels that run for seconds.
const STEPS_A_LAUNCH: u64 = 2000;

/// `constraints::Bond` of the kernels.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
struct Bond {
    atoms: [u32; 2],
    inverse_masses: [f64; 2],
    squared_distance: f64,
}

// SAFETY: the fields fill 32 bytes, all numbers.
unsafe impl DeviceData for Bond {}
// SAFETY: three numbers.
unsafe impl DeviceData for [f64; 3] {}
// SAFETY: three numbers.
unsafe impl DeviceData for [f32; 3] {}

const _: () = assert!(size_of::<Bond>() == 32, "as in dynamics.cu");

/// `DynamicsArguments` of the kernels.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct DynamicsArguments<R> {
    system: SystemArguments<R>,
    positions: u64,
    velocities: u64,
    forces: u64,
    energies: u64,
    identifiers: u64,
    thermal: u64,
    causes: u64,
    fault_steps: u64,
    inverse_masses: u64,
    widths: u64,
    bonds: u64,
    clusters: u64,
    time_step: f64,
    decay: f64,
    tolerance: f64,
    seed: u64,
    first_step: u64,
    n_steps: u64,
    n_clusters: u32,
    noisy: u32,
}

// SAFETY: the emulation compares sizes at every launch; the fields are those of `dynamics.cu` in their order.
unsafe impl<R: Real> Arguments for DynamicsArguments<R> {}

/// Shared memory of a replica, as `Conformer` and `Moving` of the kernels lay it out.
fn shared_bytes<R>(n_atoms: usize) -> usize {
    const MOVING_HEADER: usize = 16 + 8 * 8;
    MOVING_HEADER + 2 * n_atoms * size_of::<[f64; 3]>() + resident::shared_bytes::<R>(n_atoms)
}

/// Whether replicas of so many atoms can be moved in one block by such steps.
pub(super) fn takes<R>(launcher: &dyn Launcher, n_atoms: usize, config: &SimulationConfig) -> bool {
    matches!(config.integrator, Integrator::LangevinMiddle { .. })
        && config.masses.len() == n_atoms
        && shared_bytes::<R>(n_atoms) <= launcher.shared_memory()
}

/// Takes the steps; replicas are changed once all of them are done.
///
/// # Errors
/// If the device fails or has too little memory.
pub(super) fn advance<R: Real>(
    launcher: &Arc<dyn Launcher>,
    precision: Precision,
    parameters: &Parameters<R>,
    steps: &ReplicaSteps<'_>,
    replicas: &mut [ReplicaState],
) -> Result<Vec<Fault>, BoxError> {
    let moving: Vec<usize> = (0..replicas.len())
        .filter(|&index| !replicas[index].frozen)
        .collect();
    if moving.is_empty() || steps.count == 0 {
        return Ok(Vec::new());
    }
    let state = State::upload(launcher, steps, replicas, &moving)?;
    let constants = Constants::upload(launcher, steps)?;
    let n_atoms = steps.config.masses.len();
    let kernel = Kernel {
        module: Module::Dynamics,
        name: match precision {
            Precision::Single => "dynamics_single",
            Precision::Mixed => "dynamics_mixed",
            Precision::Double => "dynamics_double",
        },
    };
    let shape = Shape {
        grid: [moving.len() as u32, 1, 1],
        threads: resident::threads(&**launcher, n_atoms),
        shared_bytes: shared_bytes::<R>(n_atoms),
    };
    let mut done = 0;
    while done < steps.count {
        let n_steps = STEPS_A_LAUNCH.min(steps.count - done);
        let arguments = DynamicsArguments {
            system: parameters.arguments,
            positions: state.positions.address(),
            velocities: state.velocities.address(),
            forces: state.forces.address(),
            energies: state.energies.address(),
            identifiers: state.identifiers.address(),
            thermal: state.thermal.address(),
            causes: state.causes.address(),
            fault_steps: state.fault_steps.address(),
            inverse_masses: constants.inverse_masses.address(),
            widths: constants.widths.address(),
            bonds: constants.bonds.address(),
            clusters: constants.clusters.address(),
            time_step: steps.config.time_step,
            decay: steps.decay,
            tolerance: steps.config.constraint_tolerance,
            seed: steps.config.seed,
            first_step: steps.first + done,
            n_steps,
            n_clusters: constants.clusters.len() as u32 - 1,
            noisy: u32::from(steps.noise != 0.0),
        };
        // SAFETY: the state's arrays hold every moving replica, the constants' every atom, bond and cluster; all
        // outlive the kernel, since `download` waits for it.
        unsafe { super::launcher::start(&**launcher, kernel, shape, &arguments) }?;
        done += n_steps;
    }
    Ok(state.download(replicas, &moving)?)
}

/// Where replicas are, one after the other.
struct State {
    positions: Array<[f64; 3]>,
    velocities: Array<[f64; 3]>,
    forces: Array<[f32; 3]>,
    energies: Array<f64>,
    identifiers: Array<u32>,
    thermal: Array<f64>,
    causes: Array<u32>,
    fault_steps: Array<u64>,
}

impl State {
    fn upload(
        launcher: &Arc<dyn Launcher>,
        steps: &ReplicaSteps<'_>,
        replicas: &[ReplicaState],
        moving: &[usize],
    ) -> Result<Self> {
        let of = |vectors: fn(&ReplicaState) -> &Vec<[f64; 3]>| -> Vec<[f64; 3]> {
            let all = moving.iter().flat_map(|&index| vectors(&replicas[index]));
            all.copied().collect()
        };
        let forces: Vec<[f32; 3]> = moving
            .iter()
            .flat_map(|&index| &replicas[index].forces)
            .copied()
            .collect();
        let numbers = |number: &dyn Fn(usize) -> f64| -> Vec<f64> {
            moving.iter().map(|&index| number(index)).collect()
        };
        let identifiers: Vec<u32> = moving
            .iter()
            .map(|&index| steps.config.replicas[index].id)
            .collect();
        let thermal = numbers(&|index| (BOLTZMANN * replicas[index].temperature).sqrt());
        Ok(Self {
            positions: Array::from_slice(launcher, &of(|state| &state.positions))?,
            velocities: Array::from_slice(launcher, &of(|state| &state.velocities))?,
            forces: Array::from_slice(launcher, &forces)?,
            energies: Array::from_slice(launcher, &numbers(&|index| replicas[index].energy))?,
            identifiers: Array::from_slice(launcher, &identifiers)?,
            thermal: Array::from_slice(launcher, &thermal)?,
            causes: Array::from_slice(launcher, &vec![0; moving.len()])?,
            fault_steps: Array::from_slice(launcher, &vec![0; moving.len()])?,
        })
    }

    fn download(&self, replicas: &mut [ReplicaState], moving: &[usize]) -> Result<Vec<Fault>> {
        let mut positions = vec![[0.0; 3]; self.positions.len()];
        let mut velocities = positions.clone();
        let mut forces = vec![[0.0; 3]; self.forces.len()];
        let mut energies = vec![0.0; moving.len()];
        let mut causes = vec![0; moving.len()];
        let mut fault_steps = vec![0; moving.len()];
        self.positions.download(&mut positions)?;
        self.velocities.download(&mut velocities)?;
        self.forces.download(&mut forces)?;
        self.energies.download(&mut energies)?;
        self.causes.download(&mut causes)?;
        self.fault_steps.download(&mut fault_steps)?;
        let n_atoms = positions.len() / moving.len();
        let mut faults = Vec::new();
        for (place, &index) in moving.iter().enumerate() {
            let atoms = place * n_atoms..(place + 1) * n_atoms;
            let state = &mut replicas[index];
            state.positions.copy_from_slice(&positions[atoms.clone()]);
            state.velocities.copy_from_slice(&velocities[atoms.clone()]);
            state.forces.copy_from_slice(&forces[atoms]);
            state.energy = energies[place];
            if let Some(cause) = fault_cause(causes[place]) {
                state.frozen = true;
                faults.push(Fault {
                    replica: index,
                    step: fault_steps[place],
                    cause,
                });
            }
        }
        Ok(faults)
    }
}

/// What all replicas share.
struct Constants {
    inverse_masses: Array<f64>,
    widths: Array<f64>,
    bonds: Array<Bond>,
    clusters: Array<u32>,
}

impl Constants {
    fn upload(launcher: &Arc<dyn Launcher>, steps: &ReplicaSteps<'_>) -> Result<Self> {
        let inverse = |mass: f64| if mass > 0.0 { 1.0 / mass } else { 0.0 };
        let masses = &steps.config.masses;
        let inverse_masses: Vec<f64> = masses.iter().map(|&mass| inverse(mass)).collect();
        let widths: Vec<f64> = inverse_masses
            .iter()
            .map(|&inverse_mass| steps.noise * inverse_mass.sqrt())
            .collect();
        let (mut bonds, mut clusters) = (Vec::new(), vec![0]);
        for cluster in &steps.clusters {
            bonds.extend(cluster.iter().map(|constraint| Bond {
                atoms: constraint.atoms.map(|atom| atom as u32),
                inverse_masses: constraint.atoms.map(|atom| inverse_masses[atom]),
                squared_distance: constraint.distance * constraint.distance,
            }));
            clusters.push(bonds.len() as u32);
        }
        Ok(Self {
            inverse_masses: Array::from_slice(launcher, &inverse_masses)?,
            widths: Array::from_slice(launcher, &widths)?,
            bonds: Array::from_slice(launcher, &bonds)?,
            clusters: Array::from_slice(launcher, &clusters)?,
        })
    }
}

/// `Cause` of the kernels.
fn fault_cause(cause: u32) -> Option<FaultCause> {
    match cause {
        0 => None,
        2 => Some(FaultCause::Constraint),
        3 => Some(FaultCause::Energy),
        4 => Some(FaultCause::Force),
        // of a position, or of a velocity
        _ => Some(FaultCause::Position),
    }
}
