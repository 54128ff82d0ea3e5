//! The best by a score, without near copies.

use crate::space::{Points, nearest};
use crate::{BoxError, Error, Result, Selector, Space};
use molio::Trajectory;
use std::sync::Arc;

/// Scores of candidates, the most wanted highest, given the known frames.
pub type Score = dyn Fn(&Trajectory, &Trajectory) -> Result<Vec<f64>, BoxError> + Send + Sync;

/// The candidates with the highest scores that keep a distance from each other.
///
/// # Examples
/// ```
/// use active_learning::{Ranked, Selector, Space};
/// use molio::Trajectory;
/// use std::sync::Arc;
///
/// // the longest rods, but none within 0.1 nm of a longer one that was chosen
/// let longest = Ranked {
///     score: Arc::new(|rods: &Trajectory, _: &Trajectory| {
///         Ok((0..rods.n_frames()).map(|i| f64::from(rods.positions(i)[1][0])).collect())
///     }),
///     space: Space::Rmsd,
///     separation: 0.1,
/// };
/// let rods = [0.3_f32, 1.0, 0.9, 0.2].iter().flat_map(|&l| [[0.0; 3], [l, 0.0, 0.0]]).collect();
/// let rods = Trajectory::from_positions(2, rods)?;
/// assert_eq!(longest.select(&rods, &Trajectory::new(2), 2)?, [1, 0]);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone)]
pub struct Ranked {
    /// What makes a candidate worth asking about.
    pub score: Arc<Score>,
    /// What distance between the chosen means.
    pub space: Space,
    /// The chosen are farther than this from each other (nm for RMSD).
    pub separation: f64,
}

impl Selector for Ranked {
    fn select(
        &self,
        candidates: &Trajectory,
        known: &Trajectory,
        budget: usize,
    ) -> Result<Vec<usize>, BoxError> {
        let scores = (self.score)(candidates, known)?;
        Ok(best_apart(
            candidates,
            &scores,
            &self.space,
            self.separation,
            budget,
        )?)
    }
}

/// The candidates farthest from the known frames: the rule of the published loop, which takes the `k`
/// largest distances. With a `separation` of 0 as published (copies among the chosen included but for
/// exact ones); above 0 near copies are passed over.
///
/// # References
/// Bachelor et al., *Active learning for machine learned coarse-grained force fields*,
/// <https://arxiv.org/abs/2509.17208>.
#[derive(Clone, Debug)]
pub struct FarthestRanked {
    /// What distance means.
    pub space: Space,
    /// The chosen are farther than this from each other (nm for RMSD).
    pub separation: f64,
}

impl Selector for FarthestRanked {
    fn select(
        &self,
        candidates: &Trajectory,
        known: &Trajectory,
        budget: usize,
    ) -> Result<Vec<usize>, BoxError> {
        let n = candidates.n_frames();
        let points = Points::new(&self.space, &[candidates, known])?;
        let scores = nearest(&points, 0..n, n..points.len()).distances;
        Ok(best_apart(
            candidates,
            &scores,
            &self.space,
            self.separation,
            budget,
        )?)
    }
}

/// Goes down the ranking (the first of equals first) and leaves out what is near one chosen before.
pub(super) fn best_apart(
    candidates: &Trajectory,
    scores: &[f64],
    space: &Space,
    separation: f64,
    budget: usize,
) -> Result<Vec<usize>> {
    let n = candidates.n_frames();
    if scores.len() != n || scores.iter().any(|score| score.is_nan()) {
        let expected = format!("{n} numbers, one a candidate, none of them NaN");
        let found = format!(
            "{} numbers, {} of them NaN",
            scores.len(),
            scores.iter().filter(|score| score.is_nan()).count()
        );
        return Err(Error::setting("the scores of candidates", expected, found));
    }
    if !(separation >= 0.0 && separation.is_finite()) {
        return Err(Error::setting("separation", "not negative", separation));
    }
    let points = Points::new(space, &[candidates])?;
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
    let mut chosen: Vec<usize> = Vec::new();
    for candidate in order {
        if chosen.len() == budget {
            break;
        }
        let near = |&other: &usize| {
            candidates.positions(other) == candidates.positions(candidate)
                || separation > 0.0 && points.distance(candidate, other) <= separation
        };
        if !chosen.iter().any(near) {
            chosen.push(candidate);
        }
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rods(lengths: &[f32]) -> Trajectory {
        let positions = lengths.iter().flat_map(|&l| [[0.0; 3], [l, 0.0, 0.0]]);
        Trajectory::from_positions(2, positions.collect()).unwrap()
    }

    #[test]
    fn the_published_rule_takes_the_largest_distances() {
        let candidates = rods(&[0.1, 0.9, 0.91, 0.5, 0.91]);
        let known = rods(&[0.0]);
        let as_published = FarthestRanked {
            space: Space::Rmsd,
            separation: 0.0,
        };
        assert_eq!(
            as_published.select(&candidates, &known, 3).unwrap(),
            [2, 1, 3]
        );
        let apart = FarthestRanked {
            separation: 0.01,
            ..as_published
        };
        assert_eq!(apart.select(&candidates, &known, 3).unwrap(), [2, 3, 0]);
    }

    #[test]
    fn scores_must_be_one_number_a_candidate() {
        for scores in [vec![], vec![1.0, f64::NAN]] {
            assert!(best_apart(&rods(&[0.1, 0.2]), &scores, &Space::Rmsd, 0.0, 1).is_err());
        }
    }

    proptest! {
        #[test]
        fn chosen_are_apart_and_nothing_better_is_left_out(
            lengths in prop::collection::vec(0.0f32..1.0, 0..30),
            separation in 0.0f64..0.2,
            budget in 0usize..10,
        ) {
            let scores: Vec<f64> = lengths.iter().map(|l| f64::from(l * 37.0).sin()).collect();
            let candidates = rods(&lengths);
            let chosen = best_apart(&candidates, &scores, &Space::Rmsd, separation, budget).unwrap();
            let points = Points::new(&Space::Rmsd, &[&candidates]).unwrap();
            prop_assert!(chosen.len() <= budget);
            for (place, &a) in chosen.iter().enumerate() {
                for &b in &chosen[..place] {
                    prop_assert!(points.distance(a, b) > separation || separation == 0.0);
                }
            }
            for x in (0..lengths.len()).filter(|x| !chosen.contains(x)) {
                let near = |&&c: &&usize| points.distance(x, c) <= separation + 1e-9 && scores[c] >= scores[x];
                let full = chosen.len() == budget && chosen.iter().all(|&c| scores[c] >= scores[x]);
                let near = chosen.iter().any(|c| near(&c));
                prop_assert!(full || near);
            }
        }
    }
}
