//! Frames and elements of an XYZ file.

use super::comment::{self, Columns};
use crate::io::frame_starts::FrameStarts;
use crate::io::input::Input;
use crate::io::lines::{Lines, shown};
use crate::io::numbers::{parse_float, parse_integer, text, time_and_step};
use crate::io::{check_atom_count, check_finite};
use crate::{
    AtomRecord, Cell, Element, Error, Frame, FrameReader, Place, Result, Topology, TopologyBuilder,
};

/// Reads the frames of an XYZ file.
pub(crate) struct Reader {
    lines: Lines,
    n_atoms: Option<usize>,
    next: usize,
    starts: FrameStarts<Lines>,
}

/// What the two lines before the atoms say.
struct Start {
    n_atoms: usize,
    cell: Option<Cell>,
    columns: Columns,
    time: Option<f64>,
    step: Option<i64>,
}

impl Reader {
    pub(crate) fn new(input: Input) -> Self {
        let lines = Lines::new(input);
        Self {
            starts: FrameStarts::from_here(&lines),
            lines,
            n_atoms: None,
            next: 0,
        }
    }
}

impl FrameReader for Reader {
    fn read_frame(&mut self, frame: &mut Frame) -> Result<bool> {
        let Some(start) = read_start(&mut self.lines)? else {
            return Ok(false);
        };
        check_atom_count(self.lines.path(), self.next, self.n_atoms, start.n_atoms)?;
        self.n_atoms = Some(start.n_atoms);
        frame.positions.clear();
        for _ in 0..start.n_atoms {
            let line = self.lines.required("a frame")?;
            match position(line, start.columns.position) {
                Some(position) => frame.positions.push(position),
                None => {
                    let found = shown(line);
                    return Err(self
                        .lines
                        .malformed("a symbol and three coordinates", found));
                }
            }
        }
        check_finite(self.lines.path(), Place::Frame(self.next), &frame.positions)?;
        frame.velocities = None;
        frame.forces = None;
        frame.cell = start.cell;
        frame.time = start.time;
        frame.step = start.step;
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
    let Some(Start { n_atoms, .. }) = read_start(lines)? else {
        return Ok(false);
    };
    for _ in 0..n_atoms {
        lines.required("a frame")?;
    }
    Ok(true)
}

/// Reads count and comment; `None` where only blank lines are left.
fn read_start(lines: &mut Lines) -> Result<Option<Start>> {
    let n_atoms = loop {
        let Some(line) = lines.next()? else {
            return Ok(None);
        };
        if line.trim_ascii().is_empty() {
            continue;
        }
        match parse_integer(line).and_then(|count| usize::try_from(count).ok()) {
            Some(n_atoms) => break n_atoms,
            None => {
                let found = shown(line);
                return Err(lines.malformed("a number of atoms", found));
            }
        }
    };
    let line = lines.required("a frame")?;
    let (time, step) = time_and_step(line);
    match comment::parse(&text(line)) {
        Ok((cell, columns)) => Ok(Some(Start {
            n_atoms,
            cell,
            columns,
            time,
            step,
        })),
        Err(expected) => {
            let found = shown(line);
            Err(lines.malformed(expected, found))
        }
    }
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
}

fn position(line: &[u8], first: usize) -> Option<[f32; 3]> {
    let mut words = words(line).skip(first);
    let mut number = || parse_float(words.next()?).map(|value| (value / 10.0) as f32);
    Some([number()?, number()?, number()?])
}

/// The elements of the first frame, as one residue without a name.
pub(crate) fn read_topology(input: Input) -> Result<Topology> {
    let mut lines = Lines::new(input);
    let Some(start) = read_start(&mut lines)? else {
        return Err(Error::malformed(
            lines.path(),
            Place::File,
            "atoms",
            "an empty file",
        ));
    };
    let mut builder = TopologyBuilder::default();
    for _ in 0..start.n_atoms {
        let line = lines.required("a frame")?;
        let Some(word) = words(line).nth(start.columns.species) else {
            let found = shown(line);
            return Err(lines.malformed("a symbol and three coordinates", found));
        };
        let symbol = text(word);
        let number = symbol.parse().ok().and_then(Element::from_atomic_number);
        let element = number.or_else(|| Element::from_symbol(&symbol));
        let element = element.unwrap_or_else(|| Element::guess(&symbol, ""));
        builder.add_atom(AtomRecord::new(&symbol, element));
    }
    Ok(builder.build())
}
