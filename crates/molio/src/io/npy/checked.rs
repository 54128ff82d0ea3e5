//! Members of archives, compared with their checksums.

use crate::io::input::ReadSeek;
use flate2::Crc;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

/// A source whose bytes in `member` have a known CRC-32.
///
/// It is checked once the last of them has been read, if all were read in order; bytes that were skipped
/// leave nothing to compare.
pub(super) struct Checked {
    source: Box<dyn ReadSeek>,
    position: u64,
    member: Range<u64>,
    expected: u32,
    crc: Crc,
    /// Up to where the bytes went into `crc`.
    summed: u64,
}

impl Checked {
    /// A source that stands at its beginning.
    pub(super) fn new(source: Box<dyn ReadSeek>, member: Range<u64>, expected: u32) -> Self {
        Self {
            source,
            position: 0,
            summed: member.start,
            member,
            expected,
            crc: Crc::new(),
        }
    }

    fn sum(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.position != self.summed || self.summed == self.member.end {
            return Ok(());
        }
        let left = usize::try_from(self.member.end - self.summed).unwrap_or(usize::MAX);
        let bytes = &bytes[..bytes.len().min(left)];
        self.crc.update(bytes);
        self.summed += bytes.len() as u64;
        if self.summed == self.member.end && self.crc.sum() != self.expected {
            let (expected, found) = (self.expected, self.crc.sum());
            let message =
                format!("expected an array with the checksum {expected:08x}, found {found:08x}");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(())
    }
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.sum(&buffer[..read])?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Checked {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = self.source.seek(to)?;
        Ok(self.position)
    }
}
