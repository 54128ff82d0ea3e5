//! The topology of a PDB file's first model.

use super::columns::{self, Record, columns as cut};
use super::hybrid36;
use super::models::{Models, Wrong, no_atoms, position, read_model};
use crate::io::altloc::{self, Candidate};
use crate::io::input::Input;
use crate::io::lines::Lines;
use crate::io::numbers::text;
use crate::{AtomRecord, Element, Result, Topology, TopologyBuilder};
use std::collections::HashMap;

struct Line {
    serial: [u8; 5],
    name: String,
    residue_name: String,
    chain: String,
    /// Counts `TER` records before it.
    segment: usize,
    number: i32,
    insertion_code: Option<char>,
    hetero: bool,
    element: Element,
}

impl Line {
    fn parse(record: Record, line: &[u8], segment: usize) -> Result<Self, Wrong> {
        let name = text(cut(line, 12, 16)).into_owned();
        // four-letter residue names use the column before the chain
        let residue_name = text(cut(line, 17, 21)).into_owned();
        let element = columns::element(line, &name, &residue_name);
        let insertion_code = line.get(26).filter(|code| code.is_ascii_graphic());
        Ok(Self {
            serial: aligned(cut(line, 6, 11)),
            name,
            residue_name,
            chain: text(columns::chain(line)).into_owned(),
            segment,
            number: residue_number(cut(line, 22, 26))?,
            insertion_code: insertion_code.map(|&code| char::from(code)),
            hetero: record == Record::Hetatm,
            element,
        })
    }

    fn same_residue(&self, other: &Self) -> bool {
        self.number == other.number
            && self.insertion_code == other.insertion_code
            && self.same_chain(other)
    }

    fn same_chain(&self, other: &Self) -> bool {
        self.chain == other.chain && self.segment == other.segment
    }
}

/// A residue number; 0 where the columns are blank or full of asterisks, as some programs leave them.
fn residue_number(field: &[u8]) -> Result<i32, Wrong> {
    if field.iter().all(|byte| matches!(byte, b' ' | b'*')) {
        return Ok(0);
    }
    hybrid36::decode(field)
        .and_then(|number| i32::try_from(number).ok())
        .ok_or(Wrong("a residue number in columns 23 to 26"))
}

/// Reads the first model and its positions (nm), and the `CONECT` records wherever they are.
pub(crate) fn read_topology(input: Input) -> Result<(Topology, Vec<[f32; 3]>)> {
    let mut models = Models::new(Lines::new(input));
    let mut atoms: Vec<Line> = Vec::new();
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut positions = Vec::new();
    let mut connections: Vec<Connection> = Vec::new();
    let mut segment = 0;
    read_model(&mut models, |record, line| {
        if record == Record::Ter {
            segment += 1;
        }
        if record == Record::Conect {
            connections.push(connection(line));
        }
        if !record.is_atom() {
            return Ok(());
        }
        let atom = Line::parse(record, line, segment)?;
        let residue = match (atoms.last(), candidates.last()) {
            (Some(last), Some(candidate)) => {
                candidate.residue + usize::from(!last.same_residue(&atom))
            }
            _ => 0,
        };
        candidates.push(Candidate {
            residue,
            altloc: columns::altloc(line),
            occupancy: columns::occupancy(line),
        });
        positions.push(position(line)?);
        atoms.push(atom);
        Ok(())
    })?;
    if atoms.is_empty() {
        return Err(no_atoms(&models.lines));
    }
    let keep = altloc::choose(&candidates);
    let mut kept = keep.iter();
    atoms.retain(|_| kept.next().copied().unwrap_or(true));
    let mut kept = keep.iter();
    positions.retain(|_| kept.next().copied().unwrap_or(true));
    let mut topology = build(&atoms);
    while let Some(line) = models.lines.next()? {
        if columns::record(line) == Record::Conect {
            connections.push(connection(line));
        }
    }
    topology.set_bonds(bonds(&connections, &atoms))?;
    Ok((topology, positions))
}

fn build(atoms: &[Line]) -> Topology {
    let mut builder = TopologyBuilder::default();
    let mut previous: Option<&Line> = None;
    for atom in atoms {
        if previous.is_none_or(|previous| !previous.same_chain(atom)) {
            builder.start_chain(&atom.chain);
        }
        // residues that wrapped around to the same number still differ in name
        let same = |p: &Line| p.same_residue(atom) && p.residue_name == atom.residue_name;
        if previous.is_none_or(|previous| !same(previous)) {
            builder.start_residue(
                &atom.residue_name,
                atom.number,
                atom.insertion_code,
                atom.hetero,
            );
        }
        builder.add_atom(AtomRecord::new(&atom.name, atom.element));
        previous = Some(atom);
    }
    builder.build()
}

/// Serials of a `CONECT` record: an atom, then up to four that it is bonded to.
type Connection = [[u8; 5]; 5];

fn connection(line: &[u8]) -> Connection {
    std::array::from_fn(|index| {
        let from = 6 + 5 * index;
        aligned(cut(line, from, from + 5))
    })
}

/// Serials are compared as text, whatever number system they are in; one that several atoms share
/// bonds none of them.
fn bonds(connections: &[Connection], atoms: &[Line]) -> Vec<[usize; 2]> {
    if connections.is_empty() {
        return Vec::new();
    }
    let by_serial = serials(atoms);
    let find = |serial: &[u8; 5]| by_serial.get(serial).copied().flatten();
    let blank = [b' '; 5];
    let mut bonds = Vec::new();
    for connection in connections {
        let Some(atom) = find(&connection[0]) else {
            continue;
        };
        let partners = connection[1..]
            .iter()
            .filter(|serial| **serial != blank)
            .filter_map(find);
        bonds.extend(
            partners
                .filter(|partner| *partner != atom)
                .map(|partner| [atom, partner]),
        );
    }
    bonds
}

fn serials(atoms: &[Line]) -> HashMap<[u8; 5], Option<usize>> {
    let mut by_serial = HashMap::with_capacity(atoms.len());
    for (index, atom) in atoms.iter().enumerate() {
        by_serial
            .entry(atom.serial)
            .and_modify(|several| *several = None)
            .or_insert(Some(index));
    }
    by_serial
}

/// A field of at most five columns with its blanks in front.
fn aligned(field: &[u8]) -> [u8; 5] {
    let digits = field.trim_ascii();
    let mut aligned = [b' '; 5];
    aligned[5 - digits.len()..].copy_from_slice(digits);
    aligned
}
