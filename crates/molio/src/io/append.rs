//! Going on with a trajectory that was written before.

use super::{dcd, format::is_gzip, trr};
use crate::{Error, Format, FrameWriter, Result, Topology};
use std::path::Path;

/// How far a trajectory was written, for [`append`] to go on from there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written {
    /// Length of the file in bytes, after [`FrameWriter::finish`].
    pub length: u64,
    /// Number of frames in these bytes.
    pub n_frames: usize,
    /// Time (ps) and step of the first two frames, or as many as there are: the header of a DCD is made
    /// of them, and does not give them back exactly.
    pub first: Vec<(Option<f64>, Option<i64>)>,
}

/// Opens a trajectory that was written by [`crate::create`] to go on with it. What stands in the file
/// behind `written.length` is cut off.
///
/// A trajectory written in parts is the same bytes as one written in one go. XTC, TRR and DCD only.
///
/// # Errors
/// [`Error::Format`] for other formats; [`Error::Io`] if the file cannot be opened;
/// [`Error::Malformed`] for a file shorter than `written.length`, or not of this many atoms.
///
/// # Examples
/// ```
/// use molio::{Frame, Written};
/// # let folder = std::env::temp_dir().join(format!("molio-append-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("run.xtc");
/// # let mut builder = molio::TopologyBuilder::default();
/// # builder.start_residue("ALA", 1, None, false);
/// # builder.add_atom(molio::AtomRecord::new("CA", molio::Element::guess("CA", "ALA")));
/// # let topology = builder.build();
/// let frame = Frame::from_positions(vec![[1.0, 2.0, 3.0]]);
/// let mut writer = molio::create(&path, &topology)?;
/// writer.write_frame(&frame)?;
/// writer.finish()?;
///
/// let written = Written { length: std::fs::metadata(&path).unwrap().len(), n_frames: 1, first: vec![] };
/// let mut writer = molio::append(&path, &topology, &written)?;
/// writer.write_frame(&frame)?;
/// writer.finish()?;
/// assert_eq!(molio::open(&path)?.n_frames()?, Some(2));
/// # std::fs::remove_dir_all(folder).unwrap();
/// # Ok::<(), molio::Error>(())
/// ```
pub fn append(
    path: impl AsRef<Path>,
    topology: &Topology,
    written: &Written,
) -> Result<Box<dyn FrameWriter>> {
    let path = path.as_ref();
    let n_atoms = topology.n_atoms();
    Ok(match Format::of(path) {
        #[cfg(feature = "xtc")]
        Some(Format::Xtc) if !is_gzip(path) => {
            Box::new(super::xtc::Writer::append(path, n_atoms, written)?)
        }
        Some(Format::Trr) if !is_gzip(path) => {
            Box::new(trr::Writer::append(path, n_atoms, written)?)
        }
        Some(Format::Dcd) if !is_gzip(path) => {
            Box::new(dcd::Writer::append(path, n_atoms, written)?)
        }
        _ => {
            return Err(Error::Format {
                path: path.to_owned(),
                action: "append frames to",
                known: "xtc, trr, dcd",
            });
        }
    })
}
