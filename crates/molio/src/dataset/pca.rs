//! Projections on the leading principal components, without a covariance or a Gram matrix.

use super::store::FrameStore;
use crate::Result;
use crate::align::frames_per_chunk;
use nalgebra::DMatrix;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Directions carried along beyond those asked for, and rounds of multiplying by the covariance: the
/// neighbouring components then are suppressed by their ratio of variances to the power of 2·5 + 1.
const OVERSAMPLING: usize = 8;
const POWER_ITERATIONS: usize = 5;

/// Each frame's coordinates on the leading principal components (nm), `[frames][n_components]`.
///
/// Randomised subspace iteration: X is only multiplied by thin matrices, `frames_per_chunk` frames at a
/// time, so memory is (3·n_atoms + frames)·(n_components + 8) numbers.
///
/// # References
/// N. Halko, P. G. Martinsson, J. A. Tropp, SIAM Rev. 53, 217 (2011), 10.1137/090771806.
pub(super) fn project(
    store: &FrameStore,
    frames: &[usize],
    n_components: usize,
    seed: u64,
) -> Result<Vec<f64>> {
    let n_coordinates = store.n_atoms() * 3;
    let rank = (n_components + OVERSAMPLING)
        .min(n_coordinates)
        .min(frames.len());
    let n_components = n_components.min(rank);
    let mean = mean(store, frames)?;

    // columns of the basis lie next to each other: [rank][n_coordinates]
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let mut basis: Vec<f64> = (0..rank * n_coordinates)
        .map(|_| generator.random::<f64>() - 0.5)
        .collect();
    orthonormalise(&mut basis, n_coordinates);
    for _ in 0..POWER_ITERATIONS {
        let mut next = vec![0.0; basis.len()];
        for_each_chunk(store, frames, &mean, &mut |chunk| {
            let weights = multiply(chunk, &basis, n_coordinates);
            // next += chunkᵀ · weights, threads over the columns of the basis
            next.par_chunks_mut(n_coordinates)
                .enumerate()
                .for_each(|(column, sums)| {
                    for (row, frame) in chunk.chunks(n_coordinates).enumerate() {
                        let weight = weights[row * rank + column];
                        for (sum, x) in sums.iter_mut().zip(frame) {
                            *sum += weight * f64::from(*x);
                        }
                    }
                });
        })?;
        basis = next;
        orthonormalise(&mut basis, n_coordinates);
    }

    let mut projected = Vec::with_capacity(frames.len() * rank);
    for_each_chunk(store, frames, &mean, &mut |chunk| {
        projected.extend(multiply(chunk, &basis, n_coordinates));
    })?;
    Ok(rotate_to_principal(&projected, rank, n_components))
}

fn mean(store: &FrameStore, frames: &[usize]) -> Result<Vec<f64>> {
    let n_coordinates = store.n_atoms() * 3;
    let mut sums = vec![0.0f64; n_coordinates];
    let zero = vec![0.0; n_coordinates];
    for_each_chunk(store, frames, &zero, &mut |chunk| {
        for frame in chunk.chunks(n_coordinates) {
            for (sum, x) in sums.iter_mut().zip(frame) {
                *sum += f64::from(*x);
            }
        }
    })?;
    Ok(sums.into_iter().map(|s| s / frames.len() as f64).collect())
}

/// Reads the frames in order, a bounded number at a time, and takes the mean off.
fn for_each_chunk(
    store: &FrameStore,
    frames: &[usize],
    mean: &[f64],
    visit: &mut dyn FnMut(&[f32]),
) -> Result<()> {
    let n_atoms = store.n_atoms();
    let mut frame = vec![[0.0; 3]; n_atoms];
    let mut buffer = Vec::new();
    for indices in frames.chunks(frames_per_chunk(n_atoms)) {
        buffer.clear();
        for &index in indices {
            store.read(index, &mut frame)?;
            let centred = frame.iter().flatten().zip(mean);
            buffer.extend(centred.map(|(x, mean)| (f64::from(*x) - mean) as f32));
        }
        visit(&buffer);
    }
    Ok(())
}

/// Products of each frame with each basis vector, `[frames][rank]`.
fn multiply(chunk: &[f32], basis: &[f64], n_coordinates: usize) -> Vec<f64> {
    chunk
        .par_chunks(n_coordinates)
        .flat_map_iter(|frame| {
            basis.chunks(n_coordinates).map(move |column| {
                let products = frame.iter().zip(column).map(|(x, b)| f64::from(*x) * b);
                products.sum()
            })
        })
        .collect()
}

/// Modified Gram-Schmidt, twice, which is enough; a vector without a part of its own becomes zero.
fn orthonormalise(basis: &mut [f64], n_coordinates: usize) {
    let n_columns = basis.len() / n_coordinates;
    for _ in 0..2 {
        for column in 0..n_columns {
            let (before, rest) = basis.split_at_mut(column * n_coordinates);
            let current = &mut rest[..n_coordinates];
            let size = dot(current, current).sqrt();
            for earlier in before.chunks(n_coordinates) {
                let overlap = dot(earlier, current);
                for (x, e) in current.iter_mut().zip(earlier) {
                    *x -= overlap * e;
                }
            }
            let norm = dot(current, current).sqrt();
            let scale = if norm > 1e-12 * size { 1.0 / norm } else { 0.0 };
            current.iter_mut().for_each(|x| *x *= scale);
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Turns coordinates in the subspace into those along its principal axes, largest variance first.
fn rotate_to_principal(projected: &[f64], rank: usize, n_components: usize) -> Vec<f64> {
    let mut covariance = DMatrix::<f64>::zeros(rank, rank);
    for point in projected.chunks(rank) {
        for i in 0..rank {
            for j in 0..rank {
                covariance[(i, j)] += point[i] * point[j];
            }
        }
    }
    let eigen = covariance.symmetric_eigen();
    let mut order: Vec<usize> = (0..rank).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    let vectors = &eigen.eigenvectors;
    projected
        .chunks(rank)
        .flat_map(|point| {
            order[..n_components]
                .iter()
                .map(move |&axis| (0..rank).map(|i| point[i] * vectors[(i, axis)]).sum())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;

    /// Against the covariance matrix, which is small here.
    #[test]
    fn agrees_with_the_covariance_matrix() {
        let (n_frames, n_atoms) = (60, 20);
        let mut generator = ChaCha8Rng::seed_from_u64(3);
        let mut store = FrameStore::in_memory(n_atoms);
        let mut data = DMatrix::<f64>::zeros(n_frames, 3 * n_atoms);
        for f in 0..n_frames {
            let (a, b) = (f as f64 * 0.3, (f as f64 * 0.7).sin() * 4.0);
            let frame: Vec<[f32; 3]> = (0..n_atoms)
                .map(|atom| {
                    let noise = generator.random::<f64>() * 0.5;
                    [a * (atom as f64).sin(), b * (atom as f64).cos(), noise].map(|x| x as f32)
                })
                .collect();
            for (k, x) in frame.iter().flatten().enumerate() {
                data[(f, k)] = f64::from(*x);
            }
            store.push(&frame).unwrap();
        }
        let frames: Vec<usize> = (0..n_frames).collect();
        let found = project(&store, &frames, 3, 1).unwrap();
        let mean = data.row_mean();
        for mut row in data.row_iter_mut() {
            row -= &mean;
        }
        let eigen = (data.transpose() * &data).symmetric_eigen();
        let mut order: Vec<usize> = (0..3 * n_atoms).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        for component in 0..2 {
            let expected = &data * eigen.eigenvectors.column(order[component]);
            let sign = (expected[0] * found[component]).signum();
            for f in 0..n_frames {
                let difference = expected[f] - sign * found[3 * f + component];
                assert!(difference.abs() < 1e-4, "{component} {f}: {difference}");
            }
        }
    }

    #[test]
    fn fewer_frames_than_components() {
        let mut store = FrameStore::in_memory(1);
        store.push(&[[1.0, 0.0, 0.0]]).unwrap();
        store.push(&[[2.0, 0.0, 0.0]]).unwrap();
        let found = project(&store, &[0, 1], 3, 0).unwrap();
        assert_eq!(found.len(), 4);
        assert!((found[0] - found[2]).abs() - 1.0 < 1e-6);
    }
}
