//! Contact probabilities under many sets of weights.

use super::ensemble::{Beads, Sample};
use nalgebra::DMatrix;
use rayon::prelude::*;

/// Pairs worked on at once.
const PAIRS: usize = 1024;
/// Frames worked on at once.
const FRAMES: usize = 128;
/// Beads of one chain closer than this along it always touch and say nothing.
pub(super) const SEPARATION: usize = 3;

/// Pairs of beads whose contacts are compared.
pub(super) fn contact_pairs(beads: &Beads) -> Vec<[usize; 2]> {
    let n = beads.atoms.len();
    let chain_of = |bead: usize| beads.chains.iter().position(|chain| chain.contains(&bead));
    let chains: Vec<_> = (0..n).map(chain_of).collect();
    let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| [i, j]));
    pairs
        .filter(|&[i, j]| j - i >= SEPARATION || chains[i] != chains[j])
        .collect()
}

/// Probability of each pair to be closer than `cutoff`, for each set of weights of the frames.
///
/// # Shapes
/// Out `[n_sets][n_pairs]`.
pub(super) fn contact_probabilities(
    sample: &Sample,
    pairs: &[[usize; 2]],
    sets: &[Vec<f64>],
    cutoff: f64,
) -> Vec<Vec<f64>> {
    let totals: Vec<f64> = sets.iter().map(|weights| weights.iter().sum()).collect();
    let cutoff_square = (cutoff * cutoff) as f32;
    let touch = |x: &[[f32; 3]], [i, j]: [usize; 2]| {
        let d = [x[i][0] - x[j][0], x[i][1] - x[j][1], x[i][2] - x[j][2]];
        f64::from(u8::from(
            d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < cutoff_square,
        ))
    };
    let blocks: Vec<DMatrix<f64>> = pairs
        .par_chunks(PAIRS)
        .map(|pairs| {
            let mut sums = DMatrix::zeros(pairs.len(), sets.len());
            for first in (0..sample.n_frames()).step_by(FRAMES) {
                let n = FRAMES.min(sample.n_frames() - first);
                let weights = DMatrix::from_fn(n, sets.len(), |f, set| sets[set][first + f]);
                let mut touching = DMatrix::zeros(pairs.len(), n);
                for (f, mut column) in touching.column_iter_mut().enumerate() {
                    let x = sample.frame(first + f);
                    column
                        .iter_mut()
                        .zip(pairs)
                        .for_each(|(value, &pair)| *value = touch(x, pair));
                }
                sums.gemm(1.0, &touching, &weights, 1.0);
            }
            sums
        })
        .collect();
    let of_set = |set: usize| {
        let columns = blocks
            .iter()
            .flat_map(move |block| block.column(set).iter().copied().collect::<Vec<_>>());
        columns.map(|sum| sum / totals[set]).collect()
    };
    (0..sets.len()).map(of_set).collect()
}

/// Root-mean-square difference of two maps.
pub(super) fn root_mean_square_difference(a: &[f64], b: &[f64]) -> f64 {
    let squares: f64 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
    (squares / a.len().max(1) as f64).sqrt()
}
