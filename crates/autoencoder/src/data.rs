//! What a trainer needs to know of a data set.

use crate::BoxError;
use molio::Topology;
use serde::{Deserialize, Serialize};

/// Frames that can be had in any order, standardised: nm, minus the mean, over the deviation.
///
/// # Examples
/// ```
/// use autoencoder::{BoxError, FrameSource};
/// struct InMemory { n_atoms: usize, positions: Vec<f32> }
/// impl FrameSource for InMemory {
///     fn n_atoms(&self) -> usize { self.n_atoms }
///     fn standardised(&self, indices: &[usize], out: &mut Vec<f32>) -> Result<(), BoxError> {
///         let size = 3 * self.n_atoms;
///         for &index in indices {
///             let frame = self.positions.get(index * size..(index + 1) * size);
///             out.extend_from_slice(frame.ok_or("no such frame")?);
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait FrameSource: Sync {
    /// Atoms in every frame.
    fn n_atoms(&self) -> usize;

    /// Appends these frames, `[indices.len()][n_atoms][3]`, to `out`.
    ///
    /// # Errors
    /// Whatever keeps a frame from being read.
    fn standardised(&self, indices: &[usize], out: &mut Vec<f32>) -> Result<(), BoxError>;

    /// These frames in this order, `batch_size` at a time; the last batch may be smaller.
    ///
    /// Sources that read from disk override this to read ahead.
    fn batches<'a>(&'a self, order: &'a [usize], batch_size: usize) -> Batches<'a> {
        Box::new(order.chunks(batch_size.max(1)).map(|indices| {
            let mut values = Vec::new();
            self.standardised(indices, &mut values)?;
            Ok(Batch {
                indices: indices.to_vec(),
                values,
            })
        }))
    }
}

/// What [`FrameSource::batches`] returns.
pub type Batches<'a> = Box<dyn Iterator<Item = Result<Batch, BoxError>> + 'a>;

/// Some frames.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Which frames.
    pub indices: Vec<usize>,
    /// Standardised positions, `[indices.len()][n_atoms][3]`.
    pub values: Vec<f32>,
}

/// One mean and one standard deviation for all coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standardisation {
    /// Mean of all coordinates (nm).
    pub mean: f64,
    /// Standard deviation of all coordinates (nm).
    pub std: f64,
}

/// Which frames are for what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FrameSplit {
    /// Frames that the parameters see.
    pub train: Vec<usize>,
    /// Frames that decide when to stop and which checkpoint is best.
    pub validation: Vec<usize>,
    /// Frames that nothing in training sees.
    pub test: Vec<usize>,
}

/// A data set as a trainer takes it.
#[derive(Clone)]
pub struct TrainingSet<'a> {
    /// Where the frames come from.
    pub frames: &'a dyn FrameSource,
    /// What the atoms are.
    pub topology: Topology,
    /// How the frames were standardised.
    pub standardisation: Standardisation,
    /// Which frames are for what.
    pub split: FrameSplit,
    /// Positions (nm) on which frames were superposed, if they were; to treat later frames alike.
    pub reference: Option<Vec<[f32; 3]>>,
}
