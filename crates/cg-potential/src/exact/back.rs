//! From energies back to forces.

use super::{Tile, Weights};
use crate::cpu::{Convolution, convolve_back, multiply};

impl Tile {
    /// Energies and forces (kJ/mol/nm) of a few frames; `training` keeps what a force loss needs.
    pub(crate) fn energies_forces(
        &mut self,
        weights: &Weights<'_>,
        positions: &[[f32; 3]],
        forces: &mut [[f32; 3]],
        training: bool,
    ) {
        self.forward(weights, positions, training);
        self.head_back(weights);
        for block in (0..self.blocks.len()).rev() {
            self.interact_back(weights, block);
        }
        let mut sums = vec![[0.0_f64; 3]; positions.len()];
        for ((rows, direction), by) in self
            .pairs
            .iter()
            .zip(&self.directions)
            .zip(&self.by_distance)
        {
            let [i, j] = rows.map(|row| row as usize);
            for axis in 0..3 {
                sums[i][axis] -= by * direction[axis];
                sums[j][axis] += by * direction[axis];
            }
        }
        for (force, sum) in forces.iter_mut().zip(sums) {
            *force = sum.map(|x| x as f32);
        }
    }

    /// Fills the values of `by_x` with the derivatives over what the head sees.
    fn head_back(&mut self, weights: &Weights<'_>) {
        let n = self.n_rows;
        let Some(top) = self.head.last_mut() else {
            let stride = self.by_x.stride();
            for row in self.by_x.split_mut(n).1.chunks_exact_mut(stride) {
                row.copy_from_slice(&weights.last);
            }
            return;
        };
        let stride = top.by_output.stride();
        for row in top.by_output.chunks_exact_mut(stride) {
            row.copy_from_slice(&weights.last);
        }
        for index in (0..self.head.len()).rev() {
            let (below, tapes) = self.head.split_at_mut(index);
            let tape = &mut tapes[0];
            let by_mixing = tape.by_mixing.split_mut(n).1;
            multiply(weights.set, &tape.by_output, &tape.slope, by_mixing);
            let out = match below.last_mut() {
                Some(below) => &mut below.by_output[..],
                None => self.by_x.split_mut(n).1,
            };
            let back = &weights.head[index].back;
            back.apply(
                tape.by_mixing.rows_from(n),
                tape.by_mixing.stride(),
                out,
                false,
                false,
            );
        }
    }

    fn interact_back(&mut self, weights: &Weights<'_>, block: usize) {
        let packed = &weights.blocks[block];
        let tape = &mut self.blocks[block];
        let n = self.n_rows;
        let stride = self.by_x.stride();
        let by_x = self.by_x.split_mut(n).1;
        tape.by_output.split_mut(n).1.copy_from_slice(by_x);
        packed
            .g
            .back
            .apply(by_x, stride, &mut tape.by_mixed, false, false);
        let by_mixing = tape.by_mixing.split_mut(n).1;
        multiply(weights.set, &tape.by_mixed, &tape.slope, by_mixing);
        let by_convolved = tape.by_convolved.split_mut(n).1;
        packed
            .d
            .back
            .apply(by_mixing, stride, by_convolved, false, false);
        let convolution = Convolution {
            pairs: &self.pairs,
            filters: &tape.filters,
        };
        let by_projected = tape.by_projected.split_mut(n).1;
        by_projected.fill(0.0);
        let projected = &tape.projected;
        convolve_back(
            weights.set,
            convolution,
            projected,
            by_convolved,
            by_projected,
            &mut self.by_distance,
        );
        // what reaches the embedding moves no bead
        if block > 0 {
            packed
                .b
                .back
                .apply(by_projected, projected.stride(), by_x, false, true);
        }
    }
}
