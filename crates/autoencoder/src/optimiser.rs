//! AdamW with a state that can be stored.

use crate::ops::storage::Values;
use crate::parameters::Parameters;
use crate::{Error, Result};
use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, DType, Device, InplaceOp2, Layout, Tensor, Var};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Settings of [`AdamW`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamWConfig {
    /// Pull towards zero, times the learning rate, each step.
    pub weight_decay: f64,
    /// Memory of the gradient's mean.
    pub beta1: f64,
    /// Memory of the gradient's square.
    pub beta2: f64,
    /// Keeps the step finite where the gradient is zero.
    pub epsilon: f64,
}

/// Weight decay as in molearn 2.0.4; the rest as in the Adam paper.
impl Default for AdamWConfig {
    fn default() -> Self {
        Self {
            weight_decay: 1e-4,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        }
    }
}

/// Adam with decoupled weight decay.
///
/// `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`,
/// `θ ← (1 − ηλ)θ − η (m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) + ε)`. Parameters that no gradient reaches stay.
///
/// # References
/// I. Loshchilov, F. Hutter, ICLR 2019, arXiv:1711.05101.
pub struct AdamW {
    config: AdamWConfig,
    /// `(2, n)` for each parameter: m and v.
    moments: BTreeMap<String, Var>,
}

impl AdamW {
    /// Zero moments for all parameters.
    ///
    /// # Errors
    /// [`Error::Setting`] for a β outside [0, 1), a negative decay or ε.
    pub fn new(config: AdamWConfig, parameters: &Parameters) -> Result<Self> {
        for (setting, value, below) in [
            ("beta1", config.beta1, 1.0),
            ("beta2", config.beta2, 1.0),
            ("weight_decay", config.weight_decay, f64::MAX),
            ("epsilon", config.epsilon, f64::MAX),
        ] {
            if !(0.0..below).contains(&value) {
                return Err(Error::setting(
                    setting,
                    format!("0 to below {below}"),
                    value,
                ));
            }
        }
        let moments = parameters
            .variables()
            .map(|(name, var)| {
                let zeros = Var::zeros((2, var.elem_count()), var.dtype(), var.device())?;
                Ok((name.to_owned(), zeros))
            })
            .collect::<Result<_>>()?;
        Ok(Self { config, moments })
    }

    /// One step against `gradients` times `scale`, `step` counted from 0.
    ///
    /// # Errors
    /// The device fails.
    pub fn step(
        &self,
        parameters: &Parameters,
        gradients: &GradStore,
        learning_rate: f64,
        scale: f64,
        step: usize,
    ) -> Result<()> {
        let t = i32::try_from(step + 1).unwrap_or(i32::MAX);
        let update = Update {
            config: self.config,
            learning_rate,
            scale,
            correction1: 1.0 - self.config.beta1.powi(t),
            correction2: 1.0 - self.config.beta2.powi(t),
        };
        for (name, var) in parameters.variables() {
            let (Some(gradient), Some(moments)) = (gradients.get(var), self.moments.get(name))
            else {
                continue;
            };
            update.apply(var, moments, gradient)?;
        }
        Ok(())
    }

    /// The moments by parameter name, `(2, n)` each.
    ///
    /// # Errors
    /// The device fails.
    pub fn to_tensors(&self) -> Result<BTreeMap<String, Tensor>> {
        let copy =
            |(name, var): (&String, &Var)| Ok((name.clone(), var.as_tensor().copy()?.detach()));
        self.moments.iter().map(copy).collect()
    }

    /// Sets all moments.
    ///
    /// # Errors
    /// [`Error::Setting`] that names the tensor that is missing or has another shape.
    pub fn set_tensors(&self, tensors: &HashMap<String, Tensor>) -> Result<()> {
        for (name, var) in &self.moments {
            let tensor = tensors
                .get(name)
                .filter(|tensor| tensor.dims() == var.dims());
            let expected = || format!("moments of {name}, shape {:?}", var.dims());
            let tensor = tensor.ok_or_else(|| Error::setting("optimiser", expected(), "none"))?;
            var.set(&tensor.to_device(var.device())?)?;
        }
        Ok(())
    }
}

/// Square root of the sum of squares over all gradients.
///
/// # Errors
/// The device fails.
pub(crate) fn global_norm(parameters: &Parameters, gradients: &GradStore) -> Result<f64> {
    let mut sum = 0.0;
    for (_, var) in parameters.variables() {
        if let Some(gradient) = gradients.get(var) {
            sum += sum_of_squares(gradient)?;
        }
    }
    Ok(sum.sqrt())
}

fn sum_of_squares(tensor: &Tensor) -> Result<f64> {
    if !matches!(tensor.device(), Device::Cpu) || tensor.dtype() != DType::F32 {
        let sum = tensor.sqr()?.sum_all()?.to_dtype(DType::F64)?;
        return Ok(sum.to_scalar()?);
    }
    let tensor = tensor.contiguous()?;
    let values = Values::of(&tensor, "sum_of_squares");
    // blocks of fixed size, added in order: the same sum on any number of threads
    let blocks: Vec<f64> = values
        .slice::<f32>()?
        .par_chunks(1 << 14)
        .map(|block| block.iter().map(|&v| f64::from(v) * f64::from(v)).sum())
        .collect();
    Ok(blocks.iter().sum())
}

#[derive(Clone, Copy)]
struct Update {
    config: AdamWConfig,
    learning_rate: f64,
    scale: f64,
    correction1: f64,
    correction2: f64,
}

impl Update {
    fn apply(self, var: &Var, moments: &Var, gradient: &Tensor) -> Result<()> {
        if matches!(var.device(), Device::Cpu) && var.dtype() == DType::F32 {
            moments.inplace_op2(&gradient.contiguous()?, &MomentUpdate(self))?;
            var.inplace_op2(moments, &ParameterUpdate(self))?;
            return Ok(());
        }
        self.composed(var, moments, gradient)
    }

    /// The same in candle's own operations, for devices without a kernel of ours.
    fn composed(self, var: &Var, moments: &Var, gradient: &Tensor) -> Result<()> {
        let AdamWConfig { beta1, beta2, .. } = self.config;
        let g = (gradient.flatten_all()? * self.scale)?;
        let m = ((moments.get(0)? * beta1)? + (&g * (1.0 - beta1))?)?;
        let v = ((moments.get(1)? * beta2)? + (g.sqr()? * (1.0 - beta2))?)?;
        let root = (v.affine(1.0 / self.correction2, 0.0)?.sqrt()? + self.config.epsilon)?;
        let change = (m.affine(self.learning_rate / self.correction1, 0.0)? / root)?;
        let keep = 1.0 - self.learning_rate * self.config.weight_decay;
        let moved = ((var.as_tensor() * keep)? - change.reshape(var.shape())?)?;
        moments.set(&Tensor::stack(&[m, v], 0)?)?;
        Ok(var.set(&moved)?)
    }
}

/// Numbers per task of the two updates.
const BLOCK: usize = 1 << 14;

fn contiguous<'a>(storage: &'a CpuStorage, layout: &Layout) -> candle_core::Result<&'a [f32]> {
    crate::ops::storage::slice::<f32>(storage, layout, "adamw")
}

fn contiguous_mut<'a>(
    storage: &'a mut CpuStorage,
    layout: &Layout,
) -> candle_core::Result<&'a mut [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&mut values[start..end]),
        _ => Err(candle_core::Error::RequiresContiguous { op: "adamw" }.bt()),
    }
}

struct MomentUpdate(Update);

impl InplaceOp2 for MomentUpdate {
    fn name(&self) -> &'static str {
        "adamw_moments"
    }

    fn cpu_fwd(
        &self,
        moments: &mut CpuStorage,
        layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> candle_core::Result<()> {
        let gradient = contiguous(gradient, gradient_layout)?;
        let moments = contiguous_mut(moments, layout)?;
        let (beta1, beta2) = (self.0.config.beta1 as f32, self.0.config.beta2 as f32);
        let scale = self.0.scale as f32;
        let (m, v) = moments.split_at_mut(gradient.len());
        m.par_chunks_mut(BLOCK)
            .zip(v.par_chunks_mut(BLOCK))
            .zip(gradient.par_chunks(BLOCK))
            .for_each(|((m, v), g)| {
                for ((m, v), &g) in m.iter_mut().zip(v).zip(g) {
                    let g = scale * g;
                    *m = beta1 * *m + (1.0 - beta1) * g;
                    *v = beta2 * *v + (1.0 - beta2) * g * g;
                }
            });
        Ok(())
    }
}

struct ParameterUpdate(Update);

impl InplaceOp2 for ParameterUpdate {
    fn name(&self) -> &'static str {
        "adamw_parameters"
    }

    fn cpu_fwd(
        &self,
        parameters: &mut CpuStorage,
        layout: &Layout,
        moments: &CpuStorage,
        moments_layout: &Layout,
    ) -> candle_core::Result<()> {
        let moments = contiguous(moments, moments_layout)?;
        let parameters = contiguous_mut(parameters, layout)?;
        let (m, v) = moments.split_at(parameters.len());
        let rate = (self.0.learning_rate / self.0.correction1) as f32;
        let keep = (1.0 - self.0.learning_rate * self.0.config.weight_decay) as f32;
        let inverse2 = (1.0 / self.0.correction2) as f32;
        let epsilon = self.0.config.epsilon as f32;
        parameters
            .par_chunks_mut(BLOCK)
            .zip(m.par_chunks(BLOCK))
            .zip(v.par_chunks(BLOCK))
            .for_each(|((parameters, m), v)| {
                for ((parameter, &m), &v) in parameters.iter_mut().zip(m).zip(v) {
                    let root = (v * inverse2).sqrt() + epsilon;
                    *parameter = keep * *parameter - rate * m / root;
                }
            });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two parameters, gradients (1, −4) and then (3, 0.5), by PyTorch 2.15's `AdamW`
    /// with lr 0.1 and weight decay 0.1; both roads to it.
    #[test]
    fn agrees_with_pytorch() {
        let config = AdamWConfig {
            weight_decay: 0.1,
            ..AdamWConfig::default()
        };
        for composed in [false, true] {
            let var = Var::new(&[0.5f32, -1.5], &Device::Cpu).unwrap();
            let moments = Var::zeros((2, 2), DType::F32, &Device::Cpu).unwrap();
            for (step, gradient) in [[1.0f32, -4.0], [3.0, 0.5]].iter().enumerate() {
                let t = step as i32 + 1;
                let update = Update {
                    config,
                    learning_rate: 0.1,
                    scale: 1.0,
                    correction1: 1.0 - config.beta1.powi(t),
                    correction2: 1.0 - config.beta2.powi(t),
                };
                let gradient = Tensor::new(gradient, &Device::Cpu).unwrap();
                if composed {
                    update.composed(&var, &moments, &gradient).unwrap();
                } else {
                    update.apply(&var, &moments, &gradient).unwrap();
                }
            }
            let found = var.to_vec1::<f32>().unwrap();
            for (found, expected) in found.iter().zip(EXPECTED) {
                assert!((found - expected).abs() < 2e-6, "{found} {expected}");
            }
        }
    }

    const EXPECTED: [f32; 2] = [0.299_271_9, -1.313_896_5];
}
