//! Distances, angles and dihedrals: of single atoms, of lists of atoms, of a topology's bonds.
//!
//! Sign conventions are IUPAC's: a dihedral is positive when, looking along the middle bond, the far
//! bond is turned clockwise.

mod distances;
mod frames;
mod lanes;
mod measure;
mod neighbours;
mod primitives;
mod terms;

pub use distances::{Distances, all_distances, all_distances_into};
pub use frames::map_frames;
pub use measure::{Angles, Torsions};
pub use primitives::{angle, dihedral, distance};
pub use terms::BondedTerms;

pub(crate) use neighbours::CellGrid;
pub(crate) use primitives::{Vector, add, cross, dot, norm, scale, subtract, vector};
