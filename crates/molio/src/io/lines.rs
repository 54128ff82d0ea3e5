//! Lines of text files, without copying them.

use super::input::Input;
use crate::{Error, Place, Result};
use std::ops::Range;
use std::path::Path;

/// Bytes asked for at a time.
const CHUNK: usize = 1 << 18;

/// No format has longer lines; what has is no text.
const LONGEST_LINE: usize = 1 << 20;

/// Splits an [`Input`] into lines, counted from 1.
pub(crate) struct Lines {
    input: Input,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset in the file of `buffer[0]`.
    offset: u64,
    number: usize,
}

impl Lines {
    pub(crate) fn new(input: Input) -> Self {
        Self {
            offset: input.position(),
            input,
            buffer: vec![0; CHUNK],
            start: 0,
            end: 0,
            number: 0,
        }
    }

    /// Reads what is left of a compressed file, so that its checksum is compared.
    pub(crate) fn finish(&mut self) -> Result<()> {
        self.input.finish()
    }

    pub(crate) fn path(&self) -> &Path {
        self.input.path()
    }

    /// The next line without its end (`\n` or `\r\n`); `None` after the last.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>> {
        let line = self.advance()?;
        Ok(line.map(|line| &self.buffer[line]))
    }

    /// The next line, which `what` must still have.
    pub(crate) fn required(&mut self, what: &'static str) -> Result<&[u8]> {
        match self.advance()? {
            Some(line) => Ok(&self.buffer[line]),
            None => Err(Error::Truncated {
                path: self.path().to_owned(),
                place: self.place(),
                what,
            }),
        }
    }

    /// Where in the buffer the next line is.
    fn advance(&mut self) -> Result<Option<Range<usize>>> {
        let mut searched = 0;
        let length = loop {
            let unread = &self.buffer[self.start..self.end];
            if let Some(length) = memchr::memchr(b'\n', &unread[searched..]) {
                break searched + length;
            }
            searched = unread.len();
            if searched > LONGEST_LINE {
                return Err(Error::malformed(
                    self.input.path(),
                    Place::Line(self.number + 1),
                    "a text file",
                    format!("a line longer than {LONGEST_LINE} bytes"),
                ));
            }
            if !self.refill()? {
                if searched == 0 {
                    return Ok(None);
                }
                break searched;
            }
        };
        let mut line = self.start..self.start + length;
        self.start = (line.end + 1).min(self.end);
        self.number += 1;
        if self.buffer[line.clone()].ends_with(b"\r") {
            line.end -= 1;
        }
        Ok(Some(line))
    }

    /// Number of the line that [`Lines::next`] returned last.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// Offset in the file of the line that [`Lines::next`] would return.
    pub(crate) fn position(&self) -> u64 {
        self.offset + self.start as u64
    }

    /// Makes [`Lines::next`] return the line at this offset, which has this number.
    pub(crate) fn seek(&mut self, position: u64, number: usize) -> Result<()> {
        self.number = number - 1;
        let buffered = self.offset..=self.offset + self.end as u64;
        if buffered.contains(&position) {
            self.start = (position - self.offset) as usize;
            return Ok(());
        }
        self.input.seek(position)?;
        self.offset = position;
        self.start = 0;
        self.end = 0;
        Ok(())
    }

    pub(crate) fn malformed(&self, expected: impl Into<String>, found: impl Into<String>) -> Error {
        Error::malformed(self.path(), self.place(), expected, found)
    }

    /// What was expected in the line that [`Lines::next`] returned last.
    pub(crate) fn place(&self) -> Place {
        Place::Line(self.number)
    }

    /// Reads more after the unread bytes, which move to the front.
    fn refill(&mut self) -> Result<bool> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.offset += self.start as u64;
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() - self.end < CHUNK / 2 {
            self.buffer.resize(self.end + CHUNK, 0);
        }
        let read = self.input.read_some(&mut self.buffer[self.end..])?;
        self.end += read;
        Ok(read > 0)
    }
}

/// A line for an error message.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let cut = &bytes[..bytes.len().min(80)];
    format!("`{}`", String::from_utf8_lossy(cut).trim_end())
}
