//! The trait of everything that has an energy.

use crate::{Batch, BlockMut, LANES, ReplicaStepper};
use rayon::prelude::*;
use std::any::Any;

/// An error of an implementor of one of this crate's traits.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Potential energies of a batch, kJ/mol, one a conformer.
pub type Energies = Vec<f64>;

/// Energy and forces of the conformers of one system.
///
/// The implementor guarantees that `force = −∂energy/∂position`, that the result for a conformer does
/// not depend on the others in its batch, and that a non-finite energy is returned as it is, never
/// replaced: the caller decides what to do with an exploded replica.
///
/// # Examples
/// A complete implementation that knows one conformer at a time:
/// ```
/// use dynamics::{Batch, BoxError, Potential};
///
/// /// ½ k r² for every atom.
/// struct Well {
///     n_atoms: usize,
///     k: f32,
/// }
///
/// impl Potential for Well {
///     fn n_atoms(&self) -> usize {
///         self.n_atoms
///     }
///     fn energy_forces(&self, positions: &[[f32; 3]], forces: &mut [[f32; 3]]) -> Result<f64, BoxError> {
///         for (force, position) in forces.iter_mut().zip(positions) {
///             *force = position.map(|x| -self.k * x);
///         }
///         Ok(positions.iter().flatten().map(|&x| 0.5 * f64::from(self.k * x * x)).sum())
///     }
/// }
///
/// let well = Well { n_atoms: 1, k: 2.0 };
/// let mut batch = Batch::from_positions(1, &[[1.0, 0.0, 0.0], [0.0, 3.0, 0.0]]);
/// assert_eq!(well.energy_forces_batch(&mut batch).unwrap(), [1.0, 9.0]);
/// ```
pub trait Potential: Send + Sync {
    /// Number of atoms (or beads) of each conformer.
    fn n_atoms(&self) -> usize;

    /// Energy (kJ/mol) of one conformer; its forces (kJ/mol/nm) are written to `forces`.
    ///
    /// # Shapes
    /// `positions`, `forces`: `[n_atoms][3]`, nm and kJ/mol/nm.
    ///
    /// # Errors
    /// Whatever keeps the implementor from evaluating at all (a lost device, say).
    fn energy_forces(
        &self,
        positions: &[[f32; 3]],
        forces: &mut [[f32; 3]],
    ) -> Result<f64, BoxError>;

    /// Energies (kJ/mol) of the sixteen lanes of one block; their forces are written to `block.forces`.
    ///
    /// A simulation calls this from many threads at once, each block staying with one
    /// thread over many steps so that its state remains in that core's cache. The implementor
    /// guarantees that a conformer's result is the same bits in whatever lane it sits, whatever the
    /// other lanes hold and however many threads there are; work may be forked within the current rayon pool, which helps where
    /// there are fewer blocks than threads. Lanes from `block.n_used` on may be left alone.
    /// `scratch` is private to the caller's block and keeps what the implementor put there.
    ///
    /// The default evaluates one lane after the other.
    ///
    /// # Errors
    /// As [`Potential::energy_forces`].
    fn energy_forces_block(
        &self,
        mut block: BlockMut<'_>,
        scratch: &mut Scratch,
    ) -> Result<[f64; LANES], BoxError> {
        let n_atoms = block.n_atoms();
        let (positions, forces) =
            scratch.get_or_insert_with(|| (vec![[0.0; 3]; n_atoms], vec![[0.0; 3]; n_atoms]));
        let mut energies = [0.0; LANES];
        for lane in 0..block.n_used {
            block.copy_positions(lane, positions);
            energies[lane] = self.energy_forces(positions, forces)?;
            block.set_forces(lane, forces);
        }
        Ok(energies)
    }

    /// Energies (kJ/mol) of all conformers of a batch; their forces are written to `batch.forces`.
    ///
    /// The default evaluates blocks side by side on the current rayon pool.
    ///
    /// # Errors
    /// As [`Potential::energy_forces`].
    fn energy_forces_batch(&self, batch: &mut Batch) -> Result<Energies, BoxError> {
        let n_conformers = batch.n_conformers();
        let blocks: Vec<[f64; LANES]> = batch
            .blocks_mut()
            .into_par_iter()
            .map_init(Scratch::default, |scratch, block| {
                self.energy_forces_block(block, scratch)
            })
            .collect::<Result<_, _>>()?;
        let mut energies = blocks.concat();
        energies.truncate(n_conformers);
        Ok(energies)
    }

    /// Whether [`Potential::energy_forces_block`] is as good a way to evaluate as the whole batch.
    ///
    /// A potential that overrides only [`Potential::energy_forces_batch`], because it gains from
    /// seeing all conformers at once (a neural network, another program, a device), returns false;
    /// a simulation then evaluates all replicas together, once a step.
    fn evaluates_by_block(&self) -> bool {
        true
    }

    /// Itself, or a part of it, if it can take whole steps.
    fn stepper(&self) -> Option<&dyn ReplicaStepper> {
        None
    }
}

impl<P: Potential + ?Sized> Potential for &P {
    fn n_atoms(&self) -> usize {
        (**self).n_atoms()
    }

    fn energy_forces(
        &self,
        positions: &[[f32; 3]],
        forces: &mut [[f32; 3]],
    ) -> Result<f64, BoxError> {
        (**self).energy_forces(positions, forces)
    }

    fn energy_forces_block(
        &self,
        block: BlockMut<'_>,
        scratch: &mut Scratch,
    ) -> Result<[f64; LANES], BoxError> {
        (**self).energy_forces_block(block, scratch)
    }

    fn energy_forces_batch(&self, batch: &mut Batch) -> Result<Energies, BoxError> {
        (**self).energy_forces_batch(batch)
    }

    fn evaluates_by_block(&self) -> bool {
        (**self).evaluates_by_block()
    }

    fn stepper(&self) -> Option<&dyn ReplicaStepper> {
        (**self).stepper()
    }
}

/// Memory that an implementor of [`Potential`] keeps between evaluations of the same block.
///
/// # Examples
/// ```
/// let mut scratch = dynamics::Scratch::default();
/// scratch.get_or_insert_with(|| vec![0.0_f32; 3])[1] = 2.0;
/// assert_eq!(scratch.get_or_insert_with(Vec::<f32>::new)[..], [0.0, 2.0, 0.0]);
/// ```
#[derive(Debug, Default)]
pub struct Scratch(Option<Box<dyn Any + Send>>);

impl Scratch {
    /// What was put here before, if it is a `T`; else what `make` returns.
    pub fn get_or_insert_with<T: Any + Send>(&mut self, make: impl FnOnce() -> T) -> &mut T {
        if !self.0.as_ref().is_some_and(|held| held.is::<T>()) {
            self.0 = None;
        }
        self.0
            .get_or_insert_with(|| Box::new(make()))
            .downcast_mut()
            .unwrap_or_else(|| unreachable!("anything but a T was dropped above"))
    }
}
