//! Simulations of any potential, for the oracle.

use super::tether::{Tether, whole_batches_only};
use super::{MdOracle, MdOracleConfig, ProjectFunction};
use crate::{Error, Result};
use dynamics::{
    Batch, BlockMut, BoxError, Constraint, Energies, Integrator, LANES, Potential, Propagator,
    Replica, ReplicaStepper, Scratch, Simulation, SimulationConfig,
};
use molio::Frame;
use std::sync::Arc;

/// Whether the atoms that beads stand for may move.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Phase {
    /// All is hotter than the oracle's temperature by this factor.
    Heated {
        /// Of temperatures.
        factor: f64,
        /// Whether the beads stay where they are.
        held: bool,
    },
    /// They stay where they are.
    Held,
    /// They move, on springs to where they were if [`MdSetup::tether`] says so.
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
    /// Force constant (kJ/mol/nm²) of springs from released beads to where they were; `None` lets them go
    /// where they want. Labels are without the springs' forces.
    ///
    /// What relaxes drifts, and a drifting bead is held back by all that it drags along: its forces are those of
    /// the free energy less that friction, which with a weak thermostat is nearly all of them. On springs beads come
    /// to rest around the frame that was asked about, and conditional means of their forces are mean forces.
    pub tether: Option<f64>,
}

/// A potential that several simulations use, and the springs of one of them.
pub struct SharedPotential {
    shared: Arc<dyn Potential>,
    tether: Option<Tether>,
}

impl Potential for SharedPotential {
    fn n_atoms(&self) -> usize {
        self.shared.n_atoms()
    }

    fn energy_forces(
        &self,
        positions: &[[f32; 3]],
        forces: &mut [[f32; 3]],
    ) -> Result<f64, BoxError> {
        match self.tether {
            Some(_) => Err(whole_batches_only()),
            None => self.shared.energy_forces(positions, forces),
        }
    }

    fn energy_forces_block(
        &self,
        block: BlockMut<'_>,
        scratch: &mut Scratch,
    ) -> Result<[f64; LANES], BoxError> {
        match self.tether {
            Some(_) => Err(whole_batches_only()),
            None => self.shared.energy_forces_block(block, scratch),
        }
    }

    fn energy_forces_batch(&self, batch: &mut Batch) -> Result<Energies, BoxError> {
        let mut energies = self.shared.energy_forces_batch(batch)?;
        if let Some(tether) = &self.tether {
            tether.add(batch, &mut energies);
        }
        Ok(energies)
    }

    fn evaluates_by_block(&self) -> bool {
        self.tether.is_none() && self.shared.evaluates_by_block()
    }

    fn stepper(&self) -> Option<&dyn ReplicaStepper> {
        match self.tether {
            Some(_) => None,
            None => self.shared.stepper(),
        }
    }
}

/// Replicas that an oracle asks: Langevin-middle dynamics whose frames have the forces of the potential alone.
pub struct OracleSimulation(Simulation<SharedPotential>);

impl Propagator for OracleSimulation {
    fn n_replicas(&self) -> usize {
        self.0.n_replicas()
    }

    fn advance(&mut self, n_steps: u64) -> Result<(), BoxError> {
        Propagator::advance(&mut self.0, n_steps)
    }

    fn frame(&self, replica: usize) -> Result<Frame, BoxError> {
        let mut frame = Propagator::frame(&self.0, replica)?;
        if let Some(tether) = &self.0.potential().tether {
            tether.remove(replica, &mut frame);
        }
        Ok(frame)
    }

    fn potential_energy(&self, replica: usize) -> Option<f64> {
        let energy = self.0.potential_energy(replica);
        let Some(tether) = &self.0.potential().tether else {
            return Some(energy);
        };
        Some(energy - tether.energy(replica, &self.0.frame(replica)))
    }
}

impl MdOracle<OracleSimulation> {
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
        if let Some(k) = setup.tether
            && !(k.is_finite() && k > 0.0)
        {
            return Err(Error::setting("tether", "above 0 kJ/mol/nm²", k));
        }
        let launch = move |starts: &[Vec<[f32; 3]>], phase, seed| {
            let starts = &finite_starts(potential.as_ref(), starts)?;
            let mut masses = setup.masses.clone();
            let temperature = match phase {
                Phase::Heated { factor, .. } => factor * setup.temperature,
                Phase::Held | Phase::Free => setup.temperature,
            };
            if !matches!(phase, Phase::Free | Phase::Heated { held: false, .. }) {
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
            let tether = setup.tether.filter(|_| phase == Phase::Free);
            let potential = SharedPotential {
                shared: Arc::clone(&potential),
                tether: tether.map(|k| Tether {
                    atoms: setup.bead_atoms.clone(),
                    k,
                    anchors: starts.clone(),
                }),
            };
            let mut simulation = Simulation::new(potential, simulation_config, starts)?;
            simulation.draw_velocities()?;
            Ok(OracleSimulation(simulation))
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
