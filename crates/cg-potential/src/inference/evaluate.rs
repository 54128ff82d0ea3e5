//! One network and its tables, evaluated for a few replicas at a time on the calling thread.

use super::table::FilterTable;
use crate::cpu::{
    Buffer, TabulatedPair, activate_slope, convolve_tabulated, convolve_tabulated_back, multiply,
};
use crate::exact::Weights;
use crate::{Network, Result};
use std::borrow::Cow;

/// A network ready for simulation.
#[derive(Clone, Debug)]
pub(crate) struct Evaluator {
    weights: Weights<'static>,
    table: FilterTable,
    /// Class of each pair (i, j), i < j, by i · n_beads + j.
    classes: Vec<u8>,
    /// B x of the first block, one row a bead: embeddings do not move.
    first: Buffer,
}

/// Buffers of one thread's evaluations.
#[derive(Debug, Default)]
pub(crate) struct Evaluation {
    pairs: Vec<TabulatedPair>,
    /// (xᵢ − xⱼ)/r.
    directions: Vec<[f32; 3]>,
    by_distance: Vec<f32>,
    x: Buffer,
    by_x: Buffer,
    mixed: Buffer,
    narrow: Buffer,
    convolved: Buffer,
    by_projected: Buffer,
    /// Features that each block convolves.
    projected: Vec<Buffer>,
    slopes: Vec<Buffer>,
    head: Vec<[Buffer; 3]>,
}

impl Evaluator {
    /// Packs weights and tabulates filters.
    ///
    /// # Errors
    /// [`crate::Error::Setting`] for filters that cannot be tabulated.
    pub(crate) fn new(network: &Network) -> Result<Self> {
        let weights = Weights::owned(network.clone());
        let table = FilterTable::new(network)?;
        let n = network.bead_types().len();
        let mut classes = vec![0; n * n];
        for i in 0..n {
            for j in i + 1..n {
                classes[i * n + j] = table.class(network.pair_feature(i, j)) as u8;
            }
        }
        let embedded = &weights.embedded;
        let mut first = Buffer::new(n, network.config().filters);
        let b = &weights.blocks[0].b.forward;
        b.apply(embedded, embedded.stride(), &mut first, false, false);
        Ok(Self {
            weights,
            table,
            classes,
            first,
        })
    }

    pub(crate) fn network(&self) -> &Network {
        &self.weights.network
    }

    /// Energies (kJ/mol) of replicas; their forces (kJ/mol/nm) are added to `forces`.
    ///
    /// `near`: of a single replica, pairs among which all within the cutoff are, sorted; else all pairs are
    /// looked at, which gives the same bits.
    ///
    /// # Shapes
    /// `positions`, `forces`: `[replica][bead][3]`.
    pub(crate) fn evaluate(
        &self,
        positions: &[[f32; 3]],
        near: Option<&[[u32; 2]]>,
        forces: &mut [[f32; 3]],
        evaluation: &mut Evaluation,
    ) -> Vec<f64> {
        let n = self.network().bead_types().len();
        evaluation.pairs.clear();
        evaluation.directions.clear();
        match near {
            Some(near) => {
                for pair in near {
                    let [i, j] = pair.map(|bead| bead as usize);
                    let class = usize::from(self.classes[i * n + j]);
                    self.add_pair(positions, [i, j], class, evaluation);
                }
            }
            None => self.find_pairs(positions, evaluation),
        }
        evaluation.by_distance.clear();
        evaluation.by_distance.resize(evaluation.pairs.len(), 0.0);
        self.resize(positions.len(), evaluation);
        for block in 0..self.weights.blocks.len() {
            self.interact(block, evaluation);
        }
        let energies = self.head(evaluation);
        for block in (0..self.weights.blocks.len()).rev() {
            self.interact_back(block, evaluation);
        }
        let pairs = evaluation.pairs.iter().zip(&evaluation.directions);
        for ((pair, direction), by) in pairs.zip(&evaluation.by_distance) {
            let [i, j] = pair.beads.map(|row| row as usize);
            for axis in 0..3 {
                forces[i][axis] -= by * direction[axis];
                forces[j][axis] += by * direction[axis];
            }
        }
        energies
    }

    fn find_pairs(&self, positions: &[[f32; 3]], evaluation: &mut Evaluation) {
        let n = self.network().bead_types().len();
        // the same two beads of all replicas together: at similar distances they read the same knots
        for i in 0..n {
            for j in i + 1..n {
                let class = usize::from(self.classes[i * n + j]);
                for first in (0..positions.len()).step_by(n) {
                    self.add_pair(positions, [first + i, first + j], class, evaluation);
                }
            }
        }
    }

    /// Adds a pair of rows if it is within the cutoff.
    #[inline]
    fn add_pair(
        &self,
        positions: &[[f32; 3]],
        [i, j]: [usize; 2],
        class: usize,
        evaluation: &mut Evaluation,
    ) {
        let upper = self.network().config().cutoff_upper as f32;
        let (x, y) = (positions[i], positions[j]);
        let d = [x[0] - y[0], x[1] - y[1], x[2] - y[2]];
        let square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
        if square > upper * upper * (1.0 + 1e-6) {
            return;
        }
        let r = square.sqrt();
        let beads = [i as u32, j as u32];
        if let Some(pair) = self.table.pair(beads, f64::from(r), class) {
            evaluation.pairs.push(pair);
            evaluation.directions.push(d.map(|x| x / r));
        }
    }

    fn resize(&self, rows: usize, evaluation: &mut Evaluation) {
        let config = self.network().config();
        for buffer in [
            &mut evaluation.x,
            &mut evaluation.by_x,
            &mut evaluation.mixed,
            &mut evaluation.narrow,
        ] {
            buffer.resize(rows, config.hidden);
        }
        for buffer in [&mut evaluation.convolved, &mut evaluation.by_projected] {
            buffer.resize(rows, config.filters);
        }
        evaluation
            .projected
            .resize_with(config.layers, Buffer::default);
        evaluation
            .slopes
            .resize_with(config.layers, Buffer::default);
        evaluation
            .projected
            .iter_mut()
            .for_each(|buffer| buffer.resize(rows, config.filters));
        evaluation
            .slopes
            .iter_mut()
            .for_each(|buffer| buffer.resize(rows, config.hidden));
        evaluation
            .head
            .resize_with(config.head.len(), Default::default);
        for (buffers, &width) in evaluation.head.iter_mut().zip(&config.head) {
            buffers
                .iter_mut()
                .for_each(|buffer| buffer.resize(rows, width));
        }
        let (n, embedded) = (self.first.rows(), &self.weights.embedded);
        for row in 0..rows {
            evaluation.projected[0]
                .row_mut(row)
                .copy_from_slice(self.first.row(row % n));
            evaluation
                .x
                .row_mut(row)
                .copy_from_slice(embedded.row(row % n));
        }
    }

    fn interact(&self, block: usize, evaluation: &mut Evaluation) {
        let packed = &self.weights.blocks[block];
        let set = self.weights.set;
        let projected = &mut evaluation.projected[block];
        let convolved = &mut evaluation.convolved;
        if block > 0 {
            let stride = evaluation.x.stride();
            packed
                .b
                .forward
                .apply(&evaluation.x, stride, projected, false, false);
        }
        convolved.fill(0.0);
        let table = &self.table.blocks[block];
        convolve_tabulated(set, &evaluation.pairs, table, projected, convolved);
        let mixed = &mut evaluation.mixed;
        packed
            .d
            .forward
            .apply(convolved, convolved.stride(), mixed, true, false);
        let activation = self.network().config().activation;
        activate_slope(set, activation, mixed, &mut evaluation.slopes[block]);
        packed
            .g
            .forward
            .apply(mixed, mixed.stride(), &mut evaluation.x, true, true);
    }

    fn head(&self, evaluation: &mut Evaluation) -> Vec<f64> {
        let set = self.weights.set;
        let activation = self.network().config().activation;
        for (index, layer) in self.weights.head.iter().enumerate() {
            let (below, above) = evaluation.head.split_at_mut(index);
            let input = below.last().map_or(&evaluation.x, |buffers| &buffers[0]);
            let [output, slope, _] = &mut above[0];
            layer
                .forward
                .apply(input, input.stride(), output, true, false);
            activate_slope(set, activation, output, slope);
        }
        let top = evaluation
            .head
            .last()
            .map_or(&evaluation.x, |buffers| &buffers[0]);
        let last = &self.weights.last;
        let rows: Vec<f64> = (0..top.rows())
            .map(|row| {
                let products = top.row(row).iter().zip(last.iter());
                let sum: f64 = products.map(|(&x, &w)| f64::from(x) * f64::from(w)).sum();
                sum + self.weights.last_bias
            })
            .collect();
        // and back
        let by_top = match evaluation.head.last_mut() {
            Some(buffers) => &mut buffers[2],
            None => &mut evaluation.by_x,
        };
        for row in 0..by_top.rows() {
            by_top.row_mut(row).copy_from_slice(last);
        }
        for (index, layer) in self.weights.head.iter().enumerate().rev() {
            let (below, above) = evaluation.head.split_at_mut(index);
            let [by_mixing, slope, by_output] = &mut above[0];
            multiply(set, by_output, slope, by_mixing);
            let by_input = match below.last_mut() {
                Some(buffers) => &mut buffers[2],
                None => &mut evaluation.by_x,
            };
            layer
                .back
                .apply(by_mixing, by_mixing.stride(), by_input, false, false);
        }
        let n = self.network().bead_types().len();
        rows.chunks_exact(n).map(|rows| rows.iter().sum()).collect()
    }

    fn interact_back(&self, block: usize, evaluation: &mut Evaluation) {
        let packed = &self.weights.blocks[block];
        let set = self.weights.set;
        let by_x = &mut evaluation.by_x;
        let (by_mixed, by_mixing) = (&mut evaluation.mixed, &mut evaluation.narrow);
        packed
            .g
            .back
            .apply(by_x, by_x.stride(), by_mixed, false, false);
        multiply(set, by_mixed, &evaluation.slopes[block], by_mixing);
        let by_convolved = &mut evaluation.convolved;
        packed
            .d
            .back
            .apply(by_mixing, by_mixing.stride(), by_convolved, false, false);
        let by_projected = &mut evaluation.by_projected;
        by_projected.fill(0.0);
        convolve_tabulated_back(
            set,
            &evaluation.pairs,
            &self.table.blocks[block],
            [&evaluation.projected[block], by_convolved],
            by_projected,
            &mut evaluation.by_distance,
        );
        // what reaches the embedding moves no bead
        if block > 0 {
            packed
                .b
                .back
                .apply(by_projected, by_projected.stride(), by_x, false, true);
        }
    }
}

impl Weights<'static> {
    /// Packed weights that keep the network.
    pub(crate) fn owned(network: Network) -> Self {
        Self::with(Cow::Owned(network), crate::cpu::InstructionSet::detect())
    }
}
