//! Structure and distribution metrics of protein ensembles.
//!
//! Structure metrics are numbers per frame. What depends on the topology alone (which atoms make a φ,
//! which pairs may touch) is worked out once, in a value like [`geometry::Torsions`]; what depends on
//! positions is then a plain function of `&[[f32; 3]]`. [`geometry::map_frames`] runs one over all
//! frames of a trajectory on all threads.
//!
//! Distribution metrics compare two sets of frames: [`comparison::Comparison`] takes all of them at once,
//! with errors, a baseline and a report ([`comparison::Comparison::report`]), and is what
//! `foldscape compare` prints; `docs/compare.png` shows the top of such a report.
//!
//! # Units
//! nm, Da, radians; undefined values are `None`, or NaN in arrays.

pub mod density;
pub mod divergence;
mod error;

pub mod backbone;
pub mod bootstrap;
pub mod chirality;
pub mod clashes;
pub mod comparison;
pub mod contacts;
pub mod dope;
pub mod figure;
pub mod geometry;
pub mod gyration;
pub mod histogram;
pub mod hydrogen_bonds;
pub mod kmeans;
pub mod msm;
pub mod pca;
pub mod ramachandran;
pub mod report;
pub mod rmsd;
pub mod rmsf;
pub mod score;
pub mod secondary_structure;
pub mod statistical_potential;
pub mod surface_area;
pub mod tica;
pub mod vamp;
pub mod wasserstein;

pub use error::{BoxError, Error, Result};
