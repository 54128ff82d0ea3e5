//! The three products of a strided 1-D convolution: output, gradient of the input, gradient of the
//! weights. A transposed convolution is the same three with their roles exchanged.

use super::matmul::{Matrix, multiply};
use super::winograd;
use crate::ops::storage::Real;
use rayon::prelude::*;

/// Sizes of one convolution from `(batch, length, channels_in)` to `(batch, length_out, channels_out)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) batch: usize,
    pub(crate) length: usize,
    pub(crate) length_out: usize,
    pub(crate) channels_in: usize,
    pub(crate) channels_out: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) padding: usize,
}

impl Geometry {
    fn padded_length(&self) -> usize {
        self.length + 2 * self.padding
    }

    fn pointwise(&self) -> bool {
        self.kernel == 1 && self.stride == 1 && self.padding == 0
    }

    /// Threads over the batch where it feeds them all, else inside each product.
    pub(super) fn threads_over_batch(&self) -> bool {
        self.batch >= rayon::current_num_threads()
    }

    /// One sequence with zeros before and after.
    fn pad<T: Real>(&self, item: &[T], padded: &mut Vec<T>) {
        let margin = self.padding * self.channels_in;
        padded.clear();
        padded.resize(margin, T::ZERO);
        padded.extend_from_slice(item);
        padded.resize(item.len() + 2 * margin, T::ZERO);
    }

    /// The padded sequence seen as one row of `kernel · channels_in` numbers per output position.
    fn windows<'a, T>(&self, padded: &'a [T]) -> Matrix<'a, T> {
        Matrix {
            data: padded,
            row: self.stride * self.channels_in,
            column: 1,
        }
    }
}

/// `y[p] = Σ_t x[s·p + t − padding] · w[t]`, weights `(kernel, channels_in, channels_out)`.
pub(crate) fn forward<T: Real>(g: &Geometry, x: &[T], w: &[T]) -> Vec<T> {
    if winograd::suits(g) {
        return winograd::forward(g, x, w);
    }
    let mut out = vec![T::ZERO; g.batch * g.length_out * g.channels_out];
    if out.is_empty() {
        return out;
    }
    if g.pointwise() {
        let sizes = [g.batch * g.length, g.channels_out, g.channels_in];
        let x = Matrix::row_major(x, g.channels_in);
        let w = Matrix::row_major(w, g.channels_out);
        multiply(&mut out, sizes, x, w, false, true);
        return out;
    }
    let sizes = [g.length_out, g.channels_out, g.kernel * g.channels_in];
    let item = |(out, x): (&mut [T], &[T]), padded: &mut Vec<T>, threads| {
        g.pad(x, padded);
        let w = Matrix::row_major(w, g.channels_out);
        multiply(out, sizes, g.windows(padded), w, false, threads);
    };
    let (size_out, size_in) = (g.length_out * g.channels_out, g.length * g.channels_in);
    if g.threads_over_batch() {
        out.par_chunks_mut(size_out)
            .zip(x.par_chunks(size_in))
            .for_each_init(Vec::new, |padded, pair| item(pair, padded, false));
    } else {
        let mut padded = Vec::new();
        for pair in out.chunks_mut(size_out).zip(x.chunks(size_in)) {
            item(pair, &mut padded, true);
        }
    }
    out
}

/// `dx[s·p + t − padding] += dy[p] · w[t]ᵀ`: also the forward pass of a transposed convolution.
pub(crate) fn input_gradient<T: Real>(g: &Geometry, dy: &[T], w: &[T]) -> Vec<T> {
    if g.stride == 1 && g.padding < g.kernel && !g.pointwise() {
        return input_gradient_as_convolution(g, dy, w);
    }
    let mut dx = vec![T::ZERO; g.batch * g.length * g.channels_in];
    if dx.is_empty() {
        return dx;
    }
    let width = g.kernel * g.channels_in;
    let w = Matrix::row_major(w, g.channels_out).transposed();
    if g.pointwise() {
        let sizes = [g.batch * g.length, g.channels_in, g.channels_out];
        let dy = Matrix::row_major(dy, g.channels_out);
        multiply(&mut dx, sizes, dy, w, false, true);
        return dx;
    }
    let item = |(dx, dy): (&mut [T], &[T]), columns: &mut Vec<T>, threads| {
        columns.resize(g.length_out * width, T::ZERO);
        let sizes = [g.length_out, width, g.channels_out];
        let dy = Matrix::row_major(dy, g.channels_out);
        multiply(columns, sizes, dy, w, false, threads);
        overlap_add(g, columns, dx);
    };
    let (size_out, size_in) = (g.length_out * g.channels_out, g.length * g.channels_in);
    if g.threads_over_batch() {
        dx.par_chunks_mut(size_in)
            .zip(dy.par_chunks(size_out))
            .for_each_init(Vec::new, |columns, pair| item(pair, columns, false));
    } else {
        let mut columns = Vec::new();
        for pair in dx.chunks_mut(size_in).zip(dy.chunks(size_out)) {
            item(pair, &mut columns, true);
        }
    }
    dx
}

/// `dw[t] = Σ_{b,p} x[s·p + t − padding]ᵀ · dy[p]`.
pub(crate) fn weight_gradient<T: Real>(g: &Geometry, x: &[T], dy: &[T]) -> Vec<T> {
    if winograd::suits(g) {
        return winograd::weight_gradient(g, x, dy);
    }
    let width = g.kernel * g.channels_in;
    let mut dw = vec![T::ZERO; width * g.channels_out];
    if dw.is_empty() || g.batch * g.length_out == 0 {
        return dw;
    }
    if g.pointwise() {
        let sizes = [width, g.channels_out, g.batch * g.length];
        let x = Matrix::row_major(x, g.channels_in).transposed();
        let dy = Matrix::row_major(dy, g.channels_out);
        multiply(&mut dw, sizes, x, dy, false, true);
        return dw;
    }
    // small gradients are summed part by part of the batch, large ones are shared out row by row; the
    // numbers of both depend on sizes alone, and so the result does not depend on the threads
    let n_parts = (SMALL_GRADIENT / dw.len()).clamp(1, TASKS.min(g.batch));
    let rows = width.div_ceil(TASKS / n_parts).max(LEAST_ROWS);
    let items = g.batch.div_ceil(n_parts);
    let (size_out, size_in) = (g.length_out * g.channels_out, g.length * g.channels_in);
    let sequences: Vec<(Vec<T>, &[T])> = x
        .par_chunks(size_in)
        .zip(dy.par_chunks(size_out))
        .map(|(x, dy)| {
            let mut padded = Vec::new();
            g.pad(x, &mut padded);
            (padded, dy)
        })
        .collect();
    let size = dw.len();
    let mut parts = vec![T::ZERO; size * (n_parts - 1)];
    let places = dw.chunks_mut(rows * g.channels_out).chain(
        parts
            .chunks_exact_mut(size)
            .flat_map(|part| part.chunks_mut(rows * g.channels_out)),
    );
    let slices = width.div_ceil(rows);
    places
        .enumerate()
        .collect::<Vec<_>>()
        .into_par_iter()
        .for_each(|(task, place)| {
            let (part, slice) = (task / slices, task % slices);
            let sequences = sequences.iter().skip(part * items).take(items);
            for (index, (padded, dy)) in sequences.enumerate() {
                let sizes = [place.len() / g.channels_out, g.channels_out, g.length_out];
                let windows = g.windows(&padded[slice * rows..]).transposed();
                let dy = Matrix::row_major(dy, g.channels_out);
                multiply(place, sizes, windows, dy, index > 0, false);
            }
        });
    for part in parts.chunks_exact(size) {
        for (sum, &value) in dw.iter_mut().zip(part) {
            *sum += value;
        }
    }
    dw
}

/// Products that a weight gradient is shared out into.
const TASKS: usize = 8;
/// Numbers of a gradient that is cheap to sum from parts.
const SMALL_GRADIENT: usize = 1 << 15;
/// Rows below which a product wastes its registers.
const LEAST_ROWS: usize = 48;

/// With stride 1 the gradient of the input is a convolution with the kernel turned round.
fn input_gradient_as_convolution<T: Real>(g: &Geometry, dy: &[T], w: &[T]) -> Vec<T> {
    let mut turned = vec![T::ZERO; w.len()];
    let tap = g.channels_in * g.channels_out;
    turned
        .par_chunks_mut(g.channels_in.max(1))
        .enumerate()
        .for_each(|(row, to)| {
            let (t, o) = (row / g.channels_out, row % g.channels_out);
            let from = &w[(g.kernel - 1 - t) * tap..][..tap];
            for (i, to) in to.iter_mut().enumerate() {
                *to = from[i * g.channels_out + o];
            }
        });
    let reverse = Geometry {
        length: g.length_out,
        length_out: g.length,
        channels_in: g.channels_out,
        channels_out: g.channels_in,
        padding: g.kernel - 1 - g.padding,
        ..*g
    };
    forward(&reverse, dy, &turned)
}

/// Adds each output position's window back to where it was read, leaving out the padding.
fn overlap_add<T: Real>(g: &Geometry, columns: &[T], dx: &mut [T]) {
    let channels = g.channels_in;
    for (position, window) in columns.chunks_exact(g.kernel * channels).enumerate() {
        let start = position * g.stride;
        let first = g.padding.saturating_sub(start).min(g.kernel);
        let last = (g.length + g.padding)
            .saturating_sub(start)
            .clamp(first, g.kernel);
        if first == last {
            continue;
        }
        let target = (start + first - g.padding) * channels;
        let values = &window[first * channels..last * channels];
        for (sum, &value) in dx[target..][..values.len()].iter_mut().zip(values) {
            *sum += value;
        }
    }
}

/// The sizes of a convolution over an input, or why there is no such convolution.
pub(crate) fn geometry(
    (batch, length, channels_in): (usize, usize, usize),
    (kernel, weight_in, channels_out): (usize, usize, usize),
    stride: usize,
    padding: usize,
) -> Option<Geometry> {
    let fits = kernel > 0 && stride > 0 && weight_in == channels_in;
    let room = (length + 2 * padding).checked_sub(kernel)?;
    fits.then(|| Geometry {
        batch,
        length,
        length_out: room / stride + 1,
        channels_in,
        channels_out,
        kernel,
        stride,
        padding,
    })
    .filter(|g| g.padded_length() >= kernel)
}
