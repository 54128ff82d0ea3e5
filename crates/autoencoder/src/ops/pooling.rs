//! The largest value of each channel over the points of a cloud.

use super::storage::{Real, Values, by_dtype, dims3, dtype, output, slice};
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};

/// `y[b, c] = max_p x[b, p, c]`; the gradient goes to the first point that has the maximum.
///
/// # Shapes
/// `x (batch, n_points, channels)`, result `(batch, channels)`.
///
/// # Errors
/// A tensor of another rank, without points, or not f32 or f64 on the CPU.
pub fn max_over_points(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(MaxOverPoints::new(x)?)
}

pub(super) struct MaxOverPoints {
    /// The point of each `(batch, channel)`'s maximum, from the forward pass.
    winners: Mutex<Vec<u32>>,
}

impl MaxOverPoints {
    /// For clouds of this shape.
    pub(super) fn new(x: &Tensor) -> Result<Self> {
        let (_, n_points, _) = x.dims3()?;
        if n_points == 0 {
            return Err(candle_core::Error::EmptyTensor {
                op: "max_over_points",
            }
            .bt());
        }
        Ok(Self {
            winners: Mutex::new(Vec::new()),
        })
    }
}

impl CustomOp1 for MaxOverPoints {
    fn name(&self) -> &'static str {
        "max_over_points"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (batch, n_points, channels) = dims3(layout)?;
        by_dtype!(dtype(x), "max_over_points", T => {
            let x = slice::<T>(x, layout, "max_over_points")?;
            let mut largest = vec![T::ZERO; batch * channels];
            let mut winners = vec![0; batch * channels];
            let clouds = x.par_chunks((n_points * channels).max(1));
            let places = largest
                .par_chunks_mut(channels.max(1))
                .zip(winners.par_chunks_mut(channels.max(1)));
            places.zip(clouds).for_each(|((largest, winners), cloud)| {
                largest.copy_from_slice(&cloud[..channels]);
                for (point, row) in cloud.chunks_exact(channels).enumerate().skip(1) {
                    for ((best, winner), &value) in largest.iter_mut().zip(&mut *winners).zip(row) {
                        if value > *best {
                            *best = value;
                            *winner = point as u32;
                        }
                    }
                }
            });
            *self.winners.lock().unwrap_or_else(PoisonError::into_inner) = winners;
            Ok(output(largest, (batch, channels)))
        })
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let (_, n_points, channels) = x.dims3()?;
        let dy = dy.contiguous()?;
        let values = Values::of(&dy, "max_over_points");
        let winners = self.winners.lock().unwrap_or_else(PoisonError::into_inner);
        by_dtype!(x.dtype(), "max_over_points", T => {
            let mut dx = vec![T::ZERO; x.elem_count()];
            for (at, (&winner, &dy)) in winners.iter().zip(values.slice::<T>()?).enumerate() {
                let (b, c) = (at / channels, at % channels);
                dx[(b * n_points + winner as usize) * channels + c] = dy;
            }
            Ok(Some(Tensor::from_vec(dx, x.shape(), x.device())?))
        })
    }
}
