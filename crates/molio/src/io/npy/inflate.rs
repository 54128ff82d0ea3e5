//! Compressed members of archives.

use crate::io::input::ReadSeek;
use crate::io::rewind::{Restart, Rewind};
use flate2::read::DeflateDecoder;
use std::io::{self, Read, SeekFrom};

/// The decompressed bytes of a member.
pub(super) struct Member {
    decoder: DeflateDecoder<io::Take<Box<dyn ReadSeek>>>,
    start: u64,
    length: u64,
}

/// Decompresses the `length` bytes of `source` from `start` on.
pub(super) fn inflate(
    mut source: Box<dyn ReadSeek>,
    start: u64,
    length: u64,
) -> io::Result<Rewind<Member>> {
    source.seek(SeekFrom::Start(start))?;
    Ok(Rewind::new(Member {
        decoder: DeflateDecoder::new(source.take(length)),
        start,
        length,
    }))
}

impl Read for Member {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.decoder.read(buffer)
    }
}

impl Restart for Member {
    fn restart(&mut self) -> io::Result<()> {
        let nothing: Box<dyn ReadSeek> = Box::new(io::empty());
        let mut member = self.decoder.reset(nothing.take(0));
        member.get_mut().seek(SeekFrom::Start(self.start))?;
        member.set_limit(self.length);
        self.decoder.reset(member);
        Ok(())
    }
}
