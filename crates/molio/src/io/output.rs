//! Where writers put their bytes.

use crate::{Error, Place, Result};
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

enum Sink {
    Plain(BufWriter<File>),
    #[cfg(feature = "gzip")]
    Gzip(flate2::write::GzEncoder<BufWriter<File>>),
}

/// A file being written, compressed if its name ends in `.gz`.
pub(crate) struct Output {
    path: PathBuf,
    sink: Sink,
    n_frames: usize,
    n_atoms: usize,
}

impl Output {
    /// Creates a file for frames of `n_atoms` atoms.
    pub(crate) fn create(path: &Path, n_atoms: usize) -> Result<Self> {
        let file = File::create(path).map_err(|e| Error::io(path, Place::File, "the file", e))?;
        let buffered = BufWriter::with_capacity(1 << 18, file);
        let sink = if super::format::is_gzip(path) {
            Self::compressed(path, buffered)?
        } else {
            Sink::Plain(buffered)
        };
        Ok(Self {
            path: path.to_owned(),
            sink,
            n_frames: 0,
            n_atoms,
        })
    }

    /// Opens a file that holds what `written` says, and cuts off what follows.
    pub(crate) fn append(path: &Path, n_atoms: usize, written: &super::Written) -> Result<Self> {
        let failed = |e| Error::io(path, Place::File, "the file", e);
        let mut file = File::options()
            .read(true)
            .write(true)
            .open(path)
            .map_err(failed)?;
        let found = file.metadata().map_err(failed)?.len();
        if found < written.length {
            let expected = format!("at least {} bytes", written.length);
            return Err(Error::malformed(
                path,
                Place::File,
                expected,
                found.to_string(),
            ));
        }
        file.set_len(written.length)
            .and_then(|()| file.seek(SeekFrom::End(0)))
            .map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            sink: Sink::Plain(BufWriter::with_capacity(1 << 18, file)),
            n_frames: written.n_frames,
            n_atoms,
        })
    }

    #[cfg(feature = "gzip")]
    #[expect(clippy::unnecessary_wraps, reason = "fails without the feature")]
    fn compressed(_: &Path, file: BufWriter<File>) -> Result<Sink> {
        Ok(Sink::Gzip(flate2::write::GzEncoder::new(
            file,
            flate2::Compression::default(),
        )))
    }

    #[cfg(not(feature = "gzip"))]
    fn compressed(path: &Path, _: BufWriter<File>) -> Result<Sink> {
        Err(Error::Format {
            path: path.to_owned(),
            action: "compress (built without the feature `gzip`)",
            known: super::format::ALL,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn n_atoms(&self) -> usize {
        self.n_atoms
    }

    /// Number of frames that were begun.
    pub(crate) fn n_frames(&self) -> usize {
        self.n_frames
    }

    /// Counts a frame after checking that it has the right number of atoms and that every number in
    /// it is finite.
    pub(crate) fn begin_frame(&mut self, frame: &crate::Frame) -> Result<()> {
        let place = Place::Frame(self.n_frames);
        let fields = [
            Some(&frame.positions),
            frame.velocities.as_ref(),
            frame.forces.as_ref(),
        ];
        for field in fields.into_iter().flatten() {
            if field.len() != self.n_atoms {
                return Err(Error::AtomCount {
                    path: self.path.clone(),
                    place,
                    expected: self.n_atoms,
                    found: field.len(),
                });
            }
            super::check_finite(&self.path, place, field)?;
        }
        self.n_frames += 1;
        Ok(())
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = match &mut self.sink {
            Sink::Plain(file) => file.write_all(bytes),
            #[cfg(feature = "gzip")]
            Sink::Gzip(file) => file.write_all(bytes),
        };
        written.map_err(|e| self.error(e))
    }

    /// Overwrites bytes at an offset; the next write goes on at the end.
    pub(crate) fn patch(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        let patched = match &mut self.sink {
            Sink::Plain(file) => (|| {
                file.seek(SeekFrom::Start(offset))?;
                file.write_all(bytes)?;
                file.seek(SeekFrom::End(0)).map(|_| ())
            })(),
            #[cfg(feature = "gzip")]
            Sink::Gzip(_) => Err(std::io::Error::from(std::io::ErrorKind::NotSeekable)),
        };
        patched.map_err(|e| self.error(e))
    }

    /// Flushes and closes the file.
    pub(crate) fn finish(self) -> Result<()> {
        let finished = match self.sink {
            Sink::Plain(mut file) => file.flush(),
            #[cfg(feature = "gzip")]
            Sink::Gzip(file) => file.finish().and_then(|mut file| file.flush()),
        };
        finished.map_err(|e| Error::io(&self.path, Place::Frame(self.n_frames), "the file", e))
    }

    /// An error of the frame that was begun last.
    pub(crate) fn error(&self, source: std::io::Error) -> Error {
        Error::io(&self.path, self.place(), "the file", source)
    }

    pub(crate) fn place(&self) -> Place {
        Place::Frame(self.n_frames.saturating_sub(1))
    }
}
