//! `foldscape train`

use crate::config::{Config, DEFAULT_SELECTION, DataConfig, SourceConfig};
use crate::physics_loss::PhysicsConfig;
use crate::{interrupt, output, training};
use anyhow::{Context, Result, bail, ensure};
use autoencoder::{
    Conv1dConfig, FoldingNetConfig, ModelConfig, Outcome, Pca, TrainerConfig, Weight,
};
use candle_core::Device;
use serde::Serialize;
use std::path::PathBuf;

#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["config", "data"])))]
pub(crate) struct Arguments {
    /// Configuration file (TOML).
    config: Option<PathBuf>,
    /// For a first try without a configuration file: trajectories.
    #[arg(long, value_name = "TRAJECTORY", num_args = 1.., requires = "out")]
    data: Vec<PathBuf>,
    /// Topology of the trajectories.
    #[arg(long, value_name = "FILE", requires = "data")]
    top: Option<PathBuf>,
    /// Which atoms.
    #[arg(long, value_name = "SELECTION", default_value = DEFAULT_SELECTION, requires = "data")]
    select: String,
    /// Which network.
    #[arg(long, value_enum, requires = "data")]
    model: Option<Network>,
    /// Number of latent coordinates.
    #[arg(long, default_value_t = 2, requires = "data")]
    latent: usize,
    /// Adds the energy of decoded interpolations; its gradient gets this share of the norm of the error's.
    #[arg(long, value_name = "SHARE", requires = "data")]
    physics: Option<f64>,
    /// Folder for checkpoints and logs; with a configuration file, instead of the one that it names.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Passes over the training frames, at most.
    #[arg(long)]
    epochs: Option<usize>,
    /// Frames a step.
    #[arg(long)]
    batch_size: Option<usize>,
    /// Learning rate.
    #[arg(long)]
    learning_rate: Option<f64>,
    /// Seed of initial parameters and order of frames.
    #[arg(long)]
    seed: Option<u64>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Network {
    Conv1d,
    Foldingnet,
}

#[derive(Serialize)]
struct Report {
    folder: String,
    outcome: &'static str,
    epochs: usize,
    train_loss: Option<f64>,
    validation_loss: Option<f64>,
    held_out_frames: usize,
    rmsd_angstrom: Option<f64>,
    rmsd_pca_angstrom: Option<f64>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let config = configure(arguments)?;
    let dataset = training::dataset(&config.data)?;
    let outcome = training::train(&config, &dataset, interrupt::flag()?.as_ref())?;
    if outcome == Outcome::Interrupted {
        bail!(
            "stopped; the same command goes on from {}",
            config.out.display()
        );
    }
    let records = training::logged_epochs(&config.out)?;
    let best = records
        .iter()
        .min_by(|a, b| a.validation.total_cmp(&b.validation));
    let held_out = &dataset.split().test;
    let (mut rmsd_angstrom, mut rmsd_pca_angstrom) = (None, None);
    if !held_out.is_empty() {
        let mean = |errors: Vec<f64>| 10.0 * errors.iter().sum::<f64>() / errors.len() as f64;
        let generator = training::best(&config.out)?;
        let pca = Pca::new(
            &dataset,
            &dataset.split().train,
            config.model.latent(),
            &Device::Cpu,
        )?;
        rmsd_angstrom = Some(mean(training::held_out_rmsd(generator.model(), &dataset)?));
        rmsd_pca_angstrom = Some(mean(training::held_out_rmsd(&pca, &dataset)?));
    }
    let report = Report {
        folder: config.out.display().to_string(),
        outcome: if outcome == Outcome::Finished {
            "finished"
        } else {
            "stopped early"
        },
        epochs: records.len(),
        train_loss: best.map(|record| record.train),
        validation_loss: best.map(|record| record.validation),
        held_out_frames: held_out.len(),
        rmsd_angstrom,
        rmsd_pca_angstrom,
    };
    if arguments.json {
        return output::json(&report);
    }
    let angstrom = |value: Option<f64>| {
        value.map_or_else(|| "no held-out frames".to_owned(), |v| format!("{v:.2} Å"))
    };
    let loss = |value: Option<f64>| value.map_or_else(|| "none".to_owned(), |v| format!("{v:.5}"));
    output::table(&[
        ("folder", report.folder),
        (
            "outcome",
            format!("{} after {} epochs", report.outcome, report.epochs),
        ),
        ("training loss, best epoch", loss(report.train_loss)),
        ("validation loss, best epoch", loss(report.validation_loss)),
        ("held-out RMSD", angstrom(report.rmsd_angstrom)),
        (
            "same, PCA of as many components",
            angstrom(report.rmsd_pca_angstrom),
        ),
    ])
}

fn configure(arguments: &Arguments) -> Result<Config> {
    let mut config = match &arguments.config {
        Some(path) => Config::read(path)?,
        None => first_try(arguments)?,
    };
    if let Some(out) = &arguments.out {
        config.out.clone_from(out);
    }
    if let Some(epochs) = arguments.epochs {
        config.trainer.epochs = epochs;
    }
    if let Some(batch_size) = arguments.batch_size {
        config.trainer.batch_size = batch_size;
    }
    if let Some(learning_rate) = arguments.learning_rate {
        config.trainer.learning_rate = learning_rate;
    }
    if let Some(seed) = arguments.seed {
        config.trainer.seed = seed;
    }
    ensure!(
        config.trainer.epochs > 0,
        "epochs: expected at least 1, found 0"
    );
    Ok(config)
}

fn first_try(arguments: &Arguments) -> Result<Config> {
    let sources = arguments
        .data
        .iter()
        .map(|trajectory| SourceConfig {
            trajectory: trajectory.clone(),
            topology: arguments.top.clone(),
        })
        .collect();
    let latent = arguments.latent;
    Ok(Config {
        out: arguments
            .out
            .clone()
            .context("--out names the folder for checkpoints")?,
        data: DataConfig {
            selection: arguments.select.clone(),
            ..DataConfig::new(sources)
        },
        model: match arguments.model {
            Some(Network::Conv1d) => ModelConfig::Conv1d(Conv1dConfig {
                latent,
                ..Conv1dConfig::default()
            }),
            Some(Network::Foldingnet) | None => ModelConfig::FoldingNet(FoldingNetConfig {
                latent,
                ..FoldingNetConfig::default()
            }),
        },
        physics: arguments
            .physics
            .map(|share| PhysicsConfig::new(Weight::GradientShare { share, memory: 0.9 })),
        trainer: TrainerConfig::default(),
    })
}
