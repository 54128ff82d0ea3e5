//! One optimiser step, and the evaluation of one batch.

use super::Trainer;
use crate::checkpoint::Exact;
use crate::loss::{LossContext, Weight};
use crate::optimiser::global_norm;
use crate::{Batch, Error, Result};
use candle_core::backprop::GradStore;
use candle_core::{DType, Tensor};

impl Trainer<'_> {
    /// Forward, backward, clip, update; the batch's loss.
    ///
    /// A step is hundreds of short parallel sections. Begun from a thread of the pool, each of them is
    /// shared with whoever is free; begun from outside, each would put the caller to sleep and wake it.
    pub(super) fn step(&mut self, batch: &Batch, learning_rate: f64, seed: u64) -> Result<f64> {
        rayon::scope(|_| self.step_in_pool(batch, learning_rate, seed))
    }

    fn step_in_pool(&mut self, batch: &Batch, learning_rate: f64, seed: u64) -> Result<f64> {
        let tensors = self.forward(batch, seed, true)?;
        let values = self.finite_values(&tensors, batch)?;
        let mut gradients = self.fixed_gradients(&tensors)?;
        self.add_adaptive(&tensors, &mut gradients, batch)?;
        let norm = global_norm(&self.parameters, &gradients)?;
        if !norm.is_finite() {
            return Err(self.not_finite("norm of the gradient".to_owned(), norm, batch));
        }
        let scale = match self.config.clip_norm {
            Some(limit) if norm > limit => limit / norm,
            _ => 1.0,
        };
        let step = self.progress.step;
        self.optimiser
            .step(&self.parameters, &gradients, learning_rate, scale, step)?;
        let n = batch.indices.len();
        self.progress.summed_frames += n;
        let summed = values.iter().copied().chain([norm]);
        for (Exact(sum), value) in self.progress.sums.iter_mut().zip(summed) {
            *sum += value * n as f64;
        }
        let factors = self.progress.factors.iter();
        Ok(factors
            .zip(&values)
            .map(|(Exact(factor), value)| factor * value)
            .sum())
    }

    /// Every term's value in evaluation mode.
    pub(super) fn evaluate(&self, batch: &Batch, seed: u64) -> Result<Vec<f64>> {
        rayon::scope(|_| {
            let tensors = self.forward(batch, seed, false)?;
            self.finite_values(&tensors, batch)
        })
    }

    /// Every term as a tensor.
    fn forward(&self, batch: &Batch, seed: u64, training: bool) -> Result<Vec<Tensor>> {
        self.parameters.set_training(training);
        let shape = (batch.indices.len(), self.model.n_atoms(), 3);
        let positions = Tensor::from_slice(&batch.values, shape, self.parameters.device())?;
        let latent = self.model.encode(&positions)?;
        let decoded = self.model.decode(&latent)?;
        let context = LossContext {
            model: self.model.as_ref(),
            positions: &positions,
            latent: &latent,
            decoded: &decoded,
            standardisation: self.data.standardisation,
            seed,
            training,
        };
        let value = |term: &crate::WeightedTerm| {
            term.term
                .evaluate(&context)
                .map_err(|source| Error::LossTerm {
                    term: term.term.name().to_owned(),
                    source,
                })
        };
        self.terms.iter().map(value).collect()
    }

    fn finite_values(&self, tensors: &[Tensor], batch: &Batch) -> Result<Vec<f64>> {
        let pairs = tensors.iter().zip(&self.terms);
        pairs
            .map(|(tensor, term)| {
                let value = tensor.to_dtype(DType::F64)?.to_scalar::<f64>()?;
                if value.is_finite() {
                    Ok(value)
                } else {
                    let what = format!("loss term {}", term.term.name());
                    Err(self.not_finite(what, value, batch))
                }
            })
            .collect()
    }

    fn not_finite(&self, what: String, value: f64, batch: &Batch) -> Error {
        Error::NotFinite {
            what,
            value,
            epoch: self.progress.epoch,
            step: self.progress.step,
            frames: batch.indices.clone(),
        }
    }

    /// The gradient of all terms with fixed factors together.
    fn fixed_gradients(&self, tensors: &[Tensor]) -> Result<GradStore> {
        let mut sum: Option<Tensor> = None;
        for (tensor, term) in tensors.iter().zip(&self.terms) {
            let Weight::Fixed(factor) = term.weight else {
                continue;
            };
            let part = if factor == 1.0 {
                tensor.clone()
            } else {
                (tensor * factor)?
            };
            sum = Some(match sum {
                Some(sum) => (sum + part)?,
                None => part,
            });
        }
        let sum =
            sum.ok_or_else(|| Error::setting("loss", "a term with a fixed weight", "none"))?;
        Ok(sum.backward()?)
    }

    /// Adds each adaptive term's gradient with the factor that gives it its share.
    fn add_adaptive(
        &mut self,
        tensors: &[Tensor],
        gradients: &mut GradStore,
        batch: &Batch,
    ) -> Result<()> {
        let adaptive = |t: &crate::WeightedTerm| matches!(t.weight, Weight::GradientShare { .. });
        if !self.terms.iter().any(adaptive) {
            return Ok(());
        }
        let fixed = global_norm(&self.parameters, gradients)?;
        for index in 0..self.terms.len() {
            let Weight::GradientShare { share, memory } = self.terms[index].weight else {
                continue;
            };
            let own = tensors[index].backward()?;
            let norm = global_norm(&self.parameters, &own)?;
            if !norm.is_finite() {
                let what = format!("gradient of loss term {}", self.terms[index].term.name());
                return Err(self.not_finite(what, norm, batch));
            }
            if norm > 0.0 {
                let target = share * fixed / norm;
                let Exact(before) = self.progress.factors[index];
                let factor = if self.progress.adapted[index] {
                    memory * before + (1.0 - memory) * target
                } else {
                    target
                };
                self.progress.factors[index] = Exact(factor);
                self.progress.adapted[index] = true;
            }
            let Exact(factor) = self.progress.factors[index];
            for (_, var) in self.parameters.variables() {
                let Some(gradient) = own.get(var) else {
                    continue;
                };
                let part = (gradient * factor)?;
                let sum = match gradients.get(var) {
                    Some(sum) => (sum + part)?,
                    None => part,
                };
                gradients.insert(var, sum);
            }
        }
        Ok(())
    }
}
