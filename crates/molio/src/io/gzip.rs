//! Gzip-compressed files.

use super::rewind::{Restart, Rewind};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

pub(super) type Gunzip = Rewind<Decoder>;

/// A decompressed file.
pub(super) struct Decoder(MultiGzDecoder<File>);

pub(super) fn gunzip(file: File) -> Gunzip {
    Rewind::new(Decoder(MultiGzDecoder::new(file)))
}

impl Read for Decoder {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Restart for Decoder {
    fn restart(&mut self) -> io::Result<()> {
        let mut file = self.0.get_ref().try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        self.0 = MultiGzDecoder::new(file);
        Ok(())
    }
}
