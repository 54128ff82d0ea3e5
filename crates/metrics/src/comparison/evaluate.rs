//! Value, error and baseline of every quantity from one set of resamples.

use super::ensemble::Sample;
use super::summary::{Entry, Estimate};
use crate::bootstrap::{Blocks, standard_error};
use crate::error::Result;
use crate::wasserstein::{Lattice, Merged};
use rayon::prelude::*;

/// Weights of the frames: as given, of the halves of the reference, and of the resamples.
///
/// Resamples are drawn when they are needed: kept, they would be the largest thing in memory.
pub(super) struct Weights {
    pub(super) reference: Vec<f64>,
    pub(super) model: Vec<f64>,
    pub(super) halves: [Vec<f64>; 2],
    blocks: [Blocks; 2],
    pub(super) n_resamples: usize,
    seed: u64,
}

impl Weights {
    pub(super) fn new(
        reference: &Sample,
        model: &Sample,
        blocks: [Blocks; 2],
        n_resamples: usize,
        seed: u64,
    ) -> Self {
        let n = reference.n_frames();
        let half = |first: bool| {
            let weights = reference.weights.iter().enumerate();
            weights
                .map(|(i, &w)| if (i < n / 2) == first { w } else { 0.0 })
                .collect()
        };
        Self {
            reference: reference.weights.clone(),
            model: model.weights.clone(),
            halves: [half(true), half(false)],
            blocks,
            n_resamples,
            seed,
        }
    }

    /// Weights of resample `index` of the reference (side 0) or the model (side 1).
    pub(super) fn resample(&self, side: usize, index: usize) -> Vec<f64> {
        let mut weights = self.blocks[side].resample(self.seed, (2 * index + side) as u64);
        let given = if side == 0 {
            &self.reference
        } else {
            &self.model
        };
        weights
            .iter_mut()
            .zip(given)
            .for_each(|(count, weight)| *count *= weight);
        weights
    }

    /// A number of one side with its standard error.
    pub(super) fn estimate<F>(&self, side: usize, number: F) -> Estimate
    where
        F: Fn(&[f64]) -> f64 + Sync,
    {
        let values: Vec<f64> = (0..self.n_resamples)
            .into_par_iter()
            .map(|index| number(&self.resample(side, index)))
            .collect();
        let given = if side == 0 {
            &self.reference
        } else {
            &self.model
        };
        Estimate {
            value: number(given),
            error: standard_error(&values),
        }
    }

    /// Evaluates `distance` on reference and model, and `baseline` on the halves of the reference.
    pub(super) fn entry<D, B>(&self, distance: D, baseline: B) -> Result<Entry>
    where
        D: Fn(&[f64], &[f64]) -> Result<f64> + Sync,
        B: Fn(&[f64], &[f64]) -> Result<f64>,
    {
        // A resample that happens to draw only frames of weight zero says nothing.
        let usable = |weights: &[f64]| weights.iter().sum::<f64>() > 0.0;
        let values: Result<Vec<f64>> = (0..self.n_resamples)
            .into_par_iter()
            .map(|index| (self.resample(0, index), self.resample(1, index)))
            .filter(|(u, v)| usable(u) && usable(v))
            .map(|(u, v)| distance(&u, &v))
            .collect();
        Ok(Entry {
            value: distance(&self.reference, &self.model)?,
            error: standard_error(&values?),
            baseline: baseline(&self.halves[0], &self.halves[1])?,
        })
    }

    /// Wasserstein-1 distance of values, the same number for every frame of a sample.
    pub(super) fn line(&self, reference: &[f64], model: &[f64], circular: bool) -> Result<Entry> {
        crate::error::check_finite("values of the reference", reference)?;
        crate::error::check_finite("values of the model", model)?;
        let per_reference = reference.len() / self.reference.len();
        let per_model = model.len() / self.model.len();
        let of = |merged: &Merged, u: &[f64], v: &[f64]| {
            Ok(if circular {
                merged.circular_distance(u, v)
            } else {
                merged.distance(u, v)
            })
        };
        // One after the other: each may be the largest thing in memory.
        let baseline = {
            let halves = Merged::of_one(reference, per_reference);
            of(&halves, &self.halves[0], &self.halves[1])?
        };
        let both = Merged::new(reference, per_reference, model, per_model);
        self.entry(|u, v| of(&both, u, v), |_, _| Ok(baseline))
    }

    /// Wasserstein-1 distance in the plane.
    pub(super) fn plane(
        &self,
        reference: &[[f64; 2]],
        model: &[[f64; 2]],
        n_bins: usize,
    ) -> Result<Entry> {
        let both = Lattice::new(reference, model, n_bins);
        let halves = Lattice::new(reference, reference, n_bins);
        self.entry(|u, v| both.distance(u, v), |u, v| halves.distance(u, v))
    }
}

/// Mean of one value a frame; NaN if no frame has a weight.
pub(super) fn weighted_mean(values: &[f64], weights: &[f64]) -> f64 {
    let sum: f64 = values.iter().zip(weights).map(|(x, w)| x * w).sum();
    sum / weights.iter().sum::<f64>()
}
