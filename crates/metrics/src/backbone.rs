//! Torsions per residue: φ, ψ, ω, χ₁ to χ₅, the improper at CA; and the chain of CA atoms.
//!
//! Everything is kept by residue *index*, which is unique; residue numbers repeat between chains.
//! Caps count as neighbours: ACE gives the first residue a φ, NME gives the last one a ψ.

mod residues;
mod torsions;
mod virtual_chain;

pub use residues::{Backbone, ResidueBackbone};
pub use torsions::{ResidueTorsions, TorsionKind, cis_peptides};
pub use virtual_chain::VirtualChain;
