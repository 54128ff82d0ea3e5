//! Frames of an mmCIF file.

use super::table::{Row, Table};
use crate::io::altloc;
use crate::io::check_finite;
use crate::io::frame_starts::{FrameStarts, Source};
use crate::io::input::Input;
use crate::io::lines::Lines;
use crate::{Error, Frame, FrameReader, Place, Result};

/// Reads the models of an mmCIF file. Which alternative locations to keep is decided on the first.
pub(crate) struct Reader {
    table: Table,
    starts: FrameStarts<Table>,
    keep: Option<Vec<bool>>,
    /// Atoms of a model in the file.
    n_stored: usize,
    next: usize,
}

impl Reader {
    pub(crate) fn new(input: Input) -> Result<Self> {
        let table = Table::open(Lines::new(input))?;
        let mut reader = Self {
            starts: FrameStarts::from_here(&table),
            table,
            keep: None,
            n_stored: 0,
            next: 0,
        };
        reader.look_at_first()?;
        Ok(reader)
    }

    fn look_at_first(&mut self) -> Result<()> {
        let first = self.table.place();
        let mut candidates = Vec::new();
        let (mut last, mut key) = (Vec::new(), Vec::new());
        let mut residue = 0;
        read_model(&mut self.table, |table, row| {
            table.residue_key(row, &mut key);
            residue += usize::from(key != last);
            last.clone_from(&key);
            candidates.push(table.candidate(row, residue));
            Ok(())
        })?;
        if candidates.is_empty() {
            let path = self.table.path();
            return Err(Error::malformed(
                path,
                Place::File,
                "rows of atom_site",
                "none",
            ));
        }
        self.n_stored = candidates.len();
        self.keep = Some(altloc::choose(&candidates)).filter(|keep| keep.contains(&false));
        self.table.go_to(first)
    }
}

/// Calls `visit` with every row of the next model; `false` behind the last.
pub(super) fn read_model(
    table: &mut Table,
    mut visit: impl FnMut(&Table, &Row) -> Result<()>,
) -> Result<bool> {
    let mut row = Row::default();
    let mut model = None;
    loop {
        let start = table.place();
        if !table.read_row(&mut row)? {
            return Ok(model.is_some());
        }
        match &model {
            None => model = Some(table.model(&row).to_vec()),
            Some(model) if table.model(&row) != model => {
                table.go_to(start)?;
                return Ok(true);
            }
            Some(_) => {}
        }
        visit(table, &row)?;
    }
}

fn skip_model(table: &mut Table) -> Result<bool> {
    read_model(table, |_, _| Ok(()))
}

impl FrameReader for Reader {
    fn read_frame(&mut self, frame: &mut Frame) -> Result<bool> {
        let mut stored = 0;
        let keep = self.keep.as_deref();
        let positions = &mut frame.positions;
        positions.clear();
        let any = read_model(&mut self.table, |table, row| {
            if keep.is_none_or(|keep| keep.get(stored).copied().unwrap_or(true)) {
                positions.push(table.position(row)?);
            }
            stored += 1;
            Ok(())
        })?;
        if !any {
            self.table.lines.finish()?;
            return Ok(false);
        }
        let place = Place::Frame(self.next);
        if stored != self.n_stored {
            return Err(Error::AtomCount {
                path: self.table.path().to_owned(),
                place,
                expected: self.n_stored,
                found: stored,
            });
        }
        check_finite(self.table.path(), place, &frame.positions)?;
        frame.velocities = None;
        frame.forces = None;
        frame.cell = self.table.cell;
        frame.time = None;
        frame.step = None;
        self.next += 1;
        Ok(true)
    }

    fn n_frames(&mut self) -> Result<Option<usize>> {
        self.starts.count(&mut self.table, skip_model).map(Some)
    }

    fn seek(&mut self, index: usize) -> Result<()> {
        self.starts.seek(&mut self.table, index, skip_model)?;
        self.next = index;
        Ok(())
    }
}
