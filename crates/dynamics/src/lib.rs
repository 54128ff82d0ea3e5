//! Simulation of any potential in batches of replicas: what all-atom and coarse-grained dynamics
//! share, written once.
//!
//! The decision behind this crate: **the batch is the unit**. A [`Potential`] is evaluated for many
//! conformers of one system at a time, laid out so that SIMD lanes hold conformers ([`Batch`]); a
//! [`Propagator`] advances many replicas. Whoever consumes dynamics (oracles, training, the command
//! line) sees a [`Propagator`] only and does not know whether it runs here, on a GPU, or in another
//! program.

mod batch;
mod checkpoint;
mod constraints;
mod cpu;
mod error;
mod exchange;
mod fault;
mod integrator;
mod mass;
mod minimise;
mod potential;
mod propagator;
pub mod random;
mod simulation;
mod state;
mod stepper;

pub use batch::{Batch, BlockMut, LANES, Lanes};
pub use checkpoint::write_atomically;
pub use constraints::Constraint;
pub use error::{Error, Result};
pub use exchange::{ExchangeCounts, ReplicaExchange};
pub use fault::{Fault, FaultCause};
pub use integrator::Integrator;
pub use mass::repartition_hydrogen_mass;
pub use minimise::{MinimiseConfig, Minimised, Outcome, minimise};
pub use potential::{BoxError, Energies, Potential, Scratch};
pub use propagator::Propagator;
pub use simulation::{BOLTZMANN, Replica, ReplicaState, Simulation, SimulationConfig};
pub use stepper::{ReplicaStepper, ReplicaSteps};
