//! Greedy k-centre selection.

use crate::space::{Points, SLACK, nearest};
use crate::{BoxError, Error, Result, Selector, Space};
use molio::Trajectory;
use rayon::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};

/// Chooses one candidate after the other, each the farthest from all that is known or chosen by then.
///
/// The covering radius that it reaches is at most twice the least that any choice of as many candidates
/// could reach. Stops before the budget once no candidate is farther than `min_distance`; what it
/// chooses is therefore never twice (nearly) the same.
///
/// With no known frame the first candidate is chosen first.
///
/// # References
/// T. F. Gonzalez, Theor. Comput. Sci. 38, 293 (1985), 10.1016/0304-3975(85)90224-5; the shortcut:
/// C. Elkan, Proc. 20th Int. Conf. Machine Learning, 147 (2003).
#[derive(Clone, Debug)]
pub struct FarthestFirst {
    /// What distance means.
    pub space: Space,
    /// Candidates that are not farther than this (nm for RMSD) from all others are not worth asking about.
    pub min_distance: f64,
}

/// What [`FarthestFirst::choose`] chose.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Indices of candidates in the order of choice.
    pub indices: Vec<usize>,
    /// Covering radius of all candidates by the known frames: infinite where none is known.
    pub radius_before: f64,
    /// Covering radius after each choice, never growing.
    pub radii: Vec<f64>,
    /// Distances that were computed; without shortcuts it would be candidates × (known + chosen).
    pub n_distances: u64,
}

impl Choice {
    /// The covering radius after the last choice.
    pub fn radius(&self) -> f64 {
        self.radii.last().copied().unwrap_or(self.radius_before)
    }
}

impl FarthestFirst {
    /// Farthest first by RMSD after superposition, copies left out.
    pub fn rmsd() -> Self {
        Self {
            space: Space::Rmsd,
            min_distance: 1e-5,
        }
    }

    /// Chooses at most `budget` candidates and says how well they cover the others.
    ///
    /// Exact. A candidate x whose anchor a (a known frame at the centre of its group, or the chosen
    /// frame nearest to x) is at d(x, a) cannot come nearer to a new frame c than it already is if
    /// d(c, a) − d(x, a) ≥ its present distance; it is then not compared with c. Memory: the frames and
    /// three numbers each, however many there are.
    ///
    /// # Errors
    /// As [`Space::distances`]; [`Error::Setting`] for a `min_distance` that is negative.
    ///
    /// # Examples
    /// ```
    /// use active_learning::FarthestFirst;
    /// use molio::Trajectory;
    ///
    /// // rods: the RMSD of two is half the difference of their lengths
    /// let rods = |lengths: &[f32]| {
    ///     let positions = lengths.iter().flat_map(|&l| [[0.0; 3], [l, 0.0, 0.0]]).collect();
    ///     Trajectory::from_positions(2, positions).unwrap()
    /// };
    /// let choice = FarthestFirst::rmsd().choose(&rods(&[0.1, 0.5, 0.9, 0.8]), &rods(&[0.1]), 2)?;
    /// assert_eq!(choice.indices, [2, 1]);
    /// assert!((choice.radius_before - 0.4).abs() < 1e-6);
    /// assert!((choice.radius() - 0.05).abs() < 1e-6);
    /// # Ok::<(), active_learning::Error>(())
    /// ```
    pub fn choose(
        &self,
        candidates: &Trajectory,
        known: &Trajectory,
        budget: usize,
    ) -> Result<Choice> {
        if !(self.min_distance >= 0.0 && self.min_distance.is_finite()) {
            let expected = "not negative";
            return Err(Error::setting("min_distance", expected, self.min_distance));
        }
        let n = candidates.n_frames();
        let points = Points::new(&self.space, &[candidates, known])?;
        let start = nearest(&points, 0..n, n..points.len());
        let mut anchors = start.anchors;
        let mut states: Vec<State> = (0..n)
            .map(|i| State {
                distance: start.distances[i],
                anchor: start.anchor[i],
                anchor_distance: start.anchor_distances[i],
            })
            .collect();
        let n_distances = AtomicU64::new(start.n_distances);
        let (mut next, radius_before) = farthest(&states);
        let mut choice = Choice {
            indices: Vec::new(),
            radius_before,
            radii: Vec::new(),
            n_distances: 0,
        };
        let mut radius = radius_before;
        while choice.indices.len() < budget && radius > self.min_distance {
            let to_anchors: Vec<f64> = anchors
                .par_iter()
                .map(|&anchor| points.distance(next, anchor))
                .collect();
            n_distances.fetch_add(to_anchors.len() as u64, Ordering::Relaxed);
            let label = anchors.len() as u32;
            anchors.push(next);
            let computed: u64 = states
                .par_iter_mut()
                .enumerate()
                .with_min_len(256)
                .map(|(x, state)| state.approach(&points, x, next, label, &to_anchors))
                .sum();
            n_distances.fetch_add(computed, Ordering::Relaxed);
            states[next] = State {
                distance: 0.0,
                anchor: label,
                anchor_distance: 0.0,
            };
            choice.indices.push(next);
            (next, radius) = farthest(&states);
            choice.radii.push(radius);
        }
        choice.n_distances = n_distances.into_inner();
        Ok(choice)
    }
}

impl Selector for FarthestFirst {
    fn select(
        &self,
        candidates: &Trajectory,
        known: &Trajectory,
        budget: usize,
    ) -> Result<Vec<usize>, BoxError> {
        Ok(self.choose(candidates, known, budget)?.indices)
    }
}

/// What is known of one candidate.
struct State {
    /// To the nearest known or chosen frame.
    distance: f64,
    anchor: u32,
    anchor_distance: f64,
}

impl State {
    /// Takes note of the newly chosen frame `c`; the number of distances that took.
    fn approach(
        &mut self,
        points: &Points,
        x: usize,
        c: usize,
        label: u32,
        to_anchors: &[f64],
    ) -> u64 {
        let bound = to_anchors.get(self.anchor as usize).map(|d| {
            let difference = d - self.anchor_distance;
            difference.abs()
        });
        if bound.is_some_and(|bound| bound >= self.distance + SLACK) {
            return 0;
        }
        let distance = points.distance(x, c);
        if distance < self.distance {
            *self = Self {
                distance,
                anchor: label,
                anchor_distance: distance,
            };
        }
        1
    }
}

fn farthest(states: &[State]) -> (usize, f64) {
    let mut best = (0, 0.0);
    for (index, state) in states.iter().enumerate() {
        if state.distance > best.1 {
            best = (index, state.distance);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn trajectory(n_atoms: usize, n: std::ops::Range<usize>) -> impl Strategy<Value = Trajectory> {
        let position = prop::array::uniform3(-1.0f32..1.0);
        prop::collection::vec(prop::collection::vec(position, n_atoms), n)
            .prop_map(move |frames| Trajectory::from_positions(n_atoms, frames.concat()).unwrap())
    }

    /// The definition, pair by pair.
    fn brute_force(
        candidates: &Trajectory,
        known: &Trajectory,
        budget: usize,
    ) -> (Vec<usize>, Vec<f64>) {
        let n = candidates.n_frames();
        let points = Points::new(&Space::Rmsd, &[candidates, known]).unwrap();
        let mut taken: Vec<usize> = (n..points.len()).collect();
        let (mut indices, mut radii) = (Vec::new(), Vec::new());
        loop {
            let mut far = (0, 0.0);
            for x in 0..n {
                let to = taken.iter().map(|&t| points.distance(x, t));
                let distance = if taken.contains(&x) {
                    0.0
                } else {
                    to.fold(f64::INFINITY, f64::min)
                };
                if distance > far.1 {
                    far = (x, distance);
                }
            }
            radii.push(far.1);
            if indices.len() == budget || far.1 <= 1e-5 {
                return (indices, radii);
            }
            indices.push(far.0);
            taken.push(far.0);
        }
    }

    proptest! {
        #[test]
        fn is_what_the_definition_gives(
            (candidates, known, budget) in (2usize..5).prop_flat_map(|n| {
                (trajectory(n, 0..40), trajectory(n, 0..30), 0usize..12)
            })
        ) {
            let choice = FarthestFirst::rmsd().choose(&candidates, &known, budget).unwrap();
            let (indices, radii) = brute_force(&candidates, &known, budget);
            let found = [&[choice.radius_before][..], &choice.radii].concat();
            prop_assert_eq!(found.len(), radii.len());
            for (found, expected) in found.iter().zip(&radii) {
                prop_assert!(found == expected || (found - expected).abs() < SLACK);
            }
            prop_assert!(found.windows(2).all(|pair| pair[1] <= pair[0]));
            // equally far frames, to rounding, may come in another order
            if radii.windows(2).all(|pair| pair[0] - pair[1] > SLACK || pair[0].is_infinite()) {
                prop_assert_eq!(choice.indices, indices);
            }
        }
    }

    #[test]
    fn copies_are_chosen_once_and_shortcuts_save_work() {
        let lengths = (0..3000_u32).map(|i| (i * 7919 % 1500) as f32 * 1e-3);
        let positions = lengths.flat_map(|l| [[0.0; 3], [l, 0.0, 0.0]]).collect();
        let rods = Trajectory::from_positions(2, positions).unwrap();
        let none = Trajectory::new(2);
        let choice = FarthestFirst::rmsd().choose(&rods, &none, 100).unwrap();
        let mut unique = choice.indices.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), 100);
        assert!(choice.radius_before.is_infinite());
        assert!(choice.radius() < 0.75 / 99.0 + 1e-6, "{}", choice.radius());
        assert!(choice.n_distances < 150_000, "{}", choice.n_distances);
        let again = FarthestFirst::rmsd().choose(&rods, &rods, 5).unwrap();
        assert!(again.indices.is_empty());
        assert!(
            FarthestFirst {
                min_distance: f64::NAN,
                ..FarthestFirst::rmsd()
            }
            .choose(&rods, &none, 1)
            .is_err()
        );
    }
}
