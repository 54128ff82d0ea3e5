//! Distance-dependent statistical potentials between types of atoms.
//!
//! A [`PairTable`] holds one curve for each pair of types. [`crate::dope`] reads one from a file that
//! the user names; [`StatisticalPotentialBuilder`] derives one from the user's own structures, with the
//! finite-sphere reference state of DOPE, so that neither a table nor a licence is needed. Either is
//! evaluated by [`PairScore`].

mod atom_types;
mod derive;
mod file;
mod pair_score;
mod pair_table;

pub use atom_types::atom_type;
pub use derive::{StatisticalPotentialBuilder, StatisticalPotentialConfig};
pub use pair_score::{PairRule, PairScore};
pub use pair_table::PairTable;

pub(crate) use atom_types::split_type;
