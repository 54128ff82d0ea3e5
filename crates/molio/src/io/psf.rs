//! PSF topologies of CHARMM, NAMD and X-PLOR: atoms with charges and masses, and bonds.
//!
//! The three differ in column widths (`EXT`), in atom types (numbers or names), and in what follows the
//! mass; fields are separated by blanks in all that programs still write, so words are counted instead
//! of columns.

use super::input::Input;
use super::lines::{Lines, shown};
use super::numbers::{parse_float, parse_integer, text};
use crate::{AtomRecord, Element, Result, Topology, TopologyBuilder};

/// Reads atoms and bonds.
pub(crate) fn read_topology(input: Input) -> Result<Topology> {
    let mut lines = Lines::new(input);
    let header = lines.next()?.unwrap_or_default();
    if !header.starts_with(b"PSF") {
        let found = shown(header);
        return Err(lines.malformed("a file that starts with PSF", found));
    }
    let n_atoms = find_section(&mut lines, "!NATOM")?;
    let mut builder = TopologyBuilder::default();
    let mut last: Option<Site> = None;
    for _ in 0..n_atoms {
        let line = lines.required("the atoms")?;
        let Some(atom) = Atom::parse(line) else {
            let expected = "number, segment, residue, name, type, charge and mass of an atom";
            let found = shown(line);
            return Err(lines.malformed(expected, found));
        };
        if last
            .as_ref()
            .is_none_or(|last| last.segment != atom.place.segment)
        {
            builder.start_chain(&atom.place.segment);
        }
        if last.as_ref() != Some(&atom.place) {
            let Site {
                name,
                number,
                insertion_code,
                ..
            } = &atom.place;
            builder.start_residue(name, *number, *insertion_code, false);
        }
        builder.add_atom(AtomRecord {
            name: &atom.name,
            element: atom.element(),
            charge: Some(atom.charge),
            mass: Some(atom.mass),
        });
        last = Some(atom.place);
    }
    let mut topology = builder.build();
    let n_bonds = find_section(&mut lines, "!NBOND")?;
    let bonds = read_bonds(&mut lines, n_bonds, n_atoms)?;
    topology.set_bonds(bonds)?;
    Ok(topology)
}

/// Where an atom belongs.
#[derive(PartialEq)]
struct Site {
    segment: String,
    name: String,
    number: i32,
    insertion_code: Option<char>,
}

struct Atom {
    place: Site,
    name: String,
    charge: f32,
    mass: f32,
}

impl Atom {
    fn parse(line: &[u8]) -> Option<Self> {
        let mut words = words(line).skip(1);
        let segment = text(words.next()?).into_owned();
        let (number, insertion_code) = residue_number(words.next()?)?;
        let residue_name = text(words.next()?).into_owned();
        let name = text(words.next()?).into_owned();
        let _kind = words.next()?;
        let charge = parse_float(words.next()?)? as f32;
        let mass = parse_float(words.next()?)? as f32;
        (charge.is_finite() && mass.is_finite()).then_some(Self {
            place: Site {
                segment,
                name: residue_name,
                number,
                insertion_code,
            },
            name,
            charge,
            mass,
        })
    }

    /// By mass; repartitioned hydrogens and Drude particles by name.
    fn element(&self) -> Element {
        let by_name = Element::guess(&self.name, &self.place.name);
        if by_name == Element::HYDROGEN && self.mass < 4.5 {
            return by_name;
        }
        Element::from_mass(f64::from(self.mass)).unwrap_or(by_name)
    }
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
}

/// A number with an insertion code behind it, perhaps.
fn residue_number(word: &[u8]) -> Option<(i32, Option<char>)> {
    let (digits, code) = match word.split_last()? {
        (last, digits) if last.is_ascii_alphabetic() => (digits, Some(char::from(*last))),
        _ => (word, None),
    };
    Some((i32::try_from(parse_integer(digits)?).ok()?, code))
}

/// Moves behind the line that names a section; the number in front of the name.
fn find_section(lines: &mut Lines, name: &'static str) -> Result<usize> {
    loop {
        let line = lines.required(name)?;
        if !words(line)
            .nth(1)
            .is_some_and(|word| word.starts_with(name.as_bytes()))
        {
            continue;
        }
        let count = words(line).next().and_then(parse_integer);
        if let Some(count) = count.and_then(|count| usize::try_from(count).ok()) {
            return Ok(count);
        }
        let found = shown(line);
        return Err(lines.malformed(format!("a count before {name}"), found));
    }
}

fn read_bonds(lines: &mut Lines, n_bonds: usize, n_atoms: usize) -> Result<Vec<[usize; 2]>> {
    let mut bonds = Vec::new();
    let mut open = None;
    while bonds.len() < n_bonds {
        let line = lines.required("the bonds")?;
        let atoms: Option<Vec<usize>> = words(line)
            .map(|word| usize::try_from(parse_integer(word)?).ok())
            .map(|index| index.filter(|index| (1..=n_atoms).contains(index)))
            .collect();
        let Some(atoms) = atoms else {
            let found = shown(line);
            return Err(lines.malformed(format!("pairs of atoms from 1 to {n_atoms}"), found));
        };
        for atom in atoms {
            match open.take() {
                None => open = Some(atom - 1),
                Some(first) => bonds.push([first, atom - 1]),
            }
        }
    }
    Ok(bonds)
}
