//! Decompressed streams as if they could be read from anywhere.

use std::io::{self, Read, Seek, SeekFrom};

/// A stream that can start over.
pub(super) trait Restart: Read {
    fn restart(&mut self) -> io::Result<()>;
}

/// Decompresses on the fly; going back starts over from the beginning.
pub(super) struct Rewind<D> {
    decoder: D,
    position: u64,
}

impl<D: Restart> Rewind<D> {
    pub(super) fn new(decoder: D) -> Self {
        Self {
            decoder,
            position: 0,
        }
    }
}

impl<D: Restart> Read for Rewind<D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.decoder.read(buffer)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl<D: Restart> Seek for Rewind<D> {
    /// Stops at the end where the target lies beyond.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(target) => Some(target),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
            SeekFrom::End(_) => None,
        };
        let target = target.ok_or(io::ErrorKind::InvalidInput)?;
        if target < self.position {
            self.decoder.restart()?;
            self.position = 0;
        }
        let ahead = target - self.position;
        io::copy(&mut self.by_ref().take(ahead), &mut io::sink())?;
        Ok(self.position)
    }
}
