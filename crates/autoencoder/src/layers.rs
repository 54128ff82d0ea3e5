//! Layers that the models are made of: handles to named parameters and one forward function each.

use crate::Result;
use crate::ops;
use crate::ops::flow::Flow;
use crate::parameters::{Mode, Parameters, RunningStatistics};
use candle_core::{DType, Tensor};

/// PyTorch's defaults.
const EPSILON: f64 = 1e-5;
const MOMENTUM: f32 = 0.1;

/// Uniform bound 1/√fan_in: PyTorch's default for linear and convolution layers.
fn bound(fan_in: usize) -> f64 {
    1.0 / (fan_in.max(1) as f64).sqrt()
}

/// `x · w + b` on the last axis.
pub(crate) struct Linear {
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    pub(crate) fn new(
        parameters: &mut Parameters,
        name: &str,
        [inputs, outputs]: [usize; 2],
    ) -> Result<Self> {
        Ok(Self {
            weight: parameters.uniform(
                &format!("{name}.weight"),
                &[inputs, outputs],
                bound(inputs),
            )?,
            bias: parameters.uniform(&format!("{name}.bias"), &[outputs], bound(inputs))?,
        })
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(ops::add_bias(&ops::linear(x, &self.weight)?, &self.bias)?)
    }
}

/// What kind of convolution: kernel size, stride, padding, and which way.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) padding: usize,
    pub(crate) transposed: bool,
}

impl Kind {
    /// Halves the length.
    pub(crate) const DOWN: Self = Self {
        kernel: 4,
        stride: 2,
        padding: 1,
        transposed: false,
    };
    /// Doubles the length.
    pub(crate) const UP: Self = Self {
        transposed: true,
        ..Self::DOWN
    };
    /// Keeps the length, looks one to each side.
    pub(crate) const SAME: Self = Self {
        kernel: 3,
        stride: 1,
        padding: 1,
        transposed: false,
    };
    /// Keeps the length, looks at one position.
    pub(crate) const POINTWISE: Self = Self {
        kernel: 1,
        padding: 0,
        ..Self::SAME
    };
}

/// A convolution, with or without bias.
pub(crate) struct Convolution {
    weight: Tensor,
    bias: Option<Tensor>,
    kind: Kind,
}

impl Convolution {
    pub(crate) fn new(
        parameters: &mut Parameters,
        name: &str,
        [inputs, outputs]: [usize; 2],
        kind: Kind,
        bias: bool,
    ) -> Result<Self> {
        // a transposed convolution's weight is that of the convolution it turns round; PyTorch takes
        // its fan-in from the output channels
        let (shape, fan_in) = if kind.transposed {
            ([kind.kernel, outputs, inputs], outputs * kind.kernel)
        } else {
            ([kind.kernel, inputs, outputs], inputs * kind.kernel)
        };
        let weight = parameters.uniform(&format!("{name}.weight"), &shape, bound(fan_in))?;
        let bias = bias
            .then(|| parameters.uniform(&format!("{name}.bias"), &[outputs], bound(fan_in)))
            .transpose()?;
        Ok(Self { weight, bias, kind })
    }

    pub(crate) fn forward(&self, x: &Flow) -> Result<Flow> {
        let Kind {
            stride,
            padding,
            transposed,
            ..
        } = self.kind;
        let y = x.convolve(&self.weight, [stride, padding], transposed)?;
        match &self.bias {
            Some(bias) => Ok(y.add_bias(bias)?),
            None => Ok(y),
        }
    }
}

/// Batch normalisation, optionally of a layer with a bias, optionally rectified.
///
/// A bias before a batch norm cancels in training (its gradient is exactly zero) and only moves the
/// running mean; so it is kept as a parameter, as the published networks have it, but never added
/// to the activations.
pub(crate) struct BatchNorm {
    gamma: Tensor,
    beta: Tensor,
    bias: Option<Tensor>,
    running: RunningStatistics,
    mode: Mode,
    rectify: bool,
}

impl BatchNorm {
    pub(crate) fn new(
        parameters: &mut Parameters,
        name: &str,
        channels: usize,
        rectify: bool,
    ) -> Result<Self> {
        Ok(Self {
            gamma: parameters.constant(&format!("{name}.gamma"), &[channels], 1.0)?,
            beta: parameters.constant(&format!("{name}.beta"), &[channels], 0.0)?,
            bias: None,
            running: parameters.running_statistics(name, channels),
            mode: parameters.mode(),
            rectify,
        })
    }

    /// Counts the bias of the layer before, which has `fan_in` inputs.
    pub(crate) fn with_bias(
        mut self,
        parameters: &mut Parameters,
        name: &str,
        fan_in: usize,
    ) -> Result<Self> {
        let channels = self.gamma.elem_count();
        self.bias = Some(parameters.uniform(name, &[channels], bound(fan_in))?);
        Ok(self)
    }

    pub(crate) fn forward(&self, x: &Flow) -> Result<Flow> {
        let affine = [&self.gamma, &self.beta];
        let bias = match &self.bias {
            Some(bias) => bias.to_dtype(DType::F32)?.to_vec1::<f32>()?,
            None => vec![0.0; self.gamma.elem_count()],
        };
        if self.mode.is_training() {
            let (y, batch) = x.batch_norm_train(affine, EPSILON, self.rectify)?;
            // one row has no spread to learn from
            if batch.n_rows > 1 {
                let unbiased = batch.n_rows as f64 / (batch.n_rows - 1) as f64;
                let mut running = self.running.lock();
                for c in 0..bias.len() {
                    let mean = batch.mean[c] as f32 + bias[c];
                    let variance = (batch.variance[c] * unbiased) as f32;
                    running.mean[c] += MOMENTUM * (mean - running.mean[c]);
                    running.variance[c] += MOMENTUM * (variance - running.variance[c]);
                }
            }
            return Ok(y);
        }
        let running = self.running.lock();
        let mean: Vec<f32> = running.mean.iter().zip(&bias).map(|(m, b)| m - b).collect();
        let statistics = [mean.as_slice(), &running.variance];
        Ok(x.batch_norm_eval(affine, statistics, EPSILON, self.rectify)?)
    }
}
