//! The topology of a GRO file.

use super::reader::{NAMES, column_width, read_start, vector};
use crate::io::input::Input;
use crate::io::lines::{Lines, shown};
use crate::io::numbers::{parse_integer, text};
use crate::{AtomRecord, Element, Frame, Place, Result, Topology, TopologyBuilder};

/// Reads the first frame's names and positions (nm). GRO knows no chains: all residues are in one.
pub(crate) fn read_topology(input: Input) -> Result<(Topology, Vec<[f32; 3]>)> {
    let mut lines = Lines::new(input);
    let Some(n_atoms) = read_start(&mut lines, &mut Frame::default())? else {
        return Err(crate::Error::malformed(
            lines.path(),
            Place::File,
            "atoms",
            "an empty file",
        ));
    };
    let mut builder = TopologyBuilder::default();
    let mut positions = Vec::new();
    let mut residue = None;
    for _ in 0..n_atoms {
        let line = lines.required("the atoms of a frame")?;
        let number = line
            .get(..NAMES)
            .and_then(|names| parse_integer(&names[..5]))
            .and_then(|number| i32::try_from(number).ok());
        let Some(number) = number else {
            let found = shown(line);
            return Err(lines.malformed("a residue number in columns 1 to 5", found));
        };
        let Some(position) = column_width(line).and_then(|width| vector(line, NAMES, width)) else {
            let found = shown(line);
            return Err(lines.malformed("three coordinates from column 21 on", found));
        };
        positions.push(position);
        let name = text(&line[5..10]).into_owned();
        let atom_name = text(&line[10..15]);
        let element = Element::guess(&atom_name, &name);
        let this = Some((number, name));
        if this != residue {
            if let Some((number, name)) = &this {
                builder.start_residue(name, *number, None, false);
            }
            residue = this;
        }
        builder.add_atom(AtomRecord::new(&atom_name, element));
    }
    Ok((builder.build(), positions))
}
