//! Rows of the `atom_site` table.

use crate::io::altloc::Candidate;
use crate::io::frame_starts::Source;
use crate::io::lines::{Lines, shown};
use crate::io::numbers::parse_float;
use crate::{Cell, Error, Place, Result};

/// Which column of a row holds what.
#[derive(Debug, Default)]
pub(super) struct Columns {
    names: Vec<String>,
    pub(super) position: [usize; 3],
    model: Option<usize>,
    altloc: Option<usize>,
    occupancy: Option<usize>,
    residue: [Option<usize>; 4],
}

impl Columns {
    /// The first of these columns that the table has.
    pub(super) fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| {
            self.names
                .iter()
                .position(|known| known.eq_ignore_ascii_case(name))
        })
    }

    fn locate(&mut self, lines: &Lines) -> Result<()> {
        for (axis, name) in ["Cartn_x", "Cartn_y", "Cartn_z"].into_iter().enumerate() {
            self.position[axis] = self
                .find(&[name])
                .ok_or_else(|| lines.malformed(format!("a column {name}"), "none"))?;
        }
        self.model = self.find(&["pdbx_PDB_model_num"]);
        self.altloc = self.find(&["label_alt_id"]);
        self.occupancy = self.find(&["occupancy"]);
        self.residue = [
            self.find(&["label_asym_id", "auth_asym_id"]),
            self.find(&["auth_asym_id"]),
            self.find(&["auth_seq_id", "label_seq_id"]),
            self.find(&["pdbx_PDB_ins_code"]),
        ];
        Ok(())
    }
}

/// The values of one row.
#[derive(Debug, Default)]
pub(super) struct Row {
    text: Vec<u8>,
    values: Vec<(usize, usize)>,
}

impl Row {
    /// A value; empty for `.` and `?`.
    pub(super) fn value(&self, column: Option<usize>) -> &[u8] {
        let value = column.and_then(|column| self.values.get(column));
        match value.map(|&(start, end)| &self.text[start..end]) {
            Some(b"." | b"?") | None => b"",
            Some(value) => value,
        }
    }

    /// Cuts a line into values; `false` if a quote is not closed.
    fn push(&mut self, line: &[u8]) -> bool {
        let offset = self.text.len();
        self.text.extend_from_slice(line);
        let mut at = 0;
        while at < line.len() {
            match line[at] {
                byte if byte.is_ascii_whitespace() => at += 1,
                b'#' => break,
                quote @ (b'\'' | b'"') => {
                    // a quote ends where a blank follows
                    let closes = |&end: &usize| {
                        line[end] == quote && line.get(end + 1).is_none_or(u8::is_ascii_whitespace)
                    };
                    let Some(end) = (at + 1..line.len()).find(closes) else {
                        return false;
                    };
                    self.values.push((offset + at + 1, offset + end));
                    at = end + 1;
                }
                _ => {
                    let length = line[at..].iter().position(u8::is_ascii_whitespace);
                    let end = length.map_or(line.len(), |length| at + length);
                    self.values.push((offset + at, offset + end));
                    at = end;
                }
            }
        }
        true
    }
}

/// The table, with the file behind it.
pub(super) struct Table {
    pub(super) lines: Lines,
    pub(super) columns: Columns,
    pub(super) cell: Option<Cell>,
    /// Whether the end of the table was met: what looks like rows behind it belongs to no model.
    ended: bool,
}

impl Table {
    /// Reads up to the table's first row.
    pub(super) fn open(mut lines: Lines) -> Result<Self> {
        let mut columns = Columns::default();
        let mut cell = [None; 6];
        let mut in_text = false;
        loop {
            let before = (lines.position(), lines.number() + 1);
            let Some(line) = lines.next()? else {
                let expected = "an atom_site table";
                return Err(Error::malformed(
                    lines.path(),
                    Place::File,
                    expected,
                    "none",
                ));
            };
            if line.starts_with(b";") {
                in_text = !in_text;
            } else if in_text {
                // whatever a text says
            } else if let Some(name) = line.strip_prefix(b"_atom_site.") {
                let name = String::from_utf8_lossy(name.trim_ascii()).into_owned();
                if columns.names.len() >= 200 || name.contains(char::is_whitespace) {
                    let found = shown(line);
                    return Err(lines.malformed("the columns of a table", found));
                }
                columns.names.push(name);
            } else if !columns.names.is_empty() {
                lines.seek(before.0, before.1)?;
                break;
            } else if let Some(item) = line.strip_prefix(b"_cell.") {
                let keys = [
                    "length_a",
                    "length_b",
                    "length_c",
                    "angle_alpha",
                    "angle_beta",
                    "angle_gamma",
                ];
                let mut words = item
                    .split(u8::is_ascii_whitespace)
                    .filter(|word| !word.is_empty());
                let key = words.next().unwrap_or_default();
                if let Some(index) = keys.iter().position(|known| known.as_bytes() == key) {
                    cell[index] = words.next().and_then(number);
                }
            }
        }
        columns.locate(&lines)?;
        Ok(Self {
            cell: to_cell(cell),
            lines,
            columns,
            ended: false,
        })
    }

    /// Reads the next row; `false` behind the last.
    pub(super) fn read_row(&mut self, row: &mut Row) -> Result<bool> {
        row.text.clear();
        row.values.clear();
        if self.ended {
            return Ok(false);
        }
        let n_columns = self.columns.names.len();
        while row.values.len() < n_columns {
            let first = row.values.is_empty();
            let Some(line) = self.lines.next()? else {
                if first {
                    self.ended = true;
                    return Ok(false);
                }
                return Err(Error::Truncated {
                    path: self.lines.path().to_owned(),
                    place: self.lines.place(),
                    what: "a row of atom_site",
                });
            };
            let keyword = |word: &[u8]| {
                line.len() >= word.len() && line[..word.len()].eq_ignore_ascii_case(word)
            };
            let ends = line.starts_with(b"_") || keyword(b"loop_") || keyword(b"data_");
            if first && (ends || line.starts_with(b"#")) {
                self.ended = true;
                return Ok(false);
            }
            if ends || line.starts_with(b";") || !row.push(line) {
                let found = shown(line);
                return Err(self
                    .lines
                    .malformed(format!("{n_columns} values of atom_site"), found));
            }
        }
        if row.values.len() > n_columns {
            let found = row.values.len().to_string();
            return Err(self
                .lines
                .malformed(format!("{n_columns} values of atom_site"), found));
        }
        Ok(true)
    }

    pub(super) fn model<'a>(&self, row: &'a Row) -> &'a [u8] {
        row.value(self.columns.model)
    }

    /// Position in nm.
    pub(super) fn position(&self, row: &Row) -> Result<[f32; 3]> {
        let mut position = [0.0; 3];
        for (axis, column) in self.columns.position.into_iter().enumerate() {
            let value = row.value(Some(column));
            match number(value) {
                Some(angstrom) => position[axis] = (angstrom / 10.0) as f32,
                None => return Err(self.lines.malformed("a coordinate", shown(value))),
            }
        }
        Ok(position)
    }

    /// What tells the row's residue from others in its chain.
    pub(super) fn residue_key(&self, row: &Row, key: &mut Vec<u8>) {
        key.clear();
        for column in self.columns.residue {
            key.extend_from_slice(row.value(column));
            key.push(0);
        }
    }

    pub(super) fn candidate(&self, row: &Row, residue: usize) -> Candidate {
        Candidate {
            residue,
            altloc: row
                .value(self.columns.altloc)
                .first()
                .copied()
                .unwrap_or(b' '),
            occupancy: number(row.value(self.columns.occupancy)).unwrap_or(1.0),
        }
    }
}

impl Source for Table {
    /// Where a row starts, and whether the table had ended before.
    type Place = (<Lines as Source>::Place, bool);

    fn path(&self) -> &std::path::Path {
        self.lines.path()
    }

    fn place(&self) -> Self::Place {
        (Source::place(&self.lines), self.ended)
    }

    fn go_to(&mut self, (place, ended): Self::Place) -> Result<()> {
        self.ended = ended;
        self.lines.go_to(place)
    }
}

/// A number, perhaps with its uncertainty behind: `1.234(5)`.
fn number(value: &[u8]) -> Option<f64> {
    parse_float(value.split(|byte| *byte == b'(').next()?)
}

fn to_cell(values: [Option<f64>; 6]) -> Option<Cell> {
    let [a, b, c, alpha, beta, gamma] = values;
    let lengths = [a?, b?, c?];
    if lengths == [1.0; 3] {
        return None;
    }
    let angles = [alpha, beta, gamma].map(|angle| angle.unwrap_or(90.0));
    Cell::from_lengths_angles(lengths.map(|length| length / 10.0), angles)
}
