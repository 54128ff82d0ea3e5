//! Tests of the crate's public face.
mod labels;
mod network;
