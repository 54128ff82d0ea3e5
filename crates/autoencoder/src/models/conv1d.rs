//! The 1-D convolutional autoencoder along the chain.

use super::{Autoencoder, MOST_ATOMS, in_range};
use crate::layers::{BatchNorm, Convolution, Kind, Linear};
use crate::ops::flow::Flow;
use crate::{Error, Parameters, Result};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};

/// Settings of [`Conv1d`]; the defaults are those of the published network.
///
/// # References
/// V. K. Ramaswamy, S. C. Musson, C. G. Willcocks, M. T. Degiacomi, Phys. Rev. X 11, 011052 (2021),
/// DOI 10.1103/PhysRevX.11.011052; values as in molearn 2.0.4.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conv1dConfig {
    /// Channels after the first layer.
    pub init_channels: usize,
    /// Layers between the first and the last of the encoder.
    pub depth: usize,
    /// Factor from one layer's channels to the next's.
    pub growth: f64,
    /// Residual blocks after each inner layer.
    pub residual_blocks: usize,
    /// Channels of the narrowest layer.
    pub bottleneck_channels: usize,
    /// Latent coordinates.
    pub latent: usize,
    /// Length with which the decoder starts and which it doubles depth + 3 times. `None`: as short as
    /// the protein allows. The published network has 26 for every protein.
    pub initial_length: Option<usize>,
}

impl Default for Conv1dConfig {
    fn default() -> Self {
        Self {
            init_channels: 32,
            depth: 4,
            growth: 1.5,
            residual_blocks: 0,
            bottleneck_channels: 1,
            latent: 2,
            initial_length: None,
        }
    }
}

/// Strided convolutions down to a few positions, two averages, a linear map; and back up.
///
/// Encoder: `depth + 2` convolutions (kernel 4, stride 2, padding 1), batch norm and rectifier after
/// all but the last; averages over the first and second half, logistic function, linear map.
/// Decoder: linear map to `initial_length` positions, `depth + 3` transposed convolutions that double
/// the length, cropped to the number of atoms.
///
/// Differences from the published network: the latent size is free, and the decoder's length follows
/// the protein, so large proteins fit and small ones cost less. Chains shorter than the
/// `2^(depth+2)` atoms that the encoder halves away are padded with zeros, the mean position.
pub struct Conv1d {
    n_atoms: usize,
    shortest: usize,
    encoder: Vec<Stage>,
    bottleneck: Convolution,
    to_latent: Linear,
    from_latent: Linear,
    initial: [usize; 2],
    decoder: Vec<Stage>,
    to_positions: Convolution,
}

impl Conv1d {
    /// Builds the network for `n_atoms` atoms.
    ///
    /// # Errors
    /// [`Error::Setting`] for settings out of range or a protein that does not fit a given
    /// `initial_length`.
    pub fn new(config: &Conv1dConfig, n_atoms: usize, parameters: &mut Parameters) -> Result<Self> {
        in_range("n_atoms", n_atoms, 1..=MOST_ATOMS)?;
        in_range("init_channels", config.init_channels, 1..=4096)?;
        in_range("depth", config.depth, 1..=12)?;
        in_range("residual_blocks", config.residual_blocks, 0..=64)?;
        in_range("bottleneck_channels", config.bottleneck_channels, 1..=4096)?;
        in_range("latent", config.latent, 1..=4096)?;
        let doublings = config.depth + 3;
        let needed = n_atoms.div_ceil(1 << doublings);
        let length = config.initial_length.unwrap_or(needed);
        in_range("initial_length", length, needed..=MOST_ATOMS)?;
        let channels: Vec<usize> = (0..=config.depth + 1)
            .map(|level| (config.init_channels as f64 * config.growth.powi(level as i32)) as usize)
            .collect();
        let fits = config.growth.is_finite() && channels.iter().all(|&c| (1..=16384).contains(&c));
        if !fits {
            let found = format!("{} giving {channels:?}", config.growth);
            return Err(Error::setting(
                "growth",
                "1 to 16384 channels in every layer",
                found,
            ));
        }
        let narrow = config.bottleneck_channels;
        let blocks = |inner: bool| if inner { config.residual_blocks } else { 0 };

        let mut encoder = vec![Stage::new(
            parameters,
            "encoder.0",
            [3, channels[0]],
            Kind::DOWN,
            0,
        )?];
        for level in 0..config.depth {
            let sizes = [channels[level], channels[level + 1]];
            let name = format!("encoder.{}", level + 1);
            encoder.push(Stage::new(
                parameters,
                &name,
                sizes,
                Kind::DOWN,
                blocks(true),
            )?);
        }
        let sizes = [channels[config.depth], narrow];
        let bottleneck =
            Convolution::new(parameters, "encoder.bottleneck", sizes, Kind::DOWN, false)?;
        let to_latent = Linear::new(parameters, "encoder.latent", [2 * narrow, config.latent])?;
        let from_latent = Linear::new(
            parameters,
            "decoder.latent",
            [config.latent, length * narrow],
        )?;
        let sizes = [narrow, channels[config.depth + 1]];
        let mut decoder = vec![Stage::new(parameters, "decoder.0", sizes, Kind::UP, 0)?];
        for level in (0..=config.depth).rev() {
            let sizes = [channels[level + 1], channels[level]];
            let name = format!("decoder.{}", config.depth + 1 - level);
            decoder.push(Stage::new(
                parameters,
                &name,
                sizes,
                Kind::UP,
                blocks(true),
            )?);
        }
        let sizes = [channels[0], 3];
        let to_positions =
            Convolution::new(parameters, "decoder.positions", sizes, Kind::UP, true)?;
        Ok(Self {
            n_atoms,
            shortest: 1 << (config.depth + 2),
            encoder,
            bottleneck,
            to_latent,
            from_latent,
            initial: [length, narrow],
            decoder,
            to_positions,
        })
    }
}

impl Autoencoder for Conv1d {
    fn n_atoms(&self) -> usize {
        self.n_atoms
    }

    fn encode(&self, positions: &Tensor) -> Result<Tensor> {
        let missing = self.shortest.saturating_sub(self.n_atoms);
        let mut x = if missing > 0 {
            Flow::enter(&positions.pad_with_zeros(1, 0, missing)?)?
        } else {
            Flow::enter(positions)?
        };
        for stage in &self.encoder {
            x = stage.forward(&x)?;
        }
        let x = self.bottleneck.forward(&x)?.leave()?;
        let length = x.dim(1)?;
        // two halves that share the middle position of an odd length
        let half = length.div_ceil(2);
        let first = x.narrow(1, 0, half)?.mean(1)?;
        let second = x.narrow(1, length - half, half)?.mean(1)?;
        let halves = Tensor::cat(&[first, second], 1)?;
        self.to_latent.forward(&candle_nn::ops::sigmoid(&halves)?)
    }

    fn decode(&self, latent: &Tensor) -> Result<Tensor> {
        let [length, narrow] = self.initial;
        let codes = self.from_latent.forward(latent)?;
        let mut x = Flow::enter(&codes.reshape(((), length, narrow))?)?;
        for stage in &self.decoder {
            x = stage.forward(&x)?;
        }
        let positions = self.to_positions.forward(&x)?.leave()?;
        Ok(positions.narrow(1, 0, self.n_atoms)?)
    }
}

/// Convolution, batch norm, rectifier; then residual blocks.
struct Stage {
    convolution: Convolution,
    norm: BatchNorm,
    blocks: Vec<ResidualBlock>,
}

impl Stage {
    fn new(
        parameters: &mut Parameters,
        name: &str,
        sizes: [usize; 2],
        kind: Kind,
        n_blocks: usize,
    ) -> Result<Self> {
        Ok(Self {
            convolution: Convolution::new(parameters, &format!("{name}.conv"), sizes, kind, false)?,
            norm: BatchNorm::new(parameters, &format!("{name}.norm"), sizes[1], true)?,
            blocks: (0..n_blocks)
                .map(|block| {
                    ResidualBlock::new(parameters, &format!("{name}.block{block}"), sizes[1])
                })
                .collect::<Result<_>>()?,
        })
    }

    fn forward(&self, x: &Flow) -> Result<Flow> {
        let mut x = self.norm.forward(&self.convolution.forward(x)?)?;
        for block in &self.blocks {
            x = block.forward(&x)?;
        }
        Ok(x)
    }
}

/// `x + norm(conv(rectifier(norm(conv(x)))))`.
struct ResidualBlock {
    convolutions: [Convolution; 2],
    norms: [BatchNorm; 2],
}

impl ResidualBlock {
    fn new(parameters: &mut Parameters, name: &str, channels: usize) -> Result<Self> {
        let mut conv = |index: usize| {
            let name = format!("{name}.conv{index}");
            Convolution::new(parameters, &name, [channels; 2], Kind::SAME, false)
        };
        let convolutions = [conv(0)?, conv(1)?];
        let norms = [
            BatchNorm::new(parameters, &format!("{name}.norm0"), channels, true)?,
            BatchNorm::new(parameters, &format!("{name}.norm1"), channels, false)?,
        ];
        Ok(Self {
            convolutions,
            norms,
        })
    }

    fn forward(&self, x: &Flow) -> Result<Flow> {
        let inner = self.norms[0].forward(&self.convolutions[0].forward(x)?)?;
        let change = self.norms[1].forward(&self.convolutions[1].forward(&inner)?)?;
        Ok(x.add(&change)?)
    }
}
