//! The reversible transition matrix of largest likelihood.

use crate::error::{Error, Result};
use nalgebra::DMatrix;

/// Largest relative change of a stationary weight in a round at which the rounds end.
const TOLERANCE: f64 = 1e-12;
/// Most rounds.
const MOST_ROUNDS: usize = 200_000;

/// Transition matrix and stationary distribution of a connected matrix of counts c.
///
/// At the maximum xᵢⱼ = (cᵢⱼ + cⱼᵢ)/(cᵢ/xᵢ + cⱼ/xⱼ) with xᵢ = Σⱼ xᵢⱼ and cᵢ = Σⱼ cᵢⱼ; then pᵢⱼ = xᵢⱼ/xᵢ
/// and π ∝ xᵢ. The equation is iterated for the sums xᵢ; after each two rounds their logarithms are
/// extrapolated, and the step is kept where it brings the equation closer.
///
/// # References
/// G. R. Bowman et al., J. Chem. Phys. 2009, 131, 124101, doi:10.1063/1.3216567 (the equation).
/// B. Trendelkamp-Schroer et al., J. Chem. Phys. 2015, 143, 174101, doi:10.1063/1.4934536.
/// R. Varadhan, C. Roland, Scand. J. Stat. 2008, 35, 335, doi:10.1111/j.1467-9469.2007.00585.x
/// (the extrapolation).
pub(super) fn maximum_likelihood(n: usize, counts: &[f64]) -> Result<(DMatrix<f64>, Vec<f64>)> {
    let problem = Problem::new(n, counts);
    let mut x = problem.rows.clone();
    let mut rounds = 0;
    loop {
        let first = problem.round(&x);
        let second = problem.round(&first);
        rounds += 2;
        let step: Vec<f64> = first.iter().zip(&x).map(|(a, b)| (a / b).ln()).collect();
        if change(&second, &first) < TOLERANCE {
            return problem.finish(&second);
        }
        if rounds > MOST_ROUNDS {
            return Err(Error::Undetermined {
                what: "the reversible transition matrix",
                reason: format!("no convergence within {MOST_ROUNDS} rounds"),
            });
        }
        x = problem.extrapolate(&x, &step, &first, second);
        rounds += 1;
    }
}

fn change(new: &[f64], old: &[f64]) -> f64 {
    let relative = new.iter().zip(old).map(|(a, b)| ((a - b) / a).abs());
    relative.fold(0.0, f64::max)
}

struct Problem {
    n: usize,
    /// cᵢ, which sum to one.
    rows: Vec<f64>,
    diagonal: Vec<f64>,
    /// i, j and cᵢⱼ + cⱼᵢ of pairs i < j with a count.
    pairs: Vec<(u32, u32, f64)>,
}

impl Problem {
    fn new(n: usize, counts: &[f64]) -> Self {
        let total: f64 = counts.iter().sum();
        let count = |i: usize, j: usize| counts[i * n + j] / total;
        let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        Self {
            n,
            rows: (0..n).map(|i| (0..n).map(|j| count(i, j)).sum()).collect(),
            diagonal: (0..n).map(|i| count(i, i)).collect(),
            pairs: pairs
                .map(|(i, j)| (i as u32, j as u32, count(i, j) + count(j, i)))
                .filter(|pair| pair.2 > 0.0)
                .collect(),
        }
    }

    /// One round of the equation; the sums stay normalised.
    fn round(&self, x: &[f64]) -> Vec<f64> {
        let ratio: Vec<f64> = self.rows.iter().zip(x).map(|(c, x)| c / x).collect();
        let diagonal = self.diagonal.iter().zip(&ratio);
        let mut new: Vec<f64> = diagonal.map(|(c, q)| c / q).collect();
        for &(i, j, sum) in &self.pairs {
            let flow = sum / (ratio[i as usize] + ratio[j as usize]);
            new[i as usize] += flow;
            new[j as usize] += flow;
        }
        let total: f64 = new.iter().sum();
        new.iter_mut().for_each(|x| *x /= total);
        new
    }

    /// The extrapolation of two rounds, if it solves the equation better than the first of them.
    fn extrapolate(&self, x: &[f64], step: &[f64], first: &[f64], second: Vec<f64>) -> Vec<f64> {
        let next = second.iter().zip(first).map(|(a, b)| (a / b).ln());
        let bend: Vec<f64> = next.zip(step).map(|(next, step)| next - step).collect();
        let norm = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
        let length = norm(step) / norm(&bend);
        if !(length > 1.0 && length.is_finite()) {
            return second;
        }
        let place = x.iter().zip(step).zip(&bend);
        let far: Vec<f64> = place
            .map(|((x, r), v)| x * (2.0 * length * r + length * length * v).exp())
            .collect();
        let total: f64 = far.iter().sum();
        if !total.is_finite() || far.iter().any(|&x| x <= 0.0) {
            return second;
        }
        let far: Vec<f64> = far.iter().map(|x| x / total).collect();
        let after = self.round(&far);
        let residual: Vec<f64> = after.iter().zip(&far).map(|(a, b)| (a / b).ln()).collect();
        if norm(&residual) < norm(step) {
            after
        } else {
            second
        }
    }

    fn finish(&self, x: &[f64]) -> Result<(DMatrix<f64>, Vec<f64>)> {
        let ratio: Vec<f64> = self.rows.iter().zip(x).map(|(c, x)| c / x).collect();
        let mut flows = DMatrix::zeros(self.n, self.n);
        for i in 0..self.n {
            flows[(i, i)] = self.diagonal[i] / ratio[i];
        }
        for &(i, j, sum) in &self.pairs {
            let (i, j) = (i as usize, j as usize);
            flows[(i, j)] = sum / (ratio[i] + ratio[j]);
            flows[(j, i)] = flows[(i, j)];
        }
        // Sums of the symmetric flows themselves: detailed balance and row sums hold exactly.
        let sums: Vec<f64> = flows.row_iter().map(|row| row.sum()).collect();
        let total: f64 = sums.iter().sum();
        for (mut row, sum) in flows.row_iter_mut().zip(&sums) {
            row /= *sum;
        }
        if flows.iter().any(|p| !p.is_finite()) {
            return Err(Error::Undetermined {
                what: "the reversible transition matrix",
                reason: "a state is never left".to_owned(),
            });
        }
        Ok((flows, sums.iter().map(|sum| sum / total).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_states_have_a_closed_solution() {
        // Two states are always reversible: p = c/Σc.
        let (p, pi) = maximum_likelihood(2, &[90.0, 10.0, 30.0, 70.0]).unwrap();
        assert!((p[(0, 1)] - 0.1).abs() < 1e-10 && (p[(1, 0)] - 0.3).abs() < 1e-10);
        assert!((pi[0] - 0.75).abs() < 1e-10);
    }

    #[test]
    fn symmetric_counts_are_their_own_flows() {
        let counts = [5.0, 2.0, 1.0, 2.0, 7.0, 4.0, 1.0, 4.0, 3.0];
        let (p, pi) = maximum_likelihood(3, &counts).unwrap();
        for i in 0..3 {
            let sum: f64 = counts[3 * i..3 * i + 3].iter().sum();
            assert!((pi[i] - sum / 29.0).abs() < 1e-10);
            for j in 0..3 {
                assert!((p[(i, j)] - counts[3 * i + j] / sum).abs() < 1e-10);
            }
        }
    }
}
