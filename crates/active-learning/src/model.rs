//! The trait of what is being learned.

use crate::{BoxError, Label};
use molio::Trajectory;
use std::path::Path;

/// What a model is to be fitted to, and how.
#[derive(Clone, Copy, Debug)]
pub struct Fit<'a> {
    /// All labels known so far, the base set first.
    pub labels: &'a [Label],
    /// How much each counts, 1 being usual.
    ///
    /// # Shapes
    /// `[labels.len()]`
    pub weights: &'a [f64],
    /// How many of the labels, at their end, are answers to this round's questions.
    pub n_new: usize,
    /// The folder of an accepted model to go on from, for a warm start.
    pub start_from: Option<&'a Path>,
    /// Seed of whatever is random.
    pub seed: u64,
    /// Where the fitted model belongs. It exists, and may hold what an interrupted fit of the same
    /// request left there, to go on from.
    pub folder: &'a Path,
}

/// A model that is fitted to labelled coarse-grained frames and proposes new ones.
///
/// A fitted model is a folder: it outlives the program, several can be kept side by side, and one that
/// is rejected does no harm. The implementor guarantees that the same request gives the same model, and
/// the same model and seed the same frames, interrupted or not.
///
/// # Examples
/// A model that proposes copies of one of the frames it was fitted to:
/// ```
/// use active_learning::{BoxError, Fit, Model, unnamed_beads};
/// use molio::Trajectory;
/// use std::path::Path;
///
/// struct Parrot;
///
/// impl Model for Parrot {
///     fn fit(&self, fit: &Fit<'_>) -> Result<(), BoxError> {
///         let frame = &fit.labels[fit.seed as usize % fit.labels.len()].frame;
///         let known = Trajectory::from_positions(frame.n_atoms(), frame.positions.clone())?;
///         Ok(known.write(fit.folder.join("frame.npy"), &unnamed_beads(known.n_atoms()))?)
///     }
///     fn propose(&self, folder: &Path, n_frames: usize, _seed: u64) -> Result<Trajectory, BoxError> {
///         let known = Trajectory::read(folder.join("frame.npy"))?;
///         Ok(Trajectory::from_positions(known.n_atoms(), known.positions(0).repeat(n_frames))?)
///     }
/// }
/// ```
pub trait Model {
    /// Fits a model and leaves it in `fit.folder`.
    ///
    /// # Errors
    /// Whatever keeps the implementor from training.
    fn fit(&self, fit: &Fit<'_>) -> Result<(), BoxError>;

    /// `n_frames` frames of the model in `folder`, or fewer if it broke on the way: its replicas one
    /// after the other, each in order of time. Positions that are not finite are allowed; the campaign
    /// counts them.
    ///
    /// # Errors
    /// Whatever keeps the implementor from sampling at all.
    fn propose(&self, folder: &Path, n_frames: usize, seed: u64) -> Result<Trajectory, BoxError>;

    /// Frames that the next round may choose from besides the last ones that [`propose`](Self::propose) gave
    /// for the model in `folder`, but by which it is not measured: of higher temperatures, say. None by default.
    ///
    /// # Errors
    /// Whatever keeps the implementor from finding them.
    fn explored(&self, folder: &Path) -> Result<Option<Trajectory>, BoxError> {
        let _ = folder;
        Ok(None)
    }
}
