//! From positions to energies.

use super::{Tile, Weights};
use crate::cpu::{Convolution, activate, activate_pairs, apply_envelope, convolve};

impl Tile {
    /// Energies of the tile's frames, keeping what the way back needs.
    pub(super) fn forward(
        &mut self,
        weights: &Weights<'_>,
        positions: &[[f32; 3]],
        training: bool,
    ) {
        self.prepare(weights, positions, training);
        for block in 0..self.blocks.len() {
            self.filters(weights, block, training);
        }
        let n = self.n_rows;
        for row in 0..n {
            let of_bead = weights.embedded.row(row % weights.embedded.rows());
            self.x.row_mut(row).copy_from_slice(of_bead);
        }
        for block in 0..self.blocks.len() {
            self.interact(weights, block);
        }
        self.head_forward(weights);
    }

    /// Filters of one block with their slopes, of all pairs.
    pub(super) fn filters(&mut self, weights: &Weights<'_>, block: usize, training: bool) {
        let packed = &weights.blocks[block];
        let tape = &mut self.blocks[block];
        let n = self.envelopes.len();
        let (values, slopes) = tape.hidden.split_mut(n);
        let stride = self.features.stride();
        packed
            .a1
            .forward
            .apply(&self.features, stride, values, true, false);
        packed
            .a1
            .forward
            .apply(self.features.rows_from(n), stride, slopes, false, false);
        let kept = training.then(|| [&mut tape.hidden_slope[..], &mut tape.hidden_curve[..]]);
        activate_pairs(
            weights.set,
            weights.config().activation,
            [values, slopes],
            kept,
        );
        let stride = tape.hidden.stride();
        let (values, slopes) = tape.filters.split_mut(n);
        packed
            .a2
            .forward
            .apply(&tape.hidden, stride, values, true, false);
        packed
            .a2
            .forward
            .apply(tape.hidden.rows_from(n), stride, slopes, false, false);
        apply_envelope(weights.set, &self.envelopes, &mut tape.filters);
    }

    fn interact(&mut self, weights: &Weights<'_>, block: usize) {
        let packed = &weights.blocks[block];
        let tape = &mut self.blocks[block];
        let n = self.n_rows;
        let x = self.x.split_mut(n).0;
        tape.input.split_mut(n).0.copy_from_slice(x);
        let stride = tape.input.stride();
        let projected = tape.projected.split_mut(n).0;
        packed.b.forward.apply(x, stride, projected, false, false);
        let convolution = Convolution {
            pairs: &self.pairs,
            filters: &tape.filters,
        };
        let convolved = tape.convolved.split_mut(n).0;
        convolved.fill(0.0);
        convolve(weights.set, convolution, projected, convolved);
        let mixed = tape.mixed.split_mut(n).0;
        packed
            .d
            .forward
            .apply(convolved, tape.projected.stride(), mixed, true, false);
        let activation = weights.config().activation;
        activate(
            weights.set,
            activation,
            mixed,
            &mut tape.slope,
            &mut tape.curvature,
        );
        packed.g.forward.apply(mixed, stride, x, true, true);
    }

    fn head_forward(&mut self, weights: &Weights<'_>) {
        let n = self.n_rows;
        let activation = weights.config().activation;
        let mut top = &self.x;
        for (tape, layer) in self.head.iter_mut().zip(&weights.head) {
            let input = tape.input.split_mut(n).0;
            input.copy_from_slice(&top[..input.len()]);
            let stride = tape.input.stride();
            let output = tape.output.split_mut(n).0;
            layer
                .forward
                .apply(&tape.input, stride, output, true, false);
            activate(
                weights.set,
                activation,
                output,
                &mut tape.slope,
                &mut tape.curvature,
            );
            top = &tape.output;
        }
        let n_beads = weights.network.bead_types().len();
        self.energies.clear();
        for frame in 0..n / n_beads {
            let rows = frame * n_beads..(frame + 1) * n_beads;
            let energy = |row: usize| -> f64 {
                let products = top.row(row).iter().zip(weights.last.iter());
                products.map(|(&x, &w)| f64::from(x) * f64::from(w)).sum()
            };
            self.energies
                .push(rows.map(|row| energy(row) + weights.last_bias).sum());
        }
    }
}
