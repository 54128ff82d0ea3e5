//! 1-D convolution, transposed convolution and the pointwise linear map.

use super::cpu::convolution::{self as kernel, Geometry};
use super::storage::{Values, by_dtype, dtype, mismatch, output, slice};
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};

/// A strided 1-D convolution without bias.
///
/// `y[b, p, :] = Σ_t x[b, stride·p + t − padding, :] · w[t]`, zeros outside the sequence.
///
/// # Shapes
/// `x (batch, length, channels_in)`, `w (kernel, channels_in, channels_out)`, result
/// `(batch, ⌊(length + 2·padding − kernel)/stride⌋ + 1, channels_out)`. PyTorch's weight
/// `(out, in, kernel)` permuted by `(2, 1, 0)` is ours.
///
/// # Errors
/// Shapes that do not fit, or tensors that are not f32 or f64 on the CPU.
pub fn conv1d(x: &Tensor, w: &Tensor, stride: usize, padding: usize) -> Result<Tensor> {
    convolution(x, w, stride, padding, false)
}

/// A strided 1-D transposed convolution without bias: the adjoint of [`conv1d`].
///
/// `y[b, stride·p + t − padding, :] += x[b, p, :] · w[t]ᵀ`.
///
/// # Shapes
/// `x (batch, length, channels_in)`, `w (kernel, channels_out, channels_in)`, result
/// `(batch, (length − 1)·stride − 2·padding + kernel, channels_out)`. PyTorch's weight
/// `(in, out, kernel)` permuted by `(2, 1, 0)` is ours.
///
/// # Errors
/// As [`conv1d`].
pub fn conv_transpose1d(x: &Tensor, w: &Tensor, stride: usize, padding: usize) -> Result<Tensor> {
    convolution(x, w, stride, padding, true)
}

fn convolution(
    x: &Tensor,
    w: &Tensor,
    stride: usize,
    padding: usize,
    transposed: bool,
) -> Result<Tensor> {
    let operation = Convolution {
        stride,
        padding,
        transposed,
        // data enter without a graph behind them: nobody would read their gradient
        input_gradient: x.is_variable() || x.track_op(),
    };
    x.contiguous()?.apply_op2(&w.contiguous()?, operation)
}

/// The same matrix applied to every row: `y = x · w`, without bias.
///
/// # Shapes
/// `x (…, channels_in)`, `w (channels_in, channels_out)`, result `(…, channels_out)`.
///
/// # Errors
/// As [`conv1d`].
pub fn linear(x: &Tensor, w: &Tensor) -> Result<Tensor> {
    let (channels_in, channels_out) = w.dims2()?;
    let mut shape = x.dims().to_vec();
    let rows = x.elem_count() / channels_in.max(1);
    if shape.pop() != Some(channels_in) {
        return Err(mismatch(
            "linear",
            "as many channels as the weight has rows",
            &[x.shape(), w.shape()],
        ));
    }
    shape.push(channels_out);
    let rows_first = x.reshape((1, rows, channels_in))?;
    let weight = w.reshape((1, channels_in, channels_out))?;
    conv1d(&rows_first, &weight, 1, 0)?.reshape(shape)
}

/// A convolution, or the adjoint of one: the same three products with their roles exchanged.
pub(super) struct Convolution {
    pub(super) stride: usize,
    pub(super) padding: usize,
    pub(super) transposed: bool,
    pub(super) input_gradient: bool,
}

impl Convolution {
    /// Sizes of the convolution; of an adjoint, those of the one from its output to its input.
    fn geometry(&self, x: &Shape, w: &Shape) -> Result<Geometry> {
        let (batch, length, channels) = x.dims3()?;
        let weight = w.dims3()?;
        let (stride, padding) = (self.stride, self.padding);
        if !self.transposed {
            let sizes = (batch, length, channels);
            return kernel::geometry(sizes, weight, stride, padding).ok_or_else(|| {
                let expected = "x (batch, length ≥ kernel, in) and w (kernel, in, out)";
                mismatch(self.name(), expected, &[x, w])
            });
        }
        let (size, out, _) = weight;
        (length.max(1) - 1)
            .checked_mul(stride)
            .and_then(|span| (span + size).checked_sub(2 * padding))
            .and_then(|long| kernel::geometry((batch, long, out), weight, stride, padding))
            .filter(|g| g.length_out == length && g.channels_out == channels)
            .ok_or_else(|| {
                let expected = "x (batch, length, in) and w (kernel, out, in)";
                mismatch(self.name(), expected, &[x, w])
            })
    }
}

impl CustomOp2 for Convolution {
    fn name(&self) -> &'static str {
        if self.transposed {
            "conv_transpose1d"
        } else {
            "conv1d"
        }
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        w: &CpuStorage,
        w_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let g = self.geometry(x_layout.shape(), w_layout.shape())?;
        by_dtype!(dtype(x), self.name(), T => {
            let x = slice::<T>(x, x_layout, self.name())?;
            let w = slice::<T>(w, w_layout, self.name())?;
            Ok(if self.transposed {
                let shape = (g.batch, g.length, g.channels_in);
                output(kernel::input_gradient(&g, x, w), shape)
            } else {
                let shape = (g.batch, g.length_out, g.channels_out);
                output(kernel::forward(&g, x, w), shape)
            })
        })
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        _y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let g = self.geometry(x.shape(), w.shape())?;
        let dy = dy.contiguous()?;
        let [xs, ws, dys] = [x, w, &dy].map(|t| Values::of(t, self.name()));
        by_dtype!(x.dtype(), self.name(), T => {
            let (xs, ws, dys) = (xs.slice::<T>()?, ws.slice::<T>()?, dys.slice::<T>()?);
            let dx = self
                .input_gradient
                .then(|| {
                    let dx = if self.transposed {
                        kernel::forward(&g, dys, ws)
                    } else {
                        kernel::input_gradient(&g, dys, ws)
                    };
                    Tensor::from_vec(dx, x.shape(), x.device())
                })
                .transpose()?;
            let dw = if self.transposed {
                kernel::weight_gradient(&g, dys, xs)
            } else {
                kernel::weight_gradient(&g, xs, dys)
            };
            Ok((dx, Some(Tensor::from_vec(dw, w.shape(), w.device())?)))
        })
    }
}
