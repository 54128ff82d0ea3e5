//! What `train` and `demo` share: frames into a dataset, a dataset through a trainer, with progress.

use crate::config::{Config, DataConfig};
use crate::{input, progress};
use anyhow::{Context, Result};
use autoencoder::{
    Autoencoder, EpochRecord, Event, Generator, Outcome, Reconstruction, Trainer, TrainingSet,
    WeightedTerm,
};
use candle_core::Device;
use molio::{Dataset, Source};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Reads, aligns and splits the frames of a configuration.
pub(crate) fn dataset(config: &DataConfig) -> Result<Dataset> {
    let mut sources = Vec::new();
    let mut total = Some(0);
    for source in &config.sources {
        let topology = input::topology(&source.trajectory, source.topology.as_deref())?;
        let mut frames = molio::open(&source.trajectory)?;
        total = match (total, frames.n_frames()?) {
            (Some(total), Some(n)) => {
                Some(total + (n as u64).div_ceil(config.stride.max(1) as u64))
            }
            _ => None,
        };
        sources.push(Source {
            label: source.trajectory.display().to_string(),
            topology,
            frames,
        });
    }
    let bar = progress::bar(total, "frames read");
    let dataset = Dataset::with_progress(sources, &config.dataset()?, &mut |n| {
        bar.set_position(n as u64);
    })?;
    bar.finish_and_clear();
    Ok(dataset)
}

/// Trains with the mean squared error and, where asked for, energies of decoded conformers; or goes on with the
/// run that the folder holds.
pub(crate) fn train(config: &Config, dataset: &Dataset, stop: &AtomicBool) -> Result<Outcome> {
    let mut terms = vec![WeightedTerm::fixed(Reconstruction, 1.0)];
    let mut masked = None;
    if let Some(physics) = &config.physics {
        let physics = physics.terms(dataset.topology())?;
        terms.extend(physics.terms);
        masked = Some(physics.masked);
    }
    let mut trainer = Trainer::new(
        config.trainer.clone(),
        &config.model,
        terms,
        TrainingSet::from(dataset),
        &config.out,
        &Device::Cpu,
    )
    .with_context(|| format!("preparing the run in {}", config.out.display()))?;
    let bar = progress::bar(Some(config.trainer.epochs as u64), "epochs");
    bar.set_position(trainer.epochs_done() as u64);
    let outcome = trainer.run(stop, &mut |event| match event {
        Event::Resumed { epoch, .. } => bar.println(format!(
            "going on after epoch {epoch} of {}",
            config.out.display()
        )),
        Event::Epoch { record, best } => {
            bar.inc(1);
            let n = masked.as_ref().map_or(0, |n| n.swap(0, Ordering::Relaxed));
            if n > 0 {
                tracing::warn!(
                    epoch = record.epoch,
                    "{n} decoded conformers without finite energy did not count"
                );
            }
            bar.set_message(format!(
                "train {:.4}, validation {:.4}{}",
                record.train,
                record.validation,
                if *best { " (best)" } else { "" }
            ));
        }
        _ => {}
    })?;
    bar.finish_and_clear();
    Ok(outcome)
}

/// The epochs that the log of a run's folder tells of, those of earlier starts included.
pub(crate) fn logged_epochs(folder: &Path) -> Result<Vec<EpochRecord>> {
    let path = folder.join("log.jsonl");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    text.lines()
        .enumerate()
        .map(|(line, text)| {
            serde_json::from_str(text)
                .with_context(|| format!("{}, line {}", path.display(), line + 1))
        })
        .collect()
}

/// The model of the best epoch in a run's folder.
pub(crate) fn best(folder: &Path) -> Result<Generator> {
    Ok(Generator::load(
        &folder.join("best.safetensors"),
        &Device::Cpu,
    )?)
}

/// RMSD (nm) after superposition between each test frame and its decoded form.
pub(crate) fn held_out_rmsd(model: &dyn Autoencoder, dataset: &Dataset) -> Result<Vec<f64>> {
    let held_out = &dataset.split().test;
    Ok(autoencoder::reconstruction_rmsd(
        model,
        dataset,
        held_out,
        dataset.std(),
        64,
        &Device::Cpu,
    )?)
}
