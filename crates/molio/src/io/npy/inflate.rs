//! A compressed member of an archive as if it could be read from anywhere.

use crate::io::input::ReadSeek;
use flate2::read::DeflateDecoder;
use std::io::{self, Read, Seek, SeekFrom};

/// Decompresses on the fly; going back starts over from the beginning of the member.
pub(super) struct Inflate {
    decoder: DeflateDecoder<io::Take<Box<dyn ReadSeek>>>,
    start: u64,
    length: u64,
    position: u64,
}

impl Inflate {
    /// The `length` bytes of `source` from `start` on.
    pub(super) fn new(mut source: Box<dyn ReadSeek>, start: u64, length: u64) -> io::Result<Self> {
        source.seek(SeekFrom::Start(start))?;
        Ok(Self {
            decoder: DeflateDecoder::new(source.take(length)),
            start,
            length,
            position: 0,
        })
    }
}

impl Read for Inflate {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.decoder.read(buffer)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Inflate {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(target) => Some(target),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
            SeekFrom::End(_) => None,
        };
        let target = target.ok_or(io::ErrorKind::InvalidInput)?;
        if target < self.position {
            let nothing: Box<dyn ReadSeek> = Box::new(io::empty());
            let mut member = self.decoder.reset(nothing.take(0));
            member.get_mut().seek(SeekFrom::Start(self.start))?;
            member.set_limit(self.length);
            self.decoder.reset(member);
            self.position = 0;
        }
        let ahead = target - self.position;
        io::copy(&mut self.by_ref().take(ahead), &mut io::sink())?;
        Ok(self.position)
    }
}
