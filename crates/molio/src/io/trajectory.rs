//! Whole files in memory.

use crate::{Frame, Result, Trajectory};
use std::path::Path;

impl Trajectory {
    /// Reads every frame of a file.
    ///
    /// # Errors
    /// As [`crate::open`] and [`crate::FrameReader::read_frame`].
    ///
    /// # Examples
    /// ```no_run
    /// let trajectory = molio::Trajectory::read("run.xtc")?;
    /// println!("{} frames of {} atoms", trajectory.n_frames(), trajectory.n_atoms());
    /// # Ok::<(), molio::Error>(())
    /// ```
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Self::read_strided(path, 1)
    }

    /// Reads every `stride`-th frame of a file, the first one included; a stride of 0 means 1.
    ///
    /// # Errors
    /// As [`Trajectory::read`].
    pub fn read_strided(path: impl AsRef<Path>, stride: usize) -> Result<Self> {
        let mut reader = crate::open(path)?;
        let mut frame = Frame::default();
        let mut trajectory = Self::default();
        let mut index = 0;
        while reader.read_frame(&mut frame)? {
            if index == 0 {
                trajectory = Self::new(frame.n_atoms());
            }
            if index % stride.max(1) == 0 {
                trajectory.push(&frame)?;
            }
            index += 1;
        }
        Ok(trajectory)
    }

    /// Writes every frame to a file whose format can do without more topology than the number of
    /// atoms, or with that of `topology`.
    ///
    /// # Errors
    /// As [`crate::create`] and [`crate::FrameWriter::write_frame`].
    pub fn write(&self, path: impl AsRef<Path>, topology: &crate::Topology) -> Result<()> {
        let mut writer = crate::create(path, topology)?;
        for index in 0..self.n_frames() {
            writer.write_frame(&self.frame(index))?;
        }
        writer.finish()
    }
}
