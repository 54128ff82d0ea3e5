//! The trait of what is being learned.

use crate::{BoxError, Label};
use molio::Trajectory;

/// A model that is fitted to labelled coarse-grained frames and proposes new ones.
///
/// # Examples
/// A model that proposes the frames it was fitted to:
/// ```
/// use active_learning::{BoxError, Label, Model};
/// use molio::Trajectory;
///
/// struct Parrot(Vec<Label>);
///
/// impl Model for Parrot {
///     fn fit(&mut self, labels: &[Label]) -> Result<(), BoxError> {
///         self.0 = labels.to_vec();
///         Ok(())
///     }
///     fn propose(&self, n_frames: usize, _seed: u64) -> Result<Trajectory, BoxError> {
///         let mut trajectory = Trajectory::new(self.0[0].frame.n_atoms());
///         for label in self.0.iter().cycle().take(n_frames) {
///             trajectory.push(&label.frame)?;
///         }
///         Ok(trajectory)
///     }
/// }
/// ```
pub trait Model {
    /// Fits the model to all labels known so far.
    ///
    /// # Errors
    /// Whatever keeps the implementor from training.
    fn fit(&mut self, labels: &[Label]) -> Result<(), BoxError>;

    /// Proposes `n_frames` frames, the same ones for the same seed.
    ///
    /// # Errors
    /// Whatever keeps the implementor from sampling.
    fn propose(&self, n_frames: usize, seed: u64) -> Result<Trajectory, BoxError>;
}
