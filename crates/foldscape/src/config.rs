//! The configuration file of `foldscape train`.

use crate::physics_loss::PhysicsConfig;
use anyhow::{Context, Result, bail, ensure};
use autoencoder::{ModelConfig, TrainerConfig};
use molio::{Alignment, Backing, DatasetConfig, Fractions, MeanAlignment, SplitMethod};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The atoms of molearn's examples: what side chains hang from.
pub(crate) const DEFAULT_SELECTION: &str = "name N CA CB C O";

/// A whole training run.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Folder for checkpoints and logs, relative to the configuration file.
    pub(crate) out: PathBuf,
    /// Where frames come from, and how they are prepared.
    pub(crate) data: DataConfig,
    /// The network.
    #[serde(default = "default_model")]
    pub(crate) model: ModelConfig,
    /// The force field in the loss; without it the loss is the mean squared error alone.
    #[serde(default)]
    pub(crate) physics: Option<PhysicsConfig>,
    /// Epochs, batches, optimiser.
    #[serde(default)]
    pub(crate) trainer: TrainerConfig,
}

/// Where frames come from, and how they are prepared.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DataConfig {
    /// The trajectories; atoms that all share are used.
    pub(crate) sources: Vec<SourceConfig>,
    /// Which atoms.
    #[serde(default = "default_selection")]
    pub(crate) selection: String,
    /// Takes every n-th frame.
    #[serde(default = "one")]
    pub(crate) stride: usize,
    /// Whether frames are superposed on the mean of the training frames.
    #[serde(default = "yes")]
    pub(crate) align: bool,
    /// How frames are held out.
    #[serde(default)]
    pub(crate) split: SplitConfig,
    /// A folder for a scratch copy of the frames, where memory is too small for them.
    #[serde(default)]
    pub(crate) scratch: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceConfig {
    /// Trajectory, relative to the configuration file.
    pub(crate) trajectory: PathBuf,
    /// Its topology, where the trajectory has none.
    #[serde(default)]
    pub(crate) topology: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SplitConfig {
    /// `blocks` of time, `clusters` by RMSD, `indices` from a file, or `random` frames (which tests memory
    /// rather than generalisation).
    pub(crate) method: Method,
    /// Fraction that decides when to stop.
    pub(crate) validation: f64,
    /// Fraction that training never sees.
    pub(crate) test: f64,
    /// Blocks of each trajectory.
    pub(crate) blocks: usize,
    /// Frames left out at the borders of blocks.
    pub(crate) gap: usize,
    /// Number of clusters.
    pub(crate) clusters: usize,
    /// With `indices`: a JSON file of three lists of frames, `train`, `validation` and `test`. Frames count from 0
    /// over all trajectories, after the stride.
    pub(crate) indices: Option<PathBuf>,
    /// Decides which blocks, clusters or frames are held out.
    pub(crate) seed: u64,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Method {
    Blocks,
    Clusters,
    Indices,
    Random,
}

impl Default for SplitConfig {
    fn default() -> Self {
        Self {
            method: Method::Blocks,
            validation: 0.1,
            test: 0.1,
            blocks: 10,
            gap: 0,
            clusters: 20,
            indices: None,
            seed: 0,
        }
    }
}

impl Config {
    /// Reads a configuration; relative paths in it are relative to its folder.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let mut config: Self = toml::from_str(&text).with_context(|| path.display().to_string())?;
        let folder = path.parent().unwrap_or(Path::new(""));
        config.out = folder.join(&config.out);
        for source in &mut config.data.sources {
            source.trajectory = folder.join(&source.trajectory);
            source.topology = source
                .topology
                .as_ref()
                .map(|topology| folder.join(topology));
        }
        for path in [&mut config.data.scratch, &mut config.data.split.indices] {
            *path = path.as_ref().map(|path| folder.join(path));
        }
        Ok(config)
    }
}

impl DataConfig {
    /// The frames of these sources with the settings of a first try.
    pub(crate) fn new(sources: Vec<SourceConfig>) -> Self {
        Self {
            sources,
            selection: default_selection(),
            stride: 1,
            align: true,
            split: SplitConfig::default(),
            scratch: None,
        }
    }

    /// molio's form of it.
    pub(crate) fn dataset(&self) -> Result<DatasetConfig> {
        if self.sources.is_empty() {
            bail!("data: no trajectory given");
        }
        Ok(DatasetConfig {
            selection: self.selection.clone(),
            stride: self.stride,
            alignment: if self.align {
                Alignment::Mean(MeanAlignment::default())
            } else {
                Alignment::Off
            },
            split: self.split.method()?,
            backing: self
                .scratch
                .clone()
                .map_or(Backing::Memory, Backing::Folder),
            seed: self.split.seed,
        })
    }
}

impl SplitConfig {
    /// molio's form of it.
    fn method(&self) -> Result<SplitMethod> {
        let fractions = Fractions {
            validation: self.validation,
            test: self.test,
        };
        let split = match self.method {
            Method::Blocks => SplitMethod::Blocks {
                fractions,
                n_blocks: self.blocks,
                gap: self.gap,
            },
            Method::Clusters => SplitMethod::RmsdClusters {
                fractions,
                n_clusters: self.clusters,
            },
            Method::Indices => {
                let path = self
                    .indices
                    .as_ref()
                    .context("data.split: method \"indices\" needs `indices`, a JSON file")?;
                let name = || path.display().to_string();
                let text = std::fs::read_to_string(path).with_context(name)?;
                SplitMethod::Indices(serde_json::from_str(&text).with_context(name)?)
            }
            Method::Random => SplitMethod::Random { fractions },
        };
        ensure!(
            self.indices.is_none() || self.method == Method::Indices,
            "data.split: `indices` is for method \"indices\" alone"
        );
        Ok(split)
    }
}

fn default_selection() -> String {
    DEFAULT_SELECTION.to_owned()
}

pub(crate) fn default_model() -> ModelConfig {
    ModelConfig::FoldingNet(autoencoder::FoldingNetConfig::default())
}

fn one() -> usize {
    1
}

fn yes() -> bool {
    true
}
