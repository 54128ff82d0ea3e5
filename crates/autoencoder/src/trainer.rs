//! Training: from frames to checkpoints, interruptible at any time.

mod config;
mod epoch;
mod log;
mod step;

pub use config::TrainerConfig;
pub use log::{EpochRecord, TermValue};

use crate::checkpoint::{self, Checkpoint, DataDescription, Exact, Header, ModelDescription};
use crate::checkpoint::{Progress, TermDescription};
use crate::loss::{Weight, WeightedTerm};
use crate::optimiser::AdamW;
use crate::schedule::Decay;
use crate::{Autoencoder, Error, ModelConfig, Parameters, Result, TrainingSet};
use candle_core::Device;
use log::Log;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Trains one autoencoder in one folder.
///
/// The folder holds `last.safetensors`, `best.safetensors` (the epoch with the smallest validation
/// loss, terms with adaptive weights left out), `log.csv` and `log.jsonl`. Making a trainer on a folder that holds the same run goes on with
/// it; on a folder with another run it is an error. A run that was killed and made again gives, on the
/// CPU, bit for bit the parameters of one that was not.
pub struct Trainer<'a> {
    config: TrainerConfig,
    model: Box<dyn Autoencoder>,
    parameters: Parameters,
    optimiser: AdamW,
    terms: Vec<WeightedTerm>,
    data: TrainingSet<'a>,
    header: Header,
    progress: Progress,
    folder: PathBuf,
    log: Log,
    resumed: bool,
}

/// Why [`Trainer::run`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All epochs are done.
    Finished,
    /// The validation loss stopped improving.
    StoppedEarly,
    /// The stop flag was raised; the same trainer, or a new one on the folder, goes on.
    Interrupted,
}

/// What a run tells while it goes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The folder held this run; it goes on from here.
    Resumed {
        /// Epochs that are done.
        epoch: usize,
        /// Optimiser steps that are done.
        step: usize,
    },
    /// An optimiser step is done.
    Step {
        /// Epoch from 0.
        epoch: usize,
        /// Batches of the epoch that are done.
        batch: usize,
        /// Batches of the epoch.
        n_batches: usize,
        /// The loss of this batch.
        loss: f64,
    },
    /// An epoch is done, logged and stored.
    Epoch {
        /// Its figures.
        record: &'a EpochRecord,
        /// Whether its validation loss is the smallest so far.
        best: bool,
    },
}

impl<'a> Trainer<'a> {
    /// A run of one of this crate's networks.
    ///
    /// # Errors
    /// [`Error::Setting`] for settings or frames that make no sense, [`Error::OtherRun`] for a folder
    /// with another run, [`Error::Io`] and [`Error::Checkpoint`] for a folder that cannot be used.
    pub fn new(
        config: TrainerConfig,
        model: &ModelConfig,
        terms: Vec<WeightedTerm>,
        data: TrainingSet<'a>,
        folder: &Path,
        device: &Device,
    ) -> Result<Self> {
        let mut parameters = Parameters::new(config.seed, device);
        let built = model.build(data.frames.n_atoms(), &mut parameters)?;
        let description = ModelDescription::Shipped(model.clone());
        Self::with_model(config, built, parameters, description, terms, data, folder)
    }

    /// A run of the caller's own network, which lives in `parameters`.
    ///
    /// # Errors
    /// As [`Trainer::new`].
    pub fn with_model(
        config: TrainerConfig,
        model: Box<dyn Autoencoder>,
        parameters: Parameters,
        description: ModelDescription,
        terms: Vec<WeightedTerm>,
        data: TrainingSet<'a>,
        folder: &Path,
    ) -> Result<Self> {
        config.validate()?;
        check(&terms, &data, model.n_atoms())?;
        let names: Vec<String> = terms.iter().map(|t| t.term.name().to_owned()).collect();
        let mut progress = Progress {
            factors: terms.iter().map(|t| Exact(t.weight.initial())).collect(),
            adapted: vec![false; terms.len()],
            sums: vec![Exact(0.0); terms.len() + 1],
            ..Progress::default()
        };
        let described = |t: &WeightedTerm| TermDescription {
            name: t.term.name().to_owned(),
            settings: t.term.settings(),
            weight: t.weight,
        };
        let header = Header::new(
            description,
            config.clone(),
            terms.iter().map(described).collect(),
            DataDescription {
                topology: data.topology.clone(),
                standardisation: data.standardisation,
                split: data.split.clone(),
                reference: data.reference.clone(),
            },
            Progress::default(),
        );
        let optimiser = AdamW::new(config.optimiser, &parameters)?;
        fs::create_dir_all(folder).map_err(|source| checkpoint::io(folder, source))?;
        let last = folder.join(LAST);
        let resumed = last.exists();
        if resumed {
            let found = Checkpoint::read(&last)?;
            if let Some((setting, before, now)) = found.header.difference(&header)? {
                return Err(Error::OtherRun {
                    folder: folder.to_owned(),
                    setting,
                    before,
                    now,
                });
            }
            parameters.set_tensors(&found.model)?;
            optimiser.set_tensors(&found.optimiser)?;
            progress = found.header.progress;
        }
        let log = Log::open(folder, names, progress.epoch)?;
        Ok(Self {
            config,
            model,
            parameters,
            optimiser,
            terms,
            data,
            header,
            progress,
            folder: folder.to_owned(),
            log,
            resumed,
        })
    }

    /// Trains until all epochs are done, patience runs out, or `stop` is raised (looked at after each
    /// step).
    ///
    /// # Errors
    /// [`Error::NotFinite`] for a loss or gradient that is not a number, with its frames: the folder
    /// then still holds the last good epoch. Errors of loss terms, frames, files and the device.
    pub fn run(
        &mut self,
        stop: &AtomicBool,
        on_event: &mut dyn FnMut(&Event<'_>),
    ) -> Result<Outcome> {
        if self.resumed {
            on_event(&Event::Resumed {
                epoch: self.progress.epoch,
                step: self.progress.step,
            });
        }
        while self.progress.epoch < self.config.epochs {
            if self.progress.stopped_early {
                return Ok(Outcome::StoppedEarly);
            }
            if stop.load(Ordering::Relaxed) {
                self.save(LAST)?;
                return Ok(Outcome::Interrupted);
            }
            if !self.epoch(stop, on_event)? {
                self.save(LAST)?;
                return Ok(Outcome::Interrupted);
            }
        }
        Ok(if self.progress.stopped_early {
            Outcome::StoppedEarly
        } else {
            Outcome::Finished
        })
    }

    /// The network, in evaluation mode.
    pub fn model(&self) -> &dyn Autoencoder {
        self.parameters.set_training(false);
        self.model.as_ref()
    }

    /// The network's parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Epochs that are done.
    pub fn epochs_done(&self) -> usize {
        self.progress.epoch
    }

    /// Epoch (from 0) and validation loss of the best epoch so far.
    pub fn best(&self) -> Option<(usize, f64)> {
        self.progress.best.map(|(epoch, Exact(loss))| (epoch, loss))
    }

    fn save(&self, name: &str) -> Result<()> {
        let header = Header {
            progress: self.progress.clone(),
            ..self.header.clone()
        };
        let model = self.parameters.to_tensors()?;
        let optimiser = self.optimiser.to_tensors()?;
        checkpoint::write(&self.folder.join(name), &header, model, optimiser)
    }

    /// Counts an epoch's validation loss; whether it is the best so far.
    fn judge(&mut self, loss: f64) -> bool {
        let progress = &mut self.progress;
        let epoch = progress.epoch;
        let best = progress.best.is_none_or(|(_, Exact(best))| loss < best);
        if best {
            progress.best = Some((epoch, Exact(loss)));
            progress.plateau_epochs = 0;
            return true;
        }
        progress.plateau_epochs += 1;
        let waits = match self.config.schedule.decay {
            Decay::Plateau { patience, .. } => patience,
            Decay::Constant | Decay::Cosine { .. } => usize::MAX,
        };
        if progress.plateau_epochs > waits {
            progress.reductions += 1;
            progress.plateau_epochs = 0;
        }
        let since = progress.best.map_or(0, |(best, _)| epoch - best);
        progress.stopped_early = self
            .config
            .patience
            .is_some_and(|patience| since >= patience);
        false
    }
}

/// The newest state.
const LAST: &str = "last.safetensors";
/// The state after the epoch with the smallest validation loss.
const BEST: &str = "best.safetensors";

impl Weight {
    fn initial(self) -> f64 {
        match self {
            Self::Fixed(factor) => factor,
            Self::GradientShare { .. } => 0.0,
        }
    }
}

fn check(terms: &[WeightedTerm], data: &TrainingSet<'_>, n_atoms: usize) -> Result<()> {
    let fixed = terms
        .iter()
        .any(|t| matches!(t.weight, Weight::Fixed(f) if f != 0.0));
    if !fixed {
        return Err(Error::setting(
            "loss",
            "a term with a fixed weight that is not 0",
            "none",
        ));
    }
    for (index, term) in terms.iter().enumerate() {
        let name = term.term.name();
        let clash = terms[..index].iter().any(|t| t.term.name() == name);
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if clash || name.is_empty() || !name.chars().all(plain) {
            return Err(Error::setting(
                "loss term",
                "names of their own, of a-z 0-9 _",
                name,
            ));
        }
        let sensible = match term.weight {
            Weight::Fixed(factor) => factor.is_finite(),
            Weight::GradientShare { share, memory } => {
                share.is_finite() && share >= 0.0 && (0.0..1.0).contains(&memory)
            }
        };
        if !sensible {
            let found = format!("{:?} of {name}", term.weight);
            return Err(Error::setting(
                "weight",
                "finite, memory from 0 to below 1",
                found,
            ));
        }
    }
    if data.frames.n_atoms() != n_atoms || data.topology.n_atoms() != n_atoms {
        return Err(Error::setting(
            "atoms",
            format!("{n_atoms} in frames and topology"),
            format!("{} and {}", data.frames.n_atoms(), data.topology.n_atoms()),
        ));
    }
    if data.split.train.is_empty() {
        return Err(Error::setting("split", "at least one training frame", 0));
    }
    Ok(())
}
