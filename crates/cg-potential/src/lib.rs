//! Coarse-grained neural potentials: maps from atoms to beads, priors, CGSchNet, force matching.
//!
//! The decision behind this crate: a network is a [`ForceModel`], one flat vector of parameters with
//! forces and the gradient of a force loss. Training sees nothing else of it, so that the definition
//! (plain f64), the fused kernels and committees are trained by the same code.

mod cpu;
mod error;
mod exact;
mod force_model;
mod network;

pub use error::{Error, Result};
pub use force_model::ForceModel;
pub use network::{Activation, BeadTypes, Network, NetworkConfig, RadialBasis, RadialKind, Tensor};
