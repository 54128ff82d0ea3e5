//! Where known frames are few.

use super::ranked::best_apart;
use crate::space::Points;
use crate::{BoxError, Error, Result, Selector, Space};
use molio::Trajectory;
use rayon::prelude::*;

/// Chooses candidates where known frames are sparse, in a space of features such as TICA components.
///
/// The score of a candidate is its distance to the k-th nearest known frame, which falls with the
/// local density ρ as (k/ρ)^(1/d) in d dimensions; so the ranking is that of the nearest-neighbour
/// estimate of 1/ρ and no bandwidth has to be chosen.
///
/// # References
/// D. O. Loftsgaarden, C. P. Quesenberry, Ann. Math. Statist. 36, 1049 (1965),
/// <https://doi.org/10.1214/aoms/1177700079>.
///
/// # Examples
/// ```
/// use active_learning::{Selector, Space, SparseRegions};
/// use molio::Trajectory;
/// use std::sync::Arc;
///
/// let along_x = Space::Features(Arc::new(|x: &[[f32; 3]]| Ok(vec![x[0][0]])));
/// let beads = |xs: &[f32]| Trajectory::from_positions(1, xs.iter().map(|&x| [x, 0.0, 0.0]).collect()).unwrap();
/// let selector = SparseRegions { space: along_x, neighbours: 2, separation: 0.0 };
/// // one known frame at 5 does not make a dense region of it, two at 1 do
/// let chosen = selector.select(&beads(&[1.0, 5.0]), &beads(&[1.0, 1.0, 5.0]), 1)?;
/// assert_eq!(chosen, [1]);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SparseRegions {
    /// The space in which density is meant.
    pub space: Space,
    /// Which nearest known frame counts, from 1.
    pub neighbours: usize,
    /// The chosen are farther than this from each other, in the same space.
    pub separation: f64,
}

impl SparseRegions {
    fn scores(&self, candidates: &Trajectory, known: &Trajectory) -> Result<Vec<f64>> {
        if self.neighbours == 0 {
            return Err(Error::setting("neighbours", "at least 1", 0));
        }
        let n = candidates.n_frames();
        let points = Points::new(&self.space, &[candidates, known])?;
        let k = self.neighbours.min(known.n_frames());
        Ok((0..n)
            .into_par_iter()
            .map_init(Vec::new, |distances, x| {
                if k == 0 {
                    return f64::INFINITY;
                }
                distances.clear();
                distances.extend((n..points.len()).map(|y| points.distance(x, y)));
                *distances.select_nth_unstable_by(k - 1, f64::total_cmp).1
            })
            .collect())
    }
}

impl Selector for SparseRegions {
    fn select(
        &self,
        candidates: &Trajectory,
        known: &Trajectory,
        budget: usize,
    ) -> Result<Vec<usize>, BoxError> {
        let scores = self.scores(candidates, known)?;
        let chosen = best_apart(candidates, &scores, &self.space, self.separation, budget)?;
        Ok(chosen)
    }
}
