//! The gradient of a force loss: rates of the way forth and back along v = ∂L/∂F.
//!
//! With L(F) and F = −∂E/∂x, ∂L/∂θ = d/dε ∂E/∂θ at x − ε v. Each weight's derivative ȳᵀx of the energy
//! has the rate (dȳ)ᵀx + ȳᵀ(dx): one product over rows stacked as \[dȳ; ȳ\] and \[x; dx\].

use super::tile::Tile;
use super::weights::Weights;
use crate::cpu::{
    Convolution, activate_pairs_back, add_column_sums, add_scaled, add_transposed_product,
    convolve_rate, convolve_rate_back, multiply,
};
use crate::network::Dense;

impl Tile {
    /// Σ w (F − F*)² of a few frames; its gradient is added to `gradient`.
    pub(crate) fn force_loss(
        &mut self,
        weights: &Weights<'_>,
        positions: &[[f32; 3]],
        targets: &[[f32; 3]],
        loss_weights: &[[f32; 3]],
        gradient: &mut [f32],
    ) -> f64 {
        let mut forces = vec![[0.0; 3]; positions.len()];
        self.energies_forces(weights, positions, &mut forces, true);
        let mut loss = 0.0;
        let mut motion = vec![[0.0_f64; 3]; positions.len()];
        for row in 0..positions.len() {
            for axis in 0..3 {
                let residual = f64::from(forces[row][axis]) - f64::from(targets[row][axis]);
                let weighted = f64::from(loss_weights[row][axis]) * residual;
                loss += weighted * residual;
                motion[row][axis] = -2.0 * weighted;
            }
        }
        for (rows, direction) in self.pairs.iter().zip(&self.directions) {
            let [i, j] = rows.map(|row| row as usize);
            let rate: f64 = (0..3)
                .map(|k| direction[k] * (motion[i][k] - motion[j][k]))
                .sum();
            self.rates.push(rate as f32);
        }
        self.rates_forward(weights);
        self.last_layer_rates(weights, gradient);
        self.rates_to_gradients(weights, gradient);
        loss
    }

    /// The way back below the last layer, from rates over what it sees.
    pub(super) fn rates_to_gradients(&mut self, weights: &Weights<'_>, gradient: &mut [f32]) {
        self.head_rates_back(weights, gradient);
        let stride = self.features.stride();
        let trained = weights.layout().radial.is_some();
        if trained {
            self.by_features.resize(2 * self.pairs.len(), stride);
            self.by_features.fill(0.0);
        }
        for block in (0..self.blocks.len()).rev() {
            self.rates_back(weights, block, gradient);
            self.filter_gradients(weights, block, gradient);
        }
        self.embedding_gradients(weights, gradient);
        if trained {
            self.radial_gradients(weights, gradient);
        }
    }

    pub(super) fn rates_forward(&mut self, weights: &Weights<'_>) {
        let n = self.n_rows;
        let x_rate = self.x.split_mut(n).1;
        x_rate.fill(0.0);
        for (index, (tape, packed)) in self.blocks.iter_mut().zip(&weights.blocks).enumerate() {
            let stride = tape.input.stride();
            let wide = tape.projected.stride();
            tape.input.split_mut(n).1.copy_from_slice(x_rate);
            let (projected, projected_rate) = tape.projected.split_mut(n);
            if index == 0 {
                projected_rate.fill(0.0);
            } else {
                packed
                    .b
                    .forward
                    .apply(x_rate, stride, projected_rate, false, false);
            }
            let convolution = Convolution {
                pairs: &self.pairs,
                filters: &tape.filters,
            };
            let convolved_rate = tape.convolved.split_mut(n).1;
            convolved_rate.fill(0.0);
            let values = [&*projected, &*projected_rate];
            convolve_rate(
                weights.set,
                convolution,
                &self.rates,
                values,
                convolved_rate,
            );
            packed
                .d
                .forward
                .apply(convolved_rate, wide, &mut tape.mixed_rate, false, false);
            let mixed = tape.mixed.split_mut(n).1;
            multiply(weights.set, &tape.mixed_rate, &tape.slope, mixed);
            packed.g.forward.apply(mixed, stride, x_rate, false, true);
        }
        let mut top = self.x.rows_from(n);
        for (tape, layer) in self.head.iter_mut().zip(&weights.head) {
            tape.input.split_mut(n).1.copy_from_slice(top);
            let stride = tape.input.stride();
            layer
                .forward
                .apply(top, stride, &mut tape.rate, false, false);
            multiply(
                weights.set,
                &tape.rate,
                &tape.slope,
                tape.output.split_mut(n).1,
            );
            top = tape.output.rows_from(n);
        }
    }

    /// Gradients of the last layer. It is linear: what it passes down has no rate.
    fn last_layer_rates(&mut self, weights: &Weights<'_>, gradient: &mut [f32]) {
        let n = self.n_rows;
        let last = &weights.layout().head[self.head.len()];
        let top = self.head.last().map_or(&self.x, |tape| &tape.output);
        let mut sums = vec![0.0; last.inputs];
        add_column_sums(top.rows_from(n), top.stride(), n, &mut sums);
        let scale = weights.config().energy_scale as f32;
        for (sum, g) in sums.iter().zip(&mut gradient[last.weight.clone()]) {
            *g += scale * sum;
        }
        self.scratch[0].resize(n, top.stride());
        self.scratch[0].fill(0.0);
    }

    /// Gradients of the head's hidden layers; fills the rates of `by_x`.
    fn head_rates_back(&mut self, weights: &Weights<'_>, gradient: &mut [f32]) {
        let n = self.n_rows;
        let hidden = &weights.layout().head;
        for index in (0..self.head.len()).rev() {
            let tape = &mut self.head[index];
            let [by, below] = &mut self.scratch;
            let terms = [&tape.by_output[..], &tape.curvature[..], &tape.rate[..]];
            add_scaled(weights.set, by, &tape.slope, terms);
            tape.by_mixing.split_mut(n).0.copy_from_slice(by);
            let sides = [&tape.by_mixing[..], &tape.input[..]];
            let strides = [tape.by_mixing.stride(), tape.input.stride()];
            dense_gradient(&hidden[index], sides, strides, n, gradient);
            below.resize(n, tape.input.stride());
            let stride = tape.by_mixing.stride();
            weights.head[index]
                .back
                .apply(by, stride, below, false, false);
            self.scratch.swap(0, 1);
        }
        self.by_x.split_mut(n).0.copy_from_slice(&self.scratch[0]);
    }

    fn rates_back(&mut self, weights: &Weights<'_>, block: usize, gradient: &mut [f32]) {
        let packed = &weights.blocks[block];
        let layout = &weights.layout().blocks[block];
        let tape = &mut self.blocks[block];
        let n = self.n_rows;
        let (narrow, wide) = (self.by_x.stride(), tape.projected.stride());
        let by_x = self.by_x.split_mut(n).0;
        tape.by_output.split_mut(n).0.copy_from_slice(by_x);
        let sides = [&tape.by_output[..], &tape.mixed[..]];
        dense_gradient(&layout.g, sides, [narrow, narrow], n, gradient);
        let by_mixing = tape.by_mixing.split_mut(n).0;
        packed.g.back.apply(by_x, narrow, by_mixing, false, false);
        let terms = [
            &tape.by_mixed[..],
            &tape.curvature[..],
            &tape.mixed_rate[..],
        ];
        add_scaled(weights.set, by_mixing, &tape.slope, terms);
        let sides = [&tape.by_mixing[..], &tape.convolved[..]];
        dense_gradient(&layout.d, sides, [narrow, wide], n, gradient);
        let (by_convolved_rate, by_convolved) = tape.by_convolved.split_mut(n);
        packed
            .d
            .back
            .apply(&tape.by_mixing, narrow, by_convolved_rate, false, false);
        let convolution = Convolution {
            pairs: &self.pairs,
            filters: &tape.filters,
        };
        let (projected, projected_rate) = tape.projected.split_mut(n);
        let by_projected_rate = tape.by_projected.split_mut(n).0;
        by_projected_rate.fill(0.0);
        let by_filters = &mut self.scratch[0];
        by_filters.resize(2 * self.pairs.len(), wide);
        convolve_rate_back(
            weights.set,
            convolution,
            &self.envelopes,
            &self.rates,
            [projected, projected_rate],
            [by_convolved, by_convolved_rate],
            by_projected_rate,
            by_filters,
        );
        let sides = [&tape.by_projected[..], &tape.input[..]];
        dense_gradient(&layout.b, sides, [wide, narrow], n, gradient);
        packed
            .b
            .back
            .apply(&tape.by_projected, wide, by_x, false, true);
    }

    /// Gradients of a block's filters, from what [`Tile::rates_back`] left.
    fn filter_gradients(&mut self, weights: &Weights<'_>, block: usize, gradient: &mut [f32]) {
        let packed = &weights.blocks[block];
        let layout = &weights.layout().blocks[block];
        let tape = &mut self.blocks[block];
        let n = self.pairs.len();
        let stride = tape.hidden.stride();
        let [by, below] = &mut self.scratch;
        dense_gradient(
            &layout.a2,
            [&by[..], &tape.hidden[..]],
            [stride, stride],
            n,
            gradient,
        );
        below.resize(2 * n, stride);
        packed.a2.back.apply(by, stride, below, false, false);
        let (values, slopes) = below.split_mut(n);
        let kept = [&tape.hidden_slope[..], &tape.hidden_curve[..]];
        activate_pairs_back(weights.set, [values, slopes], kept);
        let strides = [stride, self.features.stride()];
        dense_gradient(
            &layout.a1,
            [&below[..], &self.features[..]],
            strides,
            n,
            gradient,
        );
        if weights.layout().radial.is_some() {
            packed
                .a1
                .back
                .apply(below, stride, &mut self.by_features, false, true);
        }
    }

    fn embedding_gradients(&mut self, weights: &Weights<'_>, gradient: &mut [f32]) {
        let hidden = weights.config().hidden;
        let types = weights.network.bead_types();
        let start = weights.layout().embedding.start;
        for row in 0..self.n_rows {
            let at = start + types[row % types.len()] as usize * hidden;
            for (sum, by) in gradient[at..at + hidden].iter_mut().zip(self.by_x.row(row)) {
                *sum += by;
            }
        }
    }

    fn radial_gradients(&mut self, weights: &Weights<'_>, gradient: &mut [f32]) {
        let Some(range) = &weights.layout().radial else {
            return;
        };
        let basis = &weights.config().radial;
        let n = self.pairs.len();
        let mut sums = vec![0.0; range.len()];
        for pair in 0..n {
            let (by_value, by_slope) = (self.by_features.row(pair), self.by_features.row(n + pair));
            for (k, phi) in self.radial[pair * basis.n..(pair + 1) * basis.n]
                .iter()
                .enumerate()
            {
                for (constant, by) in basis.dependence(k).into_iter().zip(phi.by_constant) {
                    if let Some(constant) = constant {
                        sums[constant] += f64::from(by_value[k]) * by.value
                            + f64::from(by_slope[k]) * by.derivative;
                    }
                }
            }
        }
        for (g, sum) in gradient[range.clone()].iter_mut().zip(sums) {
            *g += sum as f32;
        }
    }
}

/// Adds a dense layer's gradient from derivatives over its output and its inputs, two sets of `n` rows
/// each; only the first set of derivatives reaches the bias.
fn dense_gradient(
    layer: &Dense,
    [by, inputs]: [&[f32]; 2],
    strides: [usize; 2],
    n: usize,
    gradient: &mut [f32],
) {
    let weight = &mut gradient[layer.weight.clone()];
    add_transposed_product([by, inputs], strides, 2 * n, layer.inputs, weight);
    if let Some(bias) = &layer.bias {
        add_column_sums(by, strides[0], n, &mut gradient[bias.clone()]);
    }
}
