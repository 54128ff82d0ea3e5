//! Files: readers and writers of every format, behind two traits.
//!
//! [`open`], [`create`] and [`read_topology`] choose the format by the file name's extension
//! ([`Format`]), look through `.gz`, and hand back the format's own implementation of
//! [`FrameReader`] or [`FrameWriter`]. Every reader takes its bytes from one `Input` that knows the file's
//! name, its length and the position, so that no count found in a header is believed beyond the bytes
//! that are there.

#[cfg(feature = "gzip")]
mod gzip;
#[cfg(feature = "npy")]
mod npy;

mod altloc;
mod append;
mod dcd;
mod format;
mod frame_starts;
mod gro;
mod input;
mod lines;
mod mmcif;
mod numbers;
mod output;
mod pdb;
mod prmtop;
mod psf;
#[cfg(any(feature = "gzip", feature = "npy"))]
mod rewind;
mod trajectory;
mod trr;
mod xtc;
mod xyz;

pub use append::{Written, append};
pub use format::{Format, create, open, open_bytes, read_topology, read_topology_bytes};

use crate::{Error, Frame, Result};

/// Reads frames one after the other.
///
/// An implementor fills the caller's frame, whose buffers are reused, and holds no other frame in
/// memory. It overwrites every field: what the file lacks becomes `None`.
pub trait FrameReader: Send {
    /// Reads the next frame; `false` at the end of the file.
    ///
    /// # Errors
    /// A file that is truncated, corrupt, or whose frames differ in their number of atoms.
    fn read_frame(&mut self, frame: &mut Frame) -> Result<bool>;

    /// Number of frames, where the format can tell without decoding them; `None` elsewhere.
    ///
    /// # Errors
    /// A file whose headers are corrupt.
    fn n_frames(&mut self) -> Result<Option<usize>> {
        Ok(None)
    }

    /// Makes the next [`FrameReader::read_frame`] read the frame `index`, counted from 0.
    ///
    /// # Errors
    /// A frame beyond the end of the file, or a file that is corrupt before it.
    fn seek(&mut self, index: usize) -> Result<()>;

    /// Calls `visit` with each remaining frame until it returns `false`.
    ///
    /// # Errors
    /// As [`FrameReader::read_frame`].
    fn for_each(&mut self, visit: &mut dyn FnMut(&Frame) -> Result<bool>) -> Result<()> {
        let mut frame = Frame::default();
        while self.read_frame(&mut frame)? {
            if !visit(&frame)? {
                break;
            }
        }
        Ok(())
    }
}

/// Writes frames one after the other.
pub trait FrameWriter: Send {
    /// Appends a frame. What the format has no place for (velocities in XTC) is left out.
    ///
    /// # Errors
    /// A full disk, or a number of atoms that differs from the frames before.
    fn write_frame(&mut self, frame: &Frame) -> Result<()>;

    /// Writes what is buffered, and counts in headers, and closes the file. A writer that is dropped
    /// without it leaves a file that may lack its end.
    ///
    /// # Errors
    /// A full disk.
    fn finish(self: Box<Self>) -> Result<(), Error>;
}

/// Refuses NaN and infinities.
pub(crate) fn check_finite(
    path: &std::path::Path,
    place: crate::Place,
    vectors: &[[f32; 3]],
) -> Result<()> {
    // adding up zeros keeps the usual case free of branches: 0·x is NaN for what is not finite;
    // with one sum, each addition would wait for the one before
    let (chunks, rest) = vectors.as_flattened().as_chunks::<16>();
    let mut sums = [0.0; 16];
    for chunk in chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *sum += x * 0.0;
        }
    }
    if sums.iter().chain(rest).map(|x| x * 0.0).sum::<f32>() == 0.0 {
        return Ok(());
    }
    for (atom, vector) in vectors.iter().enumerate() {
        if let Some(&value) = vector.iter().find(|x| !x.is_finite()) {
            return Err(Error::NotFinite {
                path: path.to_owned(),
                place,
                atom,
                value,
            });
        }
    }
    Ok(())
}

/// Checks that a frame has as many atoms as those before it.
pub(crate) fn check_atom_count(
    path: &std::path::Path,
    frame: usize,
    expected: Option<usize>,
    found: usize,
) -> Result<()> {
    match expected {
        Some(expected) if expected != found => Err(Error::AtomCount {
            path: path.to_owned(),
            place: crate::Place::Frame(frame),
            expected,
            found,
        }),
        _ => Ok(()),
    }
}

pub(crate) fn no_such_frame(path: &std::path::Path, index: usize, n_frames: usize) -> Error {
    Error::malformed(
        path,
        crate::Place::Frame(index),
        format!("a frame below {n_frames}"),
        index.to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_is_found_anywhere() {
        for n_atoms in [1, 5, 6, 16, 33] {
            let mut vectors = vec![[f32::MAX, -f32::MAX, 0.0]; n_atoms];
            let place = crate::Place::Frame(2);
            assert!(check_finite("run".as_ref(), place, &vectors).is_ok());
            for at in 0..3 * n_atoms {
                for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                    let before = std::mem::replace(&mut vectors.as_flattened_mut()[at], value);
                    let error = check_finite("run".as_ref(), place, &vectors).unwrap_err();
                    let expected =
                        format!("run, frame 2: atom {} has the coordinate {value}", at / 3);
                    assert_eq!(error.to_string(), expected);
                    vectors.as_flattened_mut()[at] = before;
                }
            }
        }
    }
}
