//! Principal component analysis: the directions of largest variance.

use crate::error::{Error, Result, check_count, check_length};
use crate::tica::eigen::{canonical_signs, symmetric_eigen};
use crate::tica::moments::Moments;
use nalgebra::DMatrix;

/// Directions of largest variance of a set of features, by falling variance; in each the entry of
/// largest magnitude is positive.
///
/// # Examples
/// ```
/// use metrics::pca::Pca;
/// let pca = Pca::fit(2, &[0.0, 0.0, 1.0, 1.0, 2.0, 2.0], None)?;
/// assert!((pca.variances()[0] - 4.0 / 3.0).abs() < 1e-12);
/// assert!(pca.variances()[1].abs() < 1e-12);
/// # Ok::<(), metrics::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Pca {
    mean: Vec<f64>,
    variances: Vec<f64>,
    components: DMatrix<f64>,
}

impl Pca {
    /// The principal components of weighted rows, without Bessel's correction.
    ///
    /// # Shapes
    /// Features `[n_frames][n_features]`, weights `[n_frames]`.
    ///
    /// # Errors
    /// If rows are not whole, there is none, a weight is negative, or anything is not finite.
    pub fn fit<T: Copy + Into<f64> + Sync>(
        n_features: usize,
        features: &[T],
        weights: Option<&[f64]>,
    ) -> Result<Self> {
        let n_frames = features.len() / n_features.max(1);
        check_length("features", n_frames * n_features, features.len())?;
        check_count("frames", 1, n_frames)?;
        crate::tica::check_input(features, weights, n_frames)?;
        let mut moments = Moments::new(n_features);
        moments.add(n_frames, weights, |row, column| {
            for (value, &x) in column.iter_mut().zip(&features[row * n_features..]) {
                *value = x.into();
            }
        });
        if moments.weight <= 0.0 {
            return Err(Error::Undetermined {
                what: "principal components",
                reason: "all weights are zero".to_owned(),
            });
        }
        let (variances, mut components) = symmetric_eigen(moments.covariance());
        canonical_signs(&mut components);
        Ok(Self {
            mean: moments.mean.iter().copied().collect(),
            variances: variances.iter().map(|v| v.max(0.0)).collect(),
            components,
        })
    }

    /// Variances along the components, in the square of the features' unit.
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }

    /// Mean of the features.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Component `index`, of length 1.
    ///
    /// # Panics
    /// If there is no such component.
    pub fn component(&self, index: usize) -> Vec<f64> {
        self.components.column(index).iter().copied().collect()
    }

    /// Rows in the first `n_components` components.
    ///
    /// # Shapes
    /// In `[n_frames][n_features]`, out `[n_frames][n_components]`.
    ///
    /// # Errors
    /// If the rows are not whole, or there are fewer components.
    pub fn project<T: Copy + Into<f64> + Sync>(
        &self,
        features: &[T],
        n_components: usize,
    ) -> Result<Vec<f64>> {
        check_count(
            "principal components",
            n_components,
            self.components.ncols(),
        )?;
        let kept = self.components.columns(0, n_components).into_owned();
        crate::tica::project(&self.mean, &kept, features)
    }
}
