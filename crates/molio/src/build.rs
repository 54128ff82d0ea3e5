//! Proteins from sequences: ideal geometry, side chains that do not clash, all hydrogens.

mod backbone;
mod blueprint;
mod builder;
mod ca_trace;
mod conformation;
mod geometry;
mod hydrogens;
mod library;
mod naming;
mod sequence;
mod side_chains;

pub use backbone::Torsions;
pub(crate) use blueprint::describe;
pub(crate) use blueprint::{Blueprint, Scaffold};
pub use blueprint::{ChainPlan, ResiduePlan};
pub use builder::{BackboneAtoms, ProteinBuilder};
pub use ca_trace::{backbone_from_ca, backbone_from_ca_cb};
pub use conformation::{Conformation, Turn, conformation_torsions};
pub(crate) use geometry::{Vector, double, place, single};
pub(crate) use hydrogens::place_hydrogens;
pub use library::ResidueForm;
pub(crate) use naming::{Names, canonical_names};
pub use sequence::parse_sequence;
pub use side_chains::SideChainConfig;
pub(crate) use side_chains::{Obstacle, contact_radius, place_heavy_atoms};
