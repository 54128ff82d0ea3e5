//! A width-3 convolution whose input is `[grid | repeated code | points]`, without making that input.
//!
//! Every group of `repeat` neighbouring positions sees the same code, so `code · w` is computed once
//! for a group; the grid's share does not depend on the frame and is computed once for a batch.

use super::convolution::{Geometry, geometry, input_gradient, weight_gradient};
use super::matmul::{Matrix, multiply};
use crate::ops::storage::Real;
use rayon::prelude::*;

/// Kernel size; the padding is 1.
pub(crate) const TAPS: usize = 3;

/// Sizes of one folding convolution.
#[derive(Clone, Copy)]
pub(crate) struct Folding {
    pub(crate) batch: usize,
    pub(crate) n_groups: usize,
    pub(crate) repeat: usize,
    /// Channels of the code.
    pub(crate) code: usize,
    /// Channels of the points; 0 where there are none.
    pub(crate) points: usize,
    pub(crate) out: usize,
}

impl Folding {
    pub(crate) fn length(&self) -> usize {
        self.n_groups * self.repeat
    }

    pub(crate) fn channels_in(&self) -> usize {
        1 + self.code + self.points
    }

    /// The grid: evenly spaced from −½ to ½.
    fn grid(&self) -> Vec<f64> {
        let last = self.length().max(2) - 1;
        (0..self.length())
            .map(|p| p as f64 / last as f64 - 0.5)
            .collect()
    }

    /// The weights of one tap for the code.
    fn code_rows<'a, T>(&self, w: &'a [T], tap: usize) -> &'a [T] {
        &w[(tap * self.channels_in() + 1) * self.out..][..self.code * self.out]
    }

    /// The weights of one tap for the grid.
    fn grid_row<'a, T>(&self, w: &'a [T], tap: usize) -> &'a [T] {
        &w[tap * self.channels_in() * self.out..][..self.out]
    }

    fn points_range(&self, tap: usize) -> std::ops::Range<usize> {
        let start = (tap * self.channels_in() + 1 + self.code) * self.out;
        start..start + self.points * self.out
    }

    fn points_geometry(&self) -> Option<Geometry> {
        let (x, w) = (
            (self.batch, self.length(), self.points),
            (TAPS, self.points, self.out),
        );
        (self.points > 0).then(|| geometry(x, w, 1, 1)).flatten()
    }

    /// The points' weights of all taps, one after the other.
    fn points_weights<T: Real>(&self, w: &[T]) -> Vec<T> {
        (0..TAPS)
            .flat_map(|tap| &w[self.points_range(tap)])
            .copied()
            .collect()
    }
}

/// Convolution of `[grid | code repeated | points]` with `w (3, 1 + code + points, out)`.
pub(crate) fn forward<T: Real>(f: &Folding, code: &[T], points: &[T], w: &[T]) -> Vec<T> {
    let (length, out) = (f.length(), f.out);
    let mut y = vec![T::ZERO; f.batch * length * out];
    if y.is_empty() {
        return y;
    }
    let from_grid = grid_share(f, w);
    let rows = f.batch * f.n_groups;
    let from_code: Vec<Vec<T>> = (0..TAPS)
        .map(|tap| {
            let mut share = vec![T::ZERO; rows * out];
            let w = Matrix::row_major(f.code_rows(w, tap), out);
            let code = Matrix::row_major(code, f.code);
            multiply(&mut share, [rows, out, f.code], code, w, false, true);
            share
        })
        .collect();
    let weights = f.points_weights(w);
    let margin = f.points;
    y.par_chunks_mut(length * out)
        .enumerate()
        .for_each_init(Vec::new, |padded, (item, y)| {
            y.copy_from_slice(&from_grid);
            let group_row = |tap: usize, group: usize| {
                &from_code[tap][(item * f.n_groups + group) * out..][..out]
            };
            let mut whole = vec![T::ZERO; out];
            for group in 0..f.n_groups {
                whole.fill(T::ZERO);
                for tap in 0..TAPS {
                    add(&mut whole, group_row(tap, group));
                }
                for place in 0..f.repeat {
                    let position = group * f.repeat + place;
                    let row = &mut y[position * out..][..out];
                    if place > 0 && place + 1 < f.repeat {
                        add(row, &whole);
                        continue;
                    }
                    for tap in 0..TAPS {
                        if let Some(source) = source(position, tap, length) {
                            add(row, group_row(tap, source / f.repeat));
                        }
                    }
                }
            }
            if f.points > 0 {
                padded.clear();
                padded.resize(margin, T::ZERO);
                padded.extend_from_slice(&points[item * length * f.points..][..length * f.points]);
                padded.resize((length + 2) * f.points, T::ZERO);
                let windows = Matrix {
                    data: padded.as_slice(),
                    row: f.points,
                    column: 1,
                };
                let w = Matrix::row_major(&weights, out);
                multiply(y, [length, out, TAPS * f.points], windows, w, true, false);
            }
        });
    y
}

/// Gradients of the code, the points and the weights.
pub(crate) fn backward<T: Real>(
    f: &Folding,
    code: &[T],
    points: &[T],
    w: &[T],
    dy: &[T],
) -> [Vec<T>; 3] {
    let (rows, out) = (f.batch * f.n_groups, f.out);
    let mut dw = vec![T::ZERO; w.len()];
    let (group_sums, grid_sums) = sums(f, dy);
    let mut d_code = vec![T::ZERO; rows * f.code];
    for tap in 0..TAPS {
        let share: Vec<T> = tap_sums(f, dy, &group_sums, tap);
        let share = Matrix::row_major(share.as_slice(), out);
        let w = Matrix::row_major(f.code_rows(w, tap), out).transposed();
        multiply(&mut d_code, [rows, f.code, out], share, w, tap > 0, true);
        let start = tap * f.channels_in() * out;
        let code = Matrix::row_major(code, f.code).transposed();
        let place = &mut dw[start + out..][..f.code * out];
        multiply(place, [f.code, out, rows], code, share, false, true);
        for (place, &sum) in dw[start..][..out].iter_mut().zip(&grid_sums[tap]) {
            *place = T::narrow(sum);
        }
    }
    let mut d_points = Vec::new();
    if let Some(g) = f.points_geometry() {
        d_points = input_gradient(&g, dy, &f.points_weights(w));
        let gradient = weight_gradient(&g, points, dy);
        for (tap, gradient) in gradient.chunks_exact(f.points * out).enumerate() {
            dw[f.points_range(tap)].copy_from_slice(gradient);
        }
    }
    [d_code, d_points, dw]
}

/// The position that tap `tap` reads at `position`, if it is inside.
fn source(position: usize, tap: usize, length: usize) -> Option<usize> {
    (position + tap).checked_sub(1).filter(|&q| q < length)
}

fn add<T: Real>(sum: &mut [T], values: &[T]) {
    for (sum, &value) in sum.iter_mut().zip(values) {
        *sum += value;
    }
}

/// The grid's share of the output: the same for every frame.
fn grid_share<T: Real>(f: &Folding, w: &[T]) -> Vec<T> {
    let (grid, length) = (f.grid(), f.length());
    let mut share = vec![T::ZERO; length * f.out];
    for (position, row) in share.chunks_exact_mut(f.out).enumerate() {
        for tap in 0..TAPS {
            if let Some(source) = source(position, tap, length) {
                let value = T::narrow(grid[source]);
                for (share, &w) in row.iter_mut().zip(f.grid_row(w, tap)) {
                    *share += value * w;
                }
            }
        }
    }
    share
}

/// `Σ dy` over each group, and for each tap `Σ grid · dy` over everything.
fn sums<T: Real>(f: &Folding, dy: &[T]) -> (Vec<f64>, [Vec<f64>; TAPS]) {
    let (length, out, grid) = (f.length(), f.out, f.grid());
    let items: Vec<(Vec<f64>, [Vec<f64>; TAPS])> = dy
        .par_chunks(length * out)
        .map(|dy| {
            let mut groups = vec![0.0; f.n_groups * out];
            let mut moment = vec![0.0; out];
            let mut total = vec![0.0; out];
            for (position, row) in dy.chunks_exact(out).enumerate() {
                let sum = &mut groups[position / f.repeat * out..][..out];
                for ((sum, moment), value) in sum.iter_mut().zip(&mut moment).zip(row) {
                    let value = value.wide();
                    *sum += value;
                    *moment += grid[position] * value;
                }
            }
            for group in groups.chunks_exact(out) {
                for (total, value) in total.iter_mut().zip(group) {
                    *total += value;
                }
            }
            // the grid is a straight line: a neighbour's value is one step off
            let step = 1.0 / (length.max(2) - 1) as f64;
            let (first, last) = (&dy[..out], &dy[(length - 1) * out..]);
            let (before, after) = (-0.5 - step, grid[length - 1] + step);
            let left = (0..out)
                .map(|o| moment[o] - step * total[o] - before * first[o].wide())
                .collect();
            let right = (0..out)
                .map(|o| moment[o] + step * total[o] - after * last[o].wide())
                .collect();
            (groups, [left, moment, right])
        })
        .collect();
    let mut groups = Vec::with_capacity(f.batch * f.n_groups * out);
    let mut taps = [(); TAPS].map(|()| vec![0.0; out]);
    for (item_groups, item_taps) in items {
        groups.extend(item_groups);
        for (total, item) in taps.iter_mut().zip(item_taps) {
            for (total, value) in total.iter_mut().zip(item) {
                *total += value;
            }
        }
    }
    (groups, taps)
}

/// For each group, `Σ dy` over the positions that tap `tap` leads into it.
fn tap_sums<T: Real>(f: &Folding, dy: &[T], group_sums: &[f64], tap: usize) -> Vec<T> {
    let (length, out) = (f.length(), f.out);
    let size = f.n_groups * out;
    let mut result = vec![T::ZERO; f.batch * size];
    let items = result.par_chunks_mut(size).zip(group_sums.par_chunks(size));
    items
        .zip(dy.par_chunks(length * out))
        .for_each(|((result, sums), dy)| {
            let rows = result.chunks_exact_mut(out).zip(sums.chunks_exact(out));
            let mut row = vec![0.0; out];
            for (group, (result, sums)) in rows.enumerate() {
                row.copy_from_slice(sums);
                let (start, end) = (group * f.repeat, (group + 1) * f.repeat);
                let (leaves, enters) = match tap {
                    0 => (Some(start), (end < length).then_some(end)),
                    1 => (None, None),
                    _ => (Some(end - 1), start.checked_sub(1)),
                };
                for (position, sign) in [(leaves, -1.0), (enters, 1.0)] {
                    let Some(position) = position else { continue };
                    for (sum, value) in row.iter_mut().zip(&dy[position * out..][..out]) {
                        *sum += sign * value.wide();
                    }
                }
                for (result, &sum) in result.iter_mut().zip(&row) {
                    *result = T::narrow(sum);
                }
            }
        });
    result
}
