//! Simulation of any potential in batches of replicas: what all-atom and coarse-grained dynamics
//! share, written once.
//!
//! The decision behind this crate: **the batch is the unit**. A [`Potential`] is evaluated for many
//! conformers of one system at a time, laid out so that SIMD lanes hold conformers ([`Batch`]); a
//! [`Propagator`] advances many replicas. Whoever consumes dynamics (oracles, training, the command
//! line) sees a [`Propagator`] only and does not know whether it runs here, on a GPU, or in another
//! program.

mod batch;
mod potential;
mod propagator;

pub use batch::{Batch, LANES, Lanes};
pub use potential::{BoxError, Energies, Potential};
pub use propagator::Propagator;
