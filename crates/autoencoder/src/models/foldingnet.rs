//! A graph encoder that pools over neighbours, and a decoder that folds a line into a protein.

use super::{Autoencoder, MOST_ATOMS, in_range};
use crate::layers::{BatchNorm, Convolution, Kind};
use crate::ops::flow::Flow;
use crate::{Parameters, Result, ops};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};

/// Settings of [`FoldingNet`].
///
/// # References
/// Y. Yang, C. Feng, Y. Shen, D. Tian, CVPR 2018, DOI 10.1109/CVPR.2018.00029; layer sizes as in
/// molearn 2.0.4 (DOI 10.21105/joss.05523).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FoldingNetConfig {
    /// Latent coordinates.
    pub latent: usize,
    /// Neighbours of a point, itself counted; all of them in clouds with fewer points.
    pub neighbours: usize,
}

impl Default for FoldingNetConfig {
    fn default() -> Self {
        Self {
            latent: 2,
            neighbours: 16,
        }
    }
}

/// Encoder: each atom's position and the covariance of its neighbourhood, a shared map to 64
/// channels, two graph layers (largest feature among the neighbours in feature space, then a map to
/// 128 and 1,024 channels), 512 channels, their maximum over all atoms, a linear map.
///
/// Decoder: four stages that refine a line of s = ⌈N/128⌉ points to 8s, 32s and 128s, cropped to N.
/// In each, every point's code and its place on the line go through two folding layers of three
/// width-3 convolutions; the second also sees, and corrects, the first's result.
///
/// Where N is a multiple of 128, molearn starts with one point more than needed; here it does not.
pub struct FoldingNet {
    n_atoms: usize,
    neighbours: usize,
    pointwise: Vec<Pointwise>,
    graph: Vec<Pointwise>,
    summary: Pointwise,
    to_latent: Convolution,
    stages: Vec<Stage>,
}

/// Points of each stage over the first stage's, and channels that it hands on.
const STAGES: [(usize, usize); 4] = [(1, 384), (8, 48), (32, 12), (128, 3)];
/// Channels inside a folding layer.
const HIDDEN: usize = 512;

impl FoldingNet {
    /// Builds the network for `n_atoms` atoms.
    ///
    /// # Errors
    /// [`crate::Error::Setting`] for settings out of range.
    pub fn new(
        config: &FoldingNetConfig,
        n_atoms: usize,
        parameters: &mut Parameters,
    ) -> Result<Self> {
        in_range("n_atoms", n_atoms, 1..=MOST_ATOMS)?;
        in_range("latent", config.latent, 1..=4096)?;
        in_range("neighbours", config.neighbours, 1..=1024)?;
        let mut layer = |name: &str, sizes: [usize; 2], rectify: bool| {
            Pointwise::new(parameters, &format!("encoder.{name}"), sizes, rectify)
        };
        let pointwise = vec![
            layer("point0", [12, 64], true)?,
            layer("point1", [64, 64], true)?,
            layer("point2", [64, 64], true)?,
        ];
        let graph = vec![
            layer("graph0", [64, 128], true)?,
            layer("graph1", [128, 1024], true)?,
        ];
        let summary = layer("summary", [1024, 512], false)?;
        let sizes = [512, config.latent];
        let to_latent =
            Convolution::new(parameters, "encoder.latent", sizes, Kind::POINTWISE, true)?;
        let start = n_atoms.div_ceil(128);
        let mut stages = Vec::with_capacity(STAGES.len());
        let (mut channels, mut points) = (config.latent, 1);
        for (index, (multiple, out)) in STAGES.into_iter().enumerate() {
            let repeat = start * multiple / points;
            let name = format!("decoder.{index}");
            stages.push(Stage::new(parameters, &name, [channels, out], repeat)?);
            (channels, points) = (out, start * multiple);
        }
        Ok(Self {
            n_atoms,
            neighbours: config.neighbours,
            pointwise,
            graph,
            summary,
            to_latent,
            stages,
        })
    }
}

impl Autoencoder for FoldingNet {
    fn n_atoms(&self) -> usize {
        self.n_atoms
    }

    fn encode(&self, positions: &Tensor) -> Result<Tensor> {
        let neighbours = ops::nearest_neighbours(positions, self.neighbours)?;
        let covariance = ops::local_covariance(positions, &neighbours)?;
        let mut x = Flow::enter(&Tensor::cat(&[positions, &covariance], 2)?)?;
        for layer in &self.pointwise {
            x = layer.forward(&x)?;
        }
        for layer in &self.graph {
            let neighbours = ops::nearest_neighbours(x.value(), self.neighbours)?;
            x = layer.forward(&x.neighbour_max(&neighbours)?)?;
        }
        let x = self.summary.forward(&x)?.max_over_points()?.leave()?;
        let code = self.to_latent.forward(&Flow::enter(&x.unsqueeze(1)?)?)?;
        Ok(code.leave()?.squeeze(1)?)
    }

    fn decode(&self, latent: &Tensor) -> Result<Tensor> {
        let mut x = Flow::enter(&latent.unsqueeze(1)?)?;
        for stage in &self.stages {
            x = stage.forward(&x)?;
        }
        Ok(x.leave()?.narrow(1, 0, self.n_atoms)?)
    }
}

/// One map for every point, batch norm, perhaps a rectifier.
struct Pointwise {
    map: Convolution,
    norm: BatchNorm,
}

impl Pointwise {
    fn new(
        parameters: &mut Parameters,
        name: &str,
        sizes: [usize; 2],
        rectify: bool,
    ) -> Result<Self> {
        let map = Convolution::new(parameters, name, sizes, Kind::POINTWISE, false)?;
        let norm = BatchNorm::new(parameters, &format!("{name}.norm"), sizes[1], rectify)?;
        let norm = norm.with_bias(parameters, &format!("{name}.bias"), sizes[0])?;
        Ok(Self { map, norm })
    }

    fn forward(&self, x: &Flow) -> Result<Flow> {
        self.norm.forward(&self.map.forward(x)?)
    }
}

/// Spreads each code over `repeat` points and folds twice.
struct Stage {
    folds: [Fold; 2],
    repeat: usize,
}

impl Stage {
    fn new(
        parameters: &mut Parameters,
        name: &str,
        [channels, out]: [usize; 2],
        repeat: usize,
    ) -> Result<Self> {
        let first = Fold::new(parameters, &format!("{name}.fold0"), [1 + channels, out])?;
        let second = Fold::new(
            parameters,
            &format!("{name}.fold1"),
            [1 + channels + out, out],
        )?;
        Ok(Self {
            folds: [first, second],
            repeat,
        })
    }

    fn forward(&self, code: &Flow) -> Result<Flow> {
        let first = self.folds[0].forward(code, None, self.repeat)?;
        let second = self.folds[1].forward(code, Some(&first), self.repeat)?;
        Ok(first.add(&second)?)
    }
}

/// Three width-3 convolutions, the first two with batch norm and rectifier.
struct Fold {
    first: Tensor,
    first_norm: BatchNorm,
    second: Convolution,
    second_norm: BatchNorm,
    last: Convolution,
}

impl Fold {
    fn new(parameters: &mut Parameters, name: &str, [inputs, out]: [usize; 2]) -> Result<Self> {
        let fan_in = 3 * inputs;
        let bound = 1.0 / (fan_in as f64).sqrt();
        let first =
            parameters.uniform(&format!("{name}.conv0.weight"), &[3, inputs, HIDDEN], bound)?;
        let first_norm = BatchNorm::new(parameters, &format!("{name}.norm0"), HIDDEN, true)?
            .with_bias(parameters, &format!("{name}.conv0.bias"), fan_in)?;
        let hidden = [HIDDEN; 2];
        let second = Convolution::new(
            parameters,
            &format!("{name}.conv1"),
            hidden,
            Kind::SAME,
            false,
        )?;
        let second_norm = BatchNorm::new(parameters, &format!("{name}.norm1"), HIDDEN, true)?
            .with_bias(parameters, &format!("{name}.conv1.bias"), 3 * HIDDEN)?;
        let sizes = [HIDDEN, out];
        let last = Convolution::new(
            parameters,
            &format!("{name}.conv2"),
            sizes,
            Kind::SAME,
            true,
        )?;
        Ok(Self {
            first,
            first_norm,
            second,
            second_norm,
            last,
        })
    }

    fn forward(&self, code: &Flow, points: Option<&Flow>, repeat: usize) -> Result<Flow> {
        let x = match points {
            Some(points) => code.fold(points, &self.first, repeat)?,
            None => code.fold_code(&self.first, repeat)?,
        };
        let x = self.second.forward(&self.first_norm.forward(&x)?)?;
        self.last.forward(&self.second_norm.forward(&x)?)
    }
}
