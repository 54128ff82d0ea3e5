//! Means and covariances of streams of rows.

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

/// Rows that are worked on at once: small enough for the second-level cache at fifty features.
const BLOCK: usize = 512;
/// Blocks whose sums are held at once; a fixed number, so that the result does not depend on how
/// many threads there are.
const GROUP: usize = 16;
/// Columns of the product computed at once; only blocks on and above the diagonal are computed.
const PANEL: usize = 96;

/// Weight, mean and scatter matrix Σ w (z − z̄)(z − z̄)ᵀ of the rows seen so far, in f64.
///
/// Blocks are centred on their own mean and merged pairwise, so that a mean far from zero costs no
/// digits.
///
/// # References
/// T. F. Chan, G. H. Golub, R. J. LeVeque, COMPSTAT 1982, 30,
/// doi:10.1007/978-3-642-51461-6_3.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    pub(crate) weight: f64,
    pub(crate) mean: DVector<f64>,
    pub(crate) scatter: DMatrix<f64>,
}

impl Moments {
    pub(crate) fn new(n_features: usize) -> Self {
        Self {
            weight: 0.0,
            mean: DVector::zeros(n_features),
            scatter: DMatrix::zeros(n_features, n_features),
        }
    }

    /// Moments of one block: one row of the data per column, with the weights of the rows.
    fn of_block(mut block: DMatrix<f64>, weights: Option<&[f64]>) -> Self {
        let (n_features, n_rows) = block.shape();
        let weight_of = |row: usize| weights.map_or(1.0, |weights| weights[row]);
        let weight: f64 = (0..n_rows).map(weight_of).sum();
        let mut moments = Self::new(n_features);
        if weight <= 0.0 {
            return moments;
        }
        for (row, column) in block.column_iter().enumerate() {
            moments.mean.axpy(weight_of(row) / weight, &column, 1.0);
        }
        for (row, mut column) in block.column_iter_mut().enumerate() {
            column -= &moments.mean;
            if weights.is_some() {
                column *= weight_of(row).sqrt();
            }
        }
        let transposed = block.transpose();
        for start in (0..n_features).step_by(PANEL) {
            let width = PANEL.min(n_features - start);
            moments
                .scatter
                .view_mut((0, start), (start + width, width))
                .gemm(
                    1.0,
                    &block.rows(0, start + width),
                    &transposed.columns(start, width),
                    0.0,
                );
        }
        moments.scatter.fill_lower_triangle_with_upper_triangle();
        moments.weight = weight;
        moments
    }

    /// Adds `n_rows` rows, which `fill(row, column)` writes one at a time.
    pub(crate) fn add<F>(&mut self, n_rows: usize, weights: Option<&[f64]>, fill: F)
    where
        F: Fn(usize, &mut [f64]) + Sync,
    {
        let n_features = self.mean.len();
        for group in (0..n_rows).step_by(BLOCK * GROUP) {
            let group_end = n_rows.min(group + BLOCK * GROUP);
            let starts: Vec<usize> = (group..group_end).step_by(BLOCK).collect();
            let blocks: Vec<Self> = starts
                .par_iter()
                .map(|&start| {
                    let end = n_rows.min(start + BLOCK);
                    let mut block = DMatrix::zeros(n_features, end - start);
                    let columns = block.as_mut_slice().chunks_exact_mut(n_features.max(1));
                    for (offset, column) in columns.enumerate() {
                        fill(start + offset, column);
                    }
                    Self::of_block(block, weights.map(|weights| &weights[start..end]))
                })
                .collect();
            blocks.iter().for_each(|block| self.merge(block));
        }
    }

    fn merge(&mut self, other: &Self) {
        let total = self.weight + other.weight;
        if other.weight <= 0.0 {
            return;
        }
        let shift = &other.mean - &self.mean;
        self.scatter += &other.scatter;
        self.scatter
            .ger(self.weight * other.weight / total, &shift, &shift, 1.0);
        self.mean.axpy(other.weight / total, &shift, 1.0);
        self.weight = total;
    }

    /// Scatter over weight: the covariance without Bessel's correction.
    pub(crate) fn covariance(&self) -> DMatrix<f64> {
        &self.scatter / self.weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_mean_costs_no_digits() {
        // Variance 2/3 around one million, over several blocks.
        let mut moments = Moments::new(1);
        moments.add(3000, None, |row, column| column[0] = 1e6 + (row % 3) as f64);
        assert!((moments.mean[0] - 1e6 - 1.0).abs() < 1e-9);
        assert!((moments.covariance()[(0, 0)] - 2.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn weights_are_repetitions() {
        let value = |row: usize| [(row as f64).sin(), (row as f64 * 0.7).cos()];
        let weights: Vec<f64> = (0..40).map(|row| (row % 4) as f64).collect();
        let mut weighted = Moments::new(2);
        weighted.add(40, Some(&weights), |row, column| {
            column.copy_from_slice(&value(row));
        });
        let repeated: Vec<usize> = (0..40).flat_map(|row| vec![row; row % 4]).collect();
        let mut plain = Moments::new(2);
        plain.add(repeated.len(), None, |row, column| {
            column.copy_from_slice(&value(repeated[row]));
        });
        assert!((weighted.covariance() - plain.covariance()).norm() < 1e-13);
        assert!((weighted.mean - plain.mean).norm() < 1e-13);
    }

    #[test]
    fn panels_fill_the_whole_matrix() {
        let n = PANEL + 7;
        let mut moments = Moments::new(n);
        moments.add(50, None, |row, column| {
            for (i, value) in column.iter_mut().enumerate() {
                *value = ((row * 31 + i * 17) % 23) as f64;
            }
        });
        let covariance = moments.covariance();
        for (i, j) in [(0, 0), (3, PANEL + 2), (PANEL + 2, 3), (n - 1, n - 2)] {
            let value = |row: usize, i: usize| ((row * 31 + i * 17) % 23) as f64;
            let mean = |i: usize| (0..50).map(|row| value(row, i)).sum::<f64>() / 50.0;
            let expected: f64 = (0..50)
                .map(|row| (value(row, i) - mean(i)) * (value(row, j) - mean(j)))
                .sum::<f64>()
                / 50.0;
            assert!((covariance[(i, j)] - expected).abs() < 1e-10);
        }
    }
}
