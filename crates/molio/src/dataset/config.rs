//! What a dataset is made of, and how.

use super::k_centres::k_centres_of_store;
use super::store::FrameStore;
use super::{Fractions, SourceDescription, Split};
use crate::align::MeanAlignment;
use crate::{Error, Frame, FrameReader, Place, Result, Topology, Trajectory};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// One trajectory with its topology.
pub struct Source<'a> {
    /// What messages call it: its file's name, as a rule.
    pub label: String,
    /// Its atoms.
    pub topology: Topology,
    /// Its frames, read from where the reader stands.
    pub frames: Box<dyn FrameReader + 'a>,
}

impl<'a> Source<'a> {
    /// A source that is in memory already.
    pub fn from_trajectory(
        label: impl Into<String>,
        topology: Topology,
        trajectory: &'a Trajectory,
    ) -> Self {
        Self {
            label: label.into(),
            topology,
            frames: Box::new(InMemory {
                trajectory,
                next: 0,
            }),
        }
    }
}

/// How to make a dataset; `..DatasetConfig::new(seed)` fills in what is not said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetConfig {
    /// Which atoms, in the language of [`Selection`](crate::Selection).
    pub selection: String,
    /// Takes every `stride`-th frame of each source.
    pub stride: usize,
    /// What frames are superposed on.
    pub alignment: Alignment,
    /// Which frames are held out.
    pub split: SplitMethod,
    /// Where frames are kept.
    pub backing: Backing,
    /// Decides which frames are held out.
    pub seed: u64,
}

impl DatasetConfig {
    /// All atoms and frames, aligned to their mean, ten blocks of time of which one is for validation and one for
    /// test, in memory.
    pub fn new(seed: u64) -> Self {
        Self {
            selection: "all".to_owned(),
            stride: 1,
            alignment: Alignment::Mean(MeanAlignment::default()),
            split: SplitMethod::Blocks {
                fractions: Fractions {
                    validation: 0.1,
                    test: 0.1,
                },
                n_blocks: 10,
                gap: 0,
            },
            backing: Backing::Memory,
            seed,
        }
    }
}

/// What frames are superposed on. The reference is centred on the origin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alignment {
    /// The mean of the superposed training frames.
    Mean(MeanAlignment),
    /// This frame of the dataset, counted from 0 over all sources after the stride.
    Frame(usize),
    /// Nothing: frames stay as they are.
    Off,
}

/// How frames are held out; see [`Split`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitMethod {
    /// [`Split::blocks`] of time, per source.
    Blocks {
        /// How much to hold out.
        fractions: Fractions,
        /// Blocks of each source.
        n_blocks: usize,
        /// Frames left out at the borders.
        gap: usize,
    },
    /// [`Split::clusters`] of frames with these labels.
    Clusters {
        /// How much to hold out.
        fractions: Fractions,
        /// Cluster of each frame.
        labels: Vec<usize>,
    },
    /// [`Split::clusters`] found by farthest-first choice of centres by RMSD.
    RmsdClusters {
        /// How much to hold out.
        fractions: Fractions,
        /// Number of clusters.
        n_clusters: usize,
    },
    /// [`Split::random`] frames.
    Random {
        /// How much to hold out.
        fractions: Fractions,
    },
    /// The caller's choice of frames, as with [`Split::indices`].
    Indices(Split),
}

impl SplitMethod {
    pub(super) fn apply(
        &self,
        store: &FrameStore,
        sources: &[SourceDescription],
        seed: u64,
    ) -> Result<Split> {
        let ranges: Vec<_> = sources.iter().map(|s| s.frames.clone()).collect();
        let n_frames = store.n_frames();
        match self {
            Self::Blocks {
                fractions,
                n_blocks,
                gap,
            } => Split::blocks(&ranges, *fractions, *n_blocks, *gap, seed),
            Self::Clusters { fractions, labels } => {
                if labels.len() != n_frames {
                    return Err(Error::argument(
                        "cluster labels",
                        format!("{n_frames}, one per frame"),
                        labels.len().to_string(),
                    ));
                }
                Split::clusters(labels, *fractions, seed)
            }
            Self::RmsdClusters {
                fractions,
                n_clusters,
            } => {
                let frames: Vec<usize> = (0..n_frames).collect();
                let clusters = k_centres_of_store(store, &frames, *n_clusters, seed)?;
                Split::clusters(&clusters.labels, *fractions, seed)
            }
            Self::Random { fractions } => Split::random(n_frames, *fractions, seed),
            Self::Indices(split) => Split::indices(
                n_frames,
                split.train.clone(),
                split.validation.clone(),
                split.test.clone(),
            ),
        }
    }
}

/// Where a dataset keeps its aligned frames. Results are the same either way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backing {
    /// In memory: 12 bytes per atom and frame.
    Memory,
    /// In a scratch file of that size in this folder, for more frames than fit in memory. The file is
    /// removed with the dataset.
    Folder(PathBuf),
}

struct InMemory<'a> {
    trajectory: &'a Trajectory,
    next: usize,
}

impl FrameReader for InMemory<'_> {
    fn read_frame(&mut self, frame: &mut Frame) -> Result<bool> {
        if self.next >= self.trajectory.n_frames() {
            return Ok(false);
        }
        let from = self.trajectory;
        let index = self.next;
        frame.positions.clear();
        frame.positions.extend_from_slice(from.positions(index));
        frame.velocities = from.velocities(index).map(<[_]>::to_vec);
        frame.forces = from.forces(index).map(<[_]>::to_vec);
        frame.cell = from.cell(index);
        frame.time = from.time(index);
        frame.step = from.step(index);
        self.next += 1;
        Ok(true)
    }

    fn n_frames(&mut self) -> Result<Option<usize>> {
        Ok(Some(self.trajectory.n_frames()))
    }

    fn seek(&mut self, index: usize) -> Result<()> {
        if index > self.trajectory.n_frames() {
            return Err(Error::malformed(
                "frames in memory".as_ref(),
                Place::Frame(index),
                format!("a frame below {}", self.trajectory.n_frames()),
                index.to_string(),
            ));
        }
        self.next = index;
        Ok(())
    }
}
