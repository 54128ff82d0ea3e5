//! Choosing a format by the file's name.

use super::input::Input;
#[cfg(feature = "npy")]
use super::npy;
use super::{dcd, gro, mmcif, pdb, prmtop, psf, trr, xtc, xyz};
use crate::{Error, FrameReader, FrameWriter, Result, Topology, assign_bonds};
use std::ffi::OsStr;
use std::path::Path;

/// Extensions of all formats.
#[cfg_attr(feature = "gzip", expect(dead_code, reason = "for builds without it"))]
pub(crate) const ALL: &str = "pdb, ent, cif, mmcif, gro, xyz, xtc, trr, dcd, npy, npz, psf, prmtop, parm7 (text also with .gz)";
const READABLE: &str = "pdb, ent, cif, mmcif, gro, xyz, xtc, trr, dcd, npy, npz";
const WRITABLE: &str = "pdb, ent, cif, mmcif, gro, xyz, xtc, trr, dcd, npy, npz";
const TOPOLOGIES: &str = "pdb, ent, cif, mmcif, gro, xyz, psf, prmtop, parm7";

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
    /// mmCIF: `.cif`, `.mmcif`.
    Mmcif,
    /// GROMACS GRO: `.gro`.
    Gro,
    /// XYZ, plain and extended: `.xyz`.
    Xyz,
    /// One NumPy array of positions: `.npy`.
    Npy,
    /// Several NumPy arrays: `.npz`.
    Npz,
    /// CHARMM, NAMD and X-PLOR PSF: `.psf`; a topology without positions.
    Psf,
    /// AMBER prmtop: `.prmtop`, `.parm7`; a topology without positions.
    Prmtop,
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
            "cif" | "mmcif" => Self::Mmcif,
            "gro" => Self::Gro,
            "xyz" => Self::Xyz,
            "npy" => Self::Npy,
            "npz" => Self::Npz,
            "psf" => Self::Psf,
            "prmtop" | "parm7" => Self::Prmtop,
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
        Format::Mmcif => Box::new(mmcif::Reader::new(input)?),
        Format::Gro => Box::new(gro::Reader::new(input)),
        Format::Xyz => Box::new(xyz::Reader::new(input)),
        #[cfg(feature = "npy")]
        Format::Npy => npy::npy(input)?,
        #[cfg(feature = "npy")]
        Format::Npz => npy::npz(input)?,
        _ => return Err(unknown(input.path(), "read frames from", READABLE)),
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
        Some(Format::Mmcif) => Box::new(mmcif::Writer::create(path, topology)?),
        Some(Format::Gro) => Box::new(gro::Writer::create(path, topology)?),
        Some(Format::Xyz) => Box::new(xyz::Writer::create(path, topology)?),
        #[cfg(feature = "npy")]
        Some(Format::Npy) if !is_gzip(path) => Box::new(npy::NpyWriter::create(path, n_atoms)?),
        #[cfg(feature = "npy")]
        Some(Format::Npz) if !is_gzip(path) => Box::new(npy::NpzWriter::create(path, n_atoms)?),
        _ => return Err(unknown(path, "write frames to", WRITABLE)),
    })
}

/// Reads what the atoms of a file are. Structures get the bonds that [`assign_bonds`] finds added to
/// their own; PSF and prmtop have all bonds, XYZ is left without.
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
    let (mut topology, positions) = match format {
        Format::Pdb => pdb::read_topology(input)?,
        Format::Mmcif => mmcif::read_topology(input)?,
        // bonds are what these are for
        Format::Psf => return psf::read_topology(input),
        Format::Prmtop => return prmtop::read_topology(input),
        Format::Gro => gro::read_topology(input)?,
        // elements alone say nothing of residues
        Format::Xyz => return xyz::read_topology(input),
        Format::Xtc | Format::Trr | Format::Dcd | Format::Npy | Format::Npz => {
            return Err(unknown(input.path(), "read a topology from", TOPOLOGIES));
        }
    };
    assign_bonds(&mut topology, Some(&positions))?;
    Ok(topology)
}

fn unknown(path: &Path, action: &'static str, known: &'static str) -> Error {
    Error::Format {
        path: path.to_owned(),
        action,
        known,
    }
}
