//! Value, error and baseline of every quantity from one set of resamples.

use super::ensemble::Sample;
use super::summary::Entry;
use crate::bootstrap::{Blocks, standard_error};
use crate::error::Result;
use crate::wasserstein::{Lattice, Merged};
use rayon::prelude::*;

/// Weights of the frames: as given, of the halves of the reference, and of the resamples.
pub(super) struct Weights {
    pub(super) reference: Vec<f64>,
    pub(super) model: Vec<f64>,
    pub(super) halves: [Vec<f64>; 2],
    pub(super) resampled: Vec<(Vec<f64>, Vec<f64>)>,
}

impl Weights {
    pub(super) fn new(
        reference: &Sample,
        model: &Sample,
        blocks: &[Blocks; 2],
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
        let draw = |sample: &Sample, blocks: &Blocks, index: u64| -> Vec<f64> {
            let counts = blocks.resample(seed, index);
            counts
                .iter()
                .zip(&sample.weights)
                .map(|(count, weight)| count * weight)
                .collect()
        };
        let resampled = (0..n_resamples as u64)
            .map(|i| {
                (
                    draw(reference, &blocks[0], 2 * i),
                    draw(model, &blocks[1], 2 * i + 1),
                )
            })
            .collect();
        Self {
            reference: reference.weights.clone(),
            model: model.weights.clone(),
            halves: [half(true), half(false)],
            resampled,
        }
    }

    /// Evaluates `distance` on reference and model, and `baseline` on the halves of the reference.
    pub(super) fn entry<D, B>(&self, distance: D, baseline: B) -> Result<Entry>
    where
        D: Fn(&[f64], &[f64]) -> Result<f64> + Sync,
        B: Fn(&[f64], &[f64]) -> Result<f64>,
    {
        let sums = |pair: &&(Vec<f64>, Vec<f64>)| {
            pair.0.iter().sum::<f64>() > 0.0 && pair.1.iter().sum::<f64>() > 0.0
        };
        // A resample that happens to draw only frames of weight zero says nothing.
        let usable: Vec<_> = self.resampled.iter().filter(sums).collect();
        let values: Result<Vec<f64>> = usable
            .par_iter()
            .map(|pair| distance(&pair.0, &pair.1))
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
        let both = Merged::new(reference, per_reference, model, per_model);
        let halves = Merged::new(reference, per_reference, reference, per_reference);
        let of = |merged: &Merged, u: &[f64], v: &[f64]| {
            Ok(if circular {
                merged.circular_distance(u, v)
            } else {
                merged.distance(u, v)
            })
        };
        self.entry(|u, v| of(&both, u, v), |u, v| of(&halves, u, v))
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
