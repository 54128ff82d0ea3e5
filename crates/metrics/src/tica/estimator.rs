//! Collects what a TICA needs from trajectories.

use super::moments::Moments;
use super::{Tica, TicaConfig};
use crate::error::{Error, Result, check_count, check_length};

/// Reads trajectories piece by piece, in memory that does not grow with their length.
///
/// With s = xₜ + xₜ₊τ and d = xₜ₊τ − xₜ the reversible covariances are
/// C₀₀ = ¼ (cov s + ⟨ddᵀ⟩) and C₀ₜ = ¼ (cov s − ⟨ddᵀ⟩): two symmetric products instead of
/// three general ones, and both matrices are symmetric by construction.
#[derive(Clone, Debug)]
pub struct TicaEstimator {
    config: TicaConfig,
    n_features: usize,
    sums: Moments,
    differences: Moments,
    /// The last `lag` rows of the trajectory under way, and their weights.
    tail: Vec<f64>,
    tail_weights: Vec<f64>,
}

impl TicaEstimator {
    /// An estimator that has seen nothing.
    ///
    /// # Errors
    /// [`Error::Argument`] for no features, a lag of 0, or a cutoff that is not a positive number.
    pub fn new(n_features: usize, config: TicaConfig) -> Result<Self> {
        if n_features == 0 {
            return Err(argument("number of features", "at least 1", &0));
        }
        if config.lag == 0 {
            return Err(argument("lag time of TICA in frames", "at least 1", &0));
        }
        if !(config.epsilon > 0.0 && config.epsilon.is_finite()) {
            return Err(argument(
                "variance cutoff of TICA",
                "a positive number",
                &config.epsilon,
            ));
        }
        Ok(Self {
            config,
            n_features,
            sums: Moments::new(n_features),
            differences: Moments::new(n_features),
            tail: Vec::new(),
            tail_weights: Vec::new(),
        })
    }

    /// Adds one whole trajectory; the weight of a lagged pair is that of its first frame.
    ///
    /// # Shapes
    /// Features `[n_frames][n_features]`, weights `[n_frames]`.
    ///
    /// # Errors
    /// If rows are not whole, a weight is negative, or anything is not finite.
    pub fn add<T: Copy + Into<f64> + Sync>(
        &mut self,
        features: &[T],
        weights: Option<&[f64]>,
    ) -> Result<()> {
        self.end_trajectory();
        let added = self.add_chunk(features, weights);
        self.end_trajectory();
        added
    }

    /// Adds the next frames of the trajectory under way, of which no lagged pair is lost.
    ///
    /// # Errors
    /// As [`TicaEstimator::add`].
    pub fn add_chunk<T: Copy + Into<f64> + Sync>(
        &mut self,
        features: &[T],
        weights: Option<&[f64]>,
    ) -> Result<()> {
        let n_frames = features.len() / self.n_features;
        check_length("features", n_frames * self.n_features, features.len())?;
        check_features(features)?;
        if let Some(weights) = weights {
            check_length("weights of frames", n_frames, weights.len())?;
            check_weights(weights)?;
        }
        let weighted = weights.is_some() || self.tail_weights.iter().any(|&w| w != 1.0);
        let mut all_weights = Vec::new();
        if weighted {
            all_weights.extend_from_slice(&self.tail_weights);
            match weights {
                Some(weights) => all_weights.extend_from_slice(weights),
                None => all_weights.resize(self.tail_weights.len() + n_frames, 1.0),
            }
        }
        let all_weights = weighted.then_some(all_weights.as_slice());
        if self.tail.is_empty() {
            self.add_rows(features, all_weights);
        } else {
            let mut joined = std::mem::take(&mut self.tail);
            joined.extend(features.iter().map(|&value| value.into()));
            self.add_rows(&joined, all_weights);
        }
        Ok(())
    }

    /// Says that the next chunk belongs to another trajectory.
    pub fn end_trajectory(&mut self) {
        self.tail.clear();
        self.tail_weights.clear();
    }

    /// Total weight of the lagged pairs seen so far: their number, without weights.
    pub fn weight(&self) -> f64 {
        self.sums.weight
    }

    /// The slow coordinates.
    ///
    /// # Errors
    /// [`Error::TooFew`] without a lagged pair of positive weight; [`Error::Undetermined`] if no
    /// feature varies.
    pub fn fit(&self) -> Result<Tica> {
        if self.sums.weight <= 0.0 {
            check_count("lagged pairs of frames", 1, 0)?;
        }
        let sums = self.sums.covariance();
        let mean = &self.differences.mean;
        let differences = self.differences.covariance() + mean * mean.transpose();
        let instantaneous = (&sums + &differences) * 0.25;
        let lagged = (sums - differences) * 0.25;
        let mean = self.sums.mean.iter().map(|value| 0.5 * value).collect();
        Tica::from_covariances(mean, instantaneous, &lagged, &self.config)
    }

    fn add_rows<T: Copy + Into<f64> + Sync>(&mut self, rows: &[T], weights: Option<&[f64]>) {
        let (n, lag) = (self.n_features, self.config.lag);
        let n_rows = rows.len() / n;
        let n_pairs = n_rows.saturating_sub(lag);
        let pair = |row: usize| {
            let early = &rows[row * n..(row + 1) * n];
            let late = &rows[(row + lag) * n..(row + lag + 1) * n];
            early.iter().zip(late).map(|(&x, &y)| (x.into(), y.into()))
        };
        let weights_of_pairs = weights.map(|weights| &weights[..n_pairs]);
        self.sums.add(n_pairs, weights_of_pairs, |row, column| {
            for (value, (x, y)) in column.iter_mut().zip(pair(row)) {
                *value = x + y;
            }
        });
        self.differences
            .add(n_pairs, weights_of_pairs, |row, column| {
                for (value, (x, y)) in column.iter_mut().zip(pair(row)) {
                    *value = y - x;
                }
            });
        let first = n_rows.saturating_sub(lag);
        self.tail = rows[first * n..]
            .iter()
            .map(|&value| value.into())
            .collect();
        self.tail_weights = weights.map_or_else(
            || vec![1.0; n_rows - first],
            |weights| weights[first..].to_vec(),
        );
    }
}

fn argument(what: &'static str, expected: &'static str, found: &impl ToString) -> Error {
    Error::Argument {
        what,
        expected,
        found: found.to_string(),
    }
}

/// [`Error::NotFinite`] unless every feature is a finite number.
pub(crate) fn check_features<T: Copy + Into<f64>>(features: &[T]) -> Result<()> {
    match features.iter().position(|&value| !value.into().is_finite()) {
        None => Ok(()),
        Some(index) => Err(Error::NotFinite {
            what: "features",
            index,
            value: features[index].into(),
        }),
    }
}

/// An error unless every weight is finite and none is negative.
pub(crate) fn check_weights(weights: &[f64]) -> Result<()> {
    crate::error::check_finite("weights", weights)?;
    match weights.iter().find(|&&weight| weight < 0.0) {
        None => Ok(()),
        Some(&weight) => Err(argument("weights", "no negative weight", &weight)),
    }
}
