//! Tests of the crate's public face.
mod committee;
mod dynamics;
mod import;
mod labels;
mod network;
mod potential;
mod refinement;
