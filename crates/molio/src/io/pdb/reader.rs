//! Frames of a PDB file.

use super::columns;
use super::models::{self, Models, position, read_model};
use crate::io::altloc::{self, Candidate};
use crate::io::check_finite;
use crate::io::frame_starts::{FrameStarts, Source};
use crate::io::input::Input;
use crate::io::lines::Lines;
use crate::{Error, Frame, FrameReader, Place, Result};

/// Reads the models of a PDB file. Which alternative locations to keep is decided on the first model.
pub(crate) struct Reader {
    models: Models,
    next: usize,
    /// Which atoms of a model to keep; `None` for all of them.
    keep: Option<Vec<bool>>,
    /// Atoms of a model in the file.
    n_stored: usize,
    starts: FrameStarts<Models>,
}

impl Reader {
    pub(crate) fn new(input: Input) -> Result<Self> {
        let models = Models::new(Lines::new(input));
        let mut reader = Self {
            starts: FrameStarts::from_here(&models),
            models,
            next: 0,
            keep: None,
            n_stored: 0,
        };
        reader.look_at_first()?;
        Ok(reader)
    }

    /// Counts the first model's atoms and chooses among alternative locations.
    fn look_at_first(&mut self) -> Result<()> {
        let first = self.models.place();
        let mut candidates = Vec::new();
        let mut residue = Vec::new();
        let mut n_residues = 0;
        let mut any_altloc = false;
        read_model(&mut self.models, |record, line| {
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
            return Err(models::no_atoms(&self.models.lines));
        }
        self.n_stored = candidates.len();
        if any_altloc {
            self.keep = Some(altloc::choose(&candidates)).filter(|keep| keep.contains(&false));
        }
        self.models.go_to(first)
    }
}

fn skip_model(models: &mut Models) -> Result<bool> {
    read_model(models, |_, _| Ok(()))
}

impl FrameReader for Reader {
    fn read_frame(&mut self, frame: &mut Frame) -> Result<bool> {
        let mut stored = 0;
        let keep = self.keep.as_deref();
        let positions = &mut frame.positions;
        positions.clear();
        let any = read_model(&mut self.models, |record, line| {
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
                path: self.models.path().to_owned(),
                place,
                expected: self.n_stored,
                found: stored,
            });
        }
        check_finite(self.models.path(), place, positions)?;
        frame.velocities = None;
        frame.forces = None;
        frame.cell = self.models.state.cell;
        frame.time = self.models.state.time;
        frame.step = self.models.state.step;
        self.next += 1;
        Ok(true)
    }

    fn n_frames(&mut self) -> Result<Option<usize>> {
        self.starts.count(&mut self.models, skip_model).map(Some)
    }

    fn seek(&mut self, index: usize) -> Result<()> {
        self.starts.seek(&mut self.models, index, skip_model)?;
        self.next = index;
        Ok(())
    }
}
