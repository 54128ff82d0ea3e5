//! What preparing changed.

use crate::Topology;
use crate::build::{Blueprint, Scaffold, describe};
use serde::Serialize;

/// A residue as reports name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResidueId {
    /// Its chain's identifier.
    pub chain: String,
    /// Its name.
    pub name: String,
    /// Its number.
    pub number: i32,
    /// Its insertion code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insertion_code: Option<char>,
}

impl ResidueId {
    pub(super) fn new(topology: &Topology, residue: usize) -> Self {
        let residue = &topology.residues()[residue];
        Self {
            chain: topology.chains()[residue.chain].id.clone(),
            name: residue.name.clone(),
            number: residue.number,
            insertion_code: residue.insertion_code,
        }
    }
}

impl std::fmt::Display for ResidueId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code = self.insertion_code.map(String::from).unwrap_or_default();
        write!(f, "{} {}{code}", self.name, self.number)?;
        if self.chain.is_empty() {
            return Ok(());
        }
        write!(f, " of chain {}", self.chain)
    }
}

/// A place in a chain where no peptide bond leads on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The residue before.
    pub after: ResidueId,
    /// The residue behind.
    pub before: ResidueId,
    /// Residues that are missing, by their numbers; 0 where the numbers run on.
    pub n_missing: u32,
}

/// What [`prepare`](super::prepare) changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PrepareReport {
    /// Names of dropped molecules and how many residues of each.
    pub dropped: Vec<(String, usize)>,
    /// Residues that were given heavy atoms, with the names of these.
    pub added_heavy: Vec<(ResidueId, Vec<String>)>,
    /// Number of hydrogens added.
    pub n_added_hydrogens: usize,
    /// Atoms that the residue's form does not have.
    pub removed_atoms: Vec<(ResidueId, String)>,
    /// Old and new names of atoms.
    pub renamed: Vec<(ResidueId, String, String)>,
    /// Residues that became others: the residue as it was, the new name, and why.
    pub changed_residues: Vec<(ResidueId, String, String)>,
    /// Pairs of cysteines that are bonded.
    pub disulfides: Vec<[ResidueId; 2]>,
    /// Where chains are interrupted.
    pub gaps: Vec<Gap>,
    /// What a user should know besides.
    pub notes: Vec<String>,
}

impl PrepareReport {
    pub(super) fn count_heavy(&mut self, blueprint: &Blueprint, scaffold: &Scaffold) {
        let topology = blueprint.topology();
        for (index, residue) in blueprint.residues().iter().enumerate() {
            let missing: Vec<String> = residue
                .atoms
                .clone()
                .filter(|&atom| !scaffold.known[atom] && !blueprint.is_hydrogen(atom))
                .map(|atom| topology.atoms()[atom].name.clone())
                .collect();
            if !missing.is_empty() {
                self.added_heavy
                    .push((ResidueId::new(topology, index), missing));
            }
        }
    }

    pub(super) fn count_hydrogens(&mut self, blueprint: &Blueprint, scaffold: &Scaffold) {
        self.n_added_hydrogens = (0..scaffold.known.len())
            .filter(|&atom| !scaffold.known[atom] && blueprint.is_hydrogen(atom))
            .count();
    }

    pub(super) fn change(&mut self, topology: &Topology, residue: usize, new: &str, why: &str) {
        let id = ResidueId::new(topology, residue);
        self.changed_residues
            .push((id, new.to_owned(), why.to_owned()));
    }

    pub(super) fn note(&mut self, topology: &Topology, residue: usize, text: &str) {
        self.notes
            .push(format!("{}: {text}", describe(topology, residue)));
    }

    pub(super) fn drop(&mut self, name: &str) {
        match self.dropped.iter_mut().find(|(known, _)| known == name) {
            Some((_, count)) => *count += 1,
            None => self.dropped.push((name.to_owned(), 1)),
        }
    }
}
