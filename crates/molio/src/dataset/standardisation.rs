//! What a checkpoint keeps of a dataset.

use super::Split;
use crate::superpose::superpose;
use crate::{Error, Place, Result, Topology, Trajectory};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::path::PathBuf;

/// One scalar mean and one scalar standard deviation for all coordinates: shapes are only scaled.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standardisation {
    /// Mean of all training coordinates in nm.
    pub mean: f64,
    /// Standard deviation of all training coordinates in nm.
    pub std: f64,
}

impl Standardisation {
    /// Appends (x − mean)/std.
    pub fn apply(&self, positions: &[[f32; 3]], out: &mut Vec<f32>) {
        let scale = 1.0 / self.std;
        out.extend(
            positions
                .iter()
                .flatten()
                .map(|x| ((f64::from(*x) - self.mean) * scale) as f32),
        );
    }

    /// Positions in nm from standardised coordinates; what does not fill a position is left out.
    pub fn invert(&self, data: &[f32]) -> Vec<[f32; 3]> {
        data.chunks_exact(3)
            .map(|x| std::array::from_fn(|axis| (f64::from(x[axis]) * self.std + self.mean) as f32))
            .collect()
    }
}

/// Which frames of a dataset came from where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceDescription {
    /// The source's label.
    pub label: String,
    /// Its frames in the dataset.
    pub frames: Range<usize>,
}

/// All that is needed to treat other frames as those of a dataset, and to repeat its split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DatasetDescription {
    /// The common atoms.
    pub topology: Topology,
    /// What frames are superposed on, `[n_atoms][3]` in nm; `None` if they are left as they are.
    pub reference: Option<Vec<[f32; 3]>>,
    /// Scalar mean and standard deviation of the aligned training frames.
    pub standardisation: Standardisation,
    /// Which frames are for what.
    pub split: Split,
    /// Where the frames came from.
    pub sources: Vec<SourceDescription>,
    /// Every how manyth frame of the sources was taken.
    pub stride: usize,
}

impl DatasetDescription {
    /// Superposes one frame (`[n_atoms][3]` in nm, atoms as in `topology`) as the dataset's were, and
    /// appends it standardised.
    ///
    /// # Errors
    /// As [`superpose`](crate::superpose); [`Error::AtomCount`].
    pub fn standardise(&self, positions: &[[f32; 3]], out: &mut Vec<f32>) -> Result<()> {
        self.check_length(positions.len(), self.topology.n_atoms())?;
        match &self.reference {
            None => self.standardisation.apply(positions, out),
            Some(reference) => {
                let mut positions = positions.to_vec();
                superpose(&positions, reference, None)?.apply(&mut positions);
                self.standardisation.apply(&positions, out);
            }
        }
        Ok(())
    }

    /// Frames in nm from standardised data, `[n_frames][n_atoms][3]`.
    ///
    /// # Errors
    /// [`Error::AtomCount`] if the length is no multiple of 3 × atoms.
    pub fn unstandardise(&self, data: &[f32]) -> Result<Trajectory> {
        let n_atoms = self.topology.n_atoms();
        if !data.len().is_multiple_of(3 * n_atoms.max(1)) {
            self.check_length(data.len() % (3 * n_atoms.max(1)) / 3, n_atoms)?;
        }
        Trajectory::from_positions(n_atoms, self.standardisation.invert(data))
    }

    fn check_length(&self, found: usize, expected: usize) -> Result<()> {
        if found == expected {
            return Ok(());
        }
        Err(Error::AtomCount {
            path: PathBuf::from("frames for a dataset"),
            place: Place::File,
            expected,
            found,
        })
    }
}
