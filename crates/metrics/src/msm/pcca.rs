//! Macrostates: PCCA+ on the eigenvectors of a reversible transition matrix.

use super::MarkovModel;
use super::simplex_search::minimise;
use crate::error::{Error, Result, check_count};
use nalgebra::DMatrix;

/// Sets of microstates between which transitions are rare.
///
/// # References
/// S. Röblitz, M. Weber, Adv. Data Anal. Classif. 2013, 7, 147, doi:10.1007/s11634-013-0134-6.
#[derive(Clone, Debug, PartialEq)]
pub struct Macrostates {
    n_macrostates: usize,
    memberships: Vec<f64>,
    assignments: Vec<usize>,
    populations: Vec<f64>,
    /// Macrostate of each state that was counted; `None` outside the connected set.
    of_all: Vec<Option<usize>>,
}

impl Macrostates {
    /// Memberships and crisp sets of a model's slowest `n` eigenvectors.
    pub(super) fn new(model: &MarkovModel, n: usize) -> Result<Self> {
        check_count("macrostates", 1, n)?;
        let n_states = model.states().len();
        check_count("connected states for these macrostates", n, n_states)?;
        let chi = memberships(&model.eigenvectors.columns(0, n).into_owned())?;
        let mut memberships = Vec::with_capacity(n_states * n);
        let mut assignments = Vec::with_capacity(n_states);
        for row in chi.row_iter() {
            let row: Vec<f64> = row.iter().map(|&x| x.clamp(0.0, 1.0)).collect();
            let sum: f64 = row.iter().sum();
            let largest = (0..n).fold(0, |best, i| if row[i] > row[best] { i } else { best });
            assignments.push(largest);
            memberships.extend(row.iter().map(|x| x / sum));
        }
        // By falling population, so that macrostate 0 is the largest whatever the eigenvectors' order.
        let populations = populations(&memberships, n, model.stationary());
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| populations[b].total_cmp(&populations[a]));
        let mut place = vec![0; n];
        order
            .iter()
            .enumerate()
            .for_each(|(new, &old)| place[old] = new);
        let mut of_all = vec![None; model.n_all];
        for (assignment, &state) in assignments.iter_mut().zip(model.states()) {
            *assignment = place[*assignment];
            of_all[state] = Some(*assignment);
        }
        Ok(Self {
            n_macrostates: n,
            memberships: memberships
                .chunks_exact(n)
                .flat_map(|row| order.iter().map(|&old| row[old]))
                .collect(),
            assignments,
            populations: order.iter().map(|&old| populations[old]).collect(),
            of_all,
        })
    }

    /// Number of macrostates.
    pub fn n_macrostates(&self) -> usize {
        self.n_macrostates
    }

    /// How far each state of the connected set belongs to each macrostate, `[n_states][n_macrostates]`;
    /// rows sum to one.
    pub fn memberships(&self) -> &[f64] {
        &self.memberships
    }

    /// The macrostate each state of the connected set belongs to most.
    pub fn assignments(&self) -> &[usize] {
        &self.assignments
    }

    /// Stationary probability of each macrostate, Σᵢ πᵢ χᵢ, by falling size.
    pub fn populations(&self) -> &[f64] {
        &self.populations
    }

    /// The macrostate of a state in the numbering of the trajectories; `None` if it was dropped.
    pub fn of_state(&self, state: u32) -> Option<usize> {
        self.of_all.get(state as usize).copied().flatten()
    }

    /// Probability of each macrostate with another stationary distribution of the same states.
    pub(super) fn populations_of(&self, stationary: &[f64]) -> Vec<f64> {
        populations(&self.memberships, self.n_macrostates, stationary)
    }

    /// The native macrostate: that of the lowest mean RMSD to the native structure.
    ///
    /// `None` if no frame with a weight lies in any macrostate. Beside its index stand the mean and
    /// the standard deviation of the RMSD in each macrostate (NaN where it has no frame).
    ///
    /// # Shapes
    /// States, RMSD (nm) and weights of the same frames.
    ///
    /// # Errors
    /// If the arrays differ in length, weights are negative, or a number is not finite.
    pub fn native(
        &self,
        states: &[u32],
        rmsd: &[f64],
        weights: Option<&[f64]>,
    ) -> Result<Option<NativeState>> {
        crate::error::check_length("RMSD of frames", states.len(), rmsd.len())?;
        crate::error::check_finite("RMSD of frames", rmsd)?;
        if let Some(weights) = weights {
            crate::error::check_length("weights of frames", states.len(), weights.len())?;
            crate::tica::check_weights(weights)?;
        }
        let mut sums = vec![[0.0f64; 3]; self.n_macrostates];
        for (frame, (&state, &x)) in states.iter().zip(rmsd).enumerate() {
            if let Some(macrostate) = self.of_state(state) {
                let w = weights.map_or(1.0, |weights| weights[frame]);
                let terms = [w, w * x, w * x * x];
                sums[macrostate]
                    .iter_mut()
                    .zip(terms)
                    .for_each(|(s, t)| *s += t);
            }
        }
        let mean: Vec<f64> = sums.iter().map(|[w, x, _]| x / w).collect();
        let deviation = sums.iter().zip(&mean);
        let deviation = deviation
            .map(|([w, _, square], mean)| (square / w - mean * mean).max(0.0).sqrt())
            .collect();
        let with_frames = (0..self.n_macrostates).filter(|&i| mean[i].is_finite());
        let index = with_frames.min_by(|&a, &b| mean[a].total_cmp(&mean[b]));
        Ok(index.map(|index| NativeState {
            index,
            mean,
            deviation,
        }))
    }
}

/// The macrostate closest to the native structure.
#[derive(Clone, Debug, PartialEq)]
pub struct NativeState {
    /// Which macrostate.
    pub index: usize,
    /// Mean RMSD in each macrostate, nm.
    pub mean: Vec<f64>,
    /// Standard deviation of the RMSD in each macrostate, nm.
    pub deviation: Vec<f64>,
}

fn populations(memberships: &[f64], n: usize, stationary: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; n];
    for (row, pi) in memberships.chunks_exact(n).zip(stationary) {
        sums.iter_mut()
            .zip(row)
            .for_each(|(sum, chi)| *sum += pi * chi);
    }
    sums
}

/// χ = ψ A with rows in the simplex: the rotation A of the eigenvectors ψ (the first constant, 1)
/// that makes the memberships as crisp as they can be.
fn memberships(vectors: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    let n = vectors.ncols();
    if n == 1 {
        return Ok(DMatrix::from_element(vectors.nrows(), 1, 1.0));
    }
    let rotation = corners(vectors)
        .try_inverse()
        .ok_or_else(|| Error::Undetermined {
            what: "macrostates",
            reason: "the eigenvectors span no simplex; ask for fewer".to_owned(),
        })?;
    // All rows and columns but the first are free, the first follows from χ ≥ 0 and Σχ = 1.
    let free: Vec<f64> = rotation
        .view((1, 1), (n - 1, n - 1))
        .iter()
        .copied()
        .collect();
    let crispness = |free: &[f64]| {
        let a = feasible(vectors, free);
        let columns = (0..n).map(|j| a.column(j).norm_squared() / a[(0, j)]);
        -columns.sum::<f64>()
    };
    Ok(vectors * feasible(vectors, &minimise(&free, crispness)))
}

/// The rows of the states that lie farthest out: the corners of the simplex of eigenvectors.
fn corners(vectors: &DMatrix<f64>) -> DMatrix<f64> {
    let n = vectors.ncols();
    let norm = |rows: &DMatrix<f64>, i: usize| rows.row(i).norm();
    let farthest = |rows: &DMatrix<f64>| {
        (0..rows.nrows()).fold(0, |best, i| {
            if norm(rows, i) > norm(rows, best) {
                i
            } else {
                best
            }
        })
    };
    let mut rows = vectors.clone();
    let mut chosen = vec![farthest(&rows)];
    let origin = rows.row(chosen[0]).into_owned();
    rows.row_iter_mut().for_each(|mut row| row -= &origin);
    while chosen.len() < n {
        let next = farthest(&rows);
        chosen.push(next);
        let length = rows.row(next).norm();
        if length > 0.0 {
            // What is left of all rows once the direction of this corner is taken out.
            let direction = rows.row(next) / length;
            for mut row in rows.row_iter_mut() {
                let along = row.dot(&direction);
                row -= &direction * along;
            }
        }
    }
    DMatrix::from_fn(n, n, |i, j| vectors[(chosen[i], j)])
}

/// The rotation with these free entries (columns of rows 1…, columns 1…) that is feasible.
fn feasible(vectors: &DMatrix<f64>, free: &[f64]) -> DMatrix<f64> {
    let n = vectors.ncols();
    let mut a = DMatrix::zeros(n, n);
    a.view_mut((1, 1), (n - 1, n - 1)).copy_from_slice(free);
    for i in 1..n {
        a[(i, 0)] = -(1..n).map(|j| a[(i, j)]).sum::<f64>();
    }
    let others = vectors.columns(1, n - 1) * a.rows(1, n - 1);
    for j in 0..n {
        a[(0, j)] = -others.column(j).min();
    }
    let total = a.row(0).sum();
    a / total
}
