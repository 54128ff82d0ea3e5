//! Time-lagged independent component analysis: the slowest linear coordinates of trajectories.
//!
//! The conventions are those of deeptime 0.4.5, so that numbers compare: means of both ends,
//! reversible estimate, no Bessel's correction, a cutoff of small variances, eigenvalues by falling
//! magnitude, the largest entry of each eigenvector positive, columns scaled to a kinetic map.
//!
//! # References
//! G. Pérez-Hernández, F. Paul, T. Giorgino, G. De Fabritiis, F. Noé, J. Chem. Phys. 2013, 139, 015102,
//! doi:10.1063/1.4811489.

pub(crate) mod eigen;
mod estimator;
pub(crate) mod moments;

pub use estimator::TicaEstimator;
pub(crate) use estimator::check_weights;

use crate::error::{Result, check_length};
use eigen::{canonical_signs, inverse_root, symmetric_eigen};
use nalgebra::{DMatrix, DMatrixView};
use rayon::prelude::*;

/// How the components are scaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scaling {
    /// Each has variance 1.
    None,
    /// Component i is multiplied by its eigenvalue λᵢ: Euclidean distances become kinetic ones.
    ///
    /// # References
    /// F. Noé, C. Clementi, J. Chem. Theory Comput. 2015, 11, 5002, doi:10.1021/acs.jctc.5b00553.
    #[default]
    KineticMap,
    /// Component i is multiplied by √(tᵢ/2) with the regularised timescale
    /// t = ½ s·max(0, tanh(π (s−τ)/τ + 1)), s = 1 − τ/ln|λ|.
    ///
    /// # References
    /// F. Noé, R. Banisch, C. Clementi, J. Chem. Theory Comput. 2016, 12, 5620,
    /// doi:10.1021/acs.jctc.6b00762; the damping and the 1 of s as in deeptime.
    CommuteMap,
}

/// What a TICA is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct TicaConfig {
    /// Lag time in frames, at least 1.
    pub lag: usize,
    /// Scaling of the components.
    pub scaling: Scaling,
    /// Directions with a variance below this, in the square of the features' unit, are left out.
    pub epsilon: f64,
    /// Number of components to keep at most; all without it.
    pub dimension: Option<usize>,
    /// Directions of largest variance in which slow ones are looked for, at most; all above
    /// `epsilon` without it. Fewer than a tenth of the lagged pairs keep noise from passing for
    /// slowness: with more directions than pairs every eigenvalue is ±1. Not in deeptime.
    pub most_directions: Option<usize>,
}

impl TicaConfig {
    /// deeptime's defaults: kinetic map, variances below 10⁻⁶ left out, all components.
    pub fn new(lag: usize) -> Self {
        Self {
            lag,
            scaling: Scaling::KineticMap,
            epsilon: 1e-6,
            dimension: None,
            most_directions: None,
        }
    }
}

/// Slow coordinates (x − μ) R of features x, estimated by a [`TicaEstimator`].
///
/// # Examples
/// ```
/// use metrics::tica::{TicaConfig, TicaEstimator};
/// // One feature that changes its sign every eight frames.
/// let rows: Vec<f64> = (0..800).map(|t| if (t / 8) % 2 == 0 { 1.0 } else { -1.0 }).collect();
/// let mut estimator = TicaEstimator::new(1, TicaConfig::new(1))?;
/// estimator.add(&rows, None)?;
/// let tica = estimator.fit()?;
/// // Of eight steps seven keep the sign and one turns it: λ = (7 − 1)/8.
/// assert!((tica.eigenvalues()[0] - 0.75).abs() < 5e-3);
/// # Ok::<(), metrics::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Tica {
    mean: Vec<f64>,
    eigenvalues: Vec<f64>,
    components: DMatrix<f64>,
    rank: usize,
    lag: usize,
}

impl Tica {
    /// Solves C₀ₜ r = λ C₀₀ r.
    pub(crate) fn from_covariances(
        mean: Vec<f64>,
        instantaneous: DMatrix<f64>,
        lagged: &DMatrix<f64>,
        config: &TicaConfig,
    ) -> Result<Self> {
        let whitening = inverse_root(instantaneous, config.epsilon, config.most_directions)?;
        let rank = whitening.ncols();
        let small = whitening.tr_mul(&(lagged * &whitening));
        let (eigenvalues, rotation) = symmetric_eigen(0.5 * (&small + small.transpose()));
        let mut components = whitening * rotation;
        canonical_signs(&mut components);
        for (mut column, &value) in components.column_iter_mut().zip(eigenvalues.iter()) {
            column *= scale(config.scaling, value, config.lag as f64);
        }
        let kept = config.dimension.unwrap_or(rank).min(rank);
        Ok(Self {
            mean,
            eigenvalues: eigenvalues.iter().copied().collect(),
            components: components.columns(0, kept).into_owned(),
            rank,
            lag: config.lag,
        })
    }

    /// Eigenvalues of the transfer operator by falling magnitude: all, not only those kept.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// Implied timescales −τ/ln|λ| in frames.
    pub fn timescales(&self) -> Vec<f64> {
        let lag = self.lag as f64;
        self.eigenvalues
            .iter()
            .map(|value| -lag / value.abs().ln())
            .collect()
    }

    /// Mean of the features over both ends of all lagged pairs.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Number of features.
    pub fn n_features(&self) -> usize {
        self.mean.len()
    }

    /// Number of components kept.
    pub fn n_components(&self) -> usize {
        self.components.ncols()
    }

    /// Number of directions of large variance that were searched.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// Component `index`: the weights of the features, scaled.
    ///
    /// # Panics
    /// If there is no such component.
    pub fn component(&self, index: usize) -> Vec<f64> {
        self.components.column(index).iter().copied().collect()
    }

    /// Features in the slow coordinates.
    ///
    /// # Shapes
    /// In `[n_frames][n_features]`, out `[n_frames][n_components]`.
    ///
    /// # Errors
    /// [`Error::Length`](crate::Error::Length) if the rows are not whole.
    pub fn project<T: Copy + Into<f64> + Sync>(&self, features: &[T]) -> Result<Vec<f64>> {
        project(&self.mean, &self.components, features)
    }
}

/// (x − μ) R for every row x.
pub(crate) fn project<T: Copy + Into<f64> + Sync>(
    mean: &[f64],
    components: &DMatrix<f64>,
    features: &[T],
) -> Result<Vec<f64>> {
    let (n_features, n_components) = components.shape();
    let n_frames = features.len() / n_features.max(1);
    check_length("features", n_frames * n_features, features.len())?;
    let mut projected = vec![0.0; n_frames * n_components];
    const BLOCK: usize = 512;
    let turned = components.transpose();
    projected
        .par_chunks_mut(BLOCK * n_components.max(1))
        .zip(features.par_chunks(BLOCK * n_features.max(1)))
        .for_each(|(out, rows)| {
            let n = rows.len() / n_features;
            let mut centred: Vec<f64> = Vec::with_capacity(rows.len());
            for row in rows.chunks_exact(n_features) {
                centred.extend(row.iter().zip(mean).map(|(&x, m)| x.into() - m));
            }
            let centred = DMatrixView::from_slice(&centred, n_features, n);
            nalgebra::DMatrixViewMut::from_slice(out, n_components, n)
                .gemm(1.0, &turned, &centred, 0.0);
        });
    Ok(projected)
}

fn scale(scaling: Scaling, eigenvalue: f64, lag: f64) -> f64 {
    match scaling {
        Scaling::None => 1.0,
        Scaling::KineticMap => eigenvalue,
        Scaling::CommuteMap => {
            let timescale = 1.0 - lag / eigenvalue.abs().ln();
            let damping = (std::f64::consts::PI * (timescale - lag) / lag + 1.0)
                .tanh()
                .max(0.0);
            (0.25 * timescale * damping).sqrt()
        }
    }
}

/// An error unless features are finite, and weights fit and are none of them negative.
pub(crate) fn check_input<T: Copy + Into<f64>>(
    features: &[T],
    weights: Option<&[f64]>,
    n_frames: usize,
) -> Result<()> {
    estimator::check_features(features)?;
    if let Some(weights) = weights {
        check_length("weights of frames", n_frames, weights.len())?;
        estimator::check_weights(weights)?;
    }
    Ok(())
}
