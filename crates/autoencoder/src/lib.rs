//! Generative autoencoders of protein conformations: models, losses, training, latent maps.
//!
//! A model ([`Autoencoder`]) maps standardised positions `(batch, n_atoms, 3)` to a few latent
//! coordinates and back. A [`Trainer`] fits it to a [`TrainingSet`] (a `molio::Dataset` is one) by any
//! list of weighted [`LossTerm`]s and leaves checkpoints from which it can go on after being killed, or
//! from which a [`Generator`] makes conformations. A [`LatentMap`] lays a grid over latent space;
//! [`shortest_path`] crosses it. [`Pca`] is the linear model that a network has to beat.
//!
//! Nothing here prints: a run reports through a callback and stops by a flag.
//!
//! # Examples
//! ```
//! use autoencoder::*;
//! use candle_core::Device;
//! use molio::{AtomRecord, DatasetConfig, Element, Source, TopologyBuilder, Trajectory};
//! use std::sync::atomic::AtomicBool;
//!
//! // a chain of eight atoms that bends to and fro
//! let mut builder = TopologyBuilder::default();
//! for _ in 0..8 {
//!     builder.add_atom(AtomRecord::new("CA", Element::CARBON));
//! }
//! let positions = (0..40).flat_map(|t| {
//!     let bend = 0.1 * (t as f32).sin();
//!     (0..8).map(move |i| [0.38 * i as f32, bend * (i * i) as f32, 0.0])
//! });
//! let trajectory = Trajectory::from_positions(8, positions.collect())?;
//! let source = Source::from_trajectory("chain", builder.build(), &trajectory);
//! let dataset = molio::Dataset::new(vec![source], &DatasetConfig::new(1))?;
//!
//! let folder = std::env::temp_dir().join(format!("autoencoder-doc-{}", std::process::id()));
//! let model = ModelConfig::Conv1d(Conv1dConfig { init_channels: 8, depth: 1, ..Default::default() });
//! let config = TrainerConfig { epochs: 3, ..Default::default() };
//! let terms = vec![WeightedTerm::fixed(Reconstruction, 1.0)];
//! let data = TrainingSet::from(&dataset);
//! let mut trainer = Trainer::new(config, &model, terms, data, &folder, &Device::Cpu)?;
//! let mut losses = Vec::new();
//! trainer.run(&AtomicBool::new(false), &mut |event| {
//!     if let Event::Epoch { record, .. } = event {
//!         losses.push(record.train);
//!     }
//! })?;
//! assert_eq!(losses.len(), 3);
//!
//! let generator = Generator::load(&folder.join("best.safetensors"), &Device::Cpu)?;
//! let between = generator.interpolate(&dataset.positions(0)?, &dataset.positions(5)?, 4)?;
//! assert_eq!(between.n_frames(), 4);
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod checkpoint;
mod data;
mod dataset;
mod error;
mod evaluation;
mod generator;
mod latent_map;
mod layers;
mod loss;
mod models;
pub mod ops;
mod optimiser;
mod parameters;
mod path;
mod pca;
mod schedule;
mod trainer;

pub use checkpoint::{
    Checkpoint, DataDescription, Exact, Header, ModelDescription, Progress, TermDescription,
};
pub use data::{Batch, Batches, FrameSource, FrameSplit, Standardisation, TrainingSet};
pub use error::{BoxError, Error, Result};
pub use evaluation::reconstruction_rmsd;
pub use generator::Generator;
pub use latent_map::{LatentMap, encode_frames};
pub use loss::{LossContext, LossTerm, Reconstruction, Weight, WeightedTerm};
pub use models::{Autoencoder, Conv1d, Conv1dConfig, FoldingNet, FoldingNetConfig, ModelConfig};
pub use optimiser::{AdamW, AdamWConfig};
pub use parameters::{Mode, Parameters, RunningStatistics};
pub use path::{LatentPath, Search, shortest_path, straight_line};
pub use pca::Pca;
pub use schedule::{Decay, Schedule};
pub use trainer::{EpochRecord, Event, Outcome, TermValue, Trainer, TrainerConfig};
