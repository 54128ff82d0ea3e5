//! Neighbourhoods of points: search, covariance, max-pooling.

use super::cpu::neighbours::{self as kernel, Clouds};
use super::storage::{Values, by_dtype, dtype, mismatch, output, slice};
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use std::sync::{Mutex, PoisonError};

/// The `k` nearest points of each point of a cloud, itself among them, nearest first.
///
/// Distances are Euclidean over all channels; equal ones are ordered by index. Each row of the
/// distance matrix is searched for its smallest values as it is made; nothing is sorted and the
/// matrix is never held. There is no gradient. Clouds of fewer than `k` points give all of them.
///
/// # Shapes
/// `x (batch, n_points, channels)`, result `(batch, n_points, min(k, n_points))` u32.
///
/// # Errors
/// A tensor of another rank, or not f32 or f64 on the CPU.
pub fn nearest_neighbours(x: &Tensor, k: usize) -> Result<Tensor> {
    let clouds = clouds(x.shape())?;
    let k = k.min(clouds.n_points);
    let x = x.contiguous()?;
    let values = Values::of(&x, "nearest_neighbours");
    by_dtype!(x.dtype(), "nearest_neighbours", T => {
        let indices = kernel::nearest(clouds, values.slice::<T>()?, k);
        Tensor::from_vec(indices, (clouds.batch, clouds.n_points, k), x.device())
    })
}

/// Largest value of each channel over each point's neighbours; the gradient goes to the first
/// neighbour that has the maximum.
///
/// # Shapes
/// `x (batch, n_points, channels)`, `neighbours (batch, n_points, k)` u32, result like `x`.
///
/// # Errors
/// Shapes that do not fit, an index outside the cloud, or tensors that are not on the CPU.
pub fn neighbour_max(x: &Tensor, neighbours: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(pooling(x, neighbours)?)
}

/// The operation behind [`neighbour_max`].
pub(super) fn pooling(x: &Tensor, neighbours: &Tensor) -> Result<NeighbourMax> {
    Ok(NeighbourMax {
        neighbours: checked(x, neighbours, "neighbour_max")?,
        winners: Mutex::new(Vec::new()),
    })
}

/// Spread of each point's neighbourhood: `Σ_j (x_j − x̄)(x_j − x̄)ᵀ` over its neighbours j.
///
/// # Shapes
/// `x (batch, n_points, c)`, `neighbours (batch, n_points, k)` u32, result
/// `(batch, n_points, c·c)`, row by row.
///
/// # Errors
/// As [`neighbour_max`].
pub fn local_covariance(x: &Tensor, neighbours: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(LocalCovariance {
        neighbours: checked(x, neighbours, "local_covariance")?,
    })
}

fn clouds(shape: &Shape) -> Result<Clouds> {
    let (batch, n_points, channels) = shape.dims3()?;
    if n_points == 0 || channels == 0 {
        return Err(mismatch("neighbours", "points with channels", &[shape]));
    }
    Ok(Clouds {
        batch,
        n_points,
        channels,
    })
}

fn checked(x: &Tensor, neighbours: &Tensor, op: &'static str) -> Result<Vec<u32>> {
    let clouds = clouds(x.shape())?;
    let (batch, n_points, k) = neighbours.dims3()?;
    let indices = neighbours.flatten_all()?.to_vec1::<u32>()?;
    let inside = indices.iter().all(|&i| (i as usize) < n_points);
    if !inside || k == 0 || batch != clouds.batch || n_points != clouds.n_points {
        return Err(mismatch(
            op,
            "x (batch, n_points, channels) and indices below n_points (batch, n_points, k)",
            &[x.shape(), neighbours.shape()],
        ));
    }
    Ok(indices)
}

pub(super) struct NeighbourMax {
    neighbours: Vec<u32>,
    /// The point that had each maximum, from the forward pass.
    winners: Mutex<Vec<u32>>,
}

impl CustomOp1 for NeighbourMax {
    fn name(&self) -> &'static str {
        "neighbour_max"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let clouds = clouds(layout.shape())?;
        by_dtype!(dtype(x), "neighbour_max", T => {
            let x = slice::<T>(x, layout, "neighbour_max")?;
            let (y, winners) = kernel::max_pool(clouds, x, &self.neighbours);
            *self.winners.lock().unwrap_or_else(PoisonError::into_inner) = winners;
            Ok(output(y, layout.shape()))
        })
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let clouds = clouds(x.shape())?;
        let dy = dy.contiguous()?;
        let values = Values::of(&dy, "neighbour_max");
        let winners = self.winners.lock().unwrap_or_else(PoisonError::into_inner);
        by_dtype!(x.dtype(), "neighbour_max", T => {
            let dx = kernel::max_pool_gradient(clouds, values.slice::<T>()?, &winners);
            Ok(Some(Tensor::from_vec(dx, x.shape(), x.device())?))
        })
    }
}

struct LocalCovariance {
    neighbours: Vec<u32>,
}

impl CustomOp1 for LocalCovariance {
    fn name(&self) -> &'static str {
        "local_covariance"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let clouds = clouds(layout.shape())?;
        by_dtype!(dtype(x), "local_covariance", T => {
            let x = slice::<T>(x, layout, "local_covariance")?;
            let y = kernel::covariance(clouds, x, &self.neighbours);
            let width = clouds.channels * clouds.channels;
            Ok(output(y, (clouds.batch, clouds.n_points, width)))
        })
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let clouds = clouds(x.shape())?;
        let dy = dy.contiguous()?;
        let [xs, dys] = [x, &dy].map(|t| Values::of(t, "local_covariance"));
        by_dtype!(x.dtype(), "local_covariance", T => {
            let (xs, dys) = (xs.slice::<T>()?, dys.slice::<T>()?);
            let dx = kernel::covariance_gradient(clouds, xs, &self.neighbours, dys);
            Ok(Some(Tensor::from_vec(dx, x.shape(), x.device())?))
        })
    }
}
