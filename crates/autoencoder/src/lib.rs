//! Generative autoencoders of protein conformations: models, losses, training, latent maps.

mod error;
mod layers;
mod models;
pub mod ops;
mod parameters;

pub use error::{BoxError, Error, Result};
pub use models::{Autoencoder, Conv1d, Conv1dConfig, FoldingNet, FoldingNetConfig, ModelConfig};
pub use parameters::{Mode, Parameters, RunningStatistics};
