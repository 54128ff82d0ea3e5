//! Frames of a PDB file.

use super::columns;
use super::models::{self, State, position, read_model};
use crate::io::altloc::{self, Candidate};
use crate::io::input::Input;
use crate::io::lines::Lines;
use crate::io::{check_finite, no_such_frame};
use crate::{Error, Frame, FrameReader, Place, Result};

/// Reads the models of a PDB file. Which alternative locations to keep is decided on the first model.
pub(crate) struct Reader {
    lines: Lines,
    state: State,
    next: usize,
    /// Which atoms of a model to keep; `None` for all of them.
    keep: Option<Vec<bool>>,
    /// Atoms of a model in the file.
    n_stored: usize,
    models: Option<Vec<Start>>,
}

impl Reader {
    pub(crate) fn new(input: Input) -> Result<Self> {
        let mut reader = Self {
            lines: Lines::new(input),
            state: State::default(),
            next: 0,
            keep: None,
            n_stored: 0,
            models: None,
        };
        reader.look_at_first()?;
        Ok(reader)
    }

    /// Counts the first model's atoms and chooses among alternative locations.
    fn look_at_first(&mut self) -> Result<()> {
        let mut candidates = Vec::new();
        let mut residue = Vec::new();
        let mut n_residues = 0;
        let mut any_altloc = false;
        read_model(&mut self.lines, &mut State::default(), |record, line| {
            if record.is_atom() {
                // chain, residue number, insertion code
                if columns::columns(line, 21, 27) != residue.as_slice() {
                    residue = columns::columns(line, 21, 27).to_vec();
                    n_residues += 1;
                }
                any_altloc |= columns::altloc(line) != b' ';
                candidates.push(Candidate {
                    residue: n_residues,
                    altloc: columns::altloc(line),
                    occupancy: columns::occupancy(line),
                });
            }
            Ok(())
        })?;
        if candidates.is_empty() {
            return Err(models::no_atoms(&self.lines));
        }
        self.n_stored = candidates.len();
        if any_altloc {
            self.keep = Some(altloc::choose(&candidates)).filter(|keep| keep.contains(&false));
        }
        self.lines.seek(0, 1)
    }

    /// Finds where every model starts, then returns to where the reader was.
    fn index(&mut self) -> Result<&[Start]> {
        if self.models.is_none() {
            let back = (self.lines.position(), self.lines.number() + 1);
            let models = find_models(&mut self.lines);
            self.lines.seek(back.0, back.1)?;
            self.models = Some(models?);
        }
        Ok(self.models.as_deref().unwrap_or_default())
    }
}

/// Where the lines that lead to a model start, their number, and what held there.
type Start = (u64, usize, State);

fn find_models(lines: &mut Lines) -> Result<Vec<Start>> {
    let mut models = Vec::new();
    let mut state = State::default();
    lines.seek(0, 1)?;
    loop {
        let start = (lines.position(), lines.number() + 1, state);
        if !read_model(lines, &mut state, |_, _| Ok(()))? {
            return Ok(models);
        }
        models.push(start);
    }
}

impl FrameReader for Reader {
    fn read_frame(&mut self, frame: &mut Frame) -> Result<bool> {
        let mut stored = 0;
        let keep = self.keep.as_deref();
        let positions = &mut frame.positions;
        positions.clear();
        let any = read_model(&mut self.lines, &mut self.state, |record, line| {
            if record.is_atom() {
                let kept = keep.is_none_or(|keep| keep.get(stored).copied().unwrap_or(true));
                if kept {
                    positions.push(position(line)?);
                }
                stored += 1;
            }
            Ok(())
        })?;
        if !any {
            return Ok(false);
        }
        let place = Place::Frame(self.next);
        if stored != self.n_stored {
            return Err(Error::AtomCount {
                path: self.lines.path().to_owned(),
                place,
                expected: self.n_stored,
                found: stored,
            });
        }
        check_finite(self.lines.path(), place, positions)?;
        frame.velocities = None;
        frame.forces = None;
        frame.cell = self.state.cell;
        frame.time = self.state.time;
        frame.step = self.state.step;
        self.next += 1;
        Ok(true)
    }

    fn n_frames(&mut self) -> Result<Option<usize>> {
        self.index().map(|models| Some(models.len()))
    }

    fn seek(&mut self, index: usize) -> Result<()> {
        let models = self.index()?;
        let n_frames = models.len();
        let Some(&(position, line, state)) = models.get(index) else {
            return Err(no_such_frame(self.lines.path(), index, n_frames));
        };
        self.lines.seek(position, line)?;
        self.state = state;
        self.next = index;
        Ok(())
    }
}
