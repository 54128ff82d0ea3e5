//! Which beads form bonds, angles and dihedrals, and of which types they are.

use crate::{Error, Result};
use molio::Topology;
use std::collections::BTreeSet;

/// Beads as a graph of their bonds.
#[derive(Clone, Debug, PartialEq)]
pub struct BeadGraph {
    types: Vec<String>,
    neighbours: Vec<Vec<usize>>,
}

/// A bead's type: its residue's name, with the bead's own name unless it is `CA`.
///
/// # Examples
/// ```
/// assert_eq!(cg_potential::bead_type("GLY", "CA"), "GLY");
/// assert_eq!(cg_potential::bead_type("ALA", "CB"), "ALA:CB");
/// ```
pub fn bead_type(residue: &str, bead: &str) -> String {
    if bead == "CA" {
        residue.to_owned()
    } else {
        format!("{residue}:{bead}")
    }
}

impl BeadGraph {
    /// The graph of a topology of beads, its bonds being the beads' bonds.
    ///
    /// # Errors
    /// [`Error::Setting`] for no beads at all.
    pub fn new(beads: &Topology) -> Result<Self> {
        if beads.n_atoms() == 0 {
            return Err(Error::setting("beads", "at least one", 0));
        }
        let name = |index: usize| {
            bead_type(
                &beads.residue_of(index).name,
                beads.atoms()[index].name.as_str(),
            )
        };
        Ok(Self {
            types: (0..beads.n_atoms()).map(name).collect(),
            neighbours: beads.neighbours(),
        })
    }

    /// Number of beads.
    pub fn n_beads(&self) -> usize {
        self.types.len()
    }

    /// The type of each bead.
    pub fn types(&self) -> &[String] {
        &self.types
    }

    /// Bonded pairs, the lower index first.
    pub fn bonds(&self) -> Vec<[usize; 2]> {
        let pairs = self.neighbours.iter().enumerate();
        pairs
            .flat_map(|(a, list)| list.iter().filter(move |&&b| a < b).map(move |&b| [a, b]))
            .collect()
    }

    /// Chains of three beads, each once.
    pub fn angles(&self) -> Vec<[usize; 3]> {
        let mut angles = Vec::new();
        for (apex, list) in self.neighbours.iter().enumerate() {
            for (place, &a) in list.iter().enumerate() {
                angles.extend(list[place + 1..].iter().map(|&c| [a, apex, c]));
            }
        }
        angles
    }

    /// Chains of four beads, each once.
    pub fn dihedrals(&self) -> Vec<[usize; 4]> {
        let mut dihedrals = Vec::new();
        for [b, c] in self.bonds() {
            for &a in self.neighbours[b].iter().filter(|&&a| a != c) {
                for &d in self.neighbours[c].iter().filter(|&&d| d != b && d != a) {
                    dihedrals.push([a, b, c, d]);
                }
            }
        }
        dihedrals
    }

    /// For each bead with three neighbours a < b < c: `[a, bead, b, c]`, whose dihedral angle is its
    /// hand.
    pub fn branches(&self) -> Vec<[usize; 4]> {
        let lists = self.neighbours.iter().enumerate();
        lists
            .filter_map(|(centre, list)| match list[..] {
                [a, b, c] => Some([a, centre, b, c]),
                _ => None,
            })
            .collect()
    }

    /// All pairs that are more than `bonds` bonds apart, or not connected.
    pub fn distant_pairs(&self, bonds: usize) -> Vec<[usize; 2]> {
        let mut pairs = Vec::new();
        for start in 0..self.n_beads() {
            let near = self.within(start, bonds);
            let distant = (start + 1..self.n_beads()).filter(|end| !near.contains(end));
            pairs.extend(distant.map(|end| [start, end]));
        }
        pairs
    }

    fn within(&self, start: usize, bonds: usize) -> BTreeSet<usize> {
        let mut reached = BTreeSet::from([start]);
        let mut front = vec![start];
        for _ in 0..bonds {
            let next: Vec<usize> = front
                .iter()
                .flat_map(|&bead| self.neighbours[bead].iter().copied())
                .filter(|&bead| reached.insert(bead))
                .collect();
            front = next;
        }
        reached
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use molio::{AtomRecord, Element, TopologyBuilder};

    /// A chain of CA beads.
    pub(crate) fn chain(residues: &[&str]) -> Topology {
        let mut builder = TopologyBuilder::default();
        for (number, name) in residues.iter().enumerate() {
            builder.start_residue(name, number as i32 + 1, None, false);
            builder.add_atom(AtomRecord::new("CA", Element::CARBON));
        }
        let mut topology = builder.build();
        topology
            .set_bonds((1..residues.len()).map(|i| [i - 1, i]))
            .unwrap();
        topology
    }

    #[test]
    fn a_chain_has_its_terms() {
        let graph = BeadGraph::new(&chain(&["TYR", "GLY", "PRO", "ALA", "TYR"])).unwrap();
        assert_eq!(graph.types()[1], "GLY");
        assert_eq!(graph.bonds(), [[0, 1], [1, 2], [2, 3], [3, 4]]);
        assert_eq!(graph.angles(), [[0, 1, 2], [1, 2, 3], [2, 3, 4]]);
        assert_eq!(graph.dihedrals(), [[0, 1, 2, 3], [1, 2, 3, 4]]);
        assert_eq!(graph.distant_pairs(2), [[0, 3], [0, 4], [1, 4]]);
        assert!(graph.branches().is_empty());
    }

    #[test]
    fn a_branching_bead_has_a_hand() {
        let mut topology = chain(&["ALA"; 4]);
        topology.set_bonds([[0, 1], [1, 2], [1, 3]]).unwrap();
        let graph = BeadGraph::new(&topology).unwrap();
        assert_eq!(graph.branches(), [[0, 1, 2, 3]]);
        assert!(graph.dihedrals().is_empty());
        assert_eq!(graph.angles().len(), 3);
    }
}
