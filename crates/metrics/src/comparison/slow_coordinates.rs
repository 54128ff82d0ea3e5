//! The slow coordinates of the reference, and distances in them.

use super::evaluate::Weights;
use super::{ComparisonConfig, Entry, PlaneEntry, Sample, TicaEntries};
use crate::divergence::kullback_leibler;
use crate::error::{Error, Result};
use crate::histogram::{Bins, histogram_2d};
use crate::tica::{Tica, TicaConfig, TicaEstimator};
use crate::wasserstein::published;

/// Cells along each axis for distances in the plane of two TICs.
const PLANE_BINS: usize = 30;
/// Share to which empty bins are raised in the Kullback–Leibler divergence.
const FLOOR: f64 = 1e-6;
/// Frames whose TICA features are held at once.
const CHUNK: usize = 4096;
/// Lagged pairs for each direction of the features in which TICA looks, at least.
const PAIRS_PER_DIRECTION: usize = 10;

/// At most `most` of `n` indices, the first and the last among them.
pub(super) fn evenly_spaced(n: usize, most: usize) -> Vec<usize> {
    if n <= most {
        return (0..n).collect();
    }
    (0..most)
        .map(|i| (i * (n - 1) + (most - 1) / 2) / (most - 1))
        .collect()
}

/// TICA of the distances of the chosen beads, and their number.
///
/// A short reference is looked at in its first principal components only: of 780 distances in 98
/// frames, any sequence of frames can be made to look slow.
pub(super) fn fit_tica(sample: &Sample, chosen: &[usize], lag: usize) -> Result<(Tica, usize)> {
    let n_features = chosen.len() * (chosen.len() - 1) / 2;
    let pairs = sample.runs.iter().map(|run| run.saturating_sub(lag));
    let most = (pairs.sum::<usize>() / PAIRS_PER_DIRECTION).max(2);
    let config = TicaConfig {
        most_directions: Some(most),
        ..TicaConfig::new(lag)
    };
    let mut estimator = TicaEstimator::new(n_features, config)?;
    for run in sample.run_ranges() {
        for frames in chunks(run) {
            let features = sample.distances(chosen, frames.clone());
            estimator.add_chunk(&features, Some(&sample.weights[frames]))?;
        }
        estimator.end_trajectory();
    }
    Ok((estimator.fit()?, n_features))
}

/// A range in pieces of [`CHUNK`].
pub(super) fn chunks(
    range: std::ops::Range<usize>,
) -> impl Iterator<Item = std::ops::Range<usize>> {
    let end = range.end;
    range
        .step_by(CHUNK)
        .map(move |first| first..end.min(first + CHUNK))
}

pub(super) fn tica_entries(
    tica: &Tica,
    projections: &[Vec<f64>; 2],
    n_components: usize,
    config: &ComparisonConfig,
    weights: &Weights,
) -> Result<TicaEntries> {
    let column = |side: usize, i: usize| -> Vec<f64> {
        projections[side]
            .iter()
            .skip(i)
            .step_by(n_components)
            .copied()
            .collect()
    };
    let mut w1_1d = Vec::new();
    for i in 0..n_components.min(config.n_components) {
        w1_1d.push(weights.line(&column(0, i), &column(1, i), false)?);
    }
    let (mut w1_2d, mut kl_2d) = (None, None);
    if n_components >= 2 {
        let clouds = [0, 1].map(|side| plane(&projections[side], n_components));
        let ucsc = published::wasserstein_2d(
            &clouds[0],
            Some(&weights.reference),
            &clouds[1],
            Some(&weights.model),
        );
        let ucsc = match ucsc {
            Ok(distance) => Some(distance),
            // Too few or collinear frames have no kernel density.
            Err(Error::Undetermined { .. } | Error::TooFew { .. }) => None,
            Err(other) => return Err(other),
        };
        let entry = weights.plane(&clouds[0], &clouds[1], PLANE_BINS)?;
        w1_2d = Some(PlaneEntry { entry, ucsc });
        kl_2d = Some(divergence(&clouds, weights)?);
    }
    Ok(TicaEntries {
        eigenvalues: tica.eigenvalues().to_vec(),
        directions: tica.rank(),
        w1_2d,
        w1_1d,
        kl_2d,
    })
}

/// The first two components of each frame.
pub(super) fn plane(projection: &[f64], n_components: usize) -> Vec<[f64; 2]> {
    projection
        .chunks_exact(n_components)
        .map(|row| [row[0], row[1]])
        .collect()
}

fn divergence(clouds: &[Vec<[f64; 2]>; 2], weights: &Weights) -> Result<Entry> {
    let axis = |axis: usize| -> Result<Bins> {
        let values: Vec<f64> = clouds[0].iter().map(|p| p[axis]).collect();
        let bins = Bins::spanning(&[&values], PLANE_BINS)?;
        let margin = 0.1 * (bins.high - bins.low);
        Bins::new(bins.low - margin, bins.high + margin, PLANE_BINS)
    };
    let (x, y) = (axis(0)?, axis(1)?);
    let of = |model: &[[f64; 2]], u: &[f64], v: &[f64]| -> Result<f64> {
        let p = histogram_2d(&x, &y, &clouds[0], Some(u))?;
        kullback_leibler(&p, &histogram_2d(&x, &y, model, Some(v))?, FLOOR)
    };
    weights.entry(|u, v| of(&clouds[1], u, v), |u, v| of(&clouds[0], u, v))
}
