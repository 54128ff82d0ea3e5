//! Frames prepared for learning: common atoms, aligned, split, standardised, in batches.

mod common;
mod config;
mod k_centres;
mod kmeans;
mod minibatches;
mod pca;
mod representatives;
mod split;
mod standardisation;
mod store;

pub use config::{Alignment, Backing, DatasetConfig, Source, SplitMethod};
pub use k_centres::{KCentres, k_centres};
pub use minibatches::{Minibatch, Minibatches};
pub use representatives::Representatives;
pub use split::{Fractions, Split};
pub use standardisation::{DatasetDescription, SourceDescription, Standardisation};

use crate::align::{align_to, centre, frames_per_chunk, mean_structure};
use crate::superpose::check_finite;
use crate::{Error, Frame, Place, Result, Selection, Topology, Trajectory};
use common::common_atoms;
use minibatches::gather;
use std::path::PathBuf;
use std::sync::Arc;
use store::FrameStore;

/// Aligned frames of one or several trajectories, split into training, validation and test frames.
///
/// Built in this order: the selected atoms that all sources share are found; every `stride`-th frame of each
/// source is read, one at a time; frames are assigned to the split; all are superposed on a reference that
/// depends on **training frames only** (their mean, by default), as do the scalar `mean` and `std`. So
/// nothing of the held-out frames leaks into what a model is given.
///
/// # Shapes
/// Frames `[n_atoms][3]` f32 in nm; standardised data `[len][n_atoms][3]` f32 without unit.
///
/// # Examples
/// ```
/// use molio::*;
/// // two atoms whose distance grows
/// let positions = (0..20).flat_map(|t| [[0.0; 3], [1.0 + 0.1 * t as f32, 0.0, 0.0]]).collect();
/// let trajectory = Trajectory::from_positions(2, positions)?;
/// let mut builder = TopologyBuilder::default();
/// builder.add_atom(AtomRecord::new("A", Element::CARBON));
/// builder.add_atom(AtomRecord::new("B", Element::CARBON));
///
/// let source = Source::from_trajectory("growing", builder.build(), &trajectory);
/// let config = DatasetConfig::new(42);
/// let dataset = Dataset::new(vec![source], &config)?;
/// assert_eq!(dataset.split().train.len(), 16);
/// for batch in dataset.minibatches(dataset.split().train.clone(), 8)? {
///     assert_eq!(batch?.data.len(), 8 * 2 * 3);
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Dataset {
    description: DatasetDescription,
    store: Arc<FrameStore>,
    times: Vec<Option<f64>>,
}

impl Dataset {
    /// Reads, aligns, splits and standardises the sources.
    ///
    /// # Errors
    /// What reading the sources can give; [`Error::AtomCount`] for a frame that does not fit its
    /// source's topology; [`Error::NotFinite`] for a NaN coordinate, with source and frame;
    /// [`Error::Selection`] and [`Error::EmptySelection`]; [`Error::Argument`] for sources without
    /// common atoms, a split that leaves nothing to train on, or frames that are all one point.
    pub fn new(sources: Vec<Source<'_>>, config: &DatasetConfig) -> Result<Self> {
        Self::with_progress(sources, config, &mut |_| {})
    }

    /// As [`Dataset::new`], calling `progress` with the number of frames taken so far.
    ///
    /// # Errors
    /// As [`Dataset::new`].
    pub fn with_progress(
        mut sources: Vec<Source<'_>>,
        config: &DatasetConfig,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Self> {
        if config.stride == 0 {
            return Err(Error::argument("stride", "at least 1", "0"));
        }
        let chosen = choose_atoms(&sources, &config.selection)?;
        let topology = sources[0].topology.select(&chosen[0]);
        let n_atoms = topology.n_atoms();
        let mut store = match &config.backing {
            Backing::Memory => FrameStore::in_memory(n_atoms),
            Backing::Folder(folder) => FrameStore::in_folder(folder, n_atoms)?,
        };
        let mut times = Vec::new();
        let mut described = Vec::new();
        for (source, atoms) in sources.iter_mut().zip(&chosen) {
            let first = store.n_frames();
            read_source(source, atoms, config.stride, &mut store, &mut |time| {
                times.push(time);
                progress(times.len());
            })?;
            described.push(SourceDescription {
                label: source.label.clone(),
                frames: first..store.n_frames(),
            });
        }
        if store.n_frames() == 0 {
            return Err(Error::argument(
                "sources of a dataset",
                "at least one frame",
                "none",
            ));
        }
        let split = config.split.apply(&store, &described, config.seed)?;
        let reference = align(&mut store, &split, &config.alignment)?;
        let standardisation = standardise(&store, &split.train)?;
        Ok(Self {
            description: DatasetDescription {
                topology,
                reference,
                standardisation,
                split,
                sources: described,
                stride: config.stride,
            },
            store: Arc::new(store),
            times,
        })
    }

    /// The common atoms, in the order of the first source.
    pub fn topology(&self) -> &Topology {
        &self.description.topology
    }

    /// Number of frames.
    pub fn n_frames(&self) -> usize {
        self.store.n_frames()
    }

    /// Number of atoms of each frame.
    pub fn n_atoms(&self) -> usize {
        self.store.n_atoms()
    }

    /// Mean over all coordinates of all training frames, in nm.
    pub fn mean(&self) -> f64 {
        self.description.standardisation.mean
    }

    /// Standard deviation (of the population) over all coordinates of all training frames, in nm.
    pub fn std(&self) -> f64 {
        self.description.standardisation.std
    }

    /// Which frames are for what.
    pub fn split(&self) -> &Split {
        &self.description.split
    }

    /// What frames were superposed on, `[n_atoms][3]` in nm; `None` if they were left as they are.
    pub fn reference(&self) -> Option<&[[f32; 3]]> {
        self.description.reference.as_deref()
    }

    /// All that a checkpoint needs to treat other frames as these: topology, reference, mean and std,
    /// split, sources.
    pub fn description(&self) -> &DatasetDescription {
        &self.description
    }

    /// The source that frame `index` came from.
    ///
    /// # Panics
    /// If there is no such frame.
    pub fn source_of(&self, index: usize) -> &SourceDescription {
        self.description
            .sources
            .iter()
            .find(|source| source.frames.contains(&index))
            .unwrap_or_else(|| panic!("frame {index} of {}", self.n_frames()))
    }

    /// Time of frame `index` in ps, where its source has it.
    ///
    /// # Panics
    /// If there is no such frame.
    pub fn time(&self, index: usize) -> Option<f64> {
        self.times[index]
    }

    /// The aligned positions of frame `index`, `[n_atoms][3]` in nm.
    ///
    /// # Errors
    /// [`Error::Argument`] if there is no such frame; a scratch file that cannot be read.
    pub fn positions(&self, index: usize) -> Result<Vec<[f32; 3]>> {
        self.check_indices(&[index])?;
        let mut positions = vec![[0.0; 3]; self.n_atoms()];
        self.store.read(index, &mut positions)?;
        Ok(positions)
    }

    /// These frames, aligned, as a trajectory with their times.
    ///
    /// # Errors
    /// As [`Dataset::positions`].
    pub fn trajectory(&self, indices: &[usize]) -> Result<Trajectory> {
        let mut trajectory = Trajectory::new(self.n_atoms());
        for &index in indices {
            trajectory.push(&Frame {
                time: self.times.get(index).copied().flatten(),
                ..Frame::from_positions(self.positions(index)?)
            })?;
        }
        Ok(trajectory)
    }

    /// Replaces `out` by (x − mean)/std of these frames, `[indices.len()][n_atoms][3]`.
    ///
    /// # Errors
    /// As [`Dataset::positions`].
    pub fn standardised(&self, indices: &[usize], out: &mut Vec<f32>) -> Result<()> {
        self.check_indices(indices)?;
        gather(&self.store, self.description.standardisation, indices, out)
    }

    /// The inverse of [`Dataset::standardised`] for any number of frames: positions in nm.
    ///
    /// # Errors
    /// [`Error::AtomCount`] if the length is no multiple of 3 × atoms.
    pub fn unstandardise(&self, data: &[f32]) -> Result<Trajectory> {
        self.description.unstandardise(data)
    }

    /// Batches of frames in this order, prepared on a thread of their own; the last may be shorter.
    ///
    /// Shuffling is the caller's, who has the generator whose state goes into the checkpoint.
    ///
    /// # Errors
    /// [`Error::Argument`] for a batch size of 0 or a frame that does not exist.
    pub fn minibatches(&self, order: Vec<usize>, batch_size: usize) -> Result<Minibatches> {
        if batch_size == 0 {
            return Err(Error::argument("batch size", "at least 1", "0"));
        }
        self.check_indices(&order)?;
        Ok(Minibatches::start(
            Arc::clone(&self.store),
            self.description.standardisation,
            order,
            batch_size,
        ))
    }

    fn check_indices(&self, indices: &[usize]) -> Result<()> {
        match indices.iter().find(|&&index| index >= self.n_frames()) {
            None => Ok(()),
            Some(index) => Err(Error::argument(
                "frames of a dataset",
                format!("indices below {}", self.n_frames()),
                index.to_string(),
            )),
        }
    }
}

fn choose_atoms(sources: &[Source<'_>], selection: &str) -> Result<Vec<Vec<usize>>> {
    let selection = Selection::parse(selection)?;
    let labels: Vec<&str> = sources.iter().map(|s| s.label.as_str()).collect();
    let topologies: Vec<&Topology> = sources.iter().map(|s| &s.topology).collect();
    let selected: Vec<Vec<usize>> = topologies.iter().map(|t| selection.indices(t)).collect();
    if let Some(empty) = selected.iter().position(Vec::is_empty) {
        return Err(Error::EmptySelection {
            selection: selection.text().to_owned(),
            path: PathBuf::from(labels[empty]),
            n_atoms: topologies[empty].n_atoms(),
        });
    }
    common_atoms(&labels, &topologies, &selected)
}

/// Appends every `stride`-th frame's chosen atoms; calls `taken` with each frame's time.
fn read_source(
    source: &mut Source<'_>,
    atoms: &[usize],
    stride: usize,
    store: &mut FrameStore,
    taken: &mut dyn FnMut(Option<f64>),
) -> Result<()> {
    let expected = source.topology.n_atoms();
    let mut frame = Frame::default();
    let mut picked = vec![[0.0; 3]; atoms.len()];
    let mut index = 0;
    while source.frames.read_frame(&mut frame)? {
        if index % stride == 0 {
            if frame.n_atoms() != expected {
                return Err(Error::AtomCount {
                    path: PathBuf::from(&source.label),
                    place: Place::Frame(index),
                    expected,
                    found: frame.n_atoms(),
                });
            }
            for (x, &atom) in picked.iter_mut().zip(atoms) {
                *x = frame.positions[atom];
            }
            check_finite(&picked, &source.label, index)?;
            store.push(&picked)?;
            taken(frame.time);
        }
        index += 1;
    }
    Ok(())
}

/// Superposes all frames on the reference that `alignment` asks for; that reference.
fn align(
    store: &mut FrameStore,
    split: &Split,
    alignment: &Alignment,
) -> Result<Option<Vec<[f32; 3]>>> {
    let n_atoms = store.n_atoms();
    let reference = match alignment {
        Alignment::Off => return Ok(None),
        Alignment::Mean(settled) => {
            let read = |index: usize, out: &mut [[f32; 3]]| store.read(index, out);
            mean_structure(&read, &split.train, n_atoms, None, *settled)?.positions
        }
        Alignment::Frame(index) => {
            if *index >= store.n_frames() {
                return Err(Error::argument(
                    "frame to align to",
                    format!("below {}", store.n_frames()),
                    index.to_string(),
                ));
            }
            let mut reference = vec![[0.0; 3]; n_atoms];
            store.read(*index, &mut reference)?;
            centre(&mut reference, None);
            reference
        }
    };
    let chunk = frames_per_chunk(n_atoms);
    let mut buffer = Vec::new();
    for first in (0..store.n_frames()).step_by(chunk) {
        let n = chunk.min(store.n_frames() - first);
        buffer.resize(n * n_atoms, [0.0; 3]);
        store.read(first, &mut buffer)?;
        align_to(&mut buffer, &reference, None)?;
        store.write(first, &buffer)?;
    }
    Ok(Some(reference))
}

/// Mean and standard deviation over all coordinates of these frames.
fn standardise(store: &FrameStore, frames: &[usize]) -> Result<Standardisation> {
    let mut frame = vec![[0.0; 3]; store.n_atoms()];
    let (mut sum, mut squares) = (0.0f64, 0.0f64);
    for &index in frames {
        store.read(index, &mut frame)?;
        for value in frame.iter().flatten() {
            let value = f64::from(*value);
            sum += value;
            squares += value * value;
        }
    }
    let n = (frames.len() * store.n_atoms() * 3) as f64;
    let mean = sum / n;
    let variance = squares / n - mean * mean;
    // rounding leaves about 1e-16 of the squares where all coordinates are equal
    if variance <= 1e-12 * squares / n || variance.is_nan() {
        return Err(Error::argument(
            "training frames",
            "coordinates that differ",
            "none that do, so they cannot be standardised",
        ));
    }
    Ok(Standardisation {
        mean,
        std: variance.sqrt(),
    })
}
