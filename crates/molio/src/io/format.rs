//! Choosing a format by the file's name.

use super::input::Input;
use super::{dcd, pdb, trr, xtc};
use crate::{Error, FrameReader, FrameWriter, Result, Topology};
use std::ffi::OsStr;
use std::path::Path;

/// Extensions of all formats.
#[cfg_attr(feature = "gzip", expect(dead_code, reason = "for builds without it"))]
pub(crate) const ALL: &str = "pdb, ent, xtc, trr, dcd (pdb also with .gz)";
const READABLE: &str = "pdb, ent, xtc, trr, dcd";
const WRITABLE: &str = "pdb, ent, xtc, trr, dcd";
const TOPOLOGIES: &str = "pdb, ent";

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// PDB: `.pdb`, `.ent`.
    Pdb,
    /// GROMACS XTC: `.xtc`.
    Xtc,
    /// GROMACS TRR: `.trr`.
    Trr,
    /// CHARMM, NAMD and X-PLOR DCD: `.dcd`.
    Dcd,
}

impl Format {
    /// The format of a file by its extension, in any case; a final `.gz` is looked through.
    ///
    /// # Examples
    /// ```
    /// use molio::Format;
    /// assert_eq!(Format::of("models/1uao.pdb.gz".as_ref()), Some(Format::Pdb));
    /// assert_eq!(Format::of("notes.txt".as_ref()), None);
    /// ```
    pub fn of(path: &Path) -> Option<Self> {
        let inner = if is_gzip(path) {
            path.file_stem().map(Path::new)?
        } else {
            path
        };
        let extension = inner.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "pdb" | "ent" => Self::Pdb,
            "xtc" => Self::Xtc,
            "trr" => Self::Trr,
            "dcd" => Self::Dcd,
            _ => return None,
        })
    }
}

pub(crate) fn is_gzip(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case(OsStr::new("gz")))
}

/// Opens a trajectory for reading, frame by frame.
///
/// # Errors
/// [`Error::Format`] for an extension that is no trajectory's; [`Error::Io`] if the file cannot be
/// opened; what is wrong with its header.
///
/// # Examples
/// ```no_run
/// # fn main() -> molio::Result<()> {
/// let mut reader = molio::open("run.xtc")?;
/// let mut frame = molio::Frame::default();
/// while reader.read_frame(&mut frame)? {
///     println!("{:?} ps: {} atoms", frame.time, frame.n_atoms());
/// }
/// # Ok(())
/// # }
/// ```
pub fn open(path: impl AsRef<Path>) -> Result<Box<dyn FrameReader>> {
    let path = path.as_ref();
    let format = Format::of(path).ok_or_else(|| unknown(path, "read frames from", READABLE))?;
    reader(format, Input::open(path)?)
}

/// [`open`] for bytes in memory; `name` is what errors call them.
///
/// # Errors
/// As [`open`].
pub fn open_bytes(
    format: Format,
    name: impl AsRef<Path>,
    bytes: Vec<u8>,
) -> Result<Box<dyn FrameReader>> {
    reader(format, Input::from_bytes(name.as_ref(), bytes))
}

fn reader(format: Format, input: Input) -> Result<Box<dyn FrameReader>> {
    Ok(match format {
        Format::Pdb => Box::new(pdb::Reader::new(input)?),
        Format::Xtc => Box::new(xtc::Reader::new(input)),
        Format::Trr => Box::new(trr::Reader::new(input)),
        Format::Dcd => Box::new(dcd::Reader::new(input)?),
    })
}

/// Creates a trajectory for writing frames of `topology`. Formats that only hold numbers take no more
/// from it than the number of atoms.
///
/// # Errors
/// [`Error::Format`] for an extension that frames cannot be written to; [`Error::Io`] if the file
/// cannot be created.
///
/// # Examples
/// ```no_run
/// # fn main() -> molio::Result<()> {
/// let topology = molio::read_topology("protein.pdb")?;
/// let mut reader = molio::open("run.dcd")?;
/// let mut writer = molio::create("run.xtc", &topology)?;
/// reader.for_each(&mut |frame| writer.write_frame(frame).map(|()| true))?;
/// writer.finish()?;
/// # Ok(())
/// # }
/// ```
pub fn create(path: impl AsRef<Path>, topology: &Topology) -> Result<Box<dyn FrameWriter>> {
    let path = path.as_ref();
    let n_atoms = topology.n_atoms();
    Ok(match Format::of(path) {
        Some(Format::Pdb) => Box::new(pdb::Writer::create(path, topology)?),
        #[cfg(feature = "xtc")]
        Some(Format::Xtc) => Box::new(xtc::Writer::create(path, n_atoms)?),
        Some(Format::Trr) => Box::new(trr::Writer::create(path, n_atoms)?),
        Some(Format::Dcd) if !is_gzip(path) => Box::new(dcd::Writer::create(path, n_atoms)?),
        _ => return Err(unknown(path, "write frames to", WRITABLE)),
    })
}

/// Reads what the atoms of a file are.
///
/// # Errors
/// [`Error::Format`] for an extension that holds no topology; [`Error::Io`] if the file cannot be
/// opened; what is wrong with its content.
pub fn read_topology(path: impl AsRef<Path>) -> Result<Topology> {
    let path = path.as_ref();
    let format =
        Format::of(path).ok_or_else(|| unknown(path, "read a topology from", TOPOLOGIES))?;
    topology(format, Input::open(path)?)
}

/// [`read_topology`] for bytes in memory; `name` is what errors call them.
///
/// # Errors
/// As [`read_topology`].
pub fn read_topology_bytes(
    format: Format,
    name: impl AsRef<Path>,
    bytes: Vec<u8>,
) -> Result<Topology> {
    topology(format, Input::from_bytes(name.as_ref(), bytes))
}

fn topology(format: Format, input: Input) -> Result<Topology> {
    match format {
        Format::Pdb => pdb::read_topology(input),
        Format::Xtc | Format::Trr | Format::Dcd => {
            Err(unknown(input.path(), "read a topology from", TOPOLOGIES))
        }
    }
}

fn unknown(path: &Path, action: &'static str, known: &'static str) -> Error {
    Error::Format {
        path: path.to_owned(),
        action,
        known,
    }
}
