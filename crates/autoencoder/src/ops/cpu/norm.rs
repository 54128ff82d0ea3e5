//! Batch normalisation over rows of channels, with the rectifier that follows it folded in.

use crate::ops::storage::Real;
use rayon::prelude::*;

/// Rows per task: sums are added block by block in this order, on any number of threads.
const BLOCK: usize = 64;

/// Sums of two quantities for each channel.
type Sums = (Vec<f64>, Vec<f64>);

/// Mean and (biased) variance of each channel over all rows.
pub(crate) fn moments<T: Real>(x: &[T], channels: usize) -> Sums {
    let n_rows = (x.len() / channels.max(1)).max(1) as f64;
    // differences from the first row: nothing cancels where the mean is far from zero
    let origin = x.get(..channels).unwrap_or_default();
    let (mut mean, mut square) = reduce(x.len(), channels, |rows, first: &mut [T], second| {
        for row in x[rows].chunks_exact(channels) {
            let sums = first.iter_mut().zip(second.iter_mut());
            for ((sum, square), (&value, &origin)) in sums.zip(row.iter().zip(origin)) {
                let value = value - origin;
                *sum += value;
                *square += value * value;
            }
        }
    });
    for ((mean, square), origin) in mean.iter_mut().zip(&mut square).zip(origin) {
        *mean /= n_rows;
        *square = (*square / n_rows - *mean * *mean).max(0.0);
        *mean += origin.wide();
    }
    (mean, square)
}

/// `y = scale · x + shift` for each channel, then `max(y, 0)` if `rectify`.
pub(crate) fn affine<T: Real>(x: &[T], scale: &[f64], shift: &[f64], rectify: bool) -> Vec<T> {
    let channels = scale.len();
    let scale: Vec<T> = scale.iter().map(|&v| T::narrow(v)).collect();
    let shift: Vec<T> = shift.iter().map(|&v| T::narrow(v)).collect();
    let mut y = vec![T::ZERO; x.len()];
    if y.is_empty() {
        return y;
    }
    let block = BLOCK * channels;
    y.par_chunks_mut(block)
        .zip(x.par_chunks(block))
        .for_each(|(y, x)| {
            for (y, x) in y.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
                for (((y, &x), &a), &b) in y.iter_mut().zip(x).zip(&scale).zip(&shift) {
                    let value = a * x + b;
                    *y = if rectify && value <= T::ZERO {
                        T::ZERO
                    } else {
                        value
                    };
                }
            }
        });
    y
}

/// `(Σ dy, Σ dy·x̂)` over rows, `dy` counted as 0 where the rectifier was shut (`y ≤ 0`).
///
/// `x̂ = (x − mean)·inverse`; the sums are the gradients of β and γ.
pub(crate) fn backward_sums<T: Real>(
    x: &[T],
    y: Option<&[T]>,
    dy: &[T],
    mean: &[f64],
    inverse: &[f64],
) -> Sums {
    let channels = mean.len();
    let centre: Vec<T> = mean.iter().map(|&mean| T::narrow(mean)).collect();
    let (sum, mut product) = reduce(x.len(), channels, |rows, first: &mut [T], second| {
        let (x, dy) = (&x[rows.clone()], &dy[rows.clone()]);
        let gate = y.map(|y| &y[rows]);
        for (row, (x, dy)) in x
            .chunks_exact(channels)
            .zip(dy.chunks_exact(channels))
            .enumerate()
        {
            let sums = first
                .iter_mut()
                .zip(second.iter_mut())
                .zip(x.iter().zip(dy).zip(&centre));
            match gate {
                None => {
                    for ((sum, product), ((&x, &dy), &centre)) in sums {
                        *sum += dy;
                        *product += dy * (x - centre);
                    }
                }
                Some(y) => {
                    let y = &y[row * channels..][..channels];
                    for (((sum, product), ((&x, &dy), &centre)), &y) in sums.zip(y) {
                        let dy = if y > T::ZERO { dy } else { T::ZERO };
                        *sum += dy;
                        *product += dy * (x - centre);
                    }
                }
            }
        }
    });
    for (c, product) in product.iter_mut().enumerate() {
        // what rounding the mean left
        *product = (*product - (mean[c] - centre[c].wide()) * sum[c]) * inverse[c];
    }
    (sum, product)
}

/// `dx = a·dy + b·x + c` for each channel, `dy` gated as in [`backward_sums`].
pub(crate) fn backward_input<T: Real>(
    x: &[T],
    y: Option<&[T]>,
    dy: &[T],
    [a, b, c]: [&[f64]; 3],
) -> Vec<T> {
    let channels = a.len();
    let narrow = |v: &[f64]| v.iter().map(|&v| T::narrow(v)).collect::<Vec<T>>();
    let (a, b, c) = (narrow(a), narrow(b), narrow(c));
    let mut dx = vec![T::ZERO; x.len()];
    if dx.is_empty() {
        return dx;
    }
    let block = BLOCK * channels;
    dx.par_chunks_mut(block)
        .enumerate()
        .for_each(|(index, dx)| {
            let start = index * block;
            for (row, dx) in dx.chunks_exact_mut(channels).enumerate() {
                let at = start + row * channels;
                let (x, dy) = (&x[at..at + channels], &dy[at..at + channels]);
                let terms = a.iter().zip(&b).zip(&c);
                let values = dx.iter_mut().zip(x).zip(dy).zip(terms);
                match y {
                    None => {
                        for (((dx, &x), &dy), ((&a, &b), &c)) in values {
                            *dx = a * dy + b * x + c;
                        }
                    }
                    Some(y) => {
                        for ((((dx, &x), &dy), ((&a, &b), &c)), &y) in
                            values.zip(&y[at..at + channels])
                        {
                            let dy = if y > T::ZERO { dy } else { T::ZERO };
                            *dx = a * dy + b * x + c;
                        }
                    }
                }
            }
        });
    dx
}

/// Sum of each channel over all rows.
pub(crate) fn column_sums<T: Real>(x: &[T], channels: usize) -> Vec<f64> {
    reduce(x.len(), channels, |rows, sums: &mut [T], _| {
        for row in x[rows].chunks_exact(channels) {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
    })
    .0
}

/// Adds up two sums a channel over blocks of rows: threads take blocks, the blocks are added in order,
/// in f64.
fn reduce<T: Real>(
    len: usize,
    channels: usize,
    block_sums: impl Fn(std::ops::Range<usize>, &mut [T], &mut [T]) + Sync,
) -> Sums {
    let size = (BLOCK * channels).max(1);
    let blocks: Vec<Vec<T>> = (0..len.div_ceil(size))
        .into_par_iter()
        .map(|index| {
            let mut sums = vec![T::ZERO; 2 * channels];
            let (first, second) = sums.split_at_mut(channels);
            let rows = index * size..((index + 1) * size).min(len);
            block_sums(rows, first, second);
            sums
        })
        .collect();
    let mut total = vec![0.0; 2 * channels];
    for block in blocks {
        for (total, value) in total.iter_mut().zip(block) {
            *total += value.wide();
        }
    }
    let second = total.split_off(channels);
    (total, second)
}
