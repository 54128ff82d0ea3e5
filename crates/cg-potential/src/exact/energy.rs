//! The gradient of energies over the parameters.
//!
//! The way back of [`super::rate`] carries rates dȳ beside derivatives ȳ. With nothing in motion along
//! the way forth, ȳ = 0 and dȳ = s ∂E, it sums s (∂E)ᵀx: the gradient of Σ s E.

use super::tile::Tile;
use super::weights::Weights;

impl Tile {
    /// Adds the gradient of Σ s E over a few frames to `gradient`; energies stay in the tile.
    pub(crate) fn energy_gradient(
        &mut self,
        weights: &Weights<'_>,
        positions: &[[f32; 3]],
        scales: &[f32],
        gradient: &mut [f32],
    ) {
        self.forward(weights, positions, true);
        self.rates.resize(self.pairs.len(), 0.0);
        self.rates_forward(weights);
        for tape in &mut self.blocks {
            for buffer in [
                &mut tape.by_output,
                &mut tape.by_mixed,
                &mut tape.by_mixing,
                &mut tape.by_convolved,
                &mut tape.by_projected,
            ] {
                buffer.fill(0.0);
            }
        }
        for tape in &mut self.head {
            tape.by_output.fill(0.0);
            tape.by_mixing.fill(0.0);
        }
        self.by_x.fill(0.0);
        self.last_layer_gradients(weights, scales, gradient);
        self.rates_to_gradients(weights, gradient);
    }

    /// Gradients of the last layer; leaves s ∂E over what it sees for the way back.
    fn last_layer_gradients(
        &mut self,
        weights: &Weights<'_>,
        scales: &[f32],
        gradient: &mut [f32],
    ) {
        let n_beads = weights.network.bead_types().len();
        let last = &weights.layout().head[self.head.len()];
        let top = self.head.last().map_or(&self.x, |tape| &tape.output);
        let unit = weights.config().energy_scale as f32;
        let mut bias = 0.0;
        self.scratch[0].resize(self.n_rows, top.stride());
        for row in 0..self.n_rows {
            let scale = scales[row / n_beads];
            let sums = &mut gradient[last.weight.clone()];
            for (sum, x) in sums.iter_mut().zip(top.row(row)) {
                *sum += unit * scale * x;
            }
            let below = self.scratch[0].row_mut(row);
            for (by, w) in below.iter_mut().zip(weights.last.iter()) {
                *by = scale * w;
            }
            bias += unit * scale;
        }
        if let Some(range) = &last.bias {
            gradient[range.start] += bias;
        }
    }
}
