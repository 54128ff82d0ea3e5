//! Frames of an mmCIF file.

use super::table::{Row, Table};
use crate::io::altloc;
use crate::io::input::Input;
use crate::io::lines::Lines;
use crate::io::{check_finite, no_such_frame};
use crate::{Error, Frame, FrameReader, Place, Result};

/// Reads the models of an mmCIF file. Which alternative locations to keep is decided on the first.
pub(crate) struct Reader {
    table: Table,
    row: Row,
    /// Whether `row` holds a row that belongs to the next frame.
    pending: bool,
    /// Where the first row is.
    start: (u64, usize),
    keep: Option<Vec<bool>>,
    n_stored: usize,
    next: usize,
    models: Option<Vec<(u64, usize)>>,
}

impl Reader {
    pub(crate) fn new(input: Input) -> Result<Self> {
        let table = Table::open(Lines::new(input))?;
        let start = (table.lines.position(), table.lines.number() + 1);
        let mut reader = Self {
            table,
            row: Row::default(),
            pending: false,
            start,
            keep: None,
            n_stored: 0,
            next: 0,
            models: None,
        };
        reader.look_at_first()?;
        reader.rewind(start)?;
        Ok(reader)
    }

    fn rewind(&mut self, to: (u64, usize)) -> Result<()> {
        self.pending = false;
        self.table.lines.seek(to.0, to.1)
    }

    /// Makes `row` the next row; `false` behind the last.
    fn advance(&mut self) -> Result<bool> {
        if self.pending {
            self.pending = false;
            return Ok(true);
        }
        self.table.read_row(&mut self.row)
    }

    fn look_at_first(&mut self) -> Result<()> {
        let mut candidates = Vec::new();
        let (mut model, mut last, mut key) = (Vec::new(), Vec::new(), Vec::new());
        let mut residue = 0;
        while self.advance()? {
            if candidates.is_empty() {
                model = self.table.model(&self.row).to_vec();
            } else if self.table.model(&self.row) != model {
                break;
            }
            self.table.residue_key(&self.row, &mut key);
            residue += usize::from(key != last);
            last.clone_from(&key);
            candidates.push(self.table.candidate(&self.row, residue));
        }
        if candidates.is_empty() {
            let path = self.table.lines.path();
            return Err(Error::malformed(
                path,
                Place::File,
                "rows of atom_site",
                "none",
            ));
        }
        self.n_stored = candidates.len();
        self.keep = Some(altloc::choose(&candidates)).filter(|keep| keep.contains(&false));
        Ok(())
    }

    fn find_models(&mut self) -> Result<Vec<(u64, usize)>> {
        let mut models = Vec::new();
        let mut model = Vec::new();
        self.rewind(self.start)?;
        loop {
            let at = (self.table.lines.position(), self.table.lines.number() + 1);
            if !self.advance()? {
                return Ok(models);
            }
            if models.is_empty() || self.table.model(&self.row) != model {
                model = self.table.model(&self.row).to_vec();
                models.push(at);
            }
        }
    }

    /// Finds where every model starts; the reader is then somewhere in the file.
    fn index(&mut self) -> Result<usize> {
        if self.models.is_none() {
            self.models = Some(self.find_models()?);
        }
        Ok(self.models.as_ref().map_or(0, Vec::len))
    }
}

impl FrameReader for Reader {
    fn read_frame(&mut self, frame: &mut Frame) -> Result<bool> {
        let mut stored = 0;
        let mut model = Vec::new();
        frame.positions.clear();
        while self.advance()? {
            if stored == 0 {
                model.extend_from_slice(self.table.model(&self.row));
            } else if self.table.model(&self.row) != model {
                self.pending = true;
                break;
            }
            let kept = self
                .keep
                .as_ref()
                .is_none_or(|keep| keep.get(stored).copied().unwrap_or(true));
            if kept {
                frame.positions.push(self.table.position(&self.row)?);
            }
            stored += 1;
        }
        if stored == 0 {
            return Ok(false);
        }
        let place = Place::Frame(self.next);
        if stored != self.n_stored {
            return Err(Error::AtomCount {
                path: self.table.lines.path().to_owned(),
                place,
                expected: self.n_stored,
                found: stored,
            });
        }
        check_finite(self.table.lines.path(), place, &frame.positions)?;
        frame.velocities = None;
        frame.forces = None;
        frame.cell = self.table.cell;
        frame.time = None;
        frame.step = None;
        self.next += 1;
        Ok(true)
    }

    fn n_frames(&mut self) -> Result<Option<usize>> {
        let next = self.next;
        let counted = self.index();
        // back to where the reader was
        let models = self.models.as_deref().unwrap_or_default();
        match models.get(next).copied() {
            Some(at) => self.rewind(at)?,
            None if counted.is_ok() => {
                let row = &mut self.row;
                while self.table.read_row(row)? {}
                self.pending = false;
            }
            None => self.rewind(self.start)?,
        }
        counted.map(Some)
    }

    fn seek(&mut self, index: usize) -> Result<()> {
        let n_frames = self.index()?;
        let Some(&at) = self.models.as_deref().unwrap_or_default().get(index) else {
            return Err(no_such_frame(self.table.lines.path(), index, n_frames));
        };
        self.rewind(at)?;
        self.next = index;
        Ok(())
    }
}
