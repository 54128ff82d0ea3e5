//! Simulations of any potential, for the oracle.

use super::{MdOracle, MdOracleConfig, ProjectFunction};
use crate::{Error, Result};
use dynamics::{
    Batch, BlockMut, BoxError, Constraint, Energies, Integrator, LANES, Potential, Replica,
    ReplicaStepper, Scratch, Simulation, SimulationConfig,
};
use std::sync::Arc;

/// Whether the atoms that beads stand for may move.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Phase {
    /// They stay where they are, and all else is hotter than the oracle's temperature by this factor.
    Heated(f64),
    /// They stay where they are.
    Held,
    /// They move.
    Free,
}

/// What [`MdOracle::of_potential`] needs to know besides the potential.
#[derive(Clone, Debug, PartialEq)]
pub struct MdSetup {
    /// Masses of all atoms, Da.
    pub masses: Vec<f64>,
    /// Distances that stay as they are.
    pub constraints: Vec<Constraint>,
    /// Atoms that are held: those that bead positions depend on.
    pub bead_atoms: Vec<usize>,
    /// Temperature, K.
    pub temperature: f64,
    /// Friction of Langevin-middle dynamics, 1/ps.
    pub friction: f64,
    /// Time step, ps.
    pub time_step: f64,
}

/// A potential that several simulations use.
pub struct SharedPotential(Arc<dyn Potential>);

impl Potential for SharedPotential {
    fn n_atoms(&self) -> usize {
        self.0.n_atoms()
    }

    fn energy_forces(
        &self,
        positions: &[[f32; 3]],
        forces: &mut [[f32; 3]],
    ) -> Result<f64, BoxError> {
        self.0.energy_forces(positions, forces)
    }

    fn energy_forces_block(
        &self,
        block: BlockMut<'_>,
        scratch: &mut Scratch,
    ) -> Result<[f64; LANES], BoxError> {
        self.0.energy_forces_block(block, scratch)
    }

    fn energy_forces_batch(&self, batch: &mut Batch) -> Result<Energies, BoxError> {
        self.0.energy_forces_batch(batch)
    }

    fn evaluates_by_block(&self) -> bool {
        self.0.evaluates_by_block()
    }

    fn stepper(&self) -> Option<&dyn ReplicaStepper> {
        self.0.stepper()
    }
}

impl MdOracle<Simulation<SharedPotential>> {
    /// An oracle that simulates `potential` with Langevin-middle dynamics. Frames at which its energy
    /// or a force is not finite are left out.
    ///
    /// # Errors
    /// [`Error::Setting`] for numbers that make no sense.
    pub fn of_potential(
        potential: Arc<dyn Potential>,
        setup: MdSetup,
        project: Box<ProjectFunction>,
        config: MdOracleConfig,
    ) -> Result<Self> {
        let n_atoms = potential.n_atoms();
        if let Some(atom) = setup.bead_atoms.iter().find(|&&atom| atom >= n_atoms) {
            let expected = format!("below {n_atoms}");
            return Err(Error::setting("a bead's atom", expected, atom));
        }
        let same_time_step = setup.time_step == config.time_step;
        if !same_time_step {
            let what = "time step of the simulation";
            return Err(Error::setting(what, config.time_step, setup.time_step));
        }
        let launch = move |starts: &[Vec<[f32; 3]>], phase, seed| {
            let starts = &finite_starts(potential.as_ref(), starts)?;
            let mut masses = setup.masses.clone();
            let temperature = match phase {
                Phase::Heated(factor) => factor * setup.temperature,
                Phase::Held | Phase::Free => setup.temperature,
            };
            if phase != Phase::Free {
                for &atom in &setup.bead_atoms {
                    masses[atom] = 0.0;
                }
            }
            let simulation_config = SimulationConfig {
                masses,
                replicas: Replica::numbered(&vec![temperature; starts.len()]),
                integrator: Integrator::LangevinMiddle {
                    friction: setup.friction,
                },
                time_step: setup.time_step,
                constraints: setup.constraints.clone(),
                constraint_tolerance: 1e-6,
                seed,
            };
            let potential = SharedPotential(Arc::clone(&potential));
            let mut simulation = Simulation::new(potential, simulation_config, starts)?;
            simulation.draw_velocities()?;
            Ok(simulation)
        };
        Self::new(config, Box::new(launch), project)
    }
}

/// Starts that can be simulated: one frame that cannot should not keep the others from it.
fn finite_starts(
    potential: &dyn Potential,
    starts: &[Vec<[f32; 3]>],
) -> Result<Vec<Vec<[f32; 3]>>, BoxError> {
    let n_atoms = potential.n_atoms();
    if let Some(start) = starts.iter().find(|start| start.len() != n_atoms) {
        let what = "atoms of a frame for the oracle";
        return Err(Error::setting(what, n_atoms, start.len()).into());
    }
    let mut batch = Batch::from_positions(n_atoms, &starts.concat());
    let energies = potential.energy_forces_batch(&mut batch)?;
    let mut forces = vec![[0.0; 3]; n_atoms];
    let mut finite = Vec::with_capacity(starts.len());
    for (index, (start, energy)) in starts.iter().zip(energies).enumerate() {
        batch.copy_forces(index, &mut forces);
        if energy.is_finite() && forces.iter().flatten().all(|f| f.is_finite()) {
            finite.push(start.clone());
        }
    }
    if finite.is_empty() {
        let what = "frames with a finite energy for the oracle";
        return Err(Error::setting(what, "at least 1", format!("0 of {}", starts.len())).into());
    }
    Ok(finite)
}
