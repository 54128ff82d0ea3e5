//! What the atoms are and how they hang together.

use crate::{Element, Error, Result};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// One atom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Atom {
    /// Name within its residue, without blanks: `CA`, `HB2`.
    pub name: String,
    /// Chemical element.
    pub element: Element,
    /// Index of its residue.
    pub residue: usize,
    /// Partial charge in e, where the source has it (PSF, prmtop).
    pub charge: Option<f32>,
    /// Mass in Da, where the source has it; [`Topology::mass`] falls back on the element.
    pub mass: Option<f32>,
}

/// One residue, water molecule or ion: a range of atoms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Residue {
    /// Name: `ALA`, `HIE`, `HOH`.
    pub name: String,
    /// Number as in the source; may be negative, may repeat.
    pub number: i32,
    /// Insertion code, where there is one.
    pub insertion_code: Option<char>,
    /// Index of its chain.
    pub chain: usize,
    /// Its atoms.
    pub atoms: Range<usize>,
    /// Whether the source calls it a hetero group (`HETATM`).
    pub hetero: bool,
}

/// One chain or segment: a range of residues.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chain {
    /// Identifier as in the source; empty where it has none.
    pub id: String,
    /// Its residues.
    pub residues: Range<usize>,
}

/// The atoms of a system in file order, grouped into residues and chains, with their bonds.
///
/// Residues and chains are contiguous ranges, so an atom's index is the same in the topology, in
/// every frame and in every array of the workspace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Topology {
    atoms: Vec<Atom>,
    residues: Vec<Residue>,
    chains: Vec<Chain>,
    bonds: Vec<[usize; 2]>,
}

impl Topology {
    /// All atoms.
    pub fn atoms(&self) -> &[Atom] {
        &self.atoms
    }

    /// All residues.
    pub fn residues(&self) -> &[Residue] {
        &self.residues
    }

    /// All chains.
    pub fn chains(&self) -> &[Chain] {
        &self.chains
    }

    /// Bonds as pairs of atom indices, the lower first, sorted, each once.
    pub fn bonds(&self) -> &[[usize; 2]] {
        &self.bonds
    }

    /// Number of atoms.
    pub fn n_atoms(&self) -> usize {
        self.atoms.len()
    }

    /// Number of residues.
    pub fn n_residues(&self) -> usize {
        self.residues.len()
    }

    /// The residue of atom `index`.
    ///
    /// # Panics
    /// If there is no such atom.
    pub fn residue_of(&self, index: usize) -> &Residue {
        &self.residues[self.atoms[index].residue]
    }

    /// Mass of atom `index` in Da: the source's, else the element's.
    ///
    /// # Panics
    /// If there is no such atom.
    pub fn mass(&self, index: usize) -> f64 {
        let atom = &self.atoms[index];
        atom.mass.map_or_else(|| atom.element.mass(), f64::from)
    }

    /// The atom called `name` in residue `residue`, if there is one.
    ///
    /// # Panics
    /// If there is no such residue.
    pub fn find(&self, residue: usize, name: &str) -> Option<usize> {
        self.residues[residue]
            .atoms
            .clone()
            .find(|&atom| self.atoms[atom].name == name)
    }

    /// Replaces the bonds; pairs are ordered, sorted and made unique.
    ///
    /// # Errors
    /// [`Error::Topology`] for a bond to an atom that does not exist, or of an atom with itself.
    pub fn set_bonds(&mut self, bonds: impl IntoIterator<Item = [usize; 2]>) -> Result<()> {
        let n_atoms = self.atoms.len();
        let mut sorted = Vec::new();
        for [a, b] in bonds {
            if a >= n_atoms || b >= n_atoms || a == b {
                return Err(Error::Topology {
                    what: "a bond",
                    index: a.max(b),
                    n_atoms,
                });
            }
            sorted.push([a.min(b), a.max(b)]);
        }
        sorted.sort_unstable();
        sorted.dedup();
        self.bonds = sorted;
        Ok(())
    }

    /// For each atom, the atoms bonded to it, ascending.
    pub fn neighbours(&self) -> Vec<Vec<usize>> {
        let mut neighbours = vec![Vec::new(); self.atoms.len()];
        for &[a, b] in &self.bonds {
            neighbours[a].push(b);
            neighbours[b].push(a);
        }
        for list in &mut neighbours {
            list.sort_unstable();
        }
        neighbours
    }

    /// The topology of only these atoms, in this order, with the bonds among them.
    ///
    /// Residues and chains that lose all their atoms vanish. Indices that interleave residues give
    /// each run of atoms a residue of its own.
    ///
    /// # Panics
    /// If an index is not below [`Topology::n_atoms`].
    pub fn select(&self, indices: &[usize]) -> Self {
        let mut builder = TopologyBuilder::default();
        let mut new_index = vec![usize::MAX; self.atoms.len()];
        let mut previous = None;
        for &index in indices {
            let atom = &self.atoms[index];
            let residue = &self.residues[atom.residue];
            let new_residue = previous != Some(atom.residue);
            if new_residue {
                let chain = &self.chains[residue.chain];
                let new_chain = previous.is_none_or(|p| self.residues[p].chain != residue.chain);
                if new_chain {
                    builder.start_chain(&chain.id);
                }
                builder.start_residue(
                    &residue.name,
                    residue.number,
                    residue.insertion_code,
                    residue.hetero,
                );
            }
            previous = Some(atom.residue);
            new_index[index] = builder.add_atom(AtomRecord {
                name: &atom.name,
                element: atom.element,
                charge: atom.charge,
                mass: atom.mass,
            });
        }
        let mut topology = builder.build();
        let kept = |index: usize| (new_index[index] != usize::MAX).then_some(new_index[index]);
        let mut bonds: Vec<[usize; 2]> = Vec::new();
        for &[a, b] in &self.bonds {
            if let (Some(a), Some(b)) = (kept(a), kept(b)) {
                bonds.push([a.min(b), a.max(b)]);
            }
        }
        bonds.sort_unstable();
        topology.bonds = bonds;
        topology
    }
}

/// What a [`TopologyBuilder`] needs to know of an atom.
#[derive(Clone, Copy, Debug)]
pub struct AtomRecord<'a> {
    /// Name within its residue.
    pub name: &'a str,
    /// Chemical element.
    pub element: Element,
    /// Partial charge in e.
    pub charge: Option<f32>,
    /// Mass in Da.
    pub mass: Option<f32>,
}

impl<'a> AtomRecord<'a> {
    /// An atom of which only name and element are known.
    pub fn new(name: &'a str, element: Element) -> Self {
        Self {
            name,
            element,
            charge: None,
            mass: None,
        }
    }
}

/// Builds a [`Topology`] atom by atom, in file order.
///
/// # Examples
/// ```
/// use molio::{AtomRecord, Element, TopologyBuilder};
/// let mut builder = TopologyBuilder::default();
/// builder.start_chain("A");
/// builder.start_residue("GLY", 1, None, false);
/// builder.add_atom(AtomRecord::new("N", Element::NITROGEN));
/// builder.add_atom(AtomRecord::new("CA", Element::CARBON));
/// let topology = builder.build();
/// assert_eq!(topology.find(0, "CA"), Some(1));
/// ```
#[derive(Clone, Debug, Default)]
pub struct TopologyBuilder {
    topology: Topology,
}

impl TopologyBuilder {
    /// Starts a chain.
    pub fn start_chain(&mut self, id: &str) {
        let next = self.topology.residues.len();
        self.topology.chains.push(Chain {
            id: id.to_owned(),
            residues: next..next,
        });
    }

    /// Starts a residue in the current chain (in one without identifier, if none was started).
    pub fn start_residue(
        &mut self,
        name: &str,
        number: i32,
        insertion_code: Option<char>,
        hetero: bool,
    ) {
        if self.topology.chains.is_empty() {
            self.start_chain("");
        }
        let next = self.topology.atoms.len();
        self.topology.residues.push(Residue {
            name: name.to_owned(),
            number,
            insertion_code,
            chain: self.topology.chains.len() - 1,
            atoms: next..next,
            hetero,
        });
        if let Some(chain) = self.topology.chains.last_mut() {
            chain.residues.end += 1;
        }
    }

    /// Adds an atom to the current residue (to an unnamed one, if none was started); its index.
    pub fn add_atom(&mut self, record: AtomRecord<'_>) -> usize {
        if self.topology.residues.is_empty() {
            self.start_residue("", 1, None, false);
        }
        let index = self.topology.atoms.len();
        self.topology.atoms.push(Atom {
            name: record.name.to_owned(),
            element: record.element,
            residue: self.topology.residues.len() - 1,
            charge: record.charge,
            mass: record.mass,
        });
        if let Some(residue) = self.topology.residues.last_mut() {
            residue.atoms.end += 1;
        }
        index
    }

    /// Number of atoms so far.
    pub fn n_atoms(&self) -> usize {
        self.topology.atoms.len()
    }

    /// The topology, without bonds.
    pub fn build(self) -> Topology {
        self.topology
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dipeptide() -> Topology {
        let mut builder = TopologyBuilder::default();
        builder.start_chain("A");
        for number in 1..=2 {
            builder.start_residue("GLY", number, None, false);
            for (name, element) in [
                ("N", Element::NITROGEN),
                ("CA", Element::CARBON),
                ("C", Element::CARBON),
            ] {
                builder.add_atom(AtomRecord::new(name, element));
            }
        }
        let mut topology = builder.build();
        topology
            .set_bonds([[1, 0], [1, 2], [2, 3], [3, 4], [4, 5], [0, 1]])
            .unwrap();
        topology
    }

    #[test]
    fn bonds_are_ordered_and_unique() {
        let topology = dipeptide();
        assert_eq!(topology.bonds(), [[0, 1], [1, 2], [2, 3], [3, 4], [4, 5]]);
        assert_eq!(topology.neighbours()[1], [0, 2]);
    }

    #[test]
    fn impossible_bonds_are_refused() {
        let mut topology = dipeptide();
        assert!(topology.set_bonds([[0, 6]]).is_err());
        assert!(topology.set_bonds([[3, 3]]).is_err());
        assert_eq!(topology.bonds().len(), 5);
    }

    #[test]
    fn selection_keeps_bonds_among_the_chosen() {
        let chosen = dipeptide().select(&[2, 3, 4]);
        assert_eq!(chosen.n_residues(), 2);
        assert_eq!(chosen.residues()[1].atoms, 1..3);
        assert_eq!(chosen.bonds(), [[0, 1], [1, 2]]);
        assert_eq!(chosen.chains()[0].residues, 0..2);
    }
}
