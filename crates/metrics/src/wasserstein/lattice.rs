//! Two clouds binned on one lattice once, compared under many sets of weights.

use super::plane::transport;
use crate::error::Result;
use std::collections::HashMap;

/// Most cells that a transport is solved on; beyond it the cells grow.
const MOST_CELLS: usize = 5000;

/// The occupied cells of two clouds, and the cell of each frame.
#[derive(Clone, Debug)]
pub(crate) struct Lattice {
    centres: Vec<[f64; 2]>,
    u_cells: Vec<u32>,
    v_cells: Vec<u32>,
}

impl Lattice {
    /// Cells of such a size that `n_bins` of them span the middle 98 % of the clouds together.
    pub(crate) fn new(u: &[[f64; 2]], v: &[[f64; 2]], n_bins: usize) -> Self {
        let (low_x, mut width_x) = middle(u, v, 0, n_bins);
        let (low_y, mut width_y) = middle(u, v, 1, n_bins);
        loop {
            let cell = |p: &[f64; 2]| {
                (
                    ((p[0] - low_x) / width_x).floor() as i64,
                    ((p[1] - low_y) / width_y).floor() as i64,
                )
            };
            let mut numbers: HashMap<(i64, i64), u32> = HashMap::new();
            let mut centres = Vec::new();
            let mut number = |p: &[f64; 2]| {
                *numbers.entry(cell(p)).or_insert_with_key(|key| {
                    centres.push([
                        low_x + (key.0 as f64 + 0.5) * width_x,
                        low_y + (key.1 as f64 + 0.5) * width_y,
                    ]);
                    (centres.len() - 1) as u32
                })
            };
            let u_cells = u.iter().map(&mut number).collect();
            let v_cells = v.iter().map(&mut number).collect();
            if centres.len() <= MOST_CELLS.max(n_bins * n_bins) {
                return Self {
                    centres,
                    u_cells,
                    v_cells,
                };
            }
            width_x *= 1.5;
            width_y *= 1.5;
        }
    }

    /// Exact transport between the two histograms.
    pub(crate) fn distance(&self, u_weights: &[f64], v_weights: &[f64]) -> Result<f64> {
        let mut masses = [vec![0.0; self.centres.len()], vec![0.0; self.centres.len()]];
        let sides = [(&self.u_cells, u_weights), (&self.v_cells, v_weights)];
        for (mass, (cells, weights)) in masses.iter_mut().zip(sides) {
            for (&cell, weight) in cells.iter().zip(weights) {
                mass[cell as usize] += weight;
            }
        }
        transport(&self.centres, &masses[0], &masses[1])
    }
}

/// Low edge and width of the bins along one axis.
fn middle(u: &[[f64; 2]], v: &[[f64; 2]], axis: usize, n_bins: usize) -> (f64, f64) {
    let mut values: Vec<f64> = u.iter().chain(v).map(|p| p[axis]).collect();
    let n = values.len();
    let mut quantile = |q: f64| {
        let rank = (q * (n - 1) as f64).round() as usize;
        *values.select_nth_unstable_by(rank, f64::total_cmp).1
    };
    let (low, high) = (quantile(0.01), quantile(0.99));
    let (least, most) = (quantile(0.0), quantile(1.0));
    let span = if high > low { high - low } else { most - least };
    let scale = if span > 0.0 { span } else { 1.0 };
    (low, scale / n_bins as f64)
}
