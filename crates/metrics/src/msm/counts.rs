//! Counting transitions in discrete trajectories.

use super::connected::components;
use super::effective::row_factors;
use crate::error::{Error, Result, check_count, check_length};

/// Most states; the matrices are dense.
const MOST_STATES: usize = 5000;

/// How transitions are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Counting {
    /// Every pair of frames a lag time apart. The estimate is best, but the counts overlap in time
    /// and are too many to take errors from.
    #[default]
    Sliding,
    /// Sliding counts, each row scaled by the statistical inefficiency of its transitions, as
    /// deeptime does: the number of independent transitions.
    Effective,
}

/// Trajectories of states, and where frames do not all count the same, their weights.
#[derive(Clone, Copy, Debug)]
pub struct Discrete<'a> {
    /// States of the frames of each replica, below `n_states`.
    pub trajectories: &'a [Vec<u32>],
    /// A weight for each frame; the weight of a transition is that of its first frame.
    pub weights: Option<&'a [Vec<f64>]>,
    /// Number of states.
    pub n_states: usize,
}

impl Discrete<'_> {
    fn check(&self) -> Result<()> {
        check_count("states", 1, self.n_states)?;
        if self.n_states > MOST_STATES {
            return Err(Error::Argument {
                what: "number of states",
                expected: "at most 5000",
                found: self.n_states.to_string(),
            });
        }
        let beyond = |&&state: &&u32| state as usize >= self.n_states;
        if let Some(state) = self.trajectories.iter().flatten().find(beyond) {
            return Err(Error::Argument {
                what: "state in a discrete trajectory",
                expected: "a number below that of states",
                found: format!("{state} of {}", self.n_states),
            });
        }
        if let Some(weights) = self.weights {
            check_length(
                "weights of trajectories",
                self.trajectories.len(),
                weights.len(),
            )?;
            for (states, weights) in self.trajectories.iter().zip(weights) {
                check_length("weights of frames", states.len(), weights.len())?;
                crate::tica::check_weights(weights)?;
            }
        }
        Ok(())
    }
}

/// How often each state was followed by each other a lag time later.
#[derive(Clone, Debug, PartialEq)]
pub struct TransitionCounts {
    n_states: usize,
    lag: usize,
    counts: Vec<f64>,
}

impl TransitionCounts {
    /// Counts the transitions of discrete trajectories.
    ///
    /// # Errors
    /// If a state is beyond the number of states, there are more than 5000 states, the lag is 0,
    /// weights do not fit, or no two frames are a lag time apart.
    pub fn new(discrete: &Discrete<'_>, lag: usize, counting: Counting) -> Result<Self> {
        discrete.check()?;
        check_count("lag time in frames", 1, lag)?;
        let n = discrete.n_states;
        let mut counts = vec![0.0; n * n];
        for (index, states) in discrete.trajectories.iter().enumerate() {
            let weights = discrete.weights.map(|weights| &weights[index]);
            let pairs = states.iter().zip(states.iter().skip(lag));
            for (frame, (&from, &to)) in pairs.enumerate() {
                let weight = weights.map_or(1.0, |weights| weights[frame]);
                counts[from as usize * n + to as usize] += weight;
            }
        }
        if !counts.iter().any(|&count| count > 0.0) {
            check_count("transitions at this lag time", 1, 0)?;
        }
        if counting == Counting::Effective {
            let factors = row_factors(discrete.trajectories, n, lag);
            for (row, factor) in counts.chunks_exact_mut(n).zip(factors) {
                row.iter_mut().for_each(|count| *count *= factor);
            }
        }
        Ok(Self {
            n_states: n,
            lag,
            counts,
        })
    }

    /// Given counts.
    ///
    /// # Shapes
    /// `[n_states][n_states]`, from the row to the column.
    ///
    /// # Errors
    /// If the matrix is not square, or a count is negative or not finite.
    pub fn from_matrix(n_states: usize, lag: usize, counts: Vec<f64>) -> Result<Self> {
        check_length("transition counts", n_states * n_states, counts.len())?;
        crate::tica::check_weights(&counts)?;
        Ok(Self {
            n_states,
            lag,
            counts,
        })
    }

    /// Counts `[n_states][n_states]`, from the row to the column.
    pub fn matrix(&self) -> &[f64] {
        &self.counts
    }

    /// Number of states.
    pub fn n_states(&self) -> usize {
        self.n_states
    }

    /// Lag time in frames.
    pub fn lag(&self) -> usize {
        self.lag
    }

    /// All counts together.
    pub fn total(&self) -> f64 {
        self.counts.iter().sum()
    }

    /// Sets of states that can all be reached from one another, the largest first (by number of
    /// states, then by counts inside).
    pub fn connected_sets(&self) -> Vec<Vec<usize>> {
        let mut sets = components(self.n_states, |i, j| {
            self.counts[i * self.n_states + j] > 0.0
        });
        let inside = |set: &[usize]| -> f64 {
            set.iter()
                .flat_map(|&i| set.iter().map(move |&j| self.counts[i * self.n_states + j]))
                .sum()
        };
        sets.sort_by(|a, b| {
            b.len()
                .cmp(&a.len())
                .then_with(|| inside(b).total_cmp(&inside(a)))
        });
        sets
    }

    /// The counts among some of the states, in their order.
    pub(super) fn restricted(&self, states: &[usize]) -> Vec<f64> {
        let row = |&i: &usize| {
            states
                .iter()
                .map(move |&j| self.counts[i * self.n_states + j])
        };
        states.iter().flat_map(row).collect()
    }
}
