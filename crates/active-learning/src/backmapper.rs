//! The trait of what puts atoms on beads.

use crate::BoxError;
use molio::Trajectory;

/// Turns coarse-grained frames into frames that an oracle can start from.
///
/// The implementor returns, for each frame that it could rebuild, its index and the frame with all atoms,
/// in the order of the frames; frames that cannot be rebuilt are left out. The same frames for the same
/// input.
///
/// # Examples
/// Two atoms on every bead:
/// ```
/// use active_learning::{Backmapped, Backmapper, BoxError};
/// use molio::Trajectory;
///
/// struct Twins;
///
/// impl Backmapper for Twins {
///     fn backmap(&self, beads: &Trajectory) -> Result<Backmapped, BoxError> {
///         let twin = |&[x, y, z]: &[f32; 3]| [[x, y, z - 0.05], [x, y, z + 0.05]];
///         let atoms = beads.all_positions().iter().flat_map(twin).collect();
///         Ok(Backmapped {
///             indices: (0..beads.n_frames()).collect(),
///             frames: Trajectory::from_positions(2 * beads.n_atoms(), atoms)?,
///         })
///     }
/// }
/// ```
pub trait Backmapper {
    /// Frames with all atoms whose beads are where the given frames have them.
    ///
    /// # Errors
    /// Whatever keeps the implementor from rebuilding at all.
    fn backmap(&self, beads: &Trajectory) -> Result<Backmapped, BoxError>;
}

/// What a [`Backmapper`] could rebuild.
#[derive(Clone, Debug, PartialEq)]
pub struct Backmapped {
    /// For each rebuilt frame, which of the given frames it belongs to; ascending.
    pub indices: Vec<usize>,
    /// The rebuilt frames.
    pub frames: Trajectory,
}
