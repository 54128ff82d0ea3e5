//! What can be read off a simulation.

use super::{BOLTZMANN, Simulation};
use crate::constraints::ConstrainVelocities;
use crate::cpu::dispatch;
use crate::{LANES, Potential};
use molio::Frame;

impl<P: Potential> Simulation<P> {
    /// The present frame of a replica: finite positions, velocities (if the integrator has them),
    /// forces, time and step. A frozen replica's time and step go on.
    ///
    /// # Panics
    /// If there is no such replica.
    pub fn frame(&self, replica: usize) -> Frame {
        let (block, lane) = self.place_of(replica);
        let now = &block.now;
        let velocities = self.config.integrator.has_velocities().then(|| {
            let of_atom =
                |v: &[crate::state::Wide; 3]| [0, 1, 2].map(|axis| v[axis].0[lane] as f32);
            now.velocities.iter().map(of_atom).collect()
        });
        let forces = now
            .forces
            .iter()
            .map(|f| [f[0].0[lane], f[1].0[lane], f[2].0[lane]]);
        let rounded = now
            .rounded
            .iter()
            .map(|x| [x[0].0[lane], x[1].0[lane], x[2].0[lane]]);
        Frame {
            positions: rounded.collect(),
            velocities,
            forces: Some(forces.collect()),
            cell: None,
            time: Some(block.step as f64 * self.config.time_step),
            step: i64::try_from(block.step).ok(),
        }
    }

    /// Positions of a replica in full precision, nm.
    ///
    /// # Panics
    /// If there is no such replica.
    pub fn positions(&self, replica: usize) -> Vec<[f64; 3]> {
        let (block, lane) = self.place_of(replica);
        let of_atom = |x: &[crate::state::Wide; 3]| [x[0].0[lane], x[1].0[lane], x[2].0[lane]];
        block.now.positions.iter().map(of_atom).collect()
    }

    /// Velocities of a replica in full precision, nm/ps; zero if the integrator has none.
    ///
    /// # Panics
    /// If there is no such replica.
    pub fn velocities(&self, replica: usize) -> Vec<[f64; 3]> {
        let (block, lane) = self.place_of(replica);
        let of_atom = |v: &[crate::state::Wide; 3]| [v[0].0[lane], v[1].0[lane], v[2].0[lane]];
        block.now.velocities.iter().map(of_atom).collect()
    }

    /// Potential energy of a replica, kJ/mol.
    ///
    /// # Panics
    /// If there is no such replica.
    pub fn potential_energy(&self, replica: usize) -> f64 {
        let (block, lane) = self.place_of(replica);
        block.now.energies[lane]
    }

    /// Potential energies of all replicas, kJ/mol.
    pub fn potential_energies(&self) -> Vec<f64> {
        self.of_replicas(|block| block.now.energies)
    }

    /// Kinetic energies ½Σmv² of all replicas, kJ/mol, of the velocities with their components along
    /// constraints taken away. (OpenMM's Reference platform leaves Langevin-middle's in.)
    pub fn kinetic_energies(&self) -> Vec<f64> {
        self.of_replicas(|block| {
            let mut velocities = block.now.velocities.clone();
            if !self.context.constraints.is_empty() {
                dispatch(ConstrainVelocities {
                    solver: &self.context.constraints,
                    positions: &block.now.positions,
                    velocities: &mut velocities,
                    time: self.config.time_step,
                });
            }
            let mut energies = [0.0; LANES];
            for (velocity, mass) in velocities.iter().zip(&self.config.masses) {
                for lane in 0..LANES {
                    let squared: f64 = velocity.iter().map(|v| v.0[lane] * v.0[lane]).sum();
                    energies[lane] += 0.5 * mass * squared;
                }
            }
            energies
        })
    }

    /// Degrees of freedom: three a moving atom, less one a constraint.
    pub fn degrees_of_freedom(&self) -> usize {
        let moving = self
            .config
            .masses
            .iter()
            .filter(|&&mass| mass > 0.0)
            .count();
        (3 * moving).saturating_sub(self.context.constraints.len())
    }

    /// Instantaneous temperatures 2K/(k·degrees of freedom) of all replicas, K.
    pub fn instantaneous_temperatures(&self) -> Vec<f64> {
        let freedom = self.degrees_of_freedom().max(1) as f64;
        self.kinetic_energies()
            .into_iter()
            .map(|energy| 2.0 * energy / (BOLTZMANN * freedom))
            .collect()
    }

    /// The largest relative deviation of a constrained distance in each replica.
    pub fn constraint_deviations(&self) -> Vec<f64> {
        self.of_replicas(|block| self.context.constraints.deviations(&block.now.positions))
    }

    fn of_replicas(&self, of_block: impl Fn(&super::Block) -> [f64; LANES]) -> Vec<f64> {
        let mut all: Vec<f64> = self.blocks.iter().flat_map(of_block).collect();
        all.truncate(self.n_replicas());
        all
    }

    pub(super) fn place_of(&self, replica: usize) -> (&super::Block, usize) {
        assert!(
            replica < self.n_replicas(),
            "replica {replica} of {}",
            self.n_replicas()
        );
        (&self.blocks[replica / LANES], replica % LANES)
    }
}
