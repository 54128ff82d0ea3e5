//! Width-3 convolutions with half the multiplications: Winograd's F(4, 3).
//!
//! Four outputs of a width-3 convolution are made from six inputs with six products instead of
//! twelve: `y = Aᵀ[(G·w) ⊙ (Bᵀ·x)]`. Over many channels each of the six products is a matrix product,
//! so half the work is saved where it is spent. The form is trilinear: put in another order it also
//! gives the gradient of the weights, `dw = Gᵀ[(A·dy) ⊙ (Bᵀ·x)]`.
//!
//! Rounding grows by a small factor, about 3 in f32.
//!
//! # References
//! A. Lavin, S. Gray, CVPR 2016, DOI 10.1109/CVPR.2016.435.

use super::convolution::Geometry;
use super::matmul::{Matrix, multiply};
use crate::ops::storage::Real;
use rayon::prelude::*;

/// Outputs of a tile, its inputs (and products), and the kernel's width.
const OUT: usize = 4;
const IN: usize = 6;
const TAPS: usize = 3;

/// G: from a kernel to its six factors.
const KERNEL: [[f64; TAPS]; IN] = [
    [1.0 / 4.0, 0.0, 0.0],
    [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
    [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
    [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
    [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
    [0.0, 0.0, 1.0],
];

/// Channels from which the saved products outweigh the transformations.
const FEWEST_CHANNELS: usize = 64;

/// Whether this convolution is done here.
pub(crate) fn suits(g: &Geometry) -> bool {
    (g.kernel, g.stride, g.padding) == (TAPS, 1, 1)
        && g.channels_in >= FEWEST_CHANNELS
        && g.channels_out >= FEWEST_CHANNELS
        && g.length >= 2 * OUT
}

/// As [`super::convolution::forward`].
pub(crate) fn forward<T: Real>(g: &Geometry, x: &[T], w: &[T]) -> Vec<T> {
    let kernel = transform_kernel(g, w);
    let mut out = vec![T::ZERO; g.batch * g.length * g.channels_out];
    let item = |out: &mut [T], x: &[T], scratch: &mut [Vec<T>; 3], threads: bool| {
        let [padded, inputs, products] = scratch;
        let n_tiles = transform_input(g, x, padded, inputs);
        let plane = n_tiles * g.channels_out;
        products.resize(IN * plane, T::ZERO);
        for j in 0..IN {
            let kernel = &kernel[j * g.channels_in * g.channels_out..];
            let kernel = Matrix::row_major(kernel, g.channels_out);
            let sizes = [n_tiles, g.channels_out, g.channels_in];
            let place = &mut products[j * plane..][..plane];
            let input = factor(inputs, j, g.channels_in);
            multiply(place, sizes, input, kernel, false, threads);
        }
        transform_output(products, plane, g.channels_out, out);
    };
    let (size_out, size_in) = (g.length * g.channels_out, g.length * g.channels_in);
    if g.threads_over_batch() {
        out.par_chunks_mut(size_out)
            .zip(x.par_chunks(size_in))
            .for_each_init(
                || [Vec::new(), Vec::new(), Vec::new()],
                |scratch, (out, x)| item(out, x, scratch, false),
            );
    } else {
        let mut scratch = [Vec::new(), Vec::new(), Vec::new()];
        for (out, x) in out.chunks_mut(size_out).zip(x.chunks(size_in)) {
            item(out, x, &mut scratch, true);
        }
    }
    out
}

/// As [`super::convolution::weight_gradient`].
pub(crate) fn weight_gradient<T: Real>(g: &Geometry, x: &[T], dy: &[T]) -> Vec<T> {
    let tap = g.channels_in * g.channels_out;
    let mut products = vec![T::ZERO; IN * tap];
    let (mut padded, mut inputs, mut outputs) = (Vec::new(), Vec::new(), Vec::new());
    let (size_out, size_in) = (g.length * g.channels_out, g.length * g.channels_in);
    for (index, (x, dy)) in x.chunks(size_in).zip(dy.chunks(size_out)).enumerate() {
        let n_tiles = transform_input(g, x, &mut padded, &mut inputs);
        transform_gradient(g, dy, n_tiles, &mut outputs);
        let product = |(j, place): (usize, &mut [T]), threads: bool| {
            let sizes = [g.channels_in, g.channels_out, n_tiles];
            let input = factor(&inputs, j, g.channels_in).transposed();
            let output = factor(&outputs, j, g.channels_out);
            multiply(place, sizes, input, output, index > 0, threads);
        };
        // whole products to each thread, where there are enough
        if IN.is_multiple_of(rayon::current_num_threads()) {
            let places = products.par_chunks_exact_mut(tap).enumerate();
            places.for_each(|place| product(place, false));
        } else {
            let places = products.chunks_exact_mut(tap).enumerate();
            places.for_each(|place| product(place, true));
        }
    }
    let mut dw = vec![T::ZERO; TAPS * tap];
    dw.par_chunks_mut(g.channels_out)
        .enumerate()
        .for_each(|(row_of_tap, dw)| {
            let (t, row) = (row_of_tap / g.channels_in, row_of_tap % g.channels_in);
            for (scales, products) in KERNEL.iter().zip(products.chunks_exact(tap)) {
                let products = &products[row * g.channels_out..][..g.channels_out];
                add_scaled(dw, T::narrow(scales[t]), products);
            }
        });
    dw
}

/// One of the six factors of all tiles, as a matrix of tiles by channels.
fn factor<T>(values: &[T], j: usize, channels: usize) -> Matrix<'_, T> {
    Matrix {
        data: &values[j * channels..],
        row: IN * channels,
        column: 1,
    }
}

fn add_scaled<T: Real>(sum: &mut [T], scale: T, values: &[T]) {
    for (sum, &value) in sum.iter_mut().zip(values) {
        *sum += scale * value;
    }
}

/// `G·w`: `(6, channels_in, channels_out)`.
fn transform_kernel<T: Real>(g: &Geometry, w: &[T]) -> Vec<T> {
    let tap = g.channels_in * g.channels_out;
    let mut kernel = vec![T::ZERO; IN * tap];
    kernel
        .par_chunks_mut(tap)
        .zip(&KERNEL)
        .for_each(|(kernel, row)| {
            for (t, &scale) in row.iter().enumerate() {
                add_scaled(kernel, T::narrow(scale), &w[t * tap..][..tap]);
            }
        });
    kernel
}

/// `Bᵀ·x` of all tiles of a sequence, `(n_tiles, 6, channels_in)`; the number of tiles.
fn transform_input<T: Real>(
    g: &Geometry,
    x: &[T],
    padded: &mut Vec<T>,
    inputs: &mut Vec<T>,
) -> usize {
    let channels = g.channels_in;
    let n_tiles = g.length.div_ceil(OUT);
    padded.clear();
    padded.resize(channels, T::ZERO);
    padded.extend_from_slice(x);
    padded.resize((OUT * n_tiles + 2) * channels, T::ZERO);
    inputs.resize(n_tiles * IN * channels, T::ZERO);
    let [two, four, five] = [2.0, 4.0, 5.0].map(T::narrow);
    let padded = padded.as_slice();
    inputs
        .par_chunks_mut(IN * channels)
        .with_min_len(32)
        .enumerate()
        .for_each(|(tile, place)| {
            let [d0, d1, d2, d3, d4, d5]: [&[T]; IN] =
                std::array::from_fn(|i| &padded[(OUT * tile + i) * channels..][..channels]);
            let mut rows = place.chunks_exact_mut(channels);
            let [v0, v1, v2, v3, v4, v5]: [&mut [T]; IN] =
                std::array::from_fn(|_| rows.next().unwrap_or_default());
            for c in 0..channels {
                v0[c] = four * d0[c] - five * d2[c] + d4[c];
                let (even, odd) = (d4[c] - four * d2[c], d3[c] - four * d1[c]);
                v1[c] = even + odd;
                v2[c] = even - odd;
                let (even, odd) = (d4[c] - d2[c], two * (d3[c] - d1[c]));
                v3[c] = even + odd;
                v4[c] = even - odd;
                v5[c] = four * d1[c] - five * d3[c] + d5[c];
            }
        });
    n_tiles
}

/// `Aᵀ` of the six products of each tile; positions beyond the sequence are dropped.
fn transform_output<T: Real>(products: &[T], plane: usize, channels: usize, out: &mut [T]) {
    let [two, four, eight] = [2.0, 4.0, 8.0].map(T::narrow);
    for (tile, out) in out.chunks_mut(OUT * channels).enumerate() {
        let [m0, m1, m2, m3, m4, m5]: [&[T]; IN] =
            std::array::from_fn(|j| &products[j * plane + tile * channels..][..channels]);
        for (position, out) in out.chunks_exact_mut(channels).enumerate() {
            for (c, out) in out.iter_mut().enumerate() {
                let (sum, difference) = (m1[c] + m2[c], m1[c] - m2[c]);
                let (sum2, difference2) = (m3[c] + m4[c], m3[c] - m4[c]);
                *out = match position {
                    0 => m0[c] + sum + sum2,
                    1 => difference + two * difference2,
                    2 => sum + four * sum2,
                    _ => difference + eight * difference2 + m5[c],
                };
            }
        }
    }
}

/// `A·dy` of all tiles of a sequence, `(n_tiles, 6, channels_out)`.
fn transform_gradient<T: Real>(g: &Geometry, dy: &[T], n_tiles: usize, outputs: &mut Vec<T>) {
    let channels = g.channels_out;
    outputs.resize(n_tiles * IN * channels, T::ZERO);
    let [two, four, eight] = [2.0, 4.0, 8.0].map(T::narrow);
    let zeros = vec![T::ZERO; channels];
    outputs
        .par_chunks_mut(IN * channels)
        .with_min_len(32)
        .enumerate()
        .for_each(|(tile, place)| {
            let [y0, y1, y2, y3]: [&[T]; OUT] = std::array::from_fn(|i| {
                let row = dy.get((OUT * tile + i) * channels..);
                row.and_then(|row| row.get(..channels)).unwrap_or(&zeros)
            });
            let mut rows = place.chunks_exact_mut(channels);
            let [u0, u1, u2, u3, u4, u5]: [&mut [T]; IN] =
                std::array::from_fn(|_| rows.next().unwrap_or_default());
            for c in 0..channels {
                u0[c] = y0[c];
                let (even, odd) = (y0[c] + y2[c], y1[c] + y3[c]);
                u1[c] = even + odd;
                u2[c] = even - odd;
                let (even, odd) = (y0[c] + four * y2[c], two * y1[c] + eight * y3[c]);
                u3[c] = even + odd;
                u4[c] = even - odd;
                u5[c] = y3[c];
            }
        });
}
