//! Named mappings, resolved to atoms.

use crate::{Error, Result};
use molio::{AtomRecord, Element, Topology, TopologyBuilder};
use serde::{Deserialize, Serialize};

/// Which beads a molecule has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mapping {
    /// One bead a residue, on its CA.
    #[default]
    Ca,
    /// CA and, where there is one, CB.
    CaCb,
    /// N, CA, C, O and, where there is one, CB.
    Backbone,
    /// The caller's own.
    Beads {
        /// The beads, in the order of their residues.
        beads: Vec<BeadDefinition>,
        /// Which are bonded.
        bonds: Vec<[usize; 2]>,
    },
}

/// A bead as a weighted sum of atoms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeadDefinition {
    /// Its name; its residue is that of its first atom.
    pub name: String,
    /// Atoms and their weights, which are scaled to sum to 1.
    pub atoms: Vec<(usize, f64)>,
}

impl std::str::FromStr for Mapping {
    type Err = Error;

    /// `ca`, `ca_cb` or `backbone`.
    fn from_str(name: &str) -> Result<Self> {
        match name {
            "ca" => Ok(Self::Ca),
            "ca_cb" => Ok(Self::CaCb),
            "backbone" => Ok(Self::Backbone),
            other => Err(Error::setting("map", "ca, ca_cb or backbone", other)),
        }
    }
}

type Resolved = (Vec<BeadDefinition>, Vec<[usize; 2]>);

impl Mapping {
    pub(super) fn resolve(&self, atoms: &Topology) -> Result<Resolved> {
        let names: &[&str] = match self {
            Self::Ca => &["CA"],
            Self::CaCb => &["CA", "CB"],
            Self::Backbone => &["N", "CA", "C", "O", "CB"],
            Self::Beads { beads, bonds } => return Ok((beads.clone(), bonds.clone())),
        };
        let mut builder = Named {
            atoms,
            beads: Vec::new(),
            bonds: Vec::new(),
        };
        let mut previous: Option<(usize, Places)> = None;
        for residue in 0..atoms.n_residues() {
            let Some(places) = builder.residue(residue, names)? else {
                continue;
            };
            if let Some((before, last)) = previous
                && linked(atoms, before, residue)
            {
                let (from, to) = match self {
                    Self::Backbone => (last[2], places[0]),
                    _ => (last[0], places[0]),
                };
                builder.bond(from, to);
            }
            previous = Some((residue, places));
        }
        Ok((builder.beads, builder.bonds))
    }
}

/// Where the beads of a residue stand in the list, in the order of the mapping's names.
type Places = [Option<usize>; 5];

struct Named<'a> {
    atoms: &'a Topology,
    beads: Vec<BeadDefinition>,
    bonds: Vec<[usize; 2]>,
}

impl Named<'_> {
    /// Adds the beads of a residue; `None` for one that is no amino acid.
    fn residue(&mut self, residue: usize, names: &[&str]) -> Result<Option<Places>> {
        let Some(alpha) = self.atoms.find(residue, "CA") else {
            return Ok(None);
        };
        // a calcium ion is called CA too
        if self.atoms.atoms()[alpha].element != Element::CARBON {
            return Ok(None);
        }
        let mut places = Places::default();
        for (place, &name) in places.iter_mut().zip(names) {
            // the last residue of a chain may call its O by another name
            let other = if name == "O" {
                &["OT1", "O1", "OC1"][..]
            } else {
                &[]
            };
            let mut found = std::iter::once(&name).chain(other);
            let Some(atom) = found.find_map(|name| self.atoms.find(residue, name)) else {
                if name == "CB" {
                    continue;
                }
                let record = &self.atoms.residues()[residue];
                let found = format!("none in residue {} {}", record.name, record.number);
                return Err(Error::setting("mapping", format!("atom {name}"), found));
            };
            *place = Some(self.beads.len());
            self.beads.push(BeadDefinition {
                name: name.to_owned(),
                atoms: vec![(atom, 1.0)],
            });
        }
        if let ["CA", "CB"] = names {
            self.bond(places[0], places[1]);
        } else if names.len() == 5 {
            let [n, ca, c, o, cb] = places;
            for (from, to) in [(n, ca), (ca, c), (c, o), (ca, cb)] {
                self.bond(from, to);
            }
        }
        Ok(Some(places))
    }

    fn bond(&mut self, from: Option<usize>, to: Option<usize>) {
        self.bonds.extend(from.zip(to).map(|(from, to)| [from, to]));
    }
}

/// Whether a peptide bond joins two residues: by the topology's bonds where it has any between
/// residues' atoms, else by their order in a chain.
fn linked(atoms: &Topology, before: usize, residue: usize) -> bool {
    let [a, b] = [before, residue].map(|r| &atoms.residues()[r]);
    if a.chain != b.chain || residue != before + 1 {
        return false;
    }
    let (c, n) = (atoms.find(before, "C"), atoms.find(residue, "N"));
    match (atoms.bonds().is_empty(), c, n) {
        (false, Some(c), Some(n)) => atoms.bonds().contains(&[c.min(n), c.max(n)]),
        _ => true,
    }
}

/// The beads as a topology.
pub(super) fn topology(
    atoms: &Topology,
    beads: &[BeadDefinition],
    bonds: &[[usize; 2]],
) -> Result<Topology> {
    let mut builder = TopologyBuilder::default();
    let mut previous: Option<usize> = None;
    for bead in beads {
        let (first, _) = bead.atoms[0];
        let index = atoms.atoms()[first].residue;
        if previous != Some(index) {
            let residue = &atoms.residues()[index];
            if previous.is_none_or(|p| atoms.residues()[p].chain != residue.chain) {
                builder.start_chain(&atoms.chains()[residue.chain].id);
            }
            builder.start_residue(
                &residue.name,
                residue.number,
                residue.insertion_code,
                residue.hetero,
            );
            previous = Some(index);
        }
        let single = bead.atoms.len() == 1;
        let mass: f64 = bead.atoms.iter().map(|&(a, _)| atoms.mass(a)).sum();
        builder.add_atom(AtomRecord {
            name: &bead.name,
            element: if single {
                atoms.atoms()[first].element
            } else {
                Element::UNKNOWN
            },
            charge: None,
            mass: (!single).then_some(mass as f32),
        });
    }
    let mut topology = builder.build();
    topology
        .set_bonds(bonds.iter().copied())
        .map_err(|e| Error::setting("bonds of beads", "beads that exist", e))?;
    Ok(topology)
}
