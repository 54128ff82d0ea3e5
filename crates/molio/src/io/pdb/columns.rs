//! The columns of single records. Ranges count from 0; lines may end early.

use crate::io::numbers::{parse_float, text};
use crate::{Cell, Element};

/// The columns `from..to` of a line, as far as it goes.
#[inline]
pub(super) fn columns(line: &[u8], from: usize, to: usize) -> &[u8] {
    &line[from.min(line.len())..to.min(line.len())]
}

/// What kind of record a line is, as far as readers care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record {
    Atom,
    Hetatm,
    Model,
    /// `ENDMDL` and `END`.
    End,
    Ter,
    Cryst1,
    Title,
    Conect,
    Other,
}

impl Record {
    #[inline]
    pub(super) fn is_atom(self) -> bool {
        matches!(self, Self::Atom | Self::Hetatm)
    }
}

#[inline]
pub(super) fn record(line: &[u8]) -> Record {
    if line.starts_with(b"ATOM  ") {
        return Record::Atom;
    }
    match columns(line, 0, 6).trim_ascii_end() {
        b"HETATM" => Record::Hetatm,
        b"MODEL" => Record::Model,
        b"ENDMDL" | b"END" => Record::End,
        b"TER" => Record::Ter,
        b"CRYST1" => Record::Cryst1,
        b"TITLE" => Record::Title,
        b"CONECT" => Record::Conect,
        // serial numbers of six digits push into the record's name
        name if name.starts_with(b"ATOM ") => Record::Atom,
        _ => Record::Other,
    }
}

/// Position in nm; `None` where there is no number.
#[inline]
pub(super) fn position(line: &[u8]) -> Option<[f32; 3]> {
    if line.len() < 47 {
        return None;
    }
    Some([
        coordinate(&line[30..38])?,
        coordinate(&line[38..46])?,
        coordinate(&line[46..line.len().min(54)])?,
    ])
}

/// A coordinate in Å as nm. Eight columns with three decimals, as nearly all files have them, take a
/// path without branches on digits.
#[inline]
fn coordinate(field: &[u8]) -> Option<f32> {
    if let Ok(eight) = <[u8; 8]>::try_from(field)
        && let Some(value) = three_decimals(eight)
    {
        return Some((f64::from(value) / 10_000.0) as f32);
    }
    parse_float(field).map(|value| (value / 10.0) as f32)
}

/// Thousandths in a field like `  -1.234`; `None` for any other shape.
#[inline]
fn three_decimals(field: [u8; 8]) -> Option<i32> {
    if field[4] != b'.' {
        return None;
    }
    let mut value = 0;
    let mut negative = false;
    let mut begun = false;
    for &byte in &field[..4] {
        match byte {
            b'0'..=b'9' => {
                begun = true;
                value = value * 10 + i32::from(byte - b'0');
            }
            b' ' if !begun && !negative => {}
            b'-' if !begun && !negative => negative = true,
            _ => return None,
        }
    }
    for &byte in &field[5..] {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i32::from(byte - b'0');
    }
    // -0.000 keeps its sign on the other path
    if negative && value == 0 {
        return None;
    }
    Some(if negative { -value } else { value })
}

/// The letter of the alternative location; a blank means there is none.
#[inline]
pub(super) fn altloc(line: &[u8]) -> u8 {
    line.get(16).copied().unwrap_or(b' ')
}

/// Occupancy; 1 where the columns are blank.
pub(super) fn occupancy(line: &[u8]) -> f64 {
    parse_float(columns(line, 54, 60)).unwrap_or(1.0)
}

/// Chain identifier, else segment.
pub(super) fn chain(line: &[u8]) -> &[u8] {
    match columns(line, 21, 22) {
        b" " | b"" => columns(line, 72, 76).trim_ascii(),
        id => id,
    }
}

/// The element in columns 77 and 78, else a guess from the names.
pub(super) fn element(line: &[u8], atom_name: &str, residue_name: &str) -> Element {
    let column = text(columns(line, 76, 78));
    match Element::from_symbol(&column) {
        Some(element) if !column.is_empty() => element,
        _ => Element::guess(atom_name, residue_name),
    }
}

/// The cell of a `CRYST1` record; `Ok(None)` for the placeholders of structures without a cell, and
/// `Err` for what is no cell at all.
pub(super) fn cryst1(line: &[u8]) -> Result<Option<Cell>, ()> {
    let number = |from, to| parse_float(columns(line, from, to)).ok_or(());
    let lengths = [number(6, 15)?, number(15, 24)?, number(24, 33)?];
    if lengths == [1.0; 3] || lengths == [0.0; 3] {
        return Ok(None);
    }
    let angles = [number(33, 40)?, number(40, 47)?, number(47, 54)?];
    Cell::from_lengths_angles(lengths.map(|length| length / 10.0), angles)
        .map(Some)
        .ok_or(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_of_every_shape() {
        for (field, nm) in [
            (&b" -11.053"[..], Some(-1.1053)),
            (b"   0.001", Some(0.0001)),
            (b"1234.567", Some(123.4567)),
            (b"-999.999", Some(-99.9999)),
            (b"   1.5  ", Some(0.15)),
            (b"12345.67", Some(1234.567)),
            (b"1.0", Some(0.1)),
            (b"********", None),
            (b"- 1.0000", None),
        ] {
            assert_eq!(coordinate(field), nm, "{}", String::from_utf8_lossy(field));
        }
    }

    #[test]
    fn placeholders_are_no_cells() {
        let line = b"CRYST1    1.000    1.000    1.000  90.00  90.00  90.00 P 1           1";
        assert_eq!(cryst1(line), Ok(None));
        assert!(cryst1(b"CRYST1   20.000   20.000").is_err());
    }
}
