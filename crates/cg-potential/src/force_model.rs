//! What training needs of a network, whatever computes it.

/// A network with energies, forces and the gradient of a force loss over its parameters.
///
/// The implementor guarantees that forces are the negative gradient of the energy, that a frame's
/// result does not depend on the others in the call, and that non-finite results are returned as
/// they are. Parameters are one flat vector whose layout the implementor documents.
///
/// # Examples
/// A complete implementation: every bead in a harmonic well with one trainable constant.
/// ```
/// use cg_potential::ForceModel;
///
/// struct Well(Vec<f32>);
///
/// impl ForceModel for Well {
///     fn n_beads(&self) -> usize {
///         1
///     }
///     fn parameters(&self) -> &[f32] {
///         &self.0
///     }
///     fn parameters_mut(&mut self) -> &mut [f32] {
///         &mut self.0
///     }
///     fn energies_forces(&self, positions: &[[f32; 3]], forces: &mut [[f32; 3]]) -> Vec<f64> {
///         for (force, x) in forces.iter_mut().zip(positions) {
///             *force = x.map(|x| -self.0[0] * x);
///         }
///         positions.iter().map(|x| x.iter().map(|&x| 0.5 * f64::from(self.0[0] * x * x)).sum()).collect()
///     }
///     fn force_loss(
///         &self,
///         positions: &[[f32; 3]],
///         targets: &[[f32; 3]],
///         weights: &[[f32; 3]],
///         gradient: &mut [f32],
///     ) -> f64 {
///         let mut loss = 0.0;
///         for (frame, x) in positions.iter().enumerate() {
///             for axis in 0..3 {
///                 let residual = -self.0[0] * x[axis] - targets[frame][axis];
///                 let weighted = weights[frame][axis] * residual;
///                 loss += f64::from(weighted * residual);
///                 gradient[0] += -2.0 * weighted * x[axis];
///             }
///         }
///         loss
///     }
///     fn energy_gradient(
///         &self,
///         positions: &[[f32; 3]],
///         scales: &[f32],
///         gradient: &mut [f32],
///     ) -> Vec<f64> {
///         for (x, scale) in positions.iter().zip(scales) {
///             gradient[0] += 0.5 * scale * x.iter().map(|x| x * x).sum::<f32>();
///         }
///         self.energies_forces(positions, &mut vec![[0.0; 3]; positions.len()])
///     }
/// }
///
/// let well = Well(vec![3.0]);
/// let mut gradient = [0.0];
/// let loss = well.force_loss(&[[1.0, 0.0, 0.0]], &[[-1.0, 0.0, 0.0]], &[[1.0; 3]], &mut gradient);
/// assert_eq!((loss, gradient), (4.0, [4.0]));
/// ```
pub trait ForceModel: Send + Sync {
    /// Number of beads of each frame.
    fn n_beads(&self) -> usize;

    /// All trainable parameters.
    fn parameters(&self) -> &[f32];

    /// All trainable parameters, to change.
    fn parameters_mut(&mut self) -> &mut [f32];

    /// Energies (kJ/mol), one a frame; forces (kJ/mol/nm) are written to `forces`.
    ///
    /// # Shapes
    /// `positions`, `forces`: `[n_frames][n_beads][3]`, flat over frames, nm and kJ/mol/nm.
    ///
    /// # Panics
    /// If `positions` is not of whole frames, or `forces` has another length.
    fn energies_forces(&self, positions: &[[f32; 3]], forces: &mut [[f32; 3]]) -> Vec<f64>;

    /// Σ w (F − F*)² over all frames, beads and axes; its gradient over the parameters is added to
    /// `gradient`.
    ///
    /// # Shapes
    /// `positions`, `targets` (F*, kJ/mol/nm), `weights` (w): `[n_frames][n_beads][3]`, flat over
    /// frames; `gradient`: as [`ForceModel::parameters`].
    ///
    /// # Panics
    /// If the lengths do not fit.
    fn force_loss(
        &self,
        positions: &[[f32; 3]],
        targets: &[[f32; 3]],
        weights: &[[f32; 3]],
        gradient: &mut [f32],
    ) -> f64;

    /// Energies E (kJ/mol), one a frame; the gradient of Σ s E over the parameters is added to `gradient`.
    ///
    /// # Shapes
    /// `positions`: `[n_frames][n_beads][3]`, flat over frames, nm; `scales` (s): `[n_frames]`;
    /// `gradient`: as [`ForceModel::parameters`].
    ///
    /// # Panics
    /// If the lengths do not fit.
    fn energy_gradient(
        &self,
        positions: &[[f32; 3]],
        scales: &[f32],
        gradient: &mut [f32],
    ) -> Vec<f64>;
}
