//! Nearest neighbours in feature space, and what is pooled over them.

use super::matmul::{Matrix, multiply};
use crate::ops::storage::Real;
use rayon::prelude::*;

/// Rows of the distance matrix that are held at once: it never exists as a whole.
const BLOCK: usize = 64;

/// A batch of point clouds.
#[derive(Clone, Copy)]
pub(crate) struct Clouds {
    pub(crate) batch: usize,
    pub(crate) n_points: usize,
    pub(crate) channels: usize,
}

impl Clouds {
    fn size(&self) -> usize {
        self.n_points * self.channels
    }
}

/// The `k` nearest points of each point, itself among them, nearest first; ties by lower index.
pub(crate) fn nearest<T: Real>(clouds: Clouds, x: &[T], k: usize) -> Vec<u32> {
    let Clouds {
        n_points, channels, ..
    } = clouds;
    let mut indices = vec![0; clouds.batch * n_points * k];
    if indices.is_empty() {
        return indices;
    }
    let half_norms: Vec<T> = x
        .chunks_exact(channels)
        .map(|row| {
            let mut sum = 0.0;
            for value in row {
                sum += value.wide() * value.wide();
            }
            T::narrow(0.5 * sum)
        })
        .collect();
    let blocks_each = n_points.div_ceil(BLOCK);
    let starts: Vec<(usize, usize)> = (0..clouds.batch * blocks_each)
        .map(|block| (block / blocks_each, block % blocks_each * BLOCK))
        .collect();
    let mut places: Vec<&mut [u32]> = Vec::with_capacity(starts.len());
    let mut rest = indices.as_mut_slice();
    for &(_, start) in &starts {
        let (place, others) = rest.split_at_mut(BLOCK.min(n_points - start) * k);
        places.push(place);
        rest = others;
    }
    starts.into_par_iter().zip(places).for_each_init(
        Vec::new,
        |products, ((cloud, start), place)| {
            let points = &x[cloud * clouds.size()..][..clouds.size()];
            let norms = &half_norms[cloud * n_points..][..n_points];
            let n_rows = place.len() / k;
            products.clear();
            products.resize(n_rows * n_points, T::ZERO);
            let rows = Matrix::row_major(&points[start * channels..], channels);
            let all = Matrix::row_major(points, channels).transposed();
            multiply(
                products,
                [n_rows, n_points, channels],
                rows,
                all,
                false,
                false,
            );
            for (row, place) in products
                .chunks_exact_mut(n_points)
                .zip(place.chunks_exact_mut(k))
            {
                // ½|x_j|² − x_i·x_j orders points j like |x_i − x_j|²
                for (value, &norm) in row.iter_mut().zip(norms) {
                    *value = norm - *value;
                }
                smallest(row, place);
            }
        },
    );
    indices
}

/// The indices of the `place.len()` smallest values, ascending.
fn smallest<T: Real>(values: &[T], place: &mut [u32]) {
    const LANES: usize = 16;
    let k = place.len();
    let mut best: Vec<(T, u32)> = Vec::with_capacity(k + 1);
    let insert = |best: &mut Vec<(T, u32)>, value: T, index: usize| {
        let at = best.partition_point(|&(other, _)| other <= value);
        best.insert(at, (value, index as u32));
        best.truncate(k);
    };
    for (index, &value) in values.iter().enumerate().take(k) {
        insert(&mut best, value, index);
    }
    let tail = &values[k.min(values.len())..];
    for (chunk_index, chunk) in tail.chunks(LANES).enumerate() {
        let mut bound = best[k - 1].0;
        // most chunks hold nothing near: one vectorised look settles them
        let mut any = false;
        for &value in chunk {
            any |= value < bound;
        }
        if !any {
            continue;
        }
        for (lane, &value) in chunk.iter().enumerate() {
            if value < bound {
                insert(&mut best, value, k + chunk_index * LANES + lane);
                bound = best[k - 1].0;
            }
        }
    }
    for (place, (_, index)) in place.iter_mut().zip(best) {
        *place = index;
    }
}

/// Largest value of each channel over a point's neighbours, and which neighbour had it.
pub(crate) fn max_pool<T: Real>(clouds: Clouds, x: &[T], neighbours: &[u32]) -> (Vec<T>, Vec<u32>) {
    let channels = clouds.channels;
    let mut y = vec![T::ZERO; x.len()];
    let mut winners = vec![0; x.len()];
    if y.is_empty() {
        return (y, winners);
    }
    let k = neighbours.len() / (clouds.batch * clouds.n_points);
    y.par_chunks_mut(channels)
        .zip(winners.par_chunks_mut(channels))
        .zip(neighbours.par_chunks(k))
        .enumerate()
        .with_min_len(BLOCK)
        .for_each(|(point, ((y, winners), neighbours))| {
            let cloud = &x[point / clouds.n_points * clouds.size()..][..clouds.size()];
            y.copy_from_slice(&cloud[neighbours[0] as usize * channels..][..channels]);
            winners.fill(neighbours[0]);
            for &neighbour in &neighbours[1..] {
                let row = &cloud[neighbour as usize * channels..][..channels];
                for ((y, winner), &value) in y.iter_mut().zip(&mut *winners).zip(row) {
                    let larger = value > *y;
                    *y = if larger { value } else { *y };
                    *winner = if larger { neighbour } else { *winner };
                }
            }
        });
    (y, winners)
}

/// Hands each pooled value's gradient back to the neighbour that had the maximum.
pub(crate) fn max_pool_gradient<T: Real>(clouds: Clouds, dy: &[T], winners: &[u32]) -> Vec<T> {
    let mut dx = vec![T::ZERO; dy.len()];
    if dx.is_empty() {
        return dx;
    }
    dx.par_chunks_mut(clouds.size())
        .zip(dy.par_chunks(clouds.size()))
        .zip(winners.par_chunks(clouds.size()))
        .for_each(|((dx, dy), winners)| {
            for (dy, winners) in dy
                .chunks_exact(clouds.channels)
                .zip(winners.chunks_exact(clouds.channels))
            {
                for (channel, (&dy, &winner)) in dy.iter().zip(winners).enumerate() {
                    dx[winner as usize * clouds.channels + channel] += dy;
                }
            }
        });
    dx
}

/// `Σ_j (x_j − x̄)(x_j − x̄)ᵀ` over each point's neighbours j.
pub(crate) fn covariance<T: Real>(clouds: Clouds, x: &[T], neighbours: &[u32]) -> Vec<T> {
    let c = clouds.channels;
    let k = neighbours.len() / (clouds.batch * clouds.n_points).max(1);
    let mut out = Vec::with_capacity(clouds.batch * clouds.n_points * c * c);
    for (point, neighbours) in neighbours.chunks_exact(k.max(1)).enumerate() {
        let cloud = &x[point / clouds.n_points * clouds.size()..][..clouds.size()];
        let deviations = deviations(cloud, c, neighbours);
        for i in 0..c {
            for j in 0..c {
                let products = deviations.chunks_exact(c).map(|d| d[i] * d[j]);
                out.push(T::narrow(products.sum()));
            }
        }
    }
    out
}

/// `dx_j += (G + Gᵀ)(x_j − x̄)`: what goes through the mean cancels, deviations add up to zero.
pub(crate) fn covariance_gradient<T: Real>(
    clouds: Clouds,
    x: &[T],
    neighbours: &[u32],
    dy: &[T],
) -> Vec<T> {
    let c = clouds.channels;
    let k = neighbours.len() / (clouds.batch * clouds.n_points).max(1);
    let mut dx = vec![0.0; x.len()];
    for (point, neighbours) in neighbours.chunks_exact(k.max(1)).enumerate() {
        let start = point / clouds.n_points * clouds.size();
        let cloud = &x[start..][..clouds.size()];
        let g = &dy[point * c * c..][..c * c];
        let deviations = deviations(cloud, c, neighbours);
        for (&neighbour, deviation) in neighbours.iter().zip(deviations.chunks_exact(c)) {
            for i in 0..c {
                let at = start + neighbour as usize * c + i;
                for j in 0..c {
                    dx[at] += (g[i * c + j].wide() + g[j * c + i].wide()) * deviation[j];
                }
            }
        }
    }
    dx.into_iter().map(T::narrow).collect()
}

fn deviations<T: Real>(cloud: &[T], c: usize, neighbours: &[u32]) -> Vec<f64> {
    let mut mean = vec![0.0; c];
    let mut values = Vec::with_capacity(neighbours.len() * c);
    for &neighbour in neighbours {
        for (mean, value) in mean.iter_mut().zip(&cloud[neighbour as usize * c..][..c]) {
            *mean += value.wide() / neighbours.len() as f64;
            values.push(value.wide());
        }
    }
    for value in values.chunks_exact_mut(c) {
        for (value, mean) in value.iter_mut().zip(&mean) {
            *value -= mean;
        }
    }
    values
}
