//! One pass over the training frames, then one over the validation frames.

use super::log::EpochRecord;
use super::{BEST, Exact, ForceTrainer, LAST, TrainingEvent};
use crate::{Error, Result};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

impl ForceTrainer<'_> {
    /// Goes on with the epoch under way; whether it came to its end.
    pub(super) fn epoch(
        &mut self,
        stop: &AtomicBool,
        on_event: &mut dyn FnMut(&TrainingEvent<'_>),
    ) -> Result<bool> {
        let (epoch, size) = (self.progress.epoch, self.config.batch_size);
        let order = self.order(epoch);
        let n_batches = order.len().div_ceil(size);
        let started = Instant::now();
        let rest = &order[(self.progress.batch * size).min(order.len())..];
        let mut gradient = vec![0.0f32; self.model.parameters().len()];
        for frames in rest.chunks(size) {
            self.step(frames, n_batches, &mut gradient)?;
            on_event(&TrainingEvent::Step {
                epoch,
                batch: self.progress.batch,
                n_batches,
            });
            if stop.load(Ordering::Relaxed) && self.progress.batch < n_batches {
                return Ok(false);
            }
        }
        let learning_rate = self.learning_rate(n_batches);
        let train_seconds = started.elapsed().as_secs_f64();
        let n = self.progress.summed_frames.max(1) as f64;
        let Exact(sum) = self.progress.loss_sum;
        let Exact(norms) = self.progress.norm_sum;
        let train = sum / n;
        let validation = self.validate()?.unwrap_or(train);
        let record = EpochRecord {
            epoch,
            step: self.progress.step,
            learning_rate,
            train,
            validation,
            energy_deviation: self.energy_deviation(),
            gradient_norm: norms / n,
            train_seconds,
            validation_seconds: started.elapsed().as_secs_f64() - train_seconds,
            frames_per_second: rest.len() as f64 / train_seconds.max(1e-9),
        };
        let best = self.judge(validation);
        self.progress.next_epoch();
        // the log first: lines of an epoch that the checkpoint does not know are dropped on resuming
        self.log.append(&record)?;
        if best {
            self.save(BEST)?;
        }
        self.save(LAST)?;
        on_event(&TrainingEvent::Epoch {
            record: &record,
            best,
        });
        Ok(true)
    }

    /// Loss and gradient of a batch, then one step of the optimiser.
    fn step(&mut self, frames: &[usize], n_batches: usize, gradient: &mut [f32]) -> Result<()> {
        gradient.fill(0.0);
        let positions = self.set.data.positions_of(frames);
        let targets = self.gather(&self.targets, frames);
        let weights = self.gather(&self.weights, frames);
        // each call adds to the gradient what Σ w r² gives; a copy of a part is scaled on its own
        let count = |n: usize| 1.0 / (3 * n) as f64;
        let mut loss = self
            .model
            .force_loss(&positions, &targets, &weights, gradient);
        loss *= count(positions.len());
        scale(gradient, count(positions.len()));
        for extra in self.perturbed(&positions) {
            let factor = extra.factor * count(extra.positions.len());
            let weights = vec![[factor as f32; 3]; extra.positions.len()];
            self.model
                .force_loss(&extra.positions, &extra.targets, &weights, gradient);
        }
        self.add_energy_gradient(frames, &positions, gradient);
        let squares: f64 = gradient.iter().map(|&g| f64::from(g).powi(2)).sum();
        let norm = squares.sqrt();
        for (what, value) in [("force loss", loss), ("norm of the gradient", norm)] {
            if !value.is_finite() {
                return Err(Error::NotFinite {
                    what: what.to_owned(),
                    value,
                    epoch: self.progress.epoch,
                    step: self.progress.step,
                    frames: frames.to_vec(),
                });
            }
        }
        let shrink = match self.config.clip_norm {
            Some(limit) if norm > limit => limit / norm,
            _ => 1.0,
        };
        let (rate, step) = (self.learning_rate(n_batches), self.progress.step);
        let parameters = self.model.parameters_mut();
        self.optimiser
            .step(parameters, gradient, rate, shrink, step);
        if let (Some(average), Some(memory)) = (&mut self.average, self.config.average) {
            // the first steps are remembered less, or the start would weigh for a long time
            let memory = memory.min((1.0 + step as f64) / (10.0 + step as f64));
            for (a, p) in average.iter_mut().zip(self.model.parameters()) {
                *a = (memory * f64::from(*a) + (1.0 - memory) * f64::from(*p)) as f32;
            }
        }
        self.progress.count(frames.len(), loss, norm);
        Ok(())
    }

    /// The loss over the validation frames, of averaged parameters if there are any; `None` without frames.
    fn validate(&mut self) -> Result<Option<f64>> {
        let frames = self.set.split.validation.clone();
        if frames.is_empty() {
            return Ok(None);
        }
        let kept = self.average.as_ref().map(|average| {
            let kept = self.model.parameters().to_vec();
            self.model.parameters_mut().copy_from_slice(average);
            kept
        });
        let mut sum = 0.0;
        for chunk in frames.chunks(self.config.batch_size.max(256)) {
            let residuals = self.residuals(chunk);
            let weights = self.gather(&self.weights, chunk);
            let pairs = residuals.as_flattened().iter().zip(weights.as_flattened());
            sum += pairs
                .map(|(&r, &w)| f64::from(w) * f64::from(r).powi(2))
                .sum::<f64>();
        }
        if let Some(kept) = kept {
            self.model.parameters_mut().copy_from_slice(&kept);
        }
        let loss = sum / (3 * self.set.data.n_beads() * frames.len()) as f64;
        if !loss.is_finite() {
            return Err(Error::NotFinite {
                what: "validation loss".to_owned(),
                value: loss,
                epoch: self.progress.epoch,
                step: self.progress.step,
                frames: Vec::new(),
            });
        }
        Ok(Some(loss))
    }

    fn gather(&self, values: &[[f32; 3]], frames: &[usize]) -> Vec<[f32; 3]> {
        let n = self.set.data.n_beads();
        let mut chosen = Vec::with_capacity(frames.len() * n);
        for &frame in frames {
            chosen.extend_from_slice(&values[frame * n..(frame + 1) * n]);
        }
        chosen
    }

    /// Training frames in this epoch's order, which depends on seed and epoch only.
    fn order(&self, epoch: usize) -> Vec<usize> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.config.seed);
        rng.set_stream(1);
        rng.set_word_pos((epoch as u128) << 32);
        let mut order = self.set.split.train.clone();
        order.shuffle(&mut rng);
        order
    }

    fn learning_rate(&self, n_batches: usize) -> f64 {
        let planned = self.config.epochs * n_batches;
        let progress = &self.progress;
        let schedule = &self.config.schedule;
        let factor = schedule.factor(progress.step, planned, progress.epoch, progress.reductions);
        self.config.learning_rate * factor
    }
}

fn scale(values: &mut [f32], factor: f64) {
    for value in values {
        *value = (f64::from(*value) * factor) as f32;
    }
}
