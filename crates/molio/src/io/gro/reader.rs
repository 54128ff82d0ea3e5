//! Frames of a GRO file.

use crate::io::lines::{Lines, shown};
use crate::io::numbers::{parse_float, parse_integer};
use crate::io::{check_atom_count, check_finite, no_such_frame};
use crate::{Cell, Error, Frame, FrameReader, Place, Result};

/// Columns of names and numbers before the first coordinate.
pub(super) const NAMES: usize = 20;

/// Reads the frames of a GRO file.
pub(crate) struct Reader {
    lines: Lines,
    n_atoms: Option<usize>,
    next: usize,
    /// Offset and line number of each frame.
    offsets: Option<Vec<(u64, usize)>>,
}

impl Reader {
    pub(crate) fn new(input: crate::io::input::Input) -> Self {
        Self {
            lines: Lines::new(input),
            n_atoms: None,
            next: 0,
            offsets: None,
        }
    }

    fn index(&mut self) -> Result<&[(u64, usize)]> {
        if self.offsets.is_none() {
            let back = (self.lines.position(), self.lines.number() + 1);
            let offsets = find_frames(&mut self.lines);
            self.lines.seek(back.0, back.1)?;
            self.offsets = Some(offsets?);
        }
        Ok(self.offsets.as_deref().unwrap_or_default())
    }

    fn read_atoms(&mut self, n_atoms: usize, frame: &mut Frame) -> Result<()> {
        let mut velocities = frame.velocities.take().unwrap_or_default();
        frame.positions.clear();
        velocities.clear();
        let mut width = None;
        for _ in 0..n_atoms {
            let line = next_line(&mut self.lines, "the atoms of a frame")?;
            let parsed = width.or_else(|| column_width(line)).and_then(|columns| {
                width = Some(columns);
                Some((
                    vector(line, NAMES, columns)?,
                    vector(line, NAMES + 3 * columns, columns),
                ))
            });
            let Some((position, velocity)) = parsed else {
                let found = shown(line);
                return Err(self
                    .lines
                    .malformed("three coordinates from column 21 on", found));
            };
            frame.positions.push(position);
            velocities.extend(velocity);
        }
        if velocities.len() == n_atoms && n_atoms > 0 {
            frame.velocities = Some(velocities);
        } else if !velocities.is_empty() {
            let found = format!("{} velocities", velocities.len());
            return Err(self
                .lines
                .malformed(format!("{n_atoms} velocities or none"), found));
        }
        Ok(())
    }

    fn read_cell(&mut self) -> Result<Option<Cell>> {
        let line = next_line(&mut self.lines, "the box of a frame")?;
        let numbers: Option<Vec<f64>> = line
            .split(u8::is_ascii_whitespace)
            .filter(|w| !w.is_empty())
            .map(parse_float)
            .collect();
        let mut n = [0.0; 9];
        match numbers {
            Some(numbers) if matches!(numbers.len(), 3 | 9) => {
                n[..numbers.len()].copy_from_slice(&numbers);
            }
            _ => {
                let found = shown(line);
                return Err(self
                    .lines
                    .malformed("three or nine numbers of a box", found));
            }
        }
        Ok(crate::io::xtc::cell([
            [n[0], n[3], n[4]],
            [n[5], n[1], n[6]],
            [n[7], n[8], n[2]],
        ]))
    }
}

impl FrameReader for Reader {
    fn read_frame(&mut self, frame: &mut Frame) -> Result<bool> {
        let Some(n_atoms) = read_start(&mut self.lines, frame)? else {
            return Ok(false);
        };
        check_atom_count(self.lines.path(), self.next, self.n_atoms, n_atoms)?;
        self.n_atoms = Some(n_atoms);
        self.read_atoms(n_atoms, frame)?;
        frame.cell = self.read_cell()?;
        frame.forces = None;
        let place = Place::Frame(self.next);
        check_finite(self.lines.path(), place, &frame.positions)?;
        check_finite(
            self.lines.path(),
            place,
            frame.velocities.as_deref().unwrap_or_default(),
        )?;
        self.next += 1;
        Ok(true)
    }

    fn n_frames(&mut self) -> Result<Option<usize>> {
        self.index().map(|offsets| Some(offsets.len()))
    }

    fn seek(&mut self, index: usize) -> Result<()> {
        let offsets = self.index()?;
        let n_frames = offsets.len();
        let Some(&(offset, line)) = offsets.get(index) else {
            return Err(no_such_frame(self.lines.path(), index, n_frames));
        };
        self.lines.seek(offset, line)?;
        self.next = index;
        Ok(())
    }
}

fn find_frames(lines: &mut Lines) -> Result<Vec<(u64, usize)>> {
    let mut offsets = Vec::new();
    let mut frame = Frame::default();
    lines.seek(0, 1)?;
    loop {
        let start = (lines.position(), lines.number() + 1);
        let Some(n_atoms) = read_start(lines, &mut frame)? else {
            return Ok(offsets);
        };
        for _ in 0..=n_atoms {
            next_line(lines, "the atoms of a frame")?;
        }
        offsets.push(start);
    }
}

/// Reads title and number of atoms; `None` at the end of the file, blank lines before it included.
pub(super) fn read_start(lines: &mut Lines, frame: &mut Frame) -> Result<Option<usize>> {
    let Some(title) = lines.next()? else {
        return Ok(None);
    };
    let blank = title.trim_ascii().is_empty();
    (frame.time, frame.step) = crate::io::numbers::time_and_step(title);
    let Some(line) = lines.next()? else {
        if blank {
            return Ok(None);
        }
        return Err(truncated(lines, "a frame"));
    };
    match parse_integer(line).and_then(|count| usize::try_from(count).ok()) {
        Some(n_atoms) => Ok(Some(n_atoms)),
        None if blank && line.trim_ascii().is_empty() => read_start(lines, frame),
        None => {
            let found = shown(line);
            Err(lines.malformed("a number of atoms", found))
        }
    }
}

pub(super) fn next_line<'a>(lines: &'a mut Lines, what: &'static str) -> Result<&'a [u8]> {
    let error = truncated(lines, what);
    lines.next()?.ok_or(error)
}

fn truncated(lines: &Lines, what: &'static str) -> Error {
    Error::Truncated {
        path: lines.path().to_owned(),
        place: lines.place(),
        what,
    }
}

/// Columns of one coordinate: the distance of the first two decimal points.
pub(super) fn column_width(line: &[u8]) -> Option<usize> {
    let numbers = line.get(NAMES..)?;
    let first = memchr::memchr(b'.', numbers)?;
    let second = memchr::memchr(b'.', &numbers[first + 1..])?;
    Some(second + 1)
}

pub(super) fn vector(line: &[u8], from: usize, width: usize) -> Option<[f32; 3]> {
    let number = |axis: usize| {
        let start = from + axis * width;
        let end = (start + width).min(line.len());
        parse_float(line.get(start..end)?).map(|value| value as f32)
    };
    Some([number(0)?, number(1)?, number(2)?])
}
