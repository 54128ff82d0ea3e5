//! What is kept of a few frames while they are evaluated.

use super::Weights;
use crate::cpu::Buffer;
use crate::network::{Dual, RadialValue, envelope};

/// A few frames on their way through a network. Buffers are kept from tile to tile.
///
/// Rows of pairs come twice: values, then slopes over distance. Rows of beads come twice where a force
/// loss needs rates: values, then rates along v; what belongs to the way back has the rates first, so
/// that one product of both gives a weight's gradient.
#[derive(Debug, Default)]
pub(crate) struct Tile {
    pub(super) n_rows: usize,
    /// Rows (frame · n_beads + bead) of each pair within the cutoff.
    pub(super) pairs: Vec<[u32; 2]>,
    /// (xᵢ − xⱼ)/r of each pair.
    pub(super) directions: Vec<[f64; 3]>,
    pub(super) envelopes: Vec<[f32; 2]>,
    /// Radial functions of each pair with derivatives over their constants, for training.
    pub(super) radial: Vec<RadialValue<Dual>>,
    /// What filters see, `[2 pairs]`.
    pub(super) features: Buffer,
    pub(super) by_features: Buffer,
    pub(super) by_distance: Vec<f64>,
    /// Rates of distances along v.
    pub(super) rates: Vec<f32>,
    pub(super) blocks: Vec<BlockTape>,
    pub(super) head: Vec<HeadTape>,
    /// Bead features: the residual stream, then its rates.
    pub(super) x: Buffer,
    /// Derivatives over bead features: rates, then values.
    pub(super) by_x: Buffer,
    /// Energy of each frame, kJ/mol.
    pub(crate) energies: Vec<f64>,
    pub(super) scratch: [Buffer; 2],
}

/// What one interaction block keeps.
#[derive(Debug, Default)]
pub(super) struct BlockTape {
    /// Filters with their envelope, `[2 pairs]`.
    pub(super) filters: Buffer,
    pub(super) hidden: Buffer,
    pub(super) hidden_slope: Buffer,
    pub(super) hidden_curve: Buffer,
    pub(super) input: Buffer,
    pub(super) projected: Buffer,
    pub(super) convolved: Buffer,
    pub(super) mixed: Buffer,
    pub(super) slope: Buffer,
    pub(super) curvature: Buffer,
    /// Rates of what is activated.
    pub(super) mixed_rate: Buffer,
    pub(super) by_output: Buffer,
    /// ∂E over activated values.
    pub(super) by_mixed: Buffer,
    pub(super) by_mixing: Buffer,
    pub(super) by_convolved: Buffer,
    pub(super) by_projected: Buffer,
}

/// What one hidden layer of the head keeps.
#[derive(Debug, Default)]
pub(super) struct HeadTape {
    pub(super) input: Buffer,
    pub(super) output: Buffer,
    pub(super) slope: Buffer,
    pub(super) curvature: Buffer,
    /// Rates before activation.
    pub(super) rate: Buffer,
    pub(super) by_output: Buffer,
    pub(super) by_mixing: Buffer,
}

impl Tile {
    /// Finds pairs, their features and envelopes; sizes all buffers.
    pub(super) fn prepare(
        &mut self,
        weights: &Weights<'_>,
        positions: &[[f32; 3]],
        training: bool,
    ) {
        let config = weights.config();
        let n_beads = weights.network.bead_types().len();
        let cutoffs = [config.cutoff_lower, config.cutoff_upper];
        self.n_rows = positions.len();
        self.pairs.clear();
        self.directions.clear();
        self.rates.clear();
        let mut distances = Vec::new();
        for (frame, positions) in positions.chunks_exact(n_beads).enumerate() {
            for i in 0..n_beads {
                for j in i + 1..n_beads {
                    let d: [f64; 3] = std::array::from_fn(|k| {
                        f64::from(positions[i][k]) - f64::from(positions[j][k])
                    });
                    let r = (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt();
                    // a distance that is no number has to show in the energy
                    if r >= cutoffs[1] || r < cutoffs[0] {
                        continue;
                    }
                    let first = (frame * n_beads) as u32;
                    self.pairs.push([first + i as u32, first + j as u32]);
                    self.directions.push(d.map(|x| x / r));
                    distances.push(r);
                }
            }
        }
        self.features_of(weights, &distances, training);
        if config.sequence_reach.is_some() {
            for (pair, rows) in self.pairs.iter().enumerate() {
                let [i, j] = rows.map(|row| row as usize % n_beads);
                self.features.row_mut(pair)[config.radial.n] =
                    weights.network.pair_feature(i, j) as f32;
            }
        }
        self.by_distance.clear();
        self.by_distance.resize(self.pairs.len(), 0.0);
        self.resize(weights);
    }

    /// Radial functions and envelopes of these distances (nm).
    pub(super) fn features_of(&mut self, weights: &Weights<'_>, distances: &[f64], training: bool) {
        let config = weights.config();
        let cutoffs = [config.cutoff_lower, config.cutoff_upper];
        let (n, n_radial) = (distances.len(), config.radial.n);
        self.features.resize(2 * n, config.edge_width());
        self.features.fill(0.0);
        self.envelopes.clear();
        self.radial.clear();
        let mut radial = vec![RadialValue::zero(); n_radial];
        let mut plain = vec![RadialValue::zero(); n_radial];
        for (pair, &r) in distances.iter().enumerate() {
            let (c, c_slope) = envelope(cutoffs, r);
            self.envelopes.push([c as f32, c_slope as f32]);
            if training && config.radial.trainable {
                let moving = Dual {
                    value: r,
                    derivative: 1.0,
                };
                config
                    .radial
                    .evaluate(&weights.constants, cutoffs, moving, &mut radial);
                for (k, phi) in radial.iter().enumerate() {
                    self.features.row_mut(pair)[k] = phi.value.value as f32;
                    self.features.row_mut(n + pair)[k] = phi.value.derivative as f32;
                }
                self.radial.extend_from_slice(&radial);
            } else {
                config
                    .radial
                    .evaluate(&weights.constants, cutoffs, r, &mut plain);
                for (k, phi) in plain.iter().enumerate() {
                    self.features.row_mut(pair)[k] = phi.value as f32;
                    self.features.row_mut(n + pair)[k] = phi.slope as f32;
                }
            }
        }
    }

    fn resize(&mut self, weights: &Weights<'_>) {
        let config = weights.config();
        let (rows, pairs) = (self.n_rows, self.pairs.len());
        self.x.resize(2 * rows, config.hidden);
        self.by_x.resize(2 * rows, config.hidden);
        self.blocks.resize_with(config.layers, BlockTape::default);
        for block in &mut self.blocks {
            block.filters.resize(2 * pairs, config.filters);
            block.hidden.resize(2 * pairs, config.filters);
            block.hidden_slope.resize(pairs, config.filters);
            block.hidden_curve.resize(pairs, config.filters);
            for buffer in [
                &mut block.projected,
                &mut block.convolved,
                &mut block.by_convolved,
                &mut block.by_projected,
            ] {
                buffer.resize(2 * rows, config.filters);
            }
            for buffer in [
                &mut block.input,
                &mut block.mixed,
                &mut block.by_output,
                &mut block.by_mixing,
            ] {
                buffer.resize(2 * rows, config.hidden);
            }
            for buffer in [
                &mut block.slope,
                &mut block.curvature,
                &mut block.mixed_rate,
                &mut block.by_mixed,
            ] {
                buffer.resize(rows, config.hidden);
            }
        }
        self.head.resize_with(config.head.len(), HeadTape::default);
        let mut width = config.hidden;
        for (head, &next) in self.head.iter_mut().zip(&config.head) {
            head.input.resize(2 * rows, width);
            for buffer in [&mut head.output, &mut head.by_mixing] {
                buffer.resize(2 * rows, next);
            }
            for buffer in [
                &mut head.slope,
                &mut head.curvature,
                &mut head.rate,
                &mut head.by_output,
            ] {
                buffer.resize(rows, next);
            }
            width = next;
        }
    }
}
