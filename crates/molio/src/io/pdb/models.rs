//! One model of a PDB file, line by line.

use super::columns::{self, Record};
use crate::io::frame_starts::Source;
use crate::io::lines::{Lines, shown};
use crate::{Cell, Error, Result};

/// What stands between one model and the next, atoms aside.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct State {
    pub(super) cell: Option<Cell>,
    pub(super) time: Option<f64>,
    pub(super) step: Option<i64>,
}

/// The lines of a file and what holds there.
pub(super) struct Models {
    pub(super) lines: Lines,
    pub(super) state: State,
}

impl Models {
    pub(super) fn new(lines: Lines) -> Self {
        Self {
            lines,
            state: State::default(),
        }
    }
}

impl Source for Models {
    type Place = (<Lines as Source>::Place, State);

    fn path(&self) -> &std::path::Path {
        self.lines.path()
    }

    fn place(&self) -> Self::Place {
        (Source::place(&self.lines), self.state)
    }

    fn go_to(&mut self, (place, state): Self::Place) -> Result<()> {
        self.state = state;
        self.lines.go_to(place)
    }
}

/// Reads lines up to the end of the next model that has atoms, calling `visit` with its `ATOM`,
/// `HETATM`, `TER` and `CONECT` records. `false` if no atoms followed.
pub(super) fn read_model(
    Models { lines, state }: &mut Models,
    mut visit: impl FnMut(Record, &[u8]) -> Result<(), Wrong>,
) -> Result<bool> {
    let mut any = false;
    // a title speaks of the next model only
    (state.time, state.step) = (None, None);
    loop {
        let Some(line) = lines.next()? else {
            return Ok(any);
        };
        let record = columns::record(line);
        let result = match record {
            Record::Atom | Record::Hetatm => {
                any = true;
                visit(record, line)
            }
            Record::Ter | Record::Conect => visit(record, line),
            Record::End if any => return Ok(true),
            // a model that was not closed; its successor's number is of no use to anybody
            Record::Model if any => return Ok(true),
            Record::Cryst1 => columns::cryst1(line)
                .map(|cell| state.cell = cell)
                .map_err(|()| Wrong("a cell of positive edges and angles that close")),
            Record::Title => {
                (state.time, state.step) = crate::io::numbers::time_and_step(line);
                Ok(())
            }
            Record::End | Record::Model | Record::Other => Ok(()),
        };
        if let Err(Wrong(expected)) = result {
            let found = shown(line);
            return Err(lines.malformed(expected, found));
        }
    }
}

/// What a line should have held.
pub(super) struct Wrong(pub(super) &'static str);

/// The position of an atom's line.
#[inline]
pub(super) fn position(line: &[u8]) -> Result<[f32; 3], Wrong> {
    columns::position(line).ok_or(Wrong("three coordinates in columns 31 to 54"))
}

/// A frame or topology of no atoms.
pub(super) fn no_atoms(lines: &Lines) -> Error {
    Error::malformed(lines.path(), crate::Place::File, "ATOM records", "none")
}
