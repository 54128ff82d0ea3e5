//! Molecules on disk and in memory: topologies, frames, trajectories, selections, superposition and
//! datasets for learning.
//!
//! The types here are plain data that the other crates of the workspace, and other MD programs, share.
//! A [`Topology`] says what the atoms are; a [`Frame`] says where they are at one time; a
//! [`Trajectory`] is many frames of one topology in memory. Files are streamed: a [`FrameReader`]
//! fills one frame at a time, so a trajectory never has to fit in memory.
//!
//! [`ProteinBuilder`] makes all atoms from some: peptides from a sequence, side chains and hydrogens
//! on a backbone, a thousand frames in seconds. [`prepare`] makes a file's structure ready for a force field.
//!
//! # Units
//! nm, ps, kJ/mol, Da, e, radians, everywhere in memory. Readers and writers convert at the border.
//!
//! # Features
//! `xtc` (writing XTC with molly; reading needs none), `npy` (NumPy arrays) and `gzip` are on by
//! default. `xdrfile` adds the C library as a second XTC/TRR backend; it is LGPL and off.

mod align;
mod bonds;
mod build;
mod cell;
mod dataset;
mod element;
mod error;
mod frame;
mod io;
mod prepare;
mod residue_templates;
mod select;
mod superpose;
mod topology;
mod trajectory;

pub use align::{MeanAlignment, MeanStructure, align_to, align_to_mean};
pub use bonds::assign_bonds;
pub use build::{
    BackboneAtoms, ChainPlan, Conformation, ProteinBuilder, ResidueForm, ResiduePlan,
    SideChainConfig, Torsions, Turn, backbone_from_ca, backbone_from_ca_cb, conformation_torsions,
    parse_sequence,
};
pub use cell::Cell;
pub use dataset::{
    Alignment, Backing, Dataset, DatasetConfig, DatasetDescription, Fractions, KCentres, Minibatch,
    Minibatches, Representatives, Source, SourceDescription, Split, SplitMethod, Standardisation,
    k_centres,
};
pub use element::Element;
pub use error::{Error, Place, Result};
pub use frame::Frame;
pub use io::{
    Format, FrameReader, FrameWriter, Written, append, create, open, open_bytes, read_topology,
    read_topology_bytes,
};
pub use prepare::{Gap, Keep, PrepareConfig, PrepareReport, Prepared, ResidueId, prepare};
pub use residue_templates::{ResidueKind, residue_kind, standard_amino_acid};
pub use select::Selection;
pub use superpose::{CentredFrames, Superposition, rmsd, rmsd_from_inner_product, superpose};
pub use topology::{Atom, AtomRecord, Chain, Residue, Topology, TopologyBuilder};
pub use trajectory::Trajectory;
