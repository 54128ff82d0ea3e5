//! Which residues are prepared, which are kept as they are, and which go.

use super::{PrepareConfig, PrepareReport, named};
use crate::build::describe;
use crate::{Error, ResidueKind, Result, Topology, residue_kind};

/// What to keep besides protein.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Keep {
    /// Water.
    Water,
    /// Single-atom ions.
    Ions,
    /// Nucleic acids.
    Nucleic,
    /// Every other molecule.
    Ligands,
    /// Residues of this name.
    Named(String),
}

impl std::str::FromStr for Keep {
    type Err = std::convert::Infallible;

    /// `water`, `ions`, `nucleic`, `ligands`; anything else is a residue's name.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "water" => Self::Water,
            "ions" => Self::Ions,
            "nucleic" => Self::Nucleic,
            "ligands" => Self::Ligands,
            _ => Self::Named(text.to_owned()),
        })
    }
}

/// Indices of residues of the input.
pub(super) struct Chosen {
    /// Of each chain those that are amino acids and caps; none is empty.
    pub(super) chains: Vec<Vec<usize>>,
    /// What is kept as it is.
    pub(super) others: Vec<usize>,
}

pub(super) fn choose(
    topology: &Topology,
    config: &PrepareConfig,
    report: &mut PrepareReport,
) -> Result<Chosen> {
    let mut chosen = Chosen {
        chains: Vec::new(),
        others: Vec::new(),
    };
    for chain in topology.chains() {
        let mut acids = Vec::new();
        for index in chain.residues.clone() {
            let name = &topology.residues()[index].name;
            let kind = residue_kind(name);
            let kept = config.keep.iter().any(|keep| match keep {
                Keep::Water => kind == ResidueKind::Water,
                Keep::Ions => kind == ResidueKind::Ion,
                Keep::Nucleic => kind == ResidueKind::Nucleic,
                Keep::Ligands => kind == ResidueKind::Other,
                Keep::Named(wanted) => wanted == name,
            });
            if named(name).is_some() && is_amino_acid(topology, index) {
                acids.push(index);
            } else if is_in_chain(topology, index) {
                return Err(unknown(topology, index));
            } else if kept {
                chosen.others.push(index);
            } else if kind == ResidueKind::Nucleic {
                return Err(Error::argument(
                    "a structure to prepare",
                    "protein; name nucleic acids as kept, or take them out before",
                    describe(topology, index),
                ));
            } else {
                report.drop(name);
            }
        }
        if !acids.is_empty() {
            chosen.chains.push(acids);
        }
    }
    if chosen.chains.is_empty() {
        return Err(Error::argument(
            "a structure to prepare",
            "at least one amino acid",
            format!("{} residues of other kinds", topology.n_residues()),
        ));
    }
    Ok(chosen)
}

/// A cap, or a residue with a CA, or with both of its neighbours: a free ion named like an amino acid has none.
fn is_amino_acid(topology: &Topology, residue: usize) -> bool {
    let cap = named(&topology.residues()[residue].name).is_some_and(|form| form.is_cap());
    let has = |name| topology.find(residue, name).is_some();
    cap || has("CA") || (has("N") && has("C"))
}

/// Whether a residue that is no standard amino acid has the backbone of one, or a peptide bond.
fn is_in_chain(topology: &Topology, residue: usize) -> bool {
    let kind = residue_kind(&topology.residues()[residue].name);
    if matches!(kind, ResidueKind::Water | ResidueKind::Ion) {
        return false;
    }
    let has = |name| topology.find(residue, name).is_some();
    if kind == ResidueKind::Protein && has("N") && has("CA") && has("C") {
        return true;
    }
    let range = &topology.residues()[residue].atoms;
    let links_backbone = |&[a, b]: &[usize; 2]| {
        let inside = range.contains(&a) != range.contains(&b);
        let name = |atom: usize| topology.atoms()[atom].name.as_str();
        let other = if range.contains(&a) { b } else { a };
        let acid = named(&topology.residue_of(other).name).is_some();
        inside && acid && matches!(name(other), "N" | "C")
    };
    topology.bonds().iter().any(links_backbone)
}

fn unknown(topology: &Topology, index: usize) -> Error {
    Error::argument(
        "a structure to prepare",
        "standard amino acids within chains; rename the residue to the one it derives from and take its extra \
         atoms out, or select the rest",
        describe(topology, index),
    )
}
