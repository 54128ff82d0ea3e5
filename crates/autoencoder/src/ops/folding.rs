//! The first convolution of a folding layer.

use super::cpu::folding::{self as kernel, Folding, TAPS};
use super::storage::{Values, by_dtype, dtype, mismatch, output, slice};
use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};

/// A width-3 convolution (stride 1, padding 1) of `[grid | code, each row repeated | points]`.
///
/// Equal to [`super::conv1d`] of that concatenation, but the concatenation is never made, the code's
/// product is computed once for each group of `repeat` positions and the grid's once for a batch.
/// The grid is `length` evenly spaced numbers from −½ to ½ (−½ alone for one position).
///
/// # Shapes
/// `code (batch, n_groups, c)`, `points (batch, n_groups·repeat, p)`,
/// `w (3, 1 + c + p, channels_out)`, result `(batch, n_groups·repeat, channels_out)`.
///
/// # Errors
/// Shapes that do not fit, or tensors that are not f32 or f64 on the CPU.
pub fn folding_conv(
    code: &Tensor,
    points: Option<&Tensor>,
    w: &Tensor,
    repeat: usize,
) -> Result<Tensor> {
    let (code, w) = (code.contiguous()?, w.contiguous()?);
    let op = FoldingConv { repeat };
    match points {
        Some(points) => code.apply_op3(&points.contiguous()?, &w, op),
        None => code.apply_op2(&w, op),
    }
}

pub(super) struct FoldingConv {
    pub(super) repeat: usize,
}

impl FoldingConv {
    fn sizes(&self, code: &Shape, points: Option<&Shape>, w: &Shape) -> Result<Folding> {
        let (batch, n_groups, c) = code.dims3()?;
        let (taps, channels, out) = w.dims3()?;
        let p = points.map_or(Ok((batch, n_groups * self.repeat, 0)), Shape::dims3)?;
        let sizes = Folding {
            batch,
            n_groups,
            repeat: self.repeat,
            code: c,
            points: p.2,
            out,
        };
        let fits = (p.0, p.1) == (batch, sizes.length())
            && taps == TAPS
            && channels == sizes.channels_in()
            && self.repeat > 0;
        if fits {
            return Ok(sizes);
        }
        let expected =
            "code (batch, groups, c), points (batch, groups·repeat, p), w (3, 1+c+p, out)";
        let found: Vec<&Shape> = [Some(code), points, Some(w)]
            .into_iter()
            .flatten()
            .collect();
        Err(mismatch("folding_conv", expected, &found))
    }

    fn backward(
        &self,
        code: &Tensor,
        points: Option<&Tensor>,
        w: &Tensor,
        dy: &Tensor,
    ) -> Result<[Option<Tensor>; 3]> {
        let sizes = self.sizes(code.shape(), points.map(Tensor::shape), w.shape())?;
        let dy = dy.contiguous()?;
        let [codes, ws, dys] = [code, w, &dy].map(|t| Values::of(t, "folding_conv"));
        let point_values = points.map(|t| Values::of(t, "folding_conv"));
        by_dtype!(code.dtype(), "folding_conv", T => {
            let ps = point_values.as_ref().map_or(Ok(&[][..]), Values::slice::<T>)?;
            let (codes, ws, dys) = (codes.slice::<T>()?, ws.slice::<T>()?, dys.slice::<T>()?);
            let [d_code, d_points, dw] = kernel::backward(&sizes, codes, ps, ws, dys);
            let d_points = points
                .map(|points| Tensor::from_vec(d_points, points.shape(), points.device()))
                .transpose()?;
            Ok([
                Some(Tensor::from_vec(d_code, code.shape(), code.device())?),
                d_points,
                Some(Tensor::from_vec(dw, w.shape(), w.device())?),
            ])
        })
    }
}

impl CustomOp2 for FoldingConv {
    fn name(&self) -> &'static str {
        "folding_conv"
    }

    fn cpu_fwd(
        &self,
        code: &CpuStorage,
        code_layout: &Layout,
        w: &CpuStorage,
        w_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let sizes = self.sizes(code_layout.shape(), None, w_layout.shape())?;
        by_dtype!(dtype(code), "folding_conv", T => {
            let code = slice::<T>(code, code_layout, "folding_conv")?;
            let w = slice::<T>(w, w_layout, "folding_conv")?;
            let y = kernel::forward(&sizes, code, &[], w);
            Ok(output(y, (sizes.batch, sizes.length(), sizes.out)))
        })
    }

    fn bwd(
        &self,
        code: &Tensor,
        w: &Tensor,
        _y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let [code, _, w] = self.backward(code, None, w, dy)?;
        Ok((code, w))
    }
}

impl CustomOp3 for FoldingConv {
    fn name(&self) -> &'static str {
        "folding_conv"
    }

    fn cpu_fwd(
        &self,
        code: &CpuStorage,
        code_layout: &Layout,
        points: &CpuStorage,
        points_layout: &Layout,
        w: &CpuStorage,
        w_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let shapes = [code_layout, points_layout, w_layout].map(Layout::shape);
        let sizes = self.sizes(shapes[0], Some(shapes[1]), shapes[2])?;
        by_dtype!(dtype(code), "folding_conv", T => {
            let code = slice::<T>(code, code_layout, "folding_conv")?;
            let points = slice::<T>(points, points_layout, "folding_conv")?;
            let w = slice::<T>(w, w_layout, "folding_conv")?;
            let y = kernel::forward(&sizes, code, points, w);
            Ok(output(y, (sizes.batch, sizes.length(), sizes.out)))
        })
    }

    fn bwd(
        &self,
        code: &Tensor,
        points: &Tensor,
        w: &Tensor,
        _y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let [code, points, w] = self.backward(code, Some(points), w, dy)?;
        Ok((code, points, w))
    }
}
