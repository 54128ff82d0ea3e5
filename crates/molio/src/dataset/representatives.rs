//! Fewer frames that stand for all.

use super::Dataset;
use super::k_centres::{KCentres, check_number, k_centres_of_store};
use super::{kmeans, pca};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// How to choose frames that stand for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Representatives {
    /// At even steps.
    Stride,
    /// The frames nearest to the centroids of k-means clusters on principal components: dense regions get
    /// more of them.
    PcaKMeans {
        /// Principal components to cluster on.
        n_components: usize,
    },
    /// Farthest-first by RMSD: regions get them regardless of how often they were visited, outliers too.
    RmsdKCentres,
}

impl Dataset {
    /// Up to `n` of the frames `from` (say, the training frames) that stand for them, ascending.
    ///
    /// Fewer than `n` come back only from [`Representatives::PcaKMeans`], where frames are copies of each
    /// other. Takes no distance matrix: memory grows with the number of frames, not with its square.
    ///
    /// # Examples
    /// ```
    /// use molio::*;
    /// // a bond that is short for ten frames and long in one
    /// let lengths = [1.0, 1.01, 0.99, 1.0, 1.02, 0.98, 1.0, 1.01, 0.99, 1.0, 2.0];
    /// let positions = lengths.iter().flat_map(|&x| [[0.0; 3], [x, 0.0, 0.0]]).collect();
    /// let trajectory = Trajectory::from_positions(2, positions)?;
    /// let mut builder = TopologyBuilder::default();
    /// builder.add_atom(AtomRecord::new("A", Element::CARBON));
    /// builder.add_atom(AtomRecord::new("B", Element::CARBON));
    /// let source = Source::from_trajectory("bond", builder.build(), &trajectory);
    /// let dataset = Dataset::new(vec![source], &DatasetConfig::new(1))?;
    ///
    /// let all: Vec<usize> = (0..11).collect();
    /// let even = dataset.representatives(&all, Representatives::Stride, 2, 0)?;
    /// assert_eq!(even, [2, 8]);
    /// // far apart: the long one is among them
    /// let apart = dataset.representatives(&all, Representatives::RmsdKCentres, 2, 0)?;
    /// assert!(apart.contains(&10));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] for an `n` of 0 or beyond the number of candidates, zero components, or a
    /// frame that does not exist; a scratch file that cannot be read.
    pub fn representatives(
        &self,
        from: &[usize],
        method: Representatives,
        n: usize,
        seed: u64,
    ) -> Result<Vec<usize>> {
        self.check_indices(from)?;
        check_number(n, from.len())?;
        let chosen: Vec<usize> = match method {
            // the middles of n equal stretches
            Representatives::Stride => (0..n).map(|k| (2 * k + 1) * from.len() / (2 * n)).collect(),
            Representatives::PcaKMeans { n_components } => {
                if n_components == 0 {
                    return Err(Error::argument("principal components", "at least 1", "0"));
                }
                let points = pca::project(&self.store, from, n_components, seed)?;
                let n_dimensions = points.len() / from.len();
                kmeans::nearest_to_centroids(&points, n_dimensions, n, seed)
            }
            Representatives::RmsdKCentres => self.rmsd_clusters(from, n, seed)?.centres,
        };
        let mut frames: Vec<usize> = chosen.into_iter().map(|place| from[place]).collect();
        frames.sort_unstable();
        Ok(frames)
    }

    /// Farthest-first centres by RMSD among the frames `from`, with each frame's cluster: labels for
    /// [`Split::clusters`](super::Split::clusters), and the radius that the centres cover.
    ///
    /// # Errors
    /// As [`Dataset::representatives`].
    pub fn rmsd_clusters(&self, from: &[usize], n: usize, seed: u64) -> Result<KCentres> {
        self.check_indices(from)?;
        k_centres_of_store(&self.store, from, n, seed)
    }
}
