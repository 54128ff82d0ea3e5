//! First centres by k-means++: each with probability proportional to the squared distance from
//! those chosen before.

use super::{BLOCK, KMeansConfig, too_few};
use crate::error::Result;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Centres `[n_clusters][n_features]`, all different rows.
pub(super) fn plus_plus(
    n_features: usize,
    rows: &[f64],
    weights: &[f64],
    config: &KMeansConfig,
) -> Result<Vec<f64>> {
    let mut random = ChaCha8Rng::seed_from_u64(config.seed);
    let row = |index: usize| &rows[index * n_features..(index + 1) * n_features];
    let mut centres = Vec::with_capacity(config.n_clusters * n_features);
    // Weight times squared distance from the nearest centre so far; at first the weight alone.
    let mut pull = weights.to_vec();
    let mut nearest = vec![f64::INFINITY; weights.len()];
    for n_chosen in 0..config.n_clusters {
        let Some(chosen) = draw(&pull, random.random()) else {
            return Err(too_few(config.n_clusters, n_chosen));
        };
        let centre = row(chosen);
        centres.extend_from_slice(centre);
        nearest
            .par_chunks_mut(BLOCK)
            .zip(pull.par_chunks_mut(BLOCK))
            .zip(weights.par_chunks(BLOCK))
            .zip(rows.par_chunks(BLOCK * n_features))
            .for_each(|(((nearest, pull), weights), rows)| {
                let rows = rows.chunks_exact(n_features);
                let entries = nearest.iter_mut().zip(pull).zip(weights).zip(rows);
                for (((nearest, pull), weight), row) in entries {
                    let square: f64 = row.iter().zip(centre).map(|(a, b)| (a - b) * (a - b)).sum();
                    *nearest = nearest.min(square);
                    *pull = *nearest * weight;
                }
            });
    }
    Ok(centres)
}

/// The entry at which the running sum passes `share` of the whole; `None` if all are zero.
fn draw(pull: &[f64], share: f64) -> Option<usize> {
    let blocks: Vec<f64> = pull.par_chunks(BLOCK).map(|b| b.iter().sum()).collect();
    let mut left = share * blocks.iter().sum::<f64>();
    let mut last = None;
    for (block, sum) in blocks.iter().enumerate() {
        // The last block that holds anything takes what rounding left over.
        let is_last = blocks[block + 1..].iter().all(|&sum| sum <= 0.0);
        if *sum > 0.0 && (left < *sum || is_last) {
            for (index, &value) in pull[block * BLOCK..].iter().take(BLOCK).enumerate() {
                if value > 0.0 {
                    last = Some(block * BLOCK + index);
                    if left < value {
                        break;
                    }
                }
                left -= value;
            }
            return last;
        }
        left -= sum;
    }
    None
}
