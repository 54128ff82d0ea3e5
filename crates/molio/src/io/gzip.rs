//! Gzip-compressed files as if they could be read from anywhere.

use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// Decompresses on the fly; going back starts over from the beginning of the file.
pub(crate) struct Gunzip {
    decoder: MultiGzDecoder<File>,
    position: u64,
}

impl Gunzip {
    pub(crate) fn new(file: File) -> Self {
        Self {
            decoder: MultiGzDecoder::new(file),
            position: 0,
        }
    }
}

impl Read for Gunzip {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.decoder.read(buffer)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Gunzip {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(target) => Some(target),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
            SeekFrom::End(_) => None,
        };
        let target = target.ok_or(io::ErrorKind::InvalidInput)?;
        if target < self.position {
            let mut file = self.decoder.get_ref().try_clone()?;
            file.seek(SeekFrom::Start(0))?;
            *self = Self::new(file);
        }
        let ahead = target - self.position;
        io::copy(&mut self.by_ref().take(ahead), &mut io::sink())?;
        Ok(self.position)
    }
}
