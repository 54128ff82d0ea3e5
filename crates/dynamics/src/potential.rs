//! The trait of everything that has an energy.

use crate::Batch;

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

    /// Energies (kJ/mol) of all conformers of a batch; their forces are written to `batch.forces`.
    ///
    /// The default evaluates one conformer after the other.
    ///
    /// # Errors
    /// As [`Potential::energy_forces`].
    fn energy_forces_batch(&self, batch: &mut Batch) -> Result<Energies, BoxError> {
        let mut positions = vec![[0.0; 3]; batch.n_atoms()];
        let mut forces = positions.clone();
        let mut energies = Energies::with_capacity(batch.n_conformers());
        for conformer in 0..batch.n_conformers() {
            batch.copy_positions(conformer, &mut positions);
            energies.push(self.energy_forces(&positions, &mut forces)?);
            batch.set_forces(conformer, &forces);
        }
        Ok(energies)
    }
}
