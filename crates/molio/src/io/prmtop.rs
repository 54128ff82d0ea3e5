//! AMBER prmtop topologies: names, residues, charges, masses and bonds.
//!
//! Everything is in `%FLAG` sections of fixed-width fields. Charges are in units that make the Coulomb
//! constant 1 in kcal/mol and Å: divided by 18.2223 they are in e. There are no chains; one starts where
//! a residue is not bonded to the residue before, and molecules of a single residue (water, ions) that
//! follow each other share one.

use super::input::Input;
use super::lines::{Lines, shown};
use super::numbers::{parse_float, parse_integer, text};
use crate::{AtomRecord, Element, Error, Place, Result, Topology, TopologyBuilder};
use std::collections::HashMap;

/// √(332.0522) as AMBER rounds it.
const CHARGE_UNIT: f64 = 18.2223;

/// Sections that are kept; the others can be long.
const WANTED: [&str; 9] = [
    "POINTERS",
    "ATOM_NAME",
    "CHARGE",
    "MASS",
    "ATOMIC_NUMBER",
    "RESIDUE_LABEL",
    "RESIDUE_POINTER",
    "BONDS_INC_HYDROGEN",
    "BONDS_WITHOUT_HYDROGEN",
];

/// The fields of a section, with the line that the section starts at.
struct Section {
    line: usize,
    fields: Vec<String>,
}

/// Reads atoms and bonds.
pub(crate) fn read_topology(input: Input) -> Result<Topology> {
    let mut lines = Lines::new(input);
    let sections = Sections {
        sections: read_sections(&mut lines)?,
        lines,
    };
    let pointers = sections.integers("POINTERS")?;
    let count = |index: usize| pointers.get(index).copied().unwrap_or(0);
    let n_atoms = count(0);
    let names = sections.fields("ATOM_NAME", Some(n_atoms))?;
    let residue_names = sections.fields("RESIDUE_LABEL", Some(count(11)))?;
    let starts = sections.integers("RESIDUE_POINTER")?;
    let residues = sections.residues(&starts, residue_names.len(), n_atoms)?;
    let charges = sections.numbers("CHARGE", n_atoms)?;
    let masses = sections.numbers("MASS", n_atoms)?;
    let elements = match sections.sections.contains_key("ATOMIC_NUMBER") {
        true => Some(sections.integers("ATOMIC_NUMBER")?),
        false => None,
    };
    let bonds = sections.bonds(n_atoms)?;
    let new_chain = chain_starts(&residues, &bonds, n_atoms);
    let mut builder = TopologyBuilder::default();
    for (index, range) in residues.iter().enumerate() {
        if new_chain[index] {
            builder.start_chain("");
        }
        let number = i32::try_from(index + 1).unwrap_or(i32::MAX);
        builder.start_residue(&residue_names[index], number, None, false);
        for atom in range.clone() {
            let by_number = elements
                .as_ref()
                .and_then(|numbers| u8::try_from(*numbers.get(atom)?).ok())
                .filter(|number| *number > 0)
                .and_then(Element::from_atomic_number);
            let guess = || Element::guess(&names[atom], &residue_names[index]);
            let by_mass = || Element::from_mass(masses[atom]).filter(|_| masses[atom] > 4.5);
            let element = by_number.or_else(by_mass).unwrap_or_else(guess);
            builder.add_atom(AtomRecord {
                name: &names[atom],
                element,
                charge: Some((charges[atom] / CHARGE_UNIT) as f32),
                mass: Some(masses[atom] as f32),
            });
        }
    }
    let mut topology = builder.build();
    topology.set_bonds(bonds)?;
    Ok(topology)
}

/// Which residues begin a chain.
fn chain_starts(
    residues: &[std::ops::Range<usize>],
    bonds: &[[usize; 2]],
    n_atoms: usize,
) -> Vec<bool> {
    let mut residue_of = vec![0; n_atoms];
    for (index, range) in residues.iter().enumerate() {
        residue_of[range.clone()].fill(index);
    }
    let mut alone = vec![true; residues.len()];
    let mut joined = vec![false; residues.len()];
    for bond in bonds {
        let [a, b] = bond.map(|atom| residue_of[atom]);
        if a != b {
            alone[a] = false;
            alone[b] = false;
            if a.abs_diff(b) == 1 {
                joined[a.max(b)] = true;
            }
        }
    }
    let continues = |index: usize| joined[index] || (alone[index] && alone[index - 1]);
    (0..residues.len())
        .map(|index| index == 0 || !continues(index))
        .collect()
}

fn read_sections(lines: &mut Lines) -> Result<HashMap<String, Section>> {
    let mut sections = HashMap::new();
    let mut current: Option<String> = None;
    let mut width = 0;
    let mut any_flag = false;
    while let Some(line) = lines.next()? {
        if let Some(flag) = line.strip_prefix(b"%FLAG") {
            any_flag = true;
            let name = text(flag).into_owned();
            current = WANTED.contains(&name.as_str()).then_some(name);
            width = 0;
        } else if line.starts_with(b"%FORMAT") {
            width = field_width(line).unwrap_or(0);
        } else if let Some(name) = &current
            && !line.starts_with(b"%")
        {
            if width == 0 {
                let found = shown(line);
                return Err(
                    lines.malformed(format!("a %FORMAT before the values of {name}"), found)
                );
            }
            // a blank line is a section without values
            let fields = line
                .trim_ascii_end()
                .chunks(width)
                .map(|field| text(field).into_owned());
            let fields: Vec<_> = fields.collect();
            let number = lines.number();
            let section = sections.entry(name.clone()).or_insert_with(|| Section {
                line: number,
                fields: Vec::new(),
            });
            section.fields.extend(fields);
        }
    }
    if !any_flag {
        return Err(Error::malformed(
            lines.path(),
            Place::File,
            "%FLAG sections",
            "none",
        ));
    }
    Ok(sections)
}

/// The width in `%FORMAT(20a4)`, `(10I8)`, `(5E16.8)`.
fn field_width(line: &[u8]) -> Option<usize> {
    let inside = line.split(|byte| *byte == b'(').nth(1)?;
    let digits = inside
        .iter()
        .skip_while(|byte| byte.is_ascii_digit())
        .skip(1);
    let digits: Vec<u8> = digits.copied().take_while(u8::is_ascii_digit).collect();
    usize::try_from(parse_integer(&digits)?)
        .ok()
        .filter(|width| (1..=80).contains(width))
}

struct Sections {
    sections: HashMap<String, Section>,
    lines: Lines,
}

impl Sections {
    fn fields(&self, name: &str, count: Option<usize>) -> Result<&[String]> {
        let (line, fields) = match self.sections.get(name) {
            Some(section) => (section.line, section.fields.as_slice()),
            None => (0, &[][..]),
        };
        if count.is_some_and(|count| count != fields.len()) {
            let expected = format!("{} values of {name}", count.unwrap_or(0));
            return Err(self.malformed(line, expected, fields.len().to_string()));
        }
        Ok(fields)
    }

    fn malformed(&self, line: usize, expected: String, found: String) -> Error {
        let place = if line == 0 {
            Place::File
        } else {
            Place::Line(line)
        };
        Error::malformed(self.lines.path(), place, expected, found)
    }

    fn parsed<T>(
        &self,
        name: &str,
        count: Option<usize>,
        parse: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Vec<T>> {
        let fields = self.fields(name, count)?;
        let line = self.sections.get(name).map_or(0, |section| section.line);
        fields
            .iter()
            .map(|field| {
                parse(field.as_bytes()).ok_or_else(|| {
                    self.malformed(line, format!("numbers in {name}"), field.clone())
                })
            })
            .collect()
    }

    fn integers(&self, name: &str) -> Result<Vec<usize>> {
        self.parsed(name, None, |field| {
            usize::try_from(parse_integer(field)?).ok()
        })
    }

    fn numbers(&self, name: &str, count: usize) -> Result<Vec<f64>> {
        self.parsed(name, Some(count), |field| {
            parse_float(field).filter(|x| x.is_finite())
        })
    }

    /// The atoms of each residue, from the first atom of each, counted from 1.
    fn residues(
        &self,
        starts: &[usize],
        n_residues: usize,
        n_atoms: usize,
    ) -> Result<Vec<std::ops::Range<usize>>> {
        let ends = starts.iter().skip(1).copied().chain([n_atoms + 1]);
        let ranges: Vec<_> = starts
            .iter()
            .zip(ends)
            .map(|(&start, end)| start.wrapping_sub(1)..end.wrapping_sub(1))
            .collect();
        let ordered = ranges
            .iter()
            .all(|range| range.start <= range.end && range.end <= n_atoms);
        let whole =
            starts.first().is_none_or(|first| *first == 1) && (n_atoms == 0 || !starts.is_empty());
        if !ordered || !whole || ranges.len() != n_residues {
            let line = self
                .sections
                .get("RESIDUE_POINTER")
                .map_or(0, |section| section.line);
            let expected =
                format!("the first atoms of {n_residues} residues, ascending from 1 to {n_atoms}");
            return Err(self.malformed(line, expected, format!("{} of them", starts.len())));
        }
        Ok(ranges)
    }

    /// Bonds: atom indices times 3, and a type.
    fn bonds(&self, n_atoms: usize) -> Result<Vec<[usize; 2]>> {
        let mut bonds = Vec::new();
        for name in ["BONDS_INC_HYDROGEN", "BONDS_WITHOUT_HYDROGEN"] {
            let numbers = self.integers(name)?;
            for triple in numbers.chunks(3) {
                let line = self.sections.get(name).map_or(0, |section| section.line);
                match *triple {
                    [a, b, _] if a / 3 < n_atoms && b / 3 < n_atoms && a != b => {
                        bonds.push([a / 3, b / 3]);
                    }
                    _ => {
                        let expected =
                            format!("two of {n_atoms} atoms, times 3, and a type in {name}");
                        return Err(self.malformed(line, expected, format!("{triple:?}")));
                    }
                }
            }
        }
        Ok(bonds)
    }
}
