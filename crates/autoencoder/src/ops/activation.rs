//! The rectifier, and a bias for each channel.

use super::cpu::norm;
use super::storage::{Real, Values, by_dtype, dtype, mismatch, output, slice};
use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

/// `max(x, 0)`, with derivative 0 at 0 (candle's own has 1 there).
///
/// # Errors
/// A tensor that is not f32 or f64 on the CPU.
pub fn relu(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Relu)
}

/// Adds one number to each channel.
///
/// # Shapes
/// `x (…, channels)`, `bias (channels)`, result like `x`.
///
/// # Errors
/// Shapes that do not fit, or tensors that are not f32 or f64 on the CPU.
pub fn add_bias(x: &Tensor, bias: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op2(bias, AddBias)
}

struct Relu;

impl CustomOp1 for Relu {
    fn name(&self) -> &'static str {
        "relu"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        by_dtype!(dtype(x), "relu", T => {
            let x = slice::<T>(x, layout, "relu")?;
            let y: Vec<T> = x
                .par_iter()
                .map(|&x| if x > T::ZERO { x } else { T::ZERO })
                .collect();
            Ok(output(y, layout.shape()))
        })
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let dy = dy.contiguous()?;
        let [xs, dys] = [x, &dy].map(|t| Values::of(t, "relu"));
        by_dtype!(x.dtype(), "relu", T => {
            let dx: Vec<T> = xs
                .slice::<T>()?
                .par_iter()
                .zip(dys.slice::<T>()?)
                .map(|(&x, &dy)| if x > T::ZERO { dy } else { T::ZERO })
                .collect();
            Ok(Some(Tensor::from_vec(dx, x.shape(), x.device())?))
        })
    }
}

pub(super) struct AddBias;

impl CustomOp2 for AddBias {
    fn name(&self) -> &'static str {
        "add_bias"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let channels = bias_layout.shape().dims1()?;
        if channels == 0 || layout.dims().last() != Some(&channels) {
            let shapes = [layout.shape(), bias_layout.shape()];
            return Err(mismatch(
                "add_bias",
                "x (…, channels), bias (channels)",
                &shapes,
            ));
        }
        by_dtype!(dtype(x), "add_bias", T => {
            let x = slice::<T>(x, layout, "add_bias")?;
            let bias = slice::<T>(bias, bias_layout, "add_bias")?;
            let mut y = x.to_vec();
            for row in y.chunks_exact_mut(channels) {
                for (y, &b) in row.iter_mut().zip(bias) {
                    *y += b;
                }
            }
            Ok(output(y, layout.shape()))
        })
    }

    fn bwd(
        &self,
        _x: &Tensor,
        bias: &Tensor,
        _y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let dy = dy.contiguous()?;
        let values = Values::of(&dy, "add_bias");
        let d_bias = by_dtype!(dy.dtype(), "add_bias", T => {
            let sums = norm::column_sums(values.slice::<T>()?, bias.elem_count());
            let sums: Vec<T> = sums.into_iter().map(T::narrow).collect();
            Tensor::from_vec(sums, bias.shape(), bias.device())
        })?;
        drop(values);
        Ok((Some(dy), Some(d_bias)))
    }
}
