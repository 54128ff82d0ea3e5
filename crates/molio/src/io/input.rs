//! Where readers take their bytes from.

use crate::{Error, Place, Result};
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Capacity of the read buffer, and the step in which buffers of unproven size grow.
const BUFFER: usize = 1 << 16;

/// Reads of at least this many bytes go past the read buffer, which would only copy them once more.
const LARGE: usize = 1 << 14;

/// What ends too early when there is less than asked for where any amount would do.
const COMPRESSED: &str = "the compressed data";

pub(crate) trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

/// A file, a gzip-compressed file or bytes in memory, with the name that errors show.
pub(crate) struct Input {
    path: PathBuf,
    source: BufReader<Box<dyn ReadSeek>>,
    position: u64,
    /// Unknown for compressed files and pipes.
    length: Option<u64>,
    origin: Origin,
}

/// How to get at the same bytes once more.
#[derive(Clone)]
enum Origin {
    File,
    Memory(Arc<[u8]>),
}

impl Input {
    /// Opens a file, decompressing it if its name ends in `.gz`.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let at = |source| Error::io(path, Place::File, "the file", source);
        let file = File::open(path).map_err(at)?;
        if super::format::is_gzip(path) {
            return Self::compressed(path, file);
        }
        let metadata = file.metadata().map_err(at)?;
        let length = metadata.is_file().then_some(metadata.len());
        Ok(Self::new(path, Box::new(file), length, Origin::File))
    }

    /// Bytes in memory, under the name of a file.
    pub(crate) fn from_bytes(name: &Path, bytes: Vec<u8>) -> Self {
        Self::in_memory(name, bytes.into())
    }

    fn in_memory(name: &Path, bytes: Arc<[u8]>) -> Self {
        let length = bytes.len() as u64;
        let origin = Origin::Memory(Arc::clone(&bytes));
        Self::new(name, Box::new(Cursor::new(bytes)), Some(length), origin)
    }

    /// The same file from its beginning, with a position of its own.
    #[cfg(feature = "npy")]
    pub(crate) fn reopen(&self) -> Result<Self> {
        match &self.origin {
            Origin::File => Self::open(&self.path),
            Origin::Memory(bytes) => Ok(Self::in_memory(&self.path, Arc::clone(bytes))),
        }
    }

    /// The bytes themselves, at an unspecified position.
    #[cfg(feature = "npy")]
    pub(crate) fn into_source(self) -> Box<dyn ReadSeek> {
        self.source.into_inner()
    }

    /// The same input from its beginning, read through another source.
    #[cfg(feature = "npy")]
    pub(crate) fn map(
        self,
        through: impl FnOnce(Box<dyn ReadSeek>) -> Box<dyn ReadSeek>,
    ) -> Result<Self> {
        let mut source = self.source.into_inner();
        source
            .rewind()
            .map_err(|e| Error::io(&self.path, Place::File, "the file", e))?;
        Ok(Self::new(
            &self.path,
            through(source),
            self.length,
            self.origin,
        ))
    }

    /// Another source under the same name, of unknown length.
    #[cfg(feature = "npy")]
    pub(crate) fn wrap(path: &Path, source: Box<dyn ReadSeek>) -> Self {
        Self::new(path, source, None, Origin::File)
    }

    #[cfg(feature = "gzip")]
    fn compressed(path: &Path, file: File) -> Result<Self> {
        Ok(Self::new(
            path,
            Box::new(super::gzip::gunzip(file)),
            None,
            Origin::File,
        ))
    }

    #[cfg(not(feature = "gzip"))]
    fn compressed(path: &Path, _: File) -> Result<Self> {
        Err(Error::Format {
            path: path.to_owned(),
            action: "decompress (built without the feature `gzip`)",
            known: super::format::ALL,
        })
    }

    fn new(path: &Path, source: Box<dyn ReadSeek>, length: Option<u64>, origin: Origin) -> Self {
        Self {
            path: path.to_owned(),
            source: BufReader::with_capacity(BUFFER, source),
            position: 0,
            length,
            origin,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Length in bytes; `None` for a compressed file or a pipe.
    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }

    /// Whether nothing follows.
    pub(crate) fn at_end(&mut self) -> Result<bool> {
        if let Some(length) = self.length {
            return Ok(self.position >= length);
        }
        match self.source.fill_buf() {
            Ok(bytes) => Ok(bytes.is_empty()),
            Err(source) => Err(self.error(COMPRESSED, source)),
        }
    }

    /// Goes to the end of a compressed file, which is where its checksum stands.
    pub(crate) fn finish(&mut self) -> Result<()> {
        if self.length.is_none() {
            let mut bytes = [0; 4096];
            while self.read_some(&mut bytes)? > 0 {}
        }
        Ok(())
    }

    /// Moves to a byte offset, which may lie beyond the end.
    pub(crate) fn seek(&mut self, to: u64) -> Result<()> {
        let ahead = i64::try_from(to)
            .ok()
            .zip(i64::try_from(self.position).ok());
        let Some((target, position)) = ahead else {
            return Err(self.malformed("an offset inside the file", format!("{to}")));
        };
        match self.source.seek_relative(target - position) {
            Ok(()) => {
                self.position = to;
                Ok(())
            }
            Err(source) => Err(self.error(COMPRESSED, source)),
        }
    }

    /// Moves `by` bytes ahead; an error if the file ends before.
    pub(crate) fn skip(&mut self, by: u64, what: &'static str) -> Result<()> {
        let to = self.position.saturating_add(by);
        if self.length.is_some_and(|length| to > length) {
            return Err(self.truncated(what));
        }
        if by == 0 {
            return Ok(());
        }
        self.seek(to)?;
        // a decompressed stream stops where it ends
        match self.length {
            None if self.source.stream_position().ok() != Some(to) => Err(self.truncated(what)),
            _ => Ok(()),
        }
    }

    /// Fills `buffer`, whose size the caller has bounded.
    pub(crate) fn read_exact(&mut self, buffer: &mut [u8], what: &'static str) -> Result<()> {
        let read = if buffer.len() < LARGE {
            self.source.read_exact(buffer)
        } else {
            let buffered = self.source.buffer();
            let (start, rest) = buffer.split_at_mut(buffered.len().min(buffer.len()));
            start.copy_from_slice(&buffered[..start.len()]);
            self.source.consume(start.len());
            // if any are left to read, the buffer is empty now
            self.source.get_mut().read_exact(rest)
        };
        match read {
            Ok(()) => {
                self.position += buffer.len() as u64;
                Ok(())
            }
            Err(source) => Err(self.error(what, source)),
        }
    }

    pub(crate) fn read_array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.read_exact(&mut bytes, what)?;
        Ok(bytes)
    }

    /// Replaces `buffer` by the next `count` bytes. A count beyond the end of the file is refused
    /// before anything is allocated; where the length is unknown, the buffer grows with what arrives.
    pub(crate) fn read_bytes(
        &mut self,
        buffer: &mut Vec<u8>,
        count: u64,
        what: &'static str,
    ) -> Result<()> {
        let beyond = self
            .length
            .is_some_and(|length| count > length.saturating_sub(self.position));
        let count = match usize::try_from(count) {
            Ok(count) if !beyond => count,
            _ => return Err(self.truncated(what)),
        };
        if self.length.is_some() || count <= BUFFER {
            buffer.resize(count, 0);
            return self.read_exact(buffer, what);
        }
        buffer.clear();
        match (&mut self.source).take(count as u64).read_to_end(buffer) {
            Ok(read) if read == count => {
                self.position += count as u64;
                Ok(())
            }
            Ok(_) => Err(self.truncated(what)),
            Err(source) => Err(self.error(what, source)),
        }
    }

    /// Reads up to `buffer.len()` bytes; 0 at the end.
    pub(crate) fn read_some(&mut self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            match self.source.read(buffer) {
                Ok(read) => {
                    self.position += read as u64;
                    return Ok(read);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(source) => return Err(self.error(COMPRESSED, source)),
            }
        }
    }

    pub(crate) fn error(&self, what: &'static str, source: std::io::Error) -> Error {
        Error::io(&self.path, Place::Byte(self.position), what, source)
    }

    pub(crate) fn truncated(&self, what: &'static str) -> Error {
        Error::Truncated {
            path: self.path.clone(),
            place: Place::Byte(self.position),
            what,
        }
    }

    /// What was expected and found at the current position.
    pub(crate) fn malformed(&self, expected: impl Into<String>, found: impl Into<String>) -> Error {
        self.malformed_at(self.position, expected, found)
    }

    /// What was expected and found at an offset in the file.
    pub(crate) fn malformed_at(
        &self,
        offset: u64,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Error {
        Error::malformed(&self.path, Place::Byte(offset), expected, found)
    }
}
