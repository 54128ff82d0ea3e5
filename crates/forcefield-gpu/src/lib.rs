//! AMBER force fields with generalised Born solvent, evaluated for batches of conformers.
//!
//! The decision behind this crate: **a force field is data, and the batch is the unit**. A [`System`]
//! holds the parameters of every term of one molecule, wherever they came from; whatever evaluates it
//! takes many conformers of that molecule at a time. [`Reference`] defines the numbers.

mod cpu;
mod engine;
mod error;
mod reference;
pub mod system;
mod term_energies;
mod terms;

pub use cpu::InstructionSet;
pub use engine::{Device, Engine, EngineConfig, Evaluation, LaneUse, Nonfinite};
pub use error::{Error, Result};
pub use reference::Reference;
pub use system::System;
pub use term_energies::TermEnergies;
