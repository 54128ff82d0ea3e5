//! Coarse-grained neural potentials: maps from atoms to beads, priors, CGSchNet, force matching.
//!
//! This crate has no content yet.
