//! The state of a run in one safetensors file.

use super::{TrainerConfig, TrainingSet};
use crate::{Error, ForceSplit, Priors, Result};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{self, File};
use std::path::Path;

/// Key of the header in the safetensors metadata.
const KEY: &str = "foldscape.force_matching";
/// Version of the layout.
const FORMAT: u32 = 1;
pub(super) const PARAMETERS: &str = "parameters";
pub(super) const FIRST: &str = "first_moment";
pub(super) const SECOND: &str = "second_moment";
pub(super) const AVERAGE: &str = "average";

/// A run's state in memory.
pub struct Checkpoint {
    /// What the numbers belong to.
    pub header: RunHeader,
    /// The network's parameters.
    pub parameters: Vec<f32>,
    /// Running average of the parameters, if the run keeps one.
    pub average: Option<Vec<f32>>,
    pub(super) first: Vec<f32>,
    pub(super) second: Vec<f32>,
}

/// What a checkpoint holds besides parameters and moments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunHeader {
    /// Version of the layout.
    pub format: u32,
    /// The network, in the caller's words.
    pub network: String,
    /// How it is trained.
    pub trainer: TrainerConfig,
    /// What its forces are added to.
    pub priors: Priors,
    /// Temperature of the data in K, as text.
    pub temperature: Exact,
    /// Which frames are for what.
    pub split: ForceSplit,
    /// A number that other labels do not have.
    pub labels: u64,
    /// How far training has come.
    pub progress: RunProgress,
}

/// How far a run has come. Random numbers are keyed by seed, epoch and step, so these are also the
/// state of every generator.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunProgress {
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
    /// Sum over the frames of the epoch under way of their losses.
    pub loss_sum: Exact,
    /// The same of the gradient's norm.
    pub norm_sum: Exact,
    /// Frames in those sums.
    pub summed_frames: usize,
    /// Whether patience ran out.
    pub stopped_early: bool,
}

impl RunProgress {
    pub(super) fn count(&mut self, n_frames: usize, loss: f64, norm: f64) {
        self.step += 1;
        self.batch += 1;
        self.loss_sum.0 += loss * n_frames as f64;
        self.norm_sum.0 += norm * n_frames as f64;
        self.summed_frames += n_frames;
    }

    pub(super) fn next_epoch(&mut self) {
        self.epoch += 1;
        self.batch = 0;
        self.loss_sum = Exact(0.0);
        self.norm_sum = Exact(0.0);
        self.summed_frames = 0;
    }
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

impl RunHeader {
    pub(super) fn new(config: &TrainerConfig, network: &str, set: &TrainingSet<'_>) -> Self {
        Self {
            format: FORMAT,
            network: network.to_owned(),
            trainer: config.clone(),
            priors: set.priors.clone(),
            temperature: Exact(set.temperature),
            split: set.split.clone(),
            labels: digest(set),
            progress: RunProgress::default(),
        }
    }

    pub(super) fn with(&self, progress: &RunProgress) -> Self {
        Self {
            progress: progress.clone(),
            ..self.clone()
        }
    }

    /// Whether a run with header `self` can go on as `now`: all the same, but for more epochs where
    /// the learning rate's course does not depend on their number.
    pub(super) fn check_same(&self, now: &Self, folder: &Path) -> Result<()> {
        let mut trainer = self.trainer.clone();
        if !matches!(trainer.schedule.decay, super::Decay::Cosine { .. }) {
            trainer.epochs = now.trainer.epochs;
        }
        let text = |header: &TrainerConfig| {
            serde_json::to_string(header).unwrap_or_else(|e| e.to_string())
        };
        let differences = [
            (
                "network",
                self.network != now.network,
                self.network.clone(),
                now.network.clone(),
            ),
            (
                "training",
                text(&trainer) != text(&now.trainer),
                text(&trainer),
                text(&now.trainer),
            ),
            (
                "labels",
                self.labels != now.labels,
                format!("{:x}", self.labels),
                format!("{:x}", now.labels),
            ),
            (
                "split",
                self.split != now.split,
                format!("{} training frames", self.split.train.len()),
                format!("{} (or others)", now.split.train.len()),
            ),
            (
                "temperature",
                self.temperature != now.temperature,
                self.temperature.0.to_string(),
                now.temperature.0.to_string(),
            ),
        ];
        match differences.into_iter().find(|(_, differs, _, _)| *differs) {
            None => Ok(()),
            Some((setting, _, before, now)) => Err(Error::OtherRun {
                folder: folder.to_owned(),
                setting,
                before,
                now,
            }),
        }
    }
}

/// FNV-1a over all numbers that training sees: priors enter through the split's and data's forces.
pub(crate) fn digest(set: &TrainingSet<'_>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |word: u32| {
        for byte in word.to_le_bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    let lists = [
        Some(set.data.positions()),
        Some(set.data.forces()),
        set.data.errors(),
        Some(set.data.unlabelled()).filter(|frames| !frames.is_empty()),
    ];
    for list in lists.into_iter().flatten() {
        add(list.len() as u32);
        list.as_flattened().iter().for_each(|x| add(x.to_bits()));
    }
    for energy in set.data.energies().into_iter().flatten() {
        let bits = energy.to_bits();
        add(bits as u32);
        add((bits >> 32) as u32);
    }
    // shortest exact decimals, so equal priors give equal text
    let priors = serde_json::to_string(set.priors).unwrap_or_else(|e| e.to_string());
    priors.bytes().for_each(|byte| add(u32::from(byte)));
    hash
}

impl Checkpoint {
    /// Reads a run's state.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::File`] for a file that is not one of ours.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).map_err(|source| io(path, source))?;
        let wrong = |place: &str, expected: &str, found: String| Error::File {
            path: path.to_owned(),
            place: place.to_owned(),
            expected: expected.to_owned(),
            found,
        };
        let (_, metadata) = SafeTensors::read_metadata(&bytes)
            .map_err(|e| wrong("header", "a safetensors file", e.to_string()))?;
        let text = metadata
            .metadata()
            .as_ref()
            .and_then(|m| m.get(KEY))
            .ok_or_else(|| wrong("metadata", KEY, "none".to_owned()))?;
        let header: RunHeader = serde_json::from_str(text)
            .map_err(|e| wrong(KEY, "a run of this version", e.to_string()))?;
        if header.format != FORMAT {
            return Err(wrong("format", "1", header.format.to_string()));
        }
        let tensors = SafeTensors::deserialize(&bytes)
            .map_err(|e| wrong("tensors", "whole tensors", e.to_string()))?;
        let read = |name: &str| -> Result<Option<Vec<f32>>> {
            let Ok(tensor) = tensors.tensor(name) else {
                return Ok(None);
            };
            if tensor.dtype() != Dtype::F32 || tensor.shape().len() != 1 {
                let found = format!("{:?} {:?}", tensor.dtype(), tensor.shape());
                return Err(wrong(name, "F32 in one dimension", found));
            }
            let words = tensor.data().chunks_exact(4);
            Ok(Some(
                words
                    .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                    .collect(),
            ))
        };
        let need =
            |name: &str| read(name)?.ok_or_else(|| wrong(name, "a tensor", "none".to_owned()));
        Ok(Self {
            header,
            parameters: need(PARAMETERS)?,
            average: read(AVERAGE)?,
            first: need(FIRST)?,
            second: need(SECOND)?,
        })
    }

    /// Whether all vectors have the network's length, and an average is there if one is kept.
    pub(super) fn check_size(&self, path: &Path, n: usize, average: bool) -> Result<()> {
        let lengths = [
            (PARAMETERS, Some(self.parameters.len())),
            (FIRST, Some(self.first.len())),
            (SECOND, Some(self.second.len())),
            (AVERAGE, self.average.as_ref().map(Vec::len)),
        ];
        for (name, length) in lengths {
            let wanted = (name != AVERAGE || average).then_some(n);
            if length != wanted {
                return Err(Error::File {
                    path: path.to_owned(),
                    place: name.to_owned(),
                    expected: format!("{wanted:?} numbers"),
                    found: format!("{length:?}"),
                });
            }
        }
        Ok(())
    }
}

/// Writes a state: to a file beside `path`, synced, then renamed over it.
pub(super) fn write(
    path: &Path,
    header: &RunHeader,
    vectors: &[(&str, Option<&[f32]>)],
) -> Result<()> {
    let broken = |what: String| Error::File {
        path: path.to_owned(),
        place: "checkpoint".to_owned(),
        expected: "to be written".to_owned(),
        found: what,
    };
    let text = serde_json::to_string(header).map_err(|e| broken(e.to_string()))?;
    let bytes: Vec<(&str, usize, Vec<u8>)> = vectors
        .iter()
        .filter_map(|&(name, values)| {
            let values = values?;
            let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            Some((name, values.len(), bytes))
        })
        .collect();
    let views = bytes
        .iter()
        .map(|(name, n, bytes)| Ok((*name, TensorView::new(Dtype::F32, vec![*n], bytes)?)))
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
        .map_err(|e| broken(e.to_string()))?;
    let metadata = HashMap::from([(KEY.to_owned(), text)]);
    let file = safetensors::serialize(views, Some(metadata)).map_err(|e| broken(e.to_string()))?;
    publish(path, &file)
}

/// Replaces a file so that at any time either the former or the new content stands there.
pub(crate) fn publish(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let temporary = path.with_file_name(name);
    fs::write(&temporary, bytes)
        .and_then(|()| File::open(&temporary)?.sync_all())
        .map_err(|source| io(&temporary, source))?;
    fs::rename(&temporary, path).map_err(|source| io(path, source))?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let (Some(folder), true) = (folder, cfg!(unix)) {
        let synced = File::open(folder).and_then(|f| f.sync_all());
        synced.map_err(|source| io(folder, source))?;
    }
    Ok(())
}

pub(crate) fn io(path: &Path, source: std::io::Error) -> Error {
    Error::Io {
        path: path.to_owned(),
        source,
    }
}
