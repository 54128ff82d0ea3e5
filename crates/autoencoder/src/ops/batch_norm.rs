//! Batch normalisation of channel-last tensors, with the rectifier that usually follows.

use super::cpu::norm;
use super::storage::{Values, by_dtype, dtype, mismatch, output, slice};
use candle_core::{CpuStorage, CustomOp1, CustomOp3, Layout, Result, Shape, Tensor};
use std::sync::{Arc, Mutex, PoisonError};

/// Mean and biased variance of each channel over a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BatchStatistics {
    /// Mean of each channel.
    pub mean: Vec<f64>,
    /// Mean squared deviation of each channel (divided by the number of rows).
    pub variance: Vec<f64>,
    /// Number of rows that were averaged: batch × length.
    pub n_rows: usize,
}

/// Normalises each channel by its own mean and variance over the batch.
///
/// `y = γ (x − μ)/√(σ² + ε) + β`, with `rectify` followed by `max(y, 0)` whose derivative at 0 is 0.
///
/// # Shapes
/// `x (…, channels)`, `gamma` and `beta (channels)`, result like `x`.
///
/// # Errors
/// Shapes that do not fit, or tensors that are not f32 or f64 on the CPU.
///
/// # References
/// S. Ioffe, C. Szegedy, 2015, arXiv:1502.03167.
pub fn batch_norm_train(
    x: &Tensor,
    gamma: &Tensor,
    beta: &Tensor,
    epsilon: f64,
    rectify: bool,
) -> Result<(Tensor, BatchStatistics)> {
    let (op, statistics) = training(epsilon, rectify);
    let y = x.contiguous()?.apply_op3(gamma, beta, op)?;
    Ok((y, read(&statistics)))
}

/// The operation behind [`batch_norm_train`], and where it leaves the batch's statistics.
pub(super) fn training(epsilon: f64, rectify: bool) -> (BatchNorm, Arc<Mutex<BatchStatistics>>) {
    let statistics = Arc::new(Mutex::new(BatchStatistics::default()));
    let op = BatchNorm {
        epsilon,
        rectify,
        statistics: Arc::clone(&statistics),
    };
    (op, statistics)
}

pub(super) fn read(statistics: &Mutex<BatchStatistics>) -> BatchStatistics {
    let statistics = statistics.lock().unwrap_or_else(PoisonError::into_inner);
    statistics.clone()
}

/// Normalises each channel by given means and variances, which are constants.
///
/// # Shapes
/// As [`batch_norm_train`]; `mean` and `variance` have one number a channel. `gamma` and `beta` are
/// read as constants too: no gradient reaches them in evaluation.
///
/// # Errors
/// As [`batch_norm_train`].
pub fn batch_norm_eval(
    x: &Tensor,
    affine: [&Tensor; 2],
    statistics: [&[f32]; 2],
    epsilon: f64,
    rectify: bool,
) -> Result<Tensor> {
    let op = evaluation(x.shape(), affine, statistics, epsilon, rectify)?;
    x.contiguous()?.apply_op1(op)
}

/// The operation behind [`batch_norm_eval`].
pub(super) fn evaluation(
    shape: &Shape,
    [gamma, beta]: [&Tensor; 2],
    [mean, variance]: [&[f32]; 2],
    epsilon: f64,
    rectify: bool,
) -> Result<ChannelAffine> {
    let to_f64 = |t: &Tensor| t.to_dtype(candle_core::DType::F64)?.to_vec1::<f64>();
    let (gamma, beta) = (to_f64(gamma)?, to_f64(beta)?);
    let n = gamma.len();
    if beta.len() != n || mean.len() != n || variance.len() != n {
        return Err(mismatch(
            "batch_norm",
            "one mean and variance a channel",
            &[shape, &Shape::from(n)],
        ));
    }
    let scale: Vec<f64> = gamma
        .iter()
        .zip(variance)
        .map(|(gamma, &variance)| gamma / (f64::from(variance) + epsilon).sqrt())
        .collect();
    let shift = (0..n)
        .map(|c| beta[c] - scale[c] * f64::from(mean[c]))
        .collect();
    Ok(ChannelAffine {
        scale,
        shift,
        rectify,
    })
}

pub(super) struct BatchNorm {
    epsilon: f64,
    rectify: bool,
    statistics: Arc<Mutex<BatchStatistics>>,
}

impl CustomOp3 for BatchNorm {
    fn name(&self) -> &'static str {
        "batch_norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        gamma: &CpuStorage,
        gamma_layout: &Layout,
        beta: &CpuStorage,
        beta_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let shape = x_layout.shape();
        let channels = shape.dims().last().copied().unwrap_or(0);
        if gamma_layout.dims() != [channels] || beta_layout.dims() != [channels] || channels == 0 {
            return Err(mismatch(
                "batch_norm",
                "x (…, channels), gamma and beta (channels)",
                &[shape, gamma_layout.shape(), beta_layout.shape()],
            ));
        }
        by_dtype!(dtype(x), "batch_norm", T => {
            use super::storage::Real;
            let x = slice::<T>(x, x_layout, "batch_norm")?;
            let gamma = slice::<T>(gamma, gamma_layout, "batch_norm")?;
            let beta = slice::<T>(beta, beta_layout, "batch_norm")?;
            let (mean, variance) = norm::moments(x, channels);
            let scale: Vec<f64> = (0..channels)
                .map(|c| gamma[c].wide() / (variance[c] + self.epsilon).sqrt())
                .collect();
            let shift: Vec<f64> = (0..channels)
                .map(|c| beta[c].wide() - scale[c] * mean[c])
                .collect();
            let y = norm::affine(x, &scale, &shift, self.rectify);
            *self.statistics.lock().unwrap_or_else(PoisonError::into_inner) = BatchStatistics {
                mean,
                variance,
                n_rows: x.len() / channels,
            };
            Ok(output(y, shape))
        })
    }

    /// With `g = γ/√(σ²+ε)` and n rows, `dx = g (dy − dβ/n − x̂ dγ/n)`: one line `a·dy + b·x + c`.
    fn bwd(
        &self,
        x: &Tensor,
        gamma: &Tensor,
        beta: &Tensor,
        y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let dy = dy.contiguous()?;
        let [xs, gammas, ys, dys] = [x, gamma, y, &dy].map(|t| Values::of(t, "batch_norm"));
        let statistics = self
            .statistics
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        by_dtype!(x.dtype(), "batch_norm", T => {
            use super::storage::Real;
            let (xs, dys) = (xs.slice::<T>()?, dys.slice::<T>()?);
            let gate = if self.rectify { Some(ys.slice::<T>()?) } else { None };
            let (mean, n) = (&statistics.mean, statistics.n_rows.max(1) as f64);
            let inverse: Vec<f64> = statistics
                .variance
                .iter()
                .map(|variance| 1.0 / (variance + self.epsilon).sqrt())
                .collect();
            let (d_beta, d_gamma) = norm::backward_sums(xs, gate, dys, mean, &inverse);
            let gammas = gammas.slice::<T>()?;
            let a: Vec<f64> = inverse.iter().zip(gammas).map(|(i, g)| i * g.wide()).collect();
            let b: Vec<f64> = (0..a.len()).map(|c| -a[c] * d_gamma[c] * inverse[c] / n).collect();
            let c: Vec<f64> = (0..a.len()).map(|c| -a[c] * d_beta[c] / n - b[c] * mean[c]).collect();
            let dx = norm::backward_input(xs, gate, dys, [&a, &b, &c]);
            let narrow = |v: Vec<f64>| v.into_iter().map(T::narrow).collect::<Vec<T>>();
            Ok((
                Some(Tensor::from_vec(dx, x.shape(), x.device())?),
                Some(Tensor::from_vec(narrow(d_gamma), gamma.shape(), gamma.device())?),
                Some(Tensor::from_vec(narrow(d_beta), beta.shape(), beta.device())?),
            ))
        })
    }
}

/// `scale · x + shift` with constants, and perhaps a rectifier.
pub(super) struct ChannelAffine {
    scale: Vec<f64>,
    shift: Vec<f64>,
    rectify: bool,
}

impl CustomOp1 for ChannelAffine {
    fn name(&self) -> &'static str {
        "batch_norm_eval"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        if layout.dims().last() != Some(&self.scale.len()) {
            let channels = Shape::from(self.scale.len());
            let shapes = [layout.shape(), &channels];
            return Err(mismatch("batch_norm_eval", "x (…, channels)", &shapes));
        }
        by_dtype!(dtype(x), "batch_norm_eval", T => {
            let x = slice::<T>(x, layout, "batch_norm_eval")?;
            let y = norm::affine(x, &self.scale, &self.shift, self.rectify);
            Ok(output(y, layout.shape()))
        })
    }

    fn bwd(&self, x: &Tensor, y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let dy = dy.contiguous()?;
        let zeros = vec![0.0; self.scale.len()];
        let [xs, ys, dys] = [x, y, &dy].map(|t| Values::of(t, "batch_norm_eval"));
        by_dtype!(x.dtype(), "batch_norm_eval", T => {
            let gate = if self.rectify { Some(ys.slice::<T>()?) } else { None };
            let terms = [self.scale.as_slice(), &zeros, &zeros];
            let dx = norm::backward_input(xs.slice::<T>()?, gate, dys.slice()?, terms);
            Ok(Some(Tensor::from_vec(dx, x.shape(), x.device())?))
        })
    }
}
