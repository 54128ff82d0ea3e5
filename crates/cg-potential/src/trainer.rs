//! Force matching: from labels to parameters, interruptible at any time.

mod adam;
mod checkpoint;
mod config;
mod energy;
mod epoch;
mod log;
mod perturbed;

pub use checkpoint::{Checkpoint, Exact, RunHeader, RunProgress};
pub(crate) use checkpoint::{digest, io, publish};
pub use config::{
    Decay, DecoyConfig, DenoisingConfig, EnergyConfig, EnergyTarget, Schedule, TrainerConfig,
};
pub use log::EpochRecord;

use crate::{Error, ForceData, ForceModel, ForceSplit, Priors, Result};
pub(crate) use adam::AdamW;
use log::Log;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// What a network is trained on.
#[derive(Clone, Copy, Debug)]
pub struct TrainingSet<'a> {
    /// Positions and forces.
    pub data: &'a ForceData,
    /// Which frames are for what.
    pub split: &'a ForceSplit,
    /// What the network's forces are added to.
    pub priors: &'a Priors,
    /// Temperature of the data in K.
    pub temperature: f64,
}

/// Trains one network in one folder by the mean squared error of its forces,
/// `Σ w |F_net(R) + F_prior(R) − F|² / (3·N·frames)` in kJ²/mol²/nm².
///
/// The folder holds `last.safetensors`, `best.safetensors` (the epoch with the smallest validation
/// loss; averaged parameters, if averaging is on) and `log.jsonl`. Making a trainer on a folder that
/// holds the same run goes on with it; on a folder with another run it is an error. A run that was
/// killed and made again gives bit for bit the parameters of one that was not, if the network's own
/// sums do not depend on the number of threads.
pub struct ForceTrainer<'a> {
    config: TrainerConfig,
    model: &'a mut dyn ForceModel,
    set: TrainingSet<'a>,
    targets: Vec<[f32; 3]>,
    /// Energies minus those of the priors, with an energy term.
    energy_targets: Option<Vec<f64>>,
    weights: Vec<[f32; 3]>,
    optimiser: AdamW,
    average: Option<Vec<f32>>,
    header: RunHeader,
    progress: RunProgress,
    folder: PathBuf,
    log: Log,
    resumed: bool,
}

/// Why [`ForceTrainer::run`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainingOutcome {
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
pub enum TrainingEvent<'a> {
    /// The folder held this run; it goes on after so many epochs.
    Resumed {
        /// Epochs that are done.
        epoch: usize,
    },
    /// An optimiser step is done.
    Step {
        /// Epoch from 0.
        epoch: usize,
        /// Batches of the epoch that are done.
        batch: usize,
        /// Batches of the epoch.
        n_batches: usize,
    },
    /// An epoch is done, logged and stored.
    Epoch {
        /// Its figures.
        record: &'a EpochRecord,
        /// Whether its validation loss is the smallest so far.
        best: bool,
    },
}

impl<'a> ForceTrainer<'a> {
    /// A run of `model`, which `description` tells from others (its configuration as text).
    ///
    /// # Errors
    /// [`Error::Setting`] and [`Error::Length`] for settings, splits or networks that do not fit,
    /// [`Error::OtherRun`] for a folder with another run, [`Error::Io`] and [`Error::File`] for a folder
    /// that cannot be used.
    pub fn new(
        config: TrainerConfig,
        model: &'a mut dyn ForceModel,
        description: &str,
        set: TrainingSet<'a>,
        folder: &Path,
    ) -> Result<Self> {
        config.validate()?;
        check(model, &set)?;
        let targets = set.data.delta_forces(set.priors)?;
        let energy_targets = match config.energy {
            Some(energy) => Some(energy::targets(&set, energy)?),
            None => None,
        };
        let header = RunHeader::new(&config, description, &set);
        let n = model.parameters().len();
        let mut optimiser = AdamW::new(n, &config);
        let mut average = config.average.map(|_| model.parameters().to_vec());
        let mut progress = RunProgress::default();
        std::fs::create_dir_all(folder).map_err(|source| checkpoint::io(folder, source))?;
        let last = folder.join(LAST);
        let resumed = last.exists();
        if resumed {
            let found = Checkpoint::read(&last)?;
            found.header.check_same(&header, folder)?;
            found.check_size(&last, n, average.is_some())?;
            model.parameters_mut().copy_from_slice(&found.parameters);
            optimiser.first = found.first;
            optimiser.second = found.second;
            average = found.average;
            progress = found.header.progress;
        }
        let log = Log::open(folder, progress.epoch)?;
        Ok(Self {
            weights: set.data.weights(),
            config,
            model,
            set,
            targets,
            energy_targets,
            optimiser,
            average,
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
    /// then still holds the last good epoch. [`Error::Io`] and [`Error::File`].
    pub fn run(
        &mut self,
        stop: &AtomicBool,
        on_event: &mut dyn FnMut(&TrainingEvent<'_>),
    ) -> Result<TrainingOutcome> {
        if self.resumed {
            on_event(&TrainingEvent::Resumed {
                epoch: self.progress.epoch,
            });
        }
        while self.progress.epoch < self.config.epochs {
            if self.progress.stopped_early {
                return Ok(TrainingOutcome::StoppedEarly);
            }
            if stop.load(Ordering::Relaxed) || !self.epoch(stop, on_event)? {
                self.save(LAST)?;
                return Ok(TrainingOutcome::Interrupted);
            }
        }
        Ok(if self.progress.stopped_early {
            TrainingOutcome::StoppedEarly
        } else {
            TrainingOutcome::Finished
        })
    }

    /// Epochs that are done.
    pub fn epochs_done(&self) -> usize {
        self.progress.epoch
    }

    /// Epoch (from 0) and validation loss of the best epoch so far.
    pub fn best(&self) -> Option<(usize, f64)> {
        self.progress.best.map(|(epoch, Exact(loss))| (epoch, loss))
    }

    /// Sets the network to the parameters of the best epoch.
    ///
    /// # Errors
    /// [`Error::Setting`] before the first epoch is done; [`Error::Io`] and [`Error::File`].
    pub fn restore_best(&mut self) -> Result<()> {
        if self.progress.best.is_none() {
            return Err(Error::setting("best epoch", "at least one epoch", 0));
        }
        let path = self.folder.join(BEST);
        let found = Checkpoint::read(&path)?;
        let n = self.model.parameters().len();
        found.check_size(&path, n, self.average.is_some())?;
        let best = found.average.as_ref().unwrap_or(&found.parameters);
        self.model.parameters_mut().copy_from_slice(best);
        Ok(())
    }

    /// Network forces minus targets of these frames: residuals for [`ForceData::noise_floor`].
    pub fn residuals(&self, frames: &[usize]) -> Vec<[f32; 3]> {
        let positions = self.set.data.positions_of(frames);
        let mut residuals = vec![[0.0; 3]; positions.len()];
        self.model.energies_forces(&positions, &mut residuals);
        let n = self.set.data.n_beads();
        for (residual, &frame) in residuals.chunks_exact_mut(n).zip(frames) {
            for (r, t) in residual.iter_mut().zip(&self.targets[frame * n..]) {
                *r = std::array::from_fn(|axis| r[axis] - t[axis]);
            }
        }
        residuals
    }

    fn save(&self, name: &str) -> Result<()> {
        checkpoint::write(
            &self.folder.join(name),
            &self.header.with(&self.progress),
            &[
                (checkpoint::PARAMETERS, Some(self.model.parameters())),
                (checkpoint::FIRST, Some(&self.optimiser.first)),
                (checkpoint::SECOND, Some(&self.optimiser.second)),
                (checkpoint::AVERAGE, self.average.as_deref()),
            ],
        )
    }

    /// Counts an epoch's validation loss; whether it is the best so far.
    fn judge(&mut self, loss: f64) -> bool {
        let progress = &mut self.progress;
        let epoch = progress.epoch;
        if progress.best.is_none_or(|(_, Exact(best))| loss < best) {
            progress.best = Some((epoch, Exact(loss)));
            progress.plateau_epochs = 0;
            return true;
        }
        progress.plateau_epochs += 1;
        if let Decay::Plateau { patience, .. } = self.config.schedule.decay
            && progress.plateau_epochs > patience
        {
            progress.reductions += 1;
            progress.plateau_epochs = 0;
        }
        let since = progress.best.map_or(0, |(best, _)| epoch - best);
        progress.stopped_early = self.config.patience.is_some_and(|limit| since >= limit);
        false
    }
}

/// The newest state.
const LAST: &str = "last.safetensors";
/// The state after the epoch with the smallest validation loss.
const BEST: &str = "best.safetensors";

fn check(model: &dyn ForceModel, set: &TrainingSet<'_>) -> Result<()> {
    for (what, found) in [
        ("beads of the network", model.n_beads()),
        ("beads of the priors", set.priors.n_beads()),
    ] {
        if found != set.data.n_beads() {
            return Err(Error::Length {
                what,
                expected: set.data.n_beads(),
                found,
            });
        }
    }
    if set.split.train.is_empty() {
        return Err(Error::setting("split", "at least one training frame", 0));
    }
    let n_frames = set.data.n_frames();
    let lists = [&set.split.train, &set.split.validation, &set.split.test];
    if let Some(frame) = lists.into_iter().flatten().find(|&&f| f >= n_frames) {
        let expected = format!("frames below {n_frames}");
        return Err(Error::setting("split", expected, frame));
    }
    if !(set.temperature.is_finite() && set.temperature > 0.0) {
        return Err(Error::setting("temperature", "above 0 K", set.temperature));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
