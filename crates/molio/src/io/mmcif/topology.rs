//! The topology of an mmCIF file's first model.

use super::reader::read_model;
use super::table::{Row, Table};
use crate::io::altloc;
use crate::io::input::Input;
use crate::io::lines::{Lines, shown};
use crate::io::numbers::{parse_integer, text};
use crate::{AtomRecord, Element, Error, Place, Result, Topology, TopologyBuilder};

struct Site {
    chain: (String, String),
    residue: (String, i32, Option<char>),
    name: String,
    element: Element,
    hetero: bool,
}

/// Reads the first model and its positions (nm).
pub(crate) fn read_topology(input: Input) -> Result<(Topology, Vec<[f32; 3]>)> {
    let mut table = Table::open(Lines::new(input))?;
    let (mut sites, mut candidates, mut positions) = (Vec::new(), Vec::new(), Vec::new());
    let (mut last, mut key) = (Vec::new(), Vec::new());
    let mut residue = 0;
    read_model(&mut table, |table, row| {
        table.residue_key(row, &mut key);
        residue += usize::from(key != last);
        last.clone_from(&key);
        candidates.push(table.candidate(row, residue));
        positions.push(table.position(row)?);
        sites.push(site(table, row)?);
        Ok(())
    })?;
    if sites.is_empty() {
        let path = table.lines.path();
        return Err(Error::malformed(
            path,
            Place::File,
            "rows of atom_site",
            "none",
        ));
    }
    let keep = altloc::choose(&candidates);
    let mut kept = keep.iter();
    sites.retain(|_| kept.next().copied().unwrap_or(true));
    let mut kept = keep.iter();
    positions.retain(|_| kept.next().copied().unwrap_or(true));
    Ok((build(&sites), positions))
}

fn site(table: &Table, row: &Row) -> Result<Site> {
    let columns = &table.columns;
    let value = |names: &[&str]| row.value(columns.find(names));
    let word = |names: &[&str]| text(value(names)).into_owned();
    let number = value(&["auth_seq_id", "label_seq_id"]);
    let number = match number {
        b"" => Some(0),
        number => parse_integer(number).and_then(|number| i32::try_from(number).ok()),
    };
    let Some(number) = number else {
        let found = shown(value(&["auth_seq_id", "label_seq_id"]));
        return Err(table.lines.malformed("a residue number", found));
    };
    let name = word(&["auth_atom_id", "label_atom_id"]);
    let residue_name = word(&["auth_comp_id", "label_comp_id"]);
    let element = Element::from_symbol(&word(&["type_symbol"]));
    let insertion_code = value(&["pdbx_PDB_ins_code"])
        .first()
        .map(|&code| char::from(code));
    Ok(Site {
        chain: (
            word(&["auth_asym_id", "label_asym_id"]),
            word(&["label_asym_id"]),
        ),
        element: element.unwrap_or_else(|| Element::guess(&name, &residue_name)),
        residue: (residue_name, number, insertion_code),
        name,
        hetero: value(&["group_PDB"]) == b"HETATM",
    })
}

fn build(sites: &[Site]) -> Topology {
    let mut builder = TopologyBuilder::default();
    let mut previous: Option<&Site> = None;
    for site in sites {
        let new_chain = previous.is_none_or(|previous| previous.chain != site.chain);
        if new_chain {
            builder.start_chain(&site.chain.0);
        }
        if new_chain || previous.is_none_or(|previous| previous.residue != site.residue) {
            let (name, number, insertion_code) = &site.residue;
            builder.start_residue(name, *number, *insertion_code, site.hetero);
        }
        builder.add_atom(AtomRecord::new(&site.name, site.element));
        previous = Some(site);
    }
    builder.build()
}
