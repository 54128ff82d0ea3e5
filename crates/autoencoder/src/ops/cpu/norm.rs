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
    let (mut mean, mut square) = reduce(x.len(), channels, |rows, first, second| {
        for row in x[rows].chunks_exact(channels) {
            for ((sum, square), &value) in first.iter_mut().zip(second.iter_mut()).zip(row) {
                let value = value.wide();
                *sum += value;
                *square += value * value;
            }
        }
    });
    for (mean, square) in mean.iter_mut().zip(&mut square) {
        *mean /= n_rows;
        *square = (*square / n_rows - *mean * *mean).max(0.0);
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
    let (sum, mut product) = reduce(x.len(), channels, |rows, first, second| {
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
                .zip(x.iter().zip(dy));
            match gate {
                None => {
                    for ((sum, product), (&x, &dy)) in sums {
                        *sum += dy.wide();
                        *product += dy.wide() * x.wide();
                    }
                }
                Some(y) => {
                    let y = &y[row * channels..][..channels];
                    for (((sum, product), (&x, &dy)), &y) in sums.zip(y) {
                        let dy = if y > T::ZERO { dy } else { T::ZERO };
                        *sum += dy.wide();
                        *product += dy.wide() * x.wide();
                    }
                }
            }
        }
    });
    for (((product, sum), mean), inverse) in product.iter_mut().zip(&sum).zip(mean).zip(inverse) {
        *product = (*product - mean * sum) * inverse;
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
    reduce(x.len(), channels, |rows, sums, _| {
        for row in x[rows].chunks_exact(channels) {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += value.wide();
            }
        }
    })
    .0
}

/// Adds up two sums a channel over blocks of rows: threads take blocks, the blocks are added in order.
fn reduce(
    len: usize,
    channels: usize,
    block_sums: impl Fn(std::ops::Range<usize>, &mut [f64], &mut [f64]) + Sync,
) -> Sums {
    let size = (BLOCK * channels).max(1);
    let blocks: Vec<Sums> = (0..len.div_ceil(size))
        .into_par_iter()
        .map(|index| {
            let mut sums = (vec![0.0; channels], vec![0.0; channels]);
            let rows = index * size..((index + 1) * size).min(len);
            block_sums(rows, &mut sums.0, &mut sums.1);
            sums
        })
        .collect();
    let mut total = (vec![0.0; channels], vec![0.0; channels]);
    for (first, second) in blocks {
        for (sum, value) in total.0.iter_mut().zip(first) {
            *sum += value;
        }
        for (sum, value) in total.1.iter_mut().zip(second) {
            *sum += value;
        }
    }
    total
}
