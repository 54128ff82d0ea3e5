//! Tests of the crate's public face.
mod committee;
mod import;
mod labels;
mod network;
mod potential;
mod refinement;
