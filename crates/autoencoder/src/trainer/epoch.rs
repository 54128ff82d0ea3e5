//! One pass over the training frames, then one over the validation frames.

use super::log::{EpochRecord, TermValue};
use super::{BEST, Event, LAST, Trainer};
use crate::checkpoint::Exact;
use crate::loss::Weight;
use crate::{Error, Result};
use rand::seq::SliceRandom;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// What random numbers are for: one stream each.
const ORDER: u64 = 1;
const TRAINING: u64 = 2;
const VALIDATION: u64 = 3;
const VALIDATION_ORDER: u64 = 4;

impl Trainer<'_> {
    /// Goes on with the epoch under way; whether it came to its end.
    pub(super) fn epoch(
        &mut self,
        stop: &AtomicBool,
        on_event: &mut dyn FnMut(&Event<'_>),
    ) -> Result<bool> {
        let epoch = self.progress.epoch;
        let size = self.config.batch_size;
        let order = self.order(epoch);
        let n_batches = order.len().div_ceil(size);
        let started = Instant::now();
        let first_batch = self.progress.batch;
        let frames = self.data.frames;
        let rest = &order[(first_batch * size).min(order.len())..];
        let mut learning_rate = self.learning_rate(n_batches);
        for batch in frames.batches(rest, size) {
            let batch = batch.map_err(Error::Frames)?;
            learning_rate = self.learning_rate(n_batches);
            let seed = self.seed(TRAINING, self.progress.step as u64);
            let loss = self.step(&batch, learning_rate, seed)?;
            self.progress.step += 1;
            self.progress.batch += 1;
            on_event(&Event::Step {
                epoch,
                batch: self.progress.batch,
                n_batches,
                loss,
            });
            if stop.load(Ordering::Relaxed) && self.progress.batch < n_batches {
                return Ok(false);
            }
        }
        let train_seconds = started.elapsed().as_secs_f64();
        let done = rest.len();
        let (train, validation) = (self.train_means(), self.validate()?);
        let validation = validation.unwrap_or_else(|| train[..train.len() - 1].to_vec());
        let total = |values: &[f64]| -> f64 {
            let factors = self.progress.factors.iter();
            factors
                .zip(values)
                .map(|(Exact(factor), value)| factor * value)
                .sum()
        };
        let record = EpochRecord {
            epoch,
            step: self.progress.step,
            learning_rate,
            train: total(&train),
            validation: total(&validation),
            train_terms: self.named(&train),
            validation_terms: self.named(&validation),
            gradient_norm: train.last().copied().unwrap_or(0.0),
            train_seconds,
            validation_seconds: started.elapsed().as_secs_f64() - train_seconds,
            frames_per_second: done as f64 / train_seconds.max(1e-9),
        };
        let fixed = |(term, value): (&crate::WeightedTerm, &f64)| match term.weight {
            Weight::Fixed(factor) => factor * value,
            Weight::GradientShare { .. } => 0.0,
        };
        let best = self.judge(self.terms.iter().zip(&validation).map(fixed).sum());
        self.progress.epoch += 1;
        self.progress.batch = 0;
        self.progress.sums.fill(Exact(0.0));
        self.progress.summed_frames = 0;
        // the log first: lines of an epoch that the checkpoint does not know are dropped on resuming
        self.log.append(&record)?;
        if best {
            self.save(BEST)?;
        }
        self.save(LAST)?;
        on_event(&Event::Epoch {
            record: &record,
            best,
        });
        Ok(true)
    }

    /// Training frames in this epoch's order.
    ///
    /// A last batch of a single frame has no spread for batch norms and no partner for terms that
    /// interpolate, so that frame, another one each epoch, sits the epoch out.
    fn order(&self, epoch: usize) -> Vec<usize> {
        let mut order = self.data.split.train.clone();
        order.shuffle(&mut self.rng(ORDER, epoch as u64));
        let size = self.config.batch_size;
        if size > 1 && order.len() > 1 && order.len() % size == 1 {
            order.pop();
        }
        order
    }

    /// The validation frames' mean of each term, in evaluation mode; `None` without such frames.
    ///
    /// Batches are as mixed as in training, so that terms over neighbours in a batch are the same function,
    /// and the same in every epoch.
    fn validate(&self) -> Result<Option<Vec<f64>>> {
        let mut frames = self.data.split.validation.clone();
        if frames.is_empty() {
            return Ok(None);
        }
        frames.shuffle(&mut self.rng(VALIDATION_ORDER, 0));
        let mut sums = vec![0.0; self.terms.len()];
        let batches = self.data.frames.batches(&frames, self.config.batch_size);
        for (index, batch) in batches.enumerate() {
            let batch = batch.map_err(Error::Frames)?;
            let seed = self.seed(VALIDATION, index as u64);
            for (sum, value) in sums.iter_mut().zip(self.evaluate(&batch, seed)?) {
                *sum += value * batch.indices.len() as f64;
            }
        }
        let n = frames.len() as f64;
        Ok(Some(sums.into_iter().map(|sum| sum / n).collect()))
    }

    fn train_means(&self) -> Vec<f64> {
        let n = self.progress.summed_frames.max(1) as f64;
        self.progress
            .sums
            .iter()
            .map(|Exact(sum)| sum / n)
            .collect()
    }

    fn named(&self, values: &[f64]) -> Vec<TermValue> {
        let terms = self.terms.iter().zip(values);
        let named = terms.map(|(term, &value)| TermValue {
            name: term.term.name().to_owned(),
            value,
        });
        named.collect()
    }

    fn learning_rate(&self, n_batches: usize) -> f64 {
        let planned = self.config.epochs * n_batches;
        let reductions = self.progress.reductions;
        let factor = self
            .config
            .schedule
            .factor(self.progress.step, planned, reductions);
        self.config.learning_rate * factor
    }

    /// A generator that depends on the run's seed, the purpose and a counter, and on nothing else.
    fn rng(&self, purpose: u64, counter: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.config.seed);
        rng.set_stream(purpose);
        rng.set_word_pos(u128::from(counter) << 32);
        rng
    }

    fn seed(&self, purpose: u64, counter: u64) -> u64 {
        self.rng(purpose, counter).next_u64()
    }
}
