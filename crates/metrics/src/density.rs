//! Gaussian kernel densities.

use crate::error::{Error, Result, check_count, check_length};
use nalgebra::{Cholesky, DMatrix, DVector};
use rayon::prelude::*;

/// A Gaussian kernel density with Scott's bandwidth: the kernel's covariance is that of the sample
/// times n^(−2/(d+4)), where n = (Σw)²/Σw² counts frames by their weight.
///
/// # References
/// D. W. Scott, *Multivariate Density Estimation*, Wiley 1992, doi:10.1002/9780470316849; with
/// weights as in scipy 1.17.
#[derive(Clone, Debug)]
pub struct GaussianKde {
    n_dimensions: usize,
    /// Samples in the coordinates in which the kernel is a unit normal.
    whitened: Vec<f64>,
    weights: Vec<f64>,
    factor: Cholesky<f64, nalgebra::Dyn>,
    norm: f64,
}

impl GaussianKde {
    /// The density of a weighted sample.
    ///
    /// # Shapes
    /// Values `[n_frames][n_dimensions]`, weights `[n_frames]`.
    ///
    /// # Errors
    /// If there are not more frames than dimensions, the sample has no extent in some direction, a
    /// value is not finite, or weights do not fit.
    pub fn new(n_dimensions: usize, values: &[f64], weights: Option<&[f64]>) -> Result<Self> {
        check_count("dimensions of a density", 1, n_dimensions)?;
        let n = values.len() / n_dimensions;
        check_length("sample of a density", n * n_dimensions, values.len())?;
        check_count("frames of a density", n_dimensions + 1, n)?;
        crate::error::check_finite("sample of a density", values)?;
        let mut weights = crate::wasserstein::checked_weights(n, weights)?;
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|w| *w /= total);
        let squares: f64 = weights.iter().map(|w| w * w).sum();
        let bandwidth = squares.powf(1.0 / (n_dimensions as f64 + 4.0));
        let mut moments = crate::tica::moments::Moments::new(n_dimensions);
        moments.add(n, Some(&weights), |row, column| {
            column.copy_from_slice(&values[row * n_dimensions..(row + 1) * n_dimensions]);
        });
        let covariance: DMatrix<f64> =
            moments.covariance() * (bandwidth * bandwidth / (1.0 - squares));
        let degenerate = || Error::Undetermined {
            what: "a kernel density",
            reason: "the sample has no extent in some direction".to_owned(),
        };
        let factor = Cholesky::new(covariance).ok_or_else(degenerate)?;
        let determinant = factor.l_dirty().diagonal().product();
        if !(determinant.is_normal() && squares < 1.0) {
            return Err(degenerate());
        }
        let mut kde = Self {
            n_dimensions,
            whitened: Vec::new(),
            weights,
            factor,
            norm: 1.0 / (determinant * std::f64::consts::TAU.powf(0.5 * n_dimensions as f64)),
        };
        kde.whitened = kde.whiten(values);
        Ok(kde)
    }

    /// The density at these points.
    ///
    /// # Shapes
    /// Points `[n_points][n_dimensions]`, out `[n_points]`.
    ///
    /// # Errors
    /// If the points are not whole rows.
    pub fn evaluate(&self, points: &[f64]) -> Result<Vec<f64>> {
        let d = self.n_dimensions;
        let n = points.len() / d;
        check_length("points of a density", n * d, points.len())?;
        let points = self.whiten(points);
        let at = |point: &[f64]| -> f64 {
            let samples = self.whitened.chunks_exact(d).zip(&self.weights);
            samples
                .map(|(sample, weight)| {
                    let square: f64 = sample
                        .iter()
                        .zip(point)
                        .map(|(a, b)| (a - b) * (a - b))
                        .sum();
                    weight * (-0.5 * square).exp()
                })
                .sum()
        };
        Ok(points
            .par_chunks_exact(d)
            .map(|point| self.norm * at(point))
            .collect())
    }

    fn whiten(&self, values: &[f64]) -> Vec<f64> {
        let rows = values.chunks_exact(self.n_dimensions);
        rows.flat_map(|row| {
            let mut vector = DVector::from_column_slice(row);
            self.factor
                .l_dirty()
                .solve_lower_triangular_mut(&mut vector);
            vector.data.as_vec().clone()
        })
        .collect()
    }
}
