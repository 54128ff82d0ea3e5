//! The two traits behind every trajectory format.

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
