//! The trait of what chooses the frames to ask about.

use crate::BoxError;
use molio::Trajectory;

/// Chooses the candidates that are most worth an oracle's time.
///
/// The implementor returns distinct indices into `candidates`, at most `budget` of them, the same ones
/// for the same input.
///
/// # Examples
/// Every n-th candidate:
/// ```
/// use active_learning::{BoxError, Selector};
/// use molio::Trajectory;
///
/// struct Stride;
///
/// impl Selector for Stride {
///     fn select(&self, candidates: &Trajectory, _known: &Trajectory, budget: usize) -> Result<Vec<usize>, BoxError> {
///         let n = candidates.n_frames();
///         Ok((0..n).step_by(n.div_ceil(budget.max(1)).max(1)).take(budget).collect())
///     }
/// }
/// ```
pub trait Selector {
    /// Indices of the chosen candidates, given the frames whose labels are already known.
    ///
    /// # Errors
    /// Whatever keeps the implementor from choosing.
    fn select(
        &self,
        candidates: &Trajectory,
        known: &Trajectory,
        budget: usize,
    ) -> Result<Vec<usize>, BoxError>;
}
