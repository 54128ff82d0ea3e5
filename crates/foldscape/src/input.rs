//! Finding the topology and the frames that the user named.

use anyhow::{Context, Result, anyhow, bail, ensure};
use molio::{Frame, FrameReader, Topology};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Where frames come from, and who says what the atoms are.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Source {
    /// Structure or trajectory file.
    pub(crate) file: PathBuf,
    /// Topology (PDB, mmCIF, GRO, PSF, prmtop), where the file itself has none.
    #[arg(long, value_name = "FILE")]
    pub(crate) top: Option<PathBuf>,
}

impl Source {
    /// The topology: of `--top`, else of the file itself.
    pub(crate) fn topology(&self) -> Result<Topology> {
        topology(&self.file, self.top.as_deref())
    }

    /// The topology, if there is one to be had: `None` for a bare trajectory without `--top`.
    pub(crate) fn topology_if_any(&self) -> Result<Option<Topology>> {
        match molio::read_topology(&self.file) {
            Err(molio::Error::Format { .. }) if self.top.is_none() => Ok(None),
            _ => self.topology().map(Some),
        }
    }

    pub(crate) fn open(&self) -> molio::Result<Box<dyn FrameReader>> {
        molio::open(&self.file)
    }
}

/// The topology of `top`, else of the trajectory file itself.
pub(crate) fn topology(file: &Path, top: Option<&Path>) -> Result<Topology> {
    if let Some(top) = top {
        return Ok(molio::read_topology(top)?);
    }
    match molio::read_topology(file) {
        Err(molio::Error::Format { .. }) => {
            bail!(
                "{}: this format has no topology; name one with --top",
                file.display()
            )
        }
        other => Ok(other?),
    }
}

/// Refuses a frame of a file that is not of the topology's atoms.
pub(crate) fn check_atoms(file: &Path, topology: &Topology, frame: &Frame) -> Result<()> {
    ensure!(
        topology.n_atoms() == frame.n_atoms(),
        "{}: the frames have {} atoms, the topology has {}",
        file.display(),
        frame.n_atoms(),
        topology.n_atoms()
    );
    Ok(())
}

/// The indices that a selection chooses; an empty one is an error.
pub(crate) fn select(selection: &str, topology: &Topology) -> Result<Vec<usize>> {
    let parsed = molio::Selection::parse(selection)?;
    let indices = parsed.indices(topology);
    if indices.is_empty() {
        bail!(
            "selection {selection:?} chooses none of the {} atoms",
            topology.n_atoms()
        );
    }
    Ok(indices)
}

/// The frames of a file for commands that count what is not finite instead of stopping at it: such a
/// frame comes as positions of NaN.
pub(crate) struct Frames {
    reader: Box<dyn FrameReader>,
    n_atoms: usize,
    /// Of the next frame.
    index: usize,
    ended: bool,
}

impl Frames {
    /// Frames of the atoms of a topology.
    pub(crate) fn open(file: &Path, n_atoms: usize) -> molio::Result<Self> {
        Ok(Self {
            reader: molio::open(file)?,
            n_atoms,
            index: 0,
            ended: false,
        })
    }

    /// Reads the next frame; `false` at the end.
    pub(crate) fn read(&mut self, frame: &mut Frame) -> molio::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        match self.reader.read_frame(frame) {
            Err(molio::Error::NotFinite { .. }) => {
                *frame = Frame::default();
                frame.positions = vec![[f32::NAN; 3]; self.n_atoms];
                // The reader may have stopped in the middle of the frame.
                self.ended = self.reader.n_frames()? == Some(self.index + 1);
                if !self.ended {
                    self.reader.seek(self.index + 1)?;
                }
            }
            other => {
                self.ended = !other?;
                if self.ended {
                    return Ok(false);
                }
            }
        }
        self.index += 1;
        Ok(true)
    }
}

/// A NumPy array of floating-point numbers.
pub(crate) struct Array {
    /// Where it is from, for errors.
    pub(crate) place: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f64>,
}

/// Reads a `.npy` file of f32 or f64.
pub(crate) fn array(path: &Path) -> Result<Array> {
    let name = path.display().to_string();
    let file = std::fs::File::open(path).with_context(|| name.clone())?;
    parse_array(std::io::BufReader::new(file), name)
}

/// Reads an array of f32 or f64 in the `.npy` format.
pub(crate) fn parse_array(input: impl Read, place: String) -> Result<Array> {
    let file = npyz::NpyFile::new(input).with_context(|| place.clone())?;
    let shape = file.shape().iter().map(|&n| n as usize).collect();
    let is_double = file.dtype().num_bytes() == Some(8);
    // collected as they come: a header's count alone allocates nothing
    let mut values = Vec::new();
    if is_double {
        for value in file.data::<f64>().map_err(|e| anyhow!("{place}: {e}"))? {
            values.push(value.with_context(|| place.clone())?);
        }
    } else {
        for value in file.data::<f32>().map_err(|e| anyhow!("{place}: {e}"))? {
            values.push(f64::from(value.with_context(|| place.clone())?));
        }
    }
    Ok(Array {
        place,
        shape,
        values,
    })
}
