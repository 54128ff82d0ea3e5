//! Many replicas of one system, moved by any potential.

mod block;
mod config;
mod observe;
mod replicas;

pub(crate) use block::Block;
pub use config::{BOLTZMANN, Replica, SimulationConfig};
pub use replicas::ReplicaState;

use crate::constraints::inverse_mass;
use crate::integrator::StepContext;
use crate::{Batch, BoxError, Error, Fault, LANES, Potential, Propagator, ReplicaSteps, Result};
use molio::Frame;
use rayon::prelude::*;
use std::ops::ControlFlow;

/// Replicas of one system that move side by side.
///
/// Sixteen replicas form a block whose lanes are integrated and evaluated together. A block stays
/// with one thread for all steps of an [`advance`](Simulation::advance): threads of the current
/// rayon pool meet only at its end. Positions and velocities are `f64`, forces `f32`.
///
/// Noise is a function of (seed, replica identifier, step, atom), see [`crate::random`]; a
/// replica's path is the same bits alone or among others, on any number of threads, and continued
/// from a checkpoint or not, as long as the potential keeps its part of the bargain.
///
/// A replica that becomes non-finite is put back to its last finite frame, stays there and is listed
/// in [`faults`](Simulation::faults); the others go on.
///
/// # Examples
/// ```
/// use dynamics::{BoxError, Integrator, Potential, Replica, Simulation, SimulationConfig};
///
/// struct Well;
/// impl Potential for Well {
///     fn n_atoms(&self) -> usize {
///         1
///     }
///     fn energy_forces(&self, x: &[[f32; 3]], f: &mut [[f32; 3]]) -> Result<f64, BoxError> {
///         f[0] = x[0].map(|x| -100.0 * x);
///         Ok(x[0].iter().map(|&x| 50.0 * f64::from(x * x)).sum())
///     }
/// }
///
/// let config = SimulationConfig {
///     masses: vec![12.0],
///     replicas: Replica::numbered(&[300.0, 350.0]),
///     integrator: Integrator::LangevinMiddle { friction: 1.0 },
///     time_step: 0.004,
///     constraints: Vec::new(),
///     constraint_tolerance: 1e-6,
///     seed: 7,
/// };
/// let starts = vec![vec![[0.0; 3]]; 2];
/// let mut simulation = Simulation::new(Well, config, &starts).unwrap();
/// simulation.draw_velocities().unwrap();
/// simulation.advance(100).unwrap();
/// assert_eq!(simulation.frame(1).step, Some(100));
/// assert!(simulation.faults().is_empty());
/// ```
#[derive(Debug)]
pub struct Simulation<P> {
    potential: P,
    config: SimulationConfig,
    context: StepContext,
    blocks: Vec<Block>,
    step: u64,
    faults: Vec<Fault>,
    /// Where replicas are put together for potentials that want to see them all.
    batch: Option<Batch>,
}

impl<P: Potential> Simulation<P> {
    /// Replicas at `starts` (nm, one a replica, first moved onto the constraints), at rest, step 0.
    ///
    /// # Errors
    /// [`Error::Setting`] for a configuration that makes no sense or does not fit the potential or
    /// the starts; [`Error::Constraints`]; [`Error::NonFinite`]; [`Error::Potential`].
    pub fn new(potential: P, config: SimulationConfig, starts: &[Vec<[f32; 3]>]) -> Result<Self> {
        if starts.len() != config.replicas.len() {
            let (expected, found) = (config.replicas.len(), starts.len());
            return Err(Error::setting("number of starts", expected, found));
        }
        let mut simulation = Self::unplaced(potential, config)?;
        for (replica, start) in starts.iter().enumerate() {
            simulation.place(replica, start)?;
        }
        simulation.evaluate()?;
        for replica in 0..simulation.n_replicas() {
            simulation.check_finite(replica)?;
        }
        Ok(simulation)
    }

    /// A simulation whose replicas are nowhere yet.
    pub(crate) fn unplaced(potential: P, config: SimulationConfig) -> Result<Self> {
        let constraints = config.validate(potential.n_atoms())?;
        let n_atoms = config.masses.len();
        let context = StepContext {
            integrator: config.integrator,
            coefficients: config.coefficients(),
            constraints,
            inverse_masses: config.masses.iter().map(|&m| inverse_mass(m)).collect(),
            seed: config.seed,
        };
        let blocks = config
            .replicas
            .chunks(LANES)
            .map(|replicas| {
                let mut block = Block::new(n_atoms, replicas.len());
                for (lane, replica) in replicas.iter().enumerate() {
                    block.replica_ids[lane] = replica.id;
                    block.set_temperature(lane, replica.temperature);
                }
                block
            })
            .collect();
        let batch =
            (!potential.evaluates_by_block()).then(|| Batch::new(n_atoms, config.replicas.len()));
        Ok(Self {
            potential,
            config,
            context,
            blocks,
            step: 0,
            faults: Vec::new(),
            batch,
        })
    }

    /// Advances every healthy replica by `n_steps`.
    ///
    /// # Errors
    /// [`Error::Potential`]; replicas may then be at different steps until the next call, which
    /// takes them on from where they are.
    pub fn advance(&mut self, n_steps: u64) -> Result<()> {
        let target = self.step.saturating_add(n_steps);
        if let Some(outcome) = self.advance_by_stepper(target) {
            return outcome;
        }
        let outcome = if self.batch.is_some() {
            self.advance_together(target)
        } else {
            let (context, potential) = (&self.context, &self.potential);
            self.blocks
                .par_iter_mut()
                .with_max_len(1)
                .map(|block| block.advance(context, potential, target))
                .collect::<Result<Vec<()>, _>>()
                .map(|_| ())
        };
        self.collect_faults();
        outcome.map_err(Error::Potential)?;
        self.step = target;
        Ok(())
    }

    /// Advances by `n_steps` and calls `observe` whenever the step is a multiple of `every`, and at
    /// the end; stops early when it breaks. Returns whether it ran to the end.
    ///
    /// # Errors
    /// As [`Simulation::advance`], and [`Error::Setting`] for `every` of 0.
    pub fn run(
        &mut self,
        n_steps: u64,
        every: u64,
        mut observe: impl FnMut(&Self) -> ControlFlow<()>,
    ) -> Result<bool> {
        if every == 0 {
            return Err(Error::setting(
                "steps between observations",
                "positive",
                every,
            ));
        }
        let end = self.step.saturating_add(n_steps);
        while self.step < end {
            let to_next = every - self.step % every;
            self.advance(to_next.min(end - self.step))?;
            if observe(self).is_break() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Number of replicas.
    pub fn n_replicas(&self) -> usize {
        self.config.replicas.len()
    }

    /// Steps taken so far.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// The configuration; temperatures are those of the start (see [`Simulation::temperature`]).
    pub fn config(&self) -> &SimulationConfig {
        &self.config
    }

    /// The potential.
    pub fn potential(&self) -> &P {
        &self.potential
    }

    /// Goes on with another potential of the same atoms, from positions and velocities as they are. A
    /// replica that it finds without a finite energy or force freezes when it is next advanced.
    ///
    /// # Errors
    /// [`Error::Setting`] for another number of atoms; [`Error::Potential`].
    pub fn replace_potential(&mut self, potential: P) -> Result<()> {
        let expected = self.config.masses.len();
        if potential.n_atoms() != expected {
            let found = potential.n_atoms();
            return Err(Error::setting("atoms of the potential", expected, found));
        }
        self.potential = potential;
        self.evaluate()
    }

    /// All faults so far, in the order of steps.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Whether all replicas are at the same step.
    pub(crate) fn in_step(&self) -> bool {
        self.blocks.iter().all(|block| block.step == self.step)
    }

    /// What a checkpoint knows besides its replicas.
    pub(crate) fn start_from(&mut self, step: u64, faults: Vec<Fault>) {
        self.step = step;
        self.faults = faults;
        for block in &mut self.blocks {
            block.step = step;
            block.repeat_last();
        }
    }

    /// By the potential itself, if it takes such steps and all replicas are at the same one.
    fn advance_by_stepper(&mut self, target: u64) -> Option<Result<()>> {
        if !self.in_step() || !self.potential.stepper()?.takes(&self.config) {
            return None;
        }
        let mut states = self.states();
        let stepper = self.potential.stepper()?;
        let steps = ReplicaSteps {
            config: &self.config,
            first: self.step,
            count: target - self.step,
            decay: self.context.coefficients.decay,
            noise: self.context.coefficients.noise,
            clusters: self.context.constraints.by_cluster(),
        };
        let new_faults = match stepper.advance(&steps, &mut states) {
            Ok(faults) => faults,
            Err(error) => return Some(Err(Error::Potential(error))),
        };
        if let Err(error) = self.set_states(&states) {
            return Some(Err(error));
        }
        let mut faults = std::mem::take(&mut self.faults);
        let before = faults.len();
        faults.extend(new_faults);
        faults[before..].sort_by_key(|fault| (fault.step, fault.replica));
        self.start_from(target, faults);
        Some(Ok(()))
    }

    /// One step at a time, all replicas evaluated by one call.
    fn advance_together(&mut self, target: u64) -> Result<(), BoxError> {
        let Some(batch) = &mut self.batch else {
            return Ok(());
        };
        let n_atoms = self.config.masses.len();
        let context = &self.context;
        while self.blocks.iter().any(|block| block.step < target) {
            self.blocks
                .par_iter_mut()
                .for_each(|block| block.prepare(context));
            for (block, part) in self
                .blocks
                .iter_mut()
                .zip(batch.positions.chunks_mut(n_atoms))
            {
                part.copy_from_slice(&block.next_mut().rounded);
            }
            let energies = self.potential.energy_forces_batch(batch)?;
            for (index, (block, part)) in self
                .blocks
                .iter_mut()
                .zip(batch.forces.chunks(n_atoms))
                .enumerate()
            {
                let n_used = block.n_used;
                let next = block.next_mut();
                next.forces.copy_from_slice(part);
                next.energies[..n_used]
                    .copy_from_slice(&energies[index * LANES..index * LANES + n_used]);
            }
            self.blocks
                .par_iter_mut()
                .for_each(|block| block.finish(context));
        }
        Ok(())
    }

    /// Energies and forces of where all replicas are.
    fn evaluate(&mut self) -> Result<()> {
        for block in &mut self.blocks {
            block.repeat_last();
        }
        if let Some(batch) = &mut self.batch {
            let n_atoms = self.config.masses.len();
            for (block, part) in self.blocks.iter().zip(batch.positions.chunks_mut(n_atoms)) {
                part.copy_from_slice(&block.now.rounded);
            }
            let energies = self
                .potential
                .energy_forces_batch(batch)
                .map_err(Error::Potential)?;
            for (index, (block, part)) in self
                .blocks
                .iter_mut()
                .zip(batch.forces.chunks(n_atoms))
                .enumerate()
            {
                block.now.forces.copy_from_slice(part);
                let first = index * LANES;
                block.now.energies[..block.n_used]
                    .copy_from_slice(&energies[first..first + block.n_used]);
            }
        } else {
            let potential = &self.potential;
            self.blocks
                .par_iter_mut()
                .with_max_len(1)
                .map(|block| block.evaluate(potential))
                .collect::<Result<Vec<()>, _>>()
                .map_err(Error::Potential)?;
        }
        for block in &mut self.blocks {
            block.repeat_last();
        }
        Ok(())
    }

    fn collect_faults(&mut self) {
        let before = self.faults.len();
        for (index, block) in self.blocks.iter_mut().enumerate() {
            for (lane, step, cause) in block.new_faults.drain(..) {
                self.faults.push(Fault {
                    replica: index * LANES + lane,
                    step,
                    cause,
                });
            }
        }
        self.faults[before..].sort_by_key(|fault| (fault.step, fault.replica));
    }
}

impl<P: Potential> Propagator for Simulation<P> {
    fn n_replicas(&self) -> usize {
        self.n_replicas()
    }

    fn advance(&mut self, n_steps: u64) -> Result<(), BoxError> {
        Ok(self.advance(n_steps)?)
    }

    fn frame(&self, replica: usize) -> Result<Frame, BoxError> {
        Ok(self.frame(replica))
    }

    fn potential_energy(&self, replica: usize) -> Option<f64> {
        Some(self.potential_energy(replica))
    }
}
