//! Markov state models: kinetics and equilibrium from discrete trajectories.
//!
//! Frames are sorted into microstates ([`crate::kmeans`]), transitions counted, and a reversible
//! transition matrix of largest likelihood estimated on the largest connected set; what lies
//! outside it is reported. The conventions are those of deeptime 0.4.5.
//!
//! ```
//! use metrics::msm::{Counting, Discrete, MarkovModel, TransitionCounts};
//! // Ten frames in state 1, then twenty in state 0, and so on.
//! let states: Vec<u32> = (0..30_000).map(|t| u32::from(t % 30 < 10)).collect();
//! let discrete = Discrete { trajectories: &[states], weights: None, n_states: 2 };
//! let model = MarkovModel::new(&TransitionCounts::new(&discrete, 1, Counting::Sliding)?)?;
//! // Twenty frames of thirty are in state 0, and one transition of twenty leaves it.
//! assert!((model.stationary()[0] - 2.0 / 3.0).abs() < 1e-3);
//! assert!((model.transition_matrix()[1] - 0.05).abs() < 1e-3);
//! # Ok::<(), metrics::Error>(())
//! ```

mod connected;
mod counts;
mod effective;
mod pcca;
mod resampled;
mod reversible;
mod simplex_search;

pub use counts::{Counting, Discrete, TransitionCounts};
pub use pcca::{Macrostates, NativeState};
pub use resampled::{Resampled, TimescalesAtLag, implied_timescales};

use crate::error::{Error, Result};
use crate::tica::eigen::symmetric_eigen;
use nalgebra::DMatrix;

/// A reversible Markov model of the largest connected set of states.
#[derive(Clone, Debug, PartialEq)]
pub struct MarkovModel {
    lag: usize,
    n_all: usize,
    states: Vec<usize>,
    /// `[from][to]`, row after row.
    matrix: Vec<f64>,
    stationary: Vec<f64>,
    eigenvalues: Vec<f64>,
    eigenvectors: DMatrix<f64>,
    dropped: Dropped,
}

/// What lies outside the connected set of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dropped {
    /// States that were left out: never seen, never left, never come back to, or in a smaller set.
    pub states: Vec<usize>,
    /// Share of all counts that touch them.
    pub count_share: f64,
}

impl MarkovModel {
    /// The model of the largest connected set; [`MarkovModel::dropped`] tells what it leaves out.
    ///
    /// # Errors
    /// [`Error::Undetermined`] if there is no transition within any set.
    pub fn new(counts: &TransitionCounts) -> Result<Self> {
        let sets = counts.connected_sets();
        let states = sets.into_iter().next().unwrap_or_default();
        Self::of_states(counts, states)
    }

    /// The model of all states.
    ///
    /// # Errors
    /// [`Error::Undetermined`] naming the states outside the largest connected set, if there are any:
    /// absorbing states, sources, and sets without a way to the others.
    pub fn of_all(counts: &TransitionCounts) -> Result<Self> {
        let sets = counts.connected_sets();
        if let [largest, others @ ..] = &sets[..]
            && !others.is_empty()
        {
            let mut outside: Vec<usize> = others.concat();
            outside.sort_unstable();
            return Err(Error::Undetermined {
                what: "a Markov model of all states",
                reason: format!(
                    "{} of {} states are not connected with the others in both directions: {}",
                    outside.len(),
                    outside.len() + largest.len(),
                    listed(&outside)
                ),
            });
        }
        Self::new(counts)
    }

    fn of_states(counts: &TransitionCounts, states: Vec<usize>) -> Result<Self> {
        let inside = counts.restricted(&states);
        let total_inside: f64 = inside.iter().sum();
        if total_inside <= 0.0 {
            return Err(Error::Undetermined {
                what: "a Markov model",
                reason: "no two states are connected in both directions, and none is kept"
                    .to_owned(),
            });
        }
        let n = states.len();
        let (matrix, stationary) = reversible::maximum_likelihood(n, &inside)?;
        // D^½ P D^−½ is symmetric and has the eigenvalues of P; its eigenvectors are D^½ ψ.
        let roots: Vec<f64> = stationary.iter().map(|pi| pi.sqrt()).collect();
        let symmetric = DMatrix::from_fn(n, n, |i, j| {
            let forward = roots[i] * matrix[(i, j)] / roots[j];
            let backward = roots[j] * matrix[(j, i)] / roots[i];
            0.5 * (forward + backward)
        });
        let (eigenvalues, mut eigenvectors) = symmetric_eigen(symmetric);
        for (mut row, root) in eigenvectors.row_iter_mut().zip(&roots) {
            row /= *root;
        }
        if eigenvectors.column(0).sum() < 0.0 {
            eigenvectors.column_mut(0).neg_mut();
        }
        let mut kept = vec![false; counts.n_states()];
        states.iter().for_each(|&state| kept[state] = true);
        Ok(Self {
            lag: counts.lag(),
            n_all: counts.n_states(),
            matrix: matrix.transpose().as_slice().to_vec(),
            stationary,
            eigenvalues: eigenvalues.iter().copied().collect(),
            eigenvectors,
            dropped: Dropped {
                states: (0..counts.n_states()).filter(|&i| !kept[i]).collect(),
                count_share: (1.0 - total_inside / counts.total()).max(0.0),
            },
            states,
        })
    }

    /// The connected states, in the numbering of the trajectories; all results are in this order.
    pub fn states(&self) -> &[usize] {
        &self.states
    }

    /// What lies outside.
    pub fn dropped(&self) -> &Dropped {
        &self.dropped
    }

    /// Lag time in frames.
    pub fn lag(&self) -> usize {
        self.lag
    }

    /// Transition probabilities `[n_states][n_states]`, from the row to the column; rows sum to one
    /// and detailed balance holds.
    pub fn transition_matrix(&self) -> &[f64] {
        &self.matrix
    }

    /// Equilibrium probability of each state.
    pub fn stationary(&self) -> &[f64] {
        &self.stationary
    }

    /// Free energy −ln π of each state in kT, the lowest at zero.
    pub fn free_energies(&self) -> Vec<f64> {
        crate::histogram::free_energy(&self.stationary)
    }

    /// Eigenvalues by falling magnitude; the first is 1.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// Right eigenvector `index` (of unit length under π).
    ///
    /// # Panics
    /// If there is no such eigenvector.
    pub fn eigenvector(&self, index: usize) -> Vec<f64> {
        self.eigenvectors.column(index).iter().copied().collect()
    }

    /// Implied timescales −τ/ln|λ| in frames, the slowest first, without the stationary process.
    pub fn timescales(&self) -> Vec<f64> {
        let lag = self.lag as f64;
        let relaxing = self.eigenvalues.iter().skip(1);
        relaxing.map(|value| -lag / value.abs().ln()).collect()
    }

    /// The states in `n` macrostates by PCCA+.
    ///
    /// # Errors
    /// If there are fewer states, or the eigenvectors span no simplex.
    pub fn macrostates(&self, n: usize) -> Result<Macrostates> {
        Macrostates::new(self, n)
    }
}

/// The first few of many numbers.
fn listed(numbers: &[usize]) -> String {
    let shown: Vec<String> = numbers.iter().take(10).map(usize::to_string).collect();
    let more = if numbers.len() > 10 { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}
