//! What a selection means.

use super::values::{Pattern, Span, matches_any};
use crate::{Atom, Element, Residue, ResidueKind, Topology, residue_kind};

/// A selection as a tree. `and` and `or` are lists, so that long chains of them stay shallow.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    All,
    None,
    Kind(ResidueKind),
    Backbone,
    NucleicBackbone,
    Heavy,
    Hydrogen,
    Hetero,
    Name(Vec<Pattern>),
    ResidueName(Vec<Pattern>),
    Chain(Vec<Pattern>),
    Element(Vec<Element>),
    /// Number and insertion code.
    ResidueNumber(Vec<Span<(i64, Option<char>)>>),
    /// Atoms from 0.
    Index(Vec<Span<i64>>),
    /// Atoms from 1.
    Serial(Vec<Span<i64>>),
    /// Residues from 0.
    ResidueIndex(Vec<Span<i64>>),
    Not(Box<Expression>),
    And(Vec<Expression>),
    Or(Vec<Expression>),
}

impl Expression {
    /// For each atom, whether it is chosen.
    pub(super) fn evaluate(&self, topology: &Topology) -> Vec<bool> {
        let by_atom = |chosen: &dyn Fn(usize, &Atom) -> bool| {
            let atoms = topology.atoms().iter().enumerate();
            atoms.map(|(index, atom)| chosen(index, atom)).collect()
        };
        let by_residue = |chosen: &dyn Fn(usize, &Residue) -> bool| {
            let mut flags = vec![false; topology.n_atoms()];
            for (index, residue) in topology.residues().iter().enumerate() {
                if chosen(index, residue) {
                    flags[residue.atoms.clone()].fill(true);
                }
            }
            flags
        };
        let named = |kind: ResidueKind, names: &[&str]| {
            by_atom(&|_, atom| {
                names.contains(&atom.name.as_str())
                    && residue_kind(&topology.residues()[atom.residue].name) == kind
            })
        };
        match self {
            Self::All => vec![true; topology.n_atoms()],
            Self::None => vec![false; topology.n_atoms()],
            Self::Kind(kind) => by_residue(&|_, residue| residue_kind(&residue.name) == *kind),
            Self::Backbone => named(ResidueKind::Protein, &["N", "CA", "C", "O"]),
            Self::NucleicBackbone => {
                named(ResidueKind::Nucleic, &["P", "O5'", "C5'", "C3'", "O3'"])
            }
            Self::Heavy => by_atom(&|_, atom| atom.element.atomic_number() > 1),
            Self::Hydrogen => by_atom(&|_, atom| atom.element == Element::HYDROGEN),
            Self::Hetero => by_residue(&|_, residue| residue.hetero),
            Self::Name(names) => by_atom(&|_, atom| matches_any(names, &atom.name)),
            Self::ResidueName(names) => by_residue(&|_, r| matches_any(names, &r.name)),
            Self::Chain(ids) => {
                by_residue(&|_, r| matches_any(ids, &topology.chains()[r.chain].id))
            }
            Self::Element(elements) => by_atom(&|_, atom| elements.contains(&atom.element)),
            Self::ResidueNumber(spans) => by_residue(&|_, residue| {
                let number = (i64::from(residue.number), residue.insertion_code);
                spans.iter().any(|span| span.contains(&number))
            }),
            Self::Index(spans) => {
                by_atom(&|index, _| spans.iter().any(|s| s.contains(&(index as i64))))
            }
            Self::Serial(spans) => {
                by_atom(&|index, _| spans.iter().any(|s| s.contains(&(index as i64 + 1))))
            }
            Self::ResidueIndex(spans) => {
                by_residue(&|index, _| spans.iter().any(|s| s.contains(&(index as i64))))
            }
            Self::Not(inner) => inner.evaluate(topology).iter().map(|c| !c).collect(),
            Self::And(parts) => fold(parts, topology, |a, b| a && b),
            Self::Or(parts) => fold(parts, topology, |a, b| a || b),
        }
    }
}

fn fold(
    parts: &[Expression],
    topology: &Topology,
    combine: impl Fn(bool, bool) -> bool,
) -> Vec<bool> {
    let mut parts = parts.iter();
    let first = parts
        .next()
        .map_or_else(Vec::new, |part| part.evaluate(topology));
    parts.fold(first, |mut chosen, part| {
        for (chosen, other) in chosen.iter_mut().zip(part.evaluate(topology)) {
            *chosen = combine(*chosen, other);
        }
        chosen
    })
}
