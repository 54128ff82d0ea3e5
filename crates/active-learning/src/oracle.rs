//! The trait of what knows the truth.

use crate::BoxError;
use molio::{Frame, Trajectory};
use serde::{Deserialize, Serialize};

/// A coarse-grained frame with the force that an oracle found on each bead.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Label {
    /// Bead positions (nm) and, in `forces`, the forces on them (kJ/mol/nm).
    pub frame: Frame,
    /// Standard error of each force component (kJ/mol/nm), where the oracle averaged.
    ///
    /// # Shapes
    /// `[n_beads][3]`
    pub force_errors: Option<Vec<[f32; 3]>>,
    /// Potential energy of all that the beads stand for (kJ/mol), where the oracle knows it: a noisy sample of the
    /// enthalpy at these beads, and all that a label in one basin tells of how high it lies above another.
    pub energy: Option<f64>,
}

/// Labels frames, usually by all-atom simulation started from them.
///
/// It is given the frames that a [`Backmapper`](crate::Backmapper) made, or the coarse-grained frames
/// themselves where a campaign has none, and returns coarse-grained labels: what has more atoms is
/// projected before it is returned. The implementor may return more frames than it was given (a trajectory from each), or fewer
/// (those that it could not make sense of), but never a non-finite number.
///
/// # Examples
/// An oracle for beads in a harmonic well:
/// ```
/// use active_learning::{BoxError, Label, Oracle};
/// use molio::Trajectory;
///
/// struct Well;
///
/// impl Oracle for Well {
///     fn label(&self, frames: &Trajectory) -> Result<Vec<Label>, BoxError> {
///         let label = |index| {
///             let mut frame = frames.frame(index);
///             frame.forces = Some(frame.positions.iter().map(|p| p.map(|x| -2.0 * x)).collect());
///             Label { frame, ..Label::default() }
///         };
///         Ok((0..frames.n_frames()).map(label).collect())
///     }
/// }
/// ```
pub trait Oracle {
    /// Positions and forces at, or near, the given frames.
    ///
    /// # Errors
    /// Whatever keeps the implementor from labelling at all.
    fn label(&self, frames: &Trajectory) -> Result<Vec<Label>, BoxError>;

    /// Simulated time that labelling one frame takes, ns: what a budget in nanoseconds counts.
    fn nanoseconds_per_frame(&self) -> f64 {
        0.0
    }
}
