//! Principal components: the linear autoencoder that any network has to beat.

use crate::data::FrameSource;
use crate::ops;
use crate::ops::cpu::matmul::{Matrix, multiply};
use crate::{Autoencoder, Error, Result};
use candle_core::{Device, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Directions beyond those asked for, so that the wanted ones settle soon.
const EXTRA: usize = 8;
/// Passes over the frames at most, and the relative change of the variances that ends them.
const MOST_PASSES: usize = 200;
const TOLERANCE: f64 = 1e-10;
/// Frames that are held at once.
const CHUNK: usize = 64;

/// The directions of largest variance of a set of frames, as an [`Autoencoder`].
///
/// Found by subspace iteration on the covariance, which is never made: memory grows with the
/// number of coordinates times components, whatever the number of frames.
///
/// # References
/// N. Halko, P. G. Martinsson, J. A. Tropp, SIAM Rev. 53, 217 (2011), DOI 10.1137/090771806.
pub struct Pca {
    n_atoms: usize,
    variances: Vec<f64>,
    total_variance: f64,
    mean: Tensor,
    down: Tensor,
    up: Tensor,
}

impl Pca {
    /// The first `n_components` components of the frames `indices` (the training frames).
    ///
    /// # Errors
    /// [`Error::Setting`] for more components than frames or coordinates; frames that cannot be had.
    pub fn new(
        frames: &dyn FrameSource,
        indices: &[usize],
        n_components: usize,
        device: &Device,
    ) -> Result<Self> {
        let size = 3 * frames.n_atoms();
        let most = size.min(indices.len().saturating_sub(1));
        if n_components == 0 || n_components > most {
            let expected = format!("1 to {most} components");
            return Err(Error::setting("n_components", expected, n_components));
        }
        let (mean, total_variance) = mean_and_variance(frames, indices)?;
        let width = (n_components + EXTRA).min(most);
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut basis: Vec<f64> = (0..width * size)
            .map(|_| StandardNormal.sample(&mut rng))
            .collect();
        orthonormalise(&mut basis, size);
        let mut variances = vec![0.0; width];
        for _ in 0..MOST_PASSES {
            let image = apply_covariance(frames, indices, &mean, &basis)?;
            // Rayleigh-Ritz: the covariance inside the subspace, row vectors q: q C qᵀ
            let mut small = vec![0.0; width * width];
            let (rows, columns) = (
                Matrix::row_major(basis.as_slice(), size),
                Matrix::row_major(image.as_slice(), size).transposed(),
            );
            multiply(
                &mut small,
                [width, width, size],
                rows,
                columns,
                false,
                false,
            );
            let (values, vectors) = symmetric_eigen(small, width);
            let mut rotated = vec![0.0; width * size];
            let (rotation, image) = (
                Matrix::row_major(vectors.as_slice(), width),
                Matrix::row_major(image.as_slice(), size),
            );
            multiply(
                &mut rotated,
                [width, size, width],
                rotation,
                image,
                false,
                false,
            );
            basis = rotated;
            orthonormalise(&mut basis, size);
            let wanted = values.iter().zip(&variances).take(n_components);
            let settled = wanted
                .clone()
                .all(|(new, old)| (new - old).abs() <= TOLERANCE * new.abs());
            variances = values;
            if settled {
                break;
            }
        }
        variances.truncate(n_components);
        let narrow = |values: &[f64]| values.iter().map(|&v| v as f32).collect::<Vec<f32>>();
        let up = Tensor::from_vec(
            narrow(&basis[..n_components * size]),
            (n_components, size),
            device,
        )?;
        Ok(Self {
            n_atoms: frames.n_atoms(),
            variances,
            total_variance,
            mean: Tensor::from_vec(narrow(&mean), size, device)?,
            down: up.t()?.contiguous()?,
            up,
        })
    }

    /// Variance along each component, largest first, in standardised units.
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }

    /// Part of the whole variance that the components hold, 0 to 1.
    pub fn explained(&self) -> f64 {
        self.variances.iter().sum::<f64>() / self.total_variance
    }
}

impl Autoencoder for Pca {
    fn n_atoms(&self) -> usize {
        self.n_atoms
    }

    fn encode(&self, positions: &Tensor) -> Result<Tensor> {
        let centred = positions.flatten_from(1)?.broadcast_sub(&self.mean)?;
        Ok(ops::linear(&centred, &self.down)?)
    }

    fn decode(&self, latent: &Tensor) -> Result<Tensor> {
        let flat = ops::linear(latent, &self.up)?.broadcast_add(&self.mean)?;
        Ok(flat.reshape(((), self.n_atoms, 3))?)
    }
}

/// Calls `f` with chunks of frames as f64 rows.
fn each_chunk(
    frames: &dyn FrameSource,
    indices: &[usize],
    mut f: impl FnMut(Vec<f64>),
) -> Result<()> {
    for batch in frames.batches(indices, CHUNK) {
        let batch = batch.map_err(Error::Frames)?;
        f(batch.values.iter().map(|&v| f64::from(v)).collect());
    }
    Ok(())
}

fn mean_and_variance(frames: &dyn FrameSource, indices: &[usize]) -> Result<(Vec<f64>, f64)> {
    let size = 3 * frames.n_atoms();
    let n = indices.len() as f64;
    let mut mean = vec![0.0; size];
    each_chunk(frames, indices, |rows| {
        for row in rows.chunks_exact(size) {
            for (mean, value) in mean.iter_mut().zip(row) {
                *mean += value / n;
            }
        }
    })?;
    let mut variance = 0.0;
    each_chunk(frames, indices, |rows| {
        for row in rows.chunks_exact(size) {
            let squares = row
                .iter()
                .zip(&mean)
                .map(|(value, mean)| (value - mean).powi(2));
            variance += squares.sum::<f64>() / n;
        }
    })?;
    Ok((mean, variance))
}

/// `basis · C` with C the covariance of the frames; basis vectors are rows.
fn apply_covariance(
    frames: &dyn FrameSource,
    indices: &[usize],
    mean: &[f64],
    basis: &[f64],
) -> Result<Vec<f64>> {
    let size = mean.len();
    let width = basis.len() / size;
    let mut image = vec![0.0; basis.len()];
    each_chunk(frames, indices, |mut rows| {
        for row in rows.chunks_exact_mut(size) {
            for (value, mean) in row.iter_mut().zip(mean) {
                *value -= mean;
            }
        }
        let n_rows = rows.len() / size;
        let data = Matrix::row_major(rows.as_slice(), size);
        let mut projections = vec![0.0; n_rows * width];
        let vectors = Matrix::row_major(basis, size);
        multiply(
            &mut projections,
            [n_rows, width, size],
            data,
            vectors.transposed(),
            false,
            true,
        );
        let projections = Matrix::row_major(projections.as_slice(), width).transposed();
        multiply(
            &mut image,
            [width, size, n_rows],
            projections,
            data,
            true,
            true,
        );
    })?;
    let n = indices.len() as f64;
    image.iter_mut().for_each(|value| *value /= n);
    Ok(image)
}

/// Gram-Schmidt, twice, on rows of `size` numbers.
fn orthonormalise(rows: &mut [f64], size: usize) {
    for index in 0..rows.len() / size {
        let (before, rest) = rows.split_at_mut(index * size);
        let row = &mut rest[..size];
        for _ in 0..2 {
            for other in before.chunks_exact(size) {
                let overlap: f64 = row.iter().zip(other).map(|(a, b)| a * b).sum();
                for (value, other) in row.iter_mut().zip(other) {
                    *value -= overlap * other;
                }
            }
        }
        let norm = row.iter().map(|v| v * v).sum::<f64>().sqrt();
        if norm > 1e-300 {
            row.iter_mut().for_each(|value| *value /= norm);
        }
    }
}

/// Eigenvalues, largest first, and eigenvectors as rows, of a small symmetric matrix (Jacobi).
fn symmetric_eigen(mut a: Vec<f64>, n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut vectors = vec![0.0; n * n];
    (0..n).for_each(|i| vectors[i * n + i] = 1.0);
    for _ in 0..60 {
        let off: f64 = (0..n)
            .flat_map(|i| (0..i).map(move |j| (i, j)))
            .map(|(i, j)| a[i * n + j].powi(2))
            .sum();
        let diagonal: f64 = (0..n).map(|i| a[i * n + i].powi(2)).sum();
        if off <= 1e-30 * diagonal {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                if a[p * n + q] == 0.0 {
                    continue;
                }
                let theta = (a[q * n + q] - a[p * n + p]) / (2.0 * a[p * n + q]);
                let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
                let c = 1.0 / t.hypot(1.0);
                let s = t * c;
                for k in 0..n {
                    let (x, y) = (a[k * n + p], a[k * n + q]);
                    (a[k * n + p], a[k * n + q]) = (c * x - s * y, s * x + c * y);
                }
                for k in 0..n {
                    let (x, y) = (a[p * n + k], a[q * n + k]);
                    (a[p * n + k], a[q * n + k]) = (c * x - s * y, s * x + c * y);
                    let (x, y) = (vectors[p * n + k], vectors[q * n + k]);
                    (vectors[p * n + k], vectors[q * n + k]) = (c * x - s * y, s * x + c * y);
                }
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| a[j * n + j].total_cmp(&a[i * n + i]));
    let values = order.iter().map(|&i| a[i * n + i]).collect();
    let rows = order
        .iter()
        .flat_map(|&i| vectors[i * n..][..n].to_vec())
        .collect();
    (values, rows)
}
