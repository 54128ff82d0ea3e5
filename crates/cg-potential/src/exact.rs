//! The fused f32 evaluation of a network: energies, forces, and the gradient of a force loss.
//!
//! Frames are taken in tiles, small enough that what a tile keeps stays in cache. Filters and their
//! slopes over distance are computed once for each undirected pair, as two stacked sets of rows that
//! share each matrix product. The gradient of a force loss is the derivative, along v = ∂L/∂F, of the
//! way back through the network: one further pass over rates of everything, no tape. That pass also gives
//! the gradient of energies.

mod back;
mod energy;
mod forward;
mod rate;
mod tile;
mod weights;

pub(crate) use tile::Tile;
pub(crate) use weights::Weights;

use crate::{ForceModel, Network};
use rayon::prelude::*;

/// Pairs that a tile aims at: enough rows for matrix products, few enough for the cache.
const TILE_PAIRS: usize = 320;

/// Parts into which frames are divided at most; a number that does not depend on the threads, so that
/// sums over parts are the same bits on any machine.
const PARTS: usize = 16;

impl ForceModel for Network {
    fn n_beads(&self) -> usize {
        self.bead_types().len()
    }

    fn parameters(&self) -> &[f32] {
        Network::parameters(self)
    }

    fn parameters_mut(&mut self) -> &mut [f32] {
        Network::parameters_mut(self)
    }

    fn energies_forces(&self, positions: &[[f32; 3]], forces: &mut [[f32; 3]]) -> Vec<f64> {
        let tiling = Tiling::new(self, positions.len());
        assert_eq!(forces.len(), positions.len(), "forces");
        let weights = Weights::new(self);
        let energies: Vec<Vec<f64>> = positions
            .par_chunks(tiling.part)
            .zip(forces.par_chunks_mut(tiling.part))
            .map(|(positions, forces)| {
                let mut tile = Tile::default();
                let tiles = positions
                    .chunks(tiling.tile)
                    .zip(forces.chunks_mut(tiling.tile));
                tiles
                    .flat_map(|(positions, forces)| {
                        tile.energies_forces(&weights, positions, forces, false);
                        tile.energies.clone()
                    })
                    .collect()
            })
            .collect();
        energies.concat()
    }

    fn force_loss(
        &self,
        positions: &[[f32; 3]],
        targets: &[[f32; 3]],
        weights: &[[f32; 3]],
        gradient: &mut [f32],
    ) -> f64 {
        let tiling = Tiling::new(self, positions.len());
        assert_eq!(targets.len(), positions.len(), "targets");
        assert_eq!(weights.len(), positions.len(), "weights");
        assert_eq!(gradient.len(), self.parameters().len(), "gradient");
        let packed = Weights::new(self);
        let chunks = positions
            .par_chunks(tiling.part)
            .zip(targets.par_chunks(tiling.part))
            .zip(weights.par_chunks(tiling.part));
        let parts: Vec<(f64, Vec<f32>)> = chunks
            .map(|((positions, targets), weights)| {
                let mut tile = Tile::default();
                let mut gradient = vec![0.0; packed.n_parameters()];
                let tiles = positions
                    .chunks(tiling.tile)
                    .zip(targets.chunks(tiling.tile))
                    .zip(weights.chunks(tiling.tile));
                let loss = tiles
                    .map(|((positions, targets), weights)| {
                        tile.force_loss(&packed, positions, targets, weights, &mut gradient)
                    })
                    .sum();
                (loss, gradient)
            })
            .collect();
        add_parts(gradient, parts.iter().map(|(_, part)| part));
        parts.iter().map(|(loss, _)| loss).sum()
    }

    fn energy_gradient(
        &self,
        positions: &[[f32; 3]],
        scales: &[f32],
        gradient: &mut [f32],
    ) -> Vec<f64> {
        let tiling = Tiling::new(self, positions.len());
        let n = self.bead_types().len();
        assert_eq!(scales.len() * n, positions.len(), "scales");
        assert_eq!(gradient.len(), self.parameters().len(), "gradient");
        let packed = Weights::new(self);
        let parts: Vec<(Vec<f64>, Vec<f32>)> = positions
            .par_chunks(tiling.part)
            .zip(scales.par_chunks(tiling.part / n))
            .map(|(positions, scales)| {
                let mut tile = Tile::default();
                let mut gradient = vec![0.0; packed.n_parameters()];
                let tiles = positions
                    .chunks(tiling.tile)
                    .zip(scales.chunks(tiling.tile / n));
                let energies = tiles
                    .flat_map(|(positions, scales)| {
                        tile.energy_gradient(&packed, positions, scales, &mut gradient);
                        tile.energies.clone()
                    })
                    .collect();
                (energies, gradient)
            })
            .collect();
        add_parts(gradient, parts.iter().map(|(_, part)| part));
        parts
            .into_iter()
            .flat_map(|(energies, _)| energies)
            .collect()
    }
}

/// In the order of parts, so that threads do not matter.
fn add_parts<'a>(gradient: &mut [f32], parts: impl Iterator<Item = &'a Vec<f32>>) {
    for part in parts {
        for (sum, g) in gradient.iter_mut().zip(part) {
            *sum += g;
        }
    }
}

/// How many positions a tile and a part have.
struct Tiling {
    tile: usize,
    part: usize,
}

impl Tiling {
    fn new(network: &Network, n_positions: usize) -> Self {
        let n = network.bead_types().len();
        assert_eq!(n_positions % n, 0, "positions of whole frames");
        let pairs = n * (n - 1) / 2;
        let tile = (TILE_PAIRS / pairs.max(1)).clamp(1, 32);
        let tiles = (n_positions / n).div_ceil(tile);
        Self {
            tile: tile * n,
            part: tile * n * tiles.div_ceil(PARTS).max(1),
        }
    }
}
