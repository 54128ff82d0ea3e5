//! Frames of a GRO file.

use crate::io::frame_starts::FrameStarts;
use crate::io::lines::{Lines, shown};
use crate::io::numbers::{parse_float, parse_integer};
use crate::io::{check_atom_count, check_finite};
use crate::{Cell, Frame, FrameReader, Place, Result};

/// Columns of names and numbers before the first coordinate.
pub(super) const NAMES: usize = 20;

/// Reads the frames of a GRO file.
pub(crate) struct Reader {
    lines: Lines,
    n_atoms: Option<usize>,
    next: usize,
    starts: FrameStarts<Lines>,
}

impl Reader {
    pub(crate) fn new(input: crate::io::input::Input) -> Self {
        let lines = Lines::new(input);
        Self {
            starts: FrameStarts::from_here(&lines),
            lines,
            n_atoms: None,
            next: 0,
        }
    }

    fn read_atoms(&mut self, n_atoms: usize, frame: &mut Frame) -> Result<()> {
        let mut velocities = frame.velocities.take().unwrap_or_default();
        frame.positions.clear();
        velocities.clear();
        let mut width = None;
        for _ in 0..n_atoms {
            let line = self.lines.required("the atoms of a frame")?;
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
        let line = self.lines.required("the box of a frame")?;
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
        self.starts.count(&mut self.lines, skip_frame).map(Some)
    }

    fn seek(&mut self, index: usize) -> Result<()> {
        self.starts.seek(&mut self.lines, index, skip_frame)?;
        self.next = index;
        Ok(())
    }
}

fn skip_frame(lines: &mut Lines) -> Result<bool> {
    let Some(n_atoms) = read_start(lines, &mut Frame::default())? else {
        return Ok(false);
    };
    for _ in 0..n_atoms {
        lines.required("the atoms of a frame")?;
    }
    lines.required("the box of a frame")?;
    Ok(true)
}

/// Reads title and number of atoms; `None` at the end of the file, blank lines before it included.
pub(super) fn read_start(lines: &mut Lines, frame: &mut Frame) -> Result<Option<usize>> {
    loop {
        let Some(title) = lines.next()? else {
            return Ok(None);
        };
        let blank = title.trim_ascii().is_empty();
        (frame.time, frame.step) = crate::io::numbers::time_and_step(title);
        let line = if blank {
            lines.next()?
        } else {
            Some(lines.required("a frame")?)
        };
        let Some(line) = line else {
            return Ok(None);
        };
        match parse_integer(line).and_then(|count| usize::try_from(count).ok()) {
            Some(n_atoms) => return Ok(Some(n_atoms)),
            None if blank && line.trim_ascii().is_empty() => {}
            None => {
                let found = shown(line);
                return Err(lines.malformed("a number of atoms", found));
            }
        }
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
