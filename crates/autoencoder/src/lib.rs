//! Generative autoencoders of protein conformations: models, losses, training, latent maps.

mod checkpoint;
mod data;
mod dataset;
mod error;
mod layers;
mod loss;
mod models;
pub mod ops;
mod optimiser;
mod parameters;
mod schedule;
mod trainer;

pub use checkpoint::{
    Checkpoint, DataDescription, Exact, Header, ModelDescription, Progress, TermDescription,
};
pub use data::{Batch, Batches, FrameSource, FrameSplit, Standardisation, TrainingSet};
pub use error::{BoxError, Error, Result};
pub use loss::{LossContext, LossTerm, Reconstruction, Weight, WeightedTerm};
pub use models::{Autoencoder, Conv1d, Conv1dConfig, FoldingNet, FoldingNetConfig, ModelConfig};
pub use optimiser::{AdamW, AdamWConfig};
pub use parameters::{Mode, Parameters, RunningStatistics};
pub use schedule::{Decay, Schedule};
pub use trainer::{EpochRecord, Event, Outcome, TermValue, Trainer, TrainerConfig};
