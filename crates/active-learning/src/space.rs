//! How far frames are from each other, and which known frame is nearest to each of many others.

mod nearest;

pub(crate) use nearest::nearest;
pub use nearest::{Coverage, coverage};

use crate::{BoxError, Error, Result};
use molio::{CentredFrames, Trajectory};
use std::sync::Arc;

/// Maps the positions of a frame (`[n_beads][3]`, nm) to a vector of features, always of one length.
pub type FeatureMap = dyn Fn(&[[f32; 3]]) -> Result<Vec<f32>, BoxError> + Send + Sync;

/// A distance between frames that obeys the triangle inequality.
///
/// # Examples
/// ```
/// use active_learning::Space;
/// use std::sync::Arc;
///
/// // the distance from the first bead to the last
/// let ends = Space::Features(Arc::new(|x: &[[f32; 3]]| {
///     let last = x[x.len() - 1];
///     Ok(vec![(0..3).map(|k| (last[k] - x[0][k]).powi(2)).sum::<f32>().sqrt()])
/// }));
/// let rods = [[0.0; 3], [1.0, 0.0, 0.0], [0.0; 3], [0.0, 1.5, 0.0]].to_vec();
/// let rods = molio::Trajectory::from_positions(2, rods)?;
/// assert_eq!(ends.distances(&rods, 0, &rods)?, [0.0, 0.5]);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone)]
pub enum Space {
    /// The least root mean square deviation over all proper rigid motions, nm.
    Rmsd,
    /// The Euclidean distance of feature vectors, such as a projection on TICA components.
    Features(Arc<FeatureMap>),
}

impl std::fmt::Debug for Space {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Rmsd => "Rmsd",
            Self::Features(_) => "Features",
        })
    }
}

impl Space {
    /// Distances from frame `index` of `from` to every frame of `to`.
    ///
    /// # Errors
    /// [`Error::Frames`] for frames that cannot be compared, [`Error::Setting`] for features of
    /// different lengths or that are not finite.
    ///
    /// # Panics
    /// If there is no such frame.
    pub fn distances(&self, from: &Trajectory, index: usize, to: &Trajectory) -> Result<Vec<f64>> {
        let one = Trajectory::from_positions(from.n_atoms(), from.positions(index).to_vec())?;
        let points = Points::new(self, &[&one, to])?;
        Ok((1..points.len()).map(|i| points.distance(0, i)).collect())
    }
}

/// Frames made ready for many distances among them.
pub(crate) enum Points {
    Frames(CentredFrames),
    Vectors { n: usize, values: Vec<f32> },
}

/// How much a computed distance may break the triangle inequality by rounding, nm or units of a feature.
pub(crate) const SLACK: f64 = 2e-6;

impl Points {
    /// The frames of all these trajectories, one after the other.
    pub(crate) fn new(space: &Space, trajectories: &[&Trajectory]) -> Result<Self> {
        let n: usize = trajectories.iter().map(|t| t.n_frames()).sum();
        match space {
            Space::Rmsd => {
                let n_atoms = trajectories
                    .iter()
                    .find(|t| t.n_frames() > 0)
                    .map_or(1, |t| t.n_atoms());
                let mut frames = CentredFrames::new(n_atoms)?;
                for trajectory in trajectories {
                    for index in 0..trajectory.n_frames() {
                        frames.push(trajectory.positions(index))?;
                    }
                }
                Ok(Self::Frames(frames))
            }
            Space::Features(map) => {
                let mut values = Vec::new();
                let mut length = None;
                for trajectory in trajectories {
                    for index in 0..trajectory.n_frames() {
                        let features = map(trajectory.positions(index)).map_err(|source| {
                            let (part, round) = ("feature map", 0);
                            Error::Part {
                                part,
                                round,
                                source,
                            }
                        })?;
                        let expected = *length.get_or_insert(features.len());
                        let finite = features.iter().all(|x| x.is_finite());
                        if features.len() != expected || !finite || expected == 0 {
                            let expected = format!("{} finite numbers", expected.max(1));
                            let found = format!("{features:?}");
                            return Err(Error::setting("a feature vector", expected, found));
                        }
                        values.extend(features);
                    }
                }
                Ok(Self::Vectors { n, values })
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Frames(frames) => frames.n_frames(),
            Self::Vectors { n, .. } => *n,
        }
    }

    pub(crate) fn distance(&self, a: usize, b: usize) -> f64 {
        // the order decides about the last bit, and nothing should depend on who asks
        let (a, b) = (a.min(b), a.max(b));
        match self {
            Self::Frames(frames) => frames.rmsd(a, b),
            Self::Vectors { n, values } => {
                let length = values.len() / n;
                let of = |i: usize| &values[i * length..(i + 1) * length];
                let squares = of(a).iter().zip(of(b));
                squares
                    .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
                    .sum::<f64>()
                    .sqrt()
            }
        }
    }
}
