//! Setting replicas up and changing them between steps.

use super::config::check_temperature;
use super::{Block, Simulation};
use crate::constraints::ConstrainVelocities;
use crate::cpu::dispatch;
use crate::integrator::lane_normals;
use crate::random::Purpose;
use crate::state::Phase;
use crate::{Batch, Error, LANES, Potential, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// All that moves of one replica, in full precision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplicaState {
    /// Temperature in K.
    pub temperature: f64,
    /// Whether it was stopped by a fault.
    pub frozen: bool,
    /// Potential energy in kJ/mol.
    pub energy: f64,
    /// Positions in nm.
    pub positions: Vec<[f64; 3]>,
    /// Velocities in nm/ps.
    pub velocities: Vec<[f64; 3]>,
    /// Forces in kJ/mol/nm.
    pub forces: Vec<[f32; 3]>,
}

impl<P: Potential> Simulation<P> {
    /// Draws velocities of all healthy replicas from Maxwell–Boltzmann at their temperatures, with
    /// nothing along constraints. A function of (seed, replica, step): drawing twice gives the same.
    ///
    /// # Errors
    /// [`Error::Constraints`] if constraints are degenerate.
    pub fn draw_velocities(&mut self) -> Result<()> {
        for replica in 0..self.n_replicas() {
            if !self.is_frozen(replica) {
                self.draw(replica)?;
            }
        }
        self.repeat_last();
        Ok(())
    }

    /// Sets the velocities of one replica, nm/ps; components along constraints are taken away.
    ///
    /// # Errors
    /// [`Error::Setting`] for another number of atoms or velocities that are not finite;
    /// [`Error::Constraints`].
    ///
    /// # Panics
    /// If there is no such replica.
    pub fn set_velocities(&mut self, replica: usize, velocities: &[[f64; 3]]) -> Result<()> {
        self.check_vectors("velocities", velocities)?;
        let masses = &self.config.masses;
        let (block, lane) = (&mut self.blocks[replica / LANES], replica % LANES);
        assert!(lane < block.n_used, "replica {replica}");
        for (atom, velocity) in velocities.iter().enumerate() {
            for axis in 0..3 {
                let moving = masses[atom] > 0.0;
                block.now.velocities[atom][axis].0[lane] =
                    if moving { velocity[axis] } else { 0.0 };
            }
        }
        self.constrain_velocities(replica)?;
        self.repeat_last();
        Ok(())
    }

    /// The temperature of a replica now, K.
    ///
    /// # Panics
    /// If there is no such replica.
    pub fn temperature(&self, replica: usize) -> f64 {
        let (block, lane) = self.place_of(replica);
        block.temperatures[lane]
    }

    /// Gives a replica another temperature (K) and scales its velocities by √(new/old).
    ///
    /// # Errors
    /// [`Error::Setting`] for a temperature that is negative or not finite.
    ///
    /// # Panics
    /// If there is no such replica.
    pub fn set_temperature(&mut self, replica: usize, temperature: f64) -> Result<()> {
        check_temperature(temperature)?;
        let (block, lane) = (&mut self.blocks[replica / LANES], replica % LANES);
        assert!(lane < block.n_used, "replica {replica}");
        let before = block.thermal(lane);
        block.set_temperature(lane, temperature);
        if before > 0.0 {
            let factor = block.thermal(lane) / before;
            for velocity in block.now.velocities.iter_mut().flatten() {
                velocity.0[lane] *= factor;
            }
        }
        self.repeat_last();
        Ok(())
    }

    /// Whether a replica was stopped by a fault and not reseeded since.
    ///
    /// # Panics
    /// If there is no such replica.
    pub fn is_frozen(&self, replica: usize) -> bool {
        let (block, lane) = self.place_of(replica);
        block.frozen[lane]
    }

    /// Puts a replica, frozen or not, at `start` (nm) with new velocities (none if overdamped), and
    /// lets it go on. Its fault stays on record.
    ///
    /// # Errors
    /// As [`Simulation::new`]; the replica then stays as it was.
    ///
    /// # Panics
    /// If there is no such replica.
    pub fn reseed(&mut self, replica: usize, start: &[[f32; 3]]) -> Result<()> {
        let before = self.state(replica);
        let outcome = self
            .place(replica, start)
            .and_then(|()| self.evaluate_alone(replica))
            .and_then(|()| self.check_finite(replica))
            .and_then(|()| self.draw(replica));
        match outcome {
            Ok(()) => self.blocks[replica / LANES].frozen[replica % LANES] = false,
            Err(_) => self.set_state(replica, &before)?,
        }
        self.repeat_last();
        outcome
    }

    /// All that moves of one replica.
    ///
    /// # Panics
    /// If there is no such replica.
    pub fn state(&self, replica: usize) -> ReplicaState {
        let (block, lane) = self.place_of(replica);
        block.state(lane)
    }

    pub(crate) fn set_state(&mut self, replica: usize, state: &ReplicaState) -> Result<()> {
        self.check_state(state)?;
        self.blocks[replica / LANES].put(replica % LANES, state);
        Ok(())
    }

    /// As [`Simulation::set_state`] for all replicas, by all threads.
    pub(super) fn set_states(&mut self, states: &[ReplicaState]) -> Result<()> {
        states
            .iter()
            .try_for_each(|state| self.check_state(state))?;
        self.blocks
            .par_iter_mut()
            .zip(states.par_chunks(LANES))
            .for_each(|(block, states)| {
                for (lane, state) in states.iter().enumerate() {
                    block.put(lane, state);
                }
            });
        Ok(())
    }

    /// The states of all replicas, by all threads.
    pub(super) fn states(&mut self) -> Vec<ReplicaState> {
        let of_blocks: Vec<Vec<ReplicaState>> = self
            .blocks
            .par_iter_mut()
            .map(|block| (0..block.n_used).map(|lane| block.state(lane)).collect())
            .collect();
        of_blocks.into_iter().flatten().collect()
    }

    fn check_state(&self, state: &ReplicaState) -> Result<()> {
        check_temperature(state.temperature)?;
        self.check_vectors("positions", &state.positions)?;
        self.check_vectors("velocities", &state.velocities)?;
        let forces_finite = state.forces.iter().flatten().all(|f| f.is_finite());
        if state.forces.len() != self.config.masses.len()
            || !forces_finite
            || !state.energy.is_finite()
        {
            let expected = "finite, one for each atom";
            return Err(Error::setting(
                "forces and energy",
                expected,
                state.forces.len(),
            ));
        }
        Ok(())
    }

    /// Puts a replica at `start`, moved onto the constraints, at rest.
    pub(super) fn place(&mut self, replica: usize, start: &[[f32; 3]]) -> Result<()> {
        let n_atoms = self.config.masses.len();
        if start.len() != n_atoms {
            return Err(Error::setting("atoms of a start", n_atoms, start.len()));
        }
        if !start.iter().flatten().all(|x| x.is_finite()) {
            let what = "a position";
            return Err(Error::NonFinite { replica, what });
        }
        // all lanes of a phase of its own, so that nothing depends on the neighbours
        let mut phase = Phase::new(n_atoms);
        for (target, position) in phase.positions.iter_mut().zip(start) {
            for axis in 0..3 {
                target[axis].0 = [f64::from(position[axis]); LANES];
            }
        }
        let reference = phase.positions.clone();
        let constraints = &self.context.constraints;
        let failed = constraints.constrain_positions(
            &reference,
            &mut phase.positions,
            &mut phase.velocities,
            0.0,
        );
        phase.round();
        let finite = phase.rounded.iter().flatten().all(|x| x.0[0].is_finite());
        if failed[0] || !finite {
            return Err(Error::Constraints { replica });
        }
        let (block, lane) = (&mut self.blocks[replica / LANES], replica % LANES);
        assert!(lane < block.n_used, "replica {replica}");
        block.now.copy_motion_from(&phase, lane);
        Ok(())
    }

    pub(super) fn check_finite(&self, replica: usize) -> Result<()> {
        let (block, lane) = self.place_of(replica);
        let forces = block.now.forces.iter().flatten();
        let what = if !block.now.energies[lane].is_finite() {
            "an energy"
        } else if !forces.map(|force| force.0[lane]).all(f32::is_finite) {
            "a force"
        } else {
            return Ok(());
        };
        Err(Error::NonFinite { replica, what })
    }

    /// Energy and forces of one replica, in a batch of its own.
    fn evaluate_alone(&mut self, replica: usize) -> Result<()> {
        let n_atoms = self.config.masses.len();
        let mut batch = Batch::from_positions(n_atoms, &self.frame(replica).positions);
        let energies = self
            .potential
            .energy_forces_batch(&mut batch)
            .map_err(Error::Potential)?;
        let (block, lane) = (&mut self.blocks[replica / LANES], replica % LANES);
        for (force, alone) in block.now.forces.iter_mut().zip(&batch.forces) {
            for axis in 0..3 {
                force[axis].0[lane] = alone[axis].0[0];
            }
        }
        block.now.energies[lane] = energies[0];
        Ok(())
    }

    fn draw(&mut self, replica: usize) -> Result<()> {
        let (seed, step) = (self.config.seed, self.step);
        let has_velocities = self.config.integrator.has_velocities();
        let inverse_masses = &self.context.inverse_masses;
        let (block, lane) = (&mut self.blocks[replica / LANES], replica % LANES);
        let thermal = block.thermal(lane);
        for (atom, velocity) in block.now.velocities.iter_mut().enumerate() {
            let ids = &block.replica_ids;
            let deviates = lane_normals(seed, Purpose::Velocities, atom, ids, step);
            let width = thermal * inverse_masses[atom].sqrt();
            for axis in 0..3 {
                velocity[axis].0[lane] = if has_velocities {
                    width * f64::from(deviates[axis].0[lane])
                } else {
                    0.0
                };
            }
        }
        self.constrain_velocities(replica)
    }

    fn constrain_velocities(&mut self, replica: usize) -> Result<()> {
        if self.context.constraints.is_empty() {
            return Ok(());
        }
        let block = &mut self.blocks[replica / LANES];
        let before = block.now.clone();
        let failed = dispatch(ConstrainVelocities {
            solver: &self.context.constraints,
            positions: &before.positions,
            velocities: &mut block.now.velocities,
            time: self.config.time_step,
        });
        // the velocities of the neighbours are not to be touched
        let after = std::mem::replace(&mut block.now, before);
        block.now.copy_motion_from(&after, replica % LANES);
        if failed[replica % LANES] {
            return Err(Error::Constraints { replica });
        }
        Ok(())
    }

    fn check_vectors(&self, what: &'static str, vectors: &[[f64; 3]]) -> Result<()> {
        let n_atoms = self.config.masses.len();
        let finite = vectors.iter().flatten().all(|&x| (x as f32).is_finite());
        if vectors.len() == n_atoms && finite {
            return Ok(());
        }
        let found = format!("{} (finite: {finite})", vectors.len());
        Err(Error::setting(what, format!("{n_atoms}, finite"), found))
    }

    pub(super) fn repeat_last(&mut self) {
        self.blocks.iter_mut().for_each(Block::repeat_last);
    }
}
