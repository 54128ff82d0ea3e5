//! The networks, behind one trait.

mod conv1d;
mod foldingnet;

pub use conv1d::{Conv1d, Conv1dConfig};
pub use foldingnet::{FoldingNet, FoldingNetConfig};

use crate::{Error, Parameters, Result};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};

/// Maps conformations to a few numbers and back.
///
/// Positions are in standardised units: nm, minus the data's mean, over its standard deviation.
/// An implementor guarantees that both maps are differentiable by candle, treat the frames of a batch
/// alike, and follow the mode of the [`Parameters`] that it was built into.
///
/// # Examples
/// A linear autoencoder is all of this:
/// ```
/// use autoencoder::{Autoencoder, Parameters, Result, ops};
/// use candle_core::Tensor;
///
/// struct Linear { n_atoms: usize, down: Tensor, up: Tensor }
///
/// impl Linear {
///     fn new(n_atoms: usize, latent: usize, parameters: &mut Parameters) -> Result<Self> {
///         let down = parameters.uniform("down", &[3 * n_atoms, latent], 0.01)?;
///         let up = parameters.uniform("up", &[latent, 3 * n_atoms], 0.01)?;
///         Ok(Self { n_atoms, down, up })
///     }
/// }
///
/// impl Autoencoder for Linear {
///     fn n_atoms(&self) -> usize { self.n_atoms }
///     fn encode(&self, positions: &Tensor) -> Result<Tensor> {
///         Ok(ops::linear(&positions.flatten_from(1)?, &self.down)?)
///     }
///     fn decode(&self, latent: &Tensor) -> Result<Tensor> {
///         Ok(ops::linear(latent, &self.up)?.reshape(((), self.n_atoms, 3))?)
///     }
/// }
/// ```
pub trait Autoencoder: Send + Sync {
    /// Number of atoms.
    fn n_atoms(&self) -> usize;

    /// `(batch, n_atoms, 3)` to `(batch, latent)`.
    ///
    /// # Errors
    /// Shapes that do not fit, or a device without a kernel.
    fn encode(&self, positions: &Tensor) -> Result<Tensor>;

    /// `(batch, latent)` to `(batch, n_atoms, 3)`.
    ///
    /// # Errors
    /// As [`Autoencoder::encode`].
    fn decode(&self, latent: &Tensor) -> Result<Tensor>;
}

/// Which network, with its settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum ModelConfig {
    /// The 1-D convolutional network of PRX 2021.
    Conv1d(Conv1dConfig),
    /// The graph encoder and folding decoder.
    FoldingNet(FoldingNetConfig),
}

impl ModelConfig {
    /// Builds the network for `n_atoms` atoms, its parameters in `parameters`.
    ///
    /// # Errors
    /// [`Error::Setting`] for settings that make no network.
    pub fn build(
        &self,
        n_atoms: usize,
        parameters: &mut Parameters,
    ) -> Result<Box<dyn Autoencoder>> {
        Ok(match self {
            Self::Conv1d(config) => Box::new(Conv1d::new(config, n_atoms, parameters)?),
            Self::FoldingNet(config) => Box::new(FoldingNet::new(config, n_atoms, parameters)?),
        })
    }

    /// Number of latent coordinates.
    pub fn latent(&self) -> usize {
        match self {
            Self::Conv1d(config) => config.latent,
            Self::FoldingNet(config) => config.latent,
        }
    }
}

fn in_range(
    setting: &'static str,
    value: usize,
    range: std::ops::RangeInclusive<usize>,
) -> Result<()> {
    if range.contains(&value) {
        return Ok(());
    }
    let expected = format!("{} to {}", range.start(), range.end());
    Err(Error::setting(setting, expected, value))
}

/// More than any protein; keeps sizes computed from it inside memory.
const MOST_ATOMS: usize = 1 << 20;
