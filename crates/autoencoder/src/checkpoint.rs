//! A model and all that is needed to use it, or to go on training it, in one safetensors file.

use crate::data::{FrameSplit, Standardisation};
use crate::loss::Weight;
use crate::models::ModelConfig;
use crate::trainer::TrainerConfig;
use crate::{Autoencoder, Error, Parameters, Result};
use candle_core::{Device, Tensor};
use molio::Topology;
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Key of the configuration in the safetensors metadata.
const KEY: &str = "foldscape.autoencoder";
/// Version of the layout.
const FORMAT: u32 = 1;
const MODEL: &str = "model.";
const OPTIMISER: &str = "optimiser.";

/// A checkpoint in memory.
pub struct Checkpoint {
    /// What the tensors belong to.
    pub header: Header,
    /// Parameters and running statistics, by name.
    pub model: HashMap<String, Tensor>,
    /// Moments of the optimiser, by parameter name.
    pub optimiser: HashMap<String, Tensor>,
}

/// What a checkpoint holds besides tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the layout.
    pub format: u32,
    /// The network.
    pub model: ModelDescription,
    /// How it was trained.
    pub trainer: TrainerConfig,
    /// On what it was trained.
    pub loss: Vec<TermDescription>,
    /// The data's scale, split and reference.
    pub data: DataDescription,
    /// How far training has come.
    pub progress: Progress,
}

/// A network of this crate, or the caller's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelDescription {
    /// One of this crate: can be built from its settings.
    Shipped(ModelConfig),
    /// The caller's: only its own words for it are kept.
    Custom(String),
}

/// A loss term's name, settings and weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TermDescription {
    /// [`crate::LossTerm::name`].
    pub name: String,
    /// [`crate::LossTerm::settings`].
    #[serde(default)]
    pub settings: String,
    /// How strongly it counts.
    pub weight: Weight,
}

/// What decoding needs to know of the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataDescription {
    /// The atoms.
    pub topology: Topology,
    /// Scale of the coordinates.
    pub standardisation: Standardisation,
    /// Which frames were for what.
    pub split: FrameSplit,
    /// Positions (nm) on which frames were superposed.
    pub reference: Option<Vec<[f32; 3]>>,
}

/// How far a run has come. Random numbers are keyed by seed, epoch and step, so these are also the
/// state of every generator.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Epochs that are done.
    pub epoch: usize,
    /// Batches done in the epoch under way.
    pub batch: usize,
    /// Optimiser steps done.
    pub step: usize,
    /// Epoch and validation loss of the best epoch.
    pub best: Option<(usize, Exact)>,
    /// Reductions of the learning rate on plateaus.
    pub reductions: u32,
    /// Epochs without improvement since the last reduction.
    pub plateau_epochs: usize,
    /// Factor of each loss term; only adaptive ones change.
    pub factors: Vec<Exact>,
    /// Whether each adaptive factor has been set yet.
    pub adapted: Vec<bool>,
    /// Sums over the frames of the epoch under way: each term, then the gradient norm.
    pub sums: Vec<Exact>,
    /// Frames in those sums.
    pub summed_frames: usize,
    /// Whether patience ran out.
    pub stopped_early: bool,
}

/// An f64 that survives JSON bit by bit: it is written as text and parsed exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Exact(pub f64);

impl Serialize for Exact {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

impl Checkpoint {
    /// Reads a checkpoint. Tensors are on the CPU.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Checkpoint`] for a file that is not one of ours.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).map_err(|source| io(path, source))?;
        let wrong = |expected: &str, found: String| Error::Checkpoint {
            path: path.to_owned(),
            expected: expected.to_owned(),
            found,
        };
        let (_, metadata) = SafeTensors::read_metadata(&bytes)
            .map_err(|e| wrong("a safetensors file", e.to_string()))?;
        let header = metadata
            .metadata()
            .as_ref()
            .and_then(|m| m.get(KEY))
            .ok_or_else(|| wrong("an autoencoder's checkpoint", format!("no {KEY}")))?;
        let header: Header = serde_json::from_str(header)
            .map_err(|e| wrong("a configuration of this version", e.to_string()))?;
        if header.format != FORMAT {
            return Err(wrong("format 1", header.format.to_string()));
        }
        let tensors = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu)
            .map_err(|e| wrong("whole tensors", e.to_string()))?;
        let (mut model, mut optimiser) = (HashMap::new(), HashMap::new());
        for (name, tensor) in tensors {
            if let Some(name) = name.strip_prefix(MODEL) {
                model.insert(name.to_owned(), tensor);
            } else if let Some(name) = name.strip_prefix(OPTIMISER) {
                optimiser.insert(name.to_owned(), tensor);
            }
        }
        Ok(Self {
            header,
            model,
            optimiser,
        })
    }

    /// Builds the model of a checkpoint, in evaluation mode.
    ///
    /// # Errors
    /// [`Error::Setting`] for a model that is not of this crate, or tensors that do not fit it.
    pub fn build(&self, device: &Device) -> Result<(Box<dyn Autoencoder>, Parameters)> {
        let ModelDescription::Shipped(config) = &self.header.model else {
            return Err(Error::setting(
                "model",
                "one of this crate (build your own and set its parameters)",
                "a custom model",
            ));
        };
        let mut parameters = Parameters::new(self.header.trainer.seed, device);
        let n_atoms = self.header.data.topology.n_atoms();
        let model = config.build(n_atoms, &mut parameters)?;
        parameters.set_tensors(&self.model)?;
        Ok((model, parameters))
    }
}

impl Header {
    /// A header of this version.
    pub(crate) fn new(
        model: ModelDescription,
        trainer: TrainerConfig,
        loss: Vec<TermDescription>,
        data: DataDescription,
        progress: Progress,
    ) -> Self {
        Self {
            format: FORMAT,
            model,
            trainer,
            loss,
            data,
            progress,
        }
    }

    /// The first setting that keeps a run with header `self` from being continued with `now`.
    ///
    /// More epochs are allowed, unless the learning rate's course depends on their number.
    pub(crate) fn difference(&self, now: &Self) -> Result<Option<(String, String, String)>> {
        let unreadable =
            |e: serde_json::Error| Error::setting("configuration", "one that JSON can hold", e);
        // the parser is off by a bit in some numbers: what was never written takes the same way as what was read
        let text = serde_json::to_string(now).map_err(unreadable)?;
        let (mut before, mut now) = (
            self.clone(),
            serde_json::from_str(&text).map_err(unreadable)?,
        );
        for header in [&mut before, &mut now] {
            header.progress = Progress::default();
            if !matches!(header.trainer.schedule.decay, crate::Decay::Cosine { .. }) {
                header.trainer.epochs = 0;
            }
        }
        let value = |header: &Self| serde_json::to_value(header).map_err(unreadable);
        Ok(first_difference("", &value(&before)?, &value(&now)?))
    }
}

fn first_difference(
    path: &str,
    before: &serde_json::Value,
    now: &serde_json::Value,
) -> Option<(String, String, String)> {
    use serde_json::Value;
    let short = |value: &Value| {
        let text = value.to_string();
        match text.char_indices().nth(80) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    };
    match (before, now) {
        _ if before == now => None,
        (Value::Object(b), Value::Object(n)) if b.keys().eq(n.keys()) => {
            b.iter().find_map(|(key, b)| {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                first_difference(&path, b, &n[key])
            })
        }
        (Value::Array(b), Value::Array(n)) if b.len() == n.len() => {
            let pairs = b.iter().zip(n).enumerate();
            pairs
                .filter_map(|(i, (b, n))| first_difference(&format!("{path}[{i}]"), b, n))
                .next()
        }
        _ => Some((path.to_owned(), short(before), short(now))),
    }
}

/// Writes a checkpoint: to a file beside `path`, synced, then renamed over it.
pub(crate) fn write(
    path: &Path,
    header: &Header,
    model: BTreeMap<String, Tensor>,
    optimiser: BTreeMap<String, Tensor>,
) -> Result<()> {
    let text = serde_json::to_string(header)
        .map_err(|e| Error::setting("configuration", "one that JSON can hold", e))?;
    let metadata = HashMap::from([(KEY.to_owned(), text)]);
    let model = model
        .into_iter()
        .map(|(name, t)| (format!("{MODEL}{name}"), t));
    let optimiser = optimiser
        .into_iter()
        .map(|(name, t)| (format!("{OPTIMISER}{name}"), t));
    let tensors: Vec<(String, Tensor)> = model.chain(optimiser).collect();
    // its own way of writing a file makes one that others cannot read, and leaves another when killed
    let bytes = safetensors::serialize(tensors, Some(metadata)).map_err(|e| Error::Checkpoint {
        path: path.to_owned(),
        expected: "to be written".to_owned(),
        found: e.to_string(),
    })?;
    replace(path, &bytes)
}

/// Writes a small file in the same way.
pub(crate) fn write_text(path: &Path, text: &str) -> Result<()> {
    replace(path, text.as_bytes())
}

fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = temporary(path);
    fs::write(&temporary, bytes).map_err(|source| io(&temporary, source))?;
    publish(&temporary, path)
}

fn temporary(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    path.with_file_name(name)
}

fn publish(temporary: &Path, path: &Path) -> Result<()> {
    let sync = |p: &Path| File::open(p).and_then(|file| file.sync_all());
    sync(temporary).map_err(|source| io(temporary, source))?;
    fs::rename(temporary, path).map_err(|source| io(path, source))?;
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        sync(folder).map_err(|source| io(folder, source))?;
    }
    Ok(())
}

pub(crate) fn io(path: &Path, source: std::io::Error) -> Error {
    Error::Io {
        path: path.to_owned(),
        source,
    }
}
