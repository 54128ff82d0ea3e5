//! AMBER force fields with generalised Born solvent, evaluated for batches of conformers.
//!
//! The decision behind this crate: **a force field is data, and the batch is the unit**. A [`System`]
//! holds the parameters of every term of one molecule, wherever they came from; whatever evaluates it
//! takes many conformers of that molecule at a time. [`Reference`] defines the numbers.
//!
//! With the feature `cuda`, which needs no software of NVIDIA's to build, an [`Engine`] on [`Device::Cuda`] evaluates
//! and simulates on a GPU. No GPU has run it yet: its kernels are tested in an emulation.

mod builtin;
mod cpu;
#[cfg(any(feature = "cuda", feature = "emulation"))]
mod cuda;
#[cfg(feature = "candle")]
mod energy_op;
mod engine;
mod error;
mod forcefield;
mod matching;
mod openmm_system;
mod prmtop;
mod reference;
mod subset;
pub mod system;
mod templates;
mod term_energies;
mod terms;
mod torsion_series;
mod xml;

pub use cpu::InstructionSet;
#[cfg(feature = "emulation")]
pub use cuda::Emulation;
#[cfg(feature = "candle")]
pub use energy_op::{EnergyOp, EnergyOpConfig, EnergyTensor};
pub use engine::{Device, Engine, EngineConfig, Evaluation, LaneUse, Nonfinite, Precision};
pub use error::{Error, Result};
pub use forcefield::{ConstrainedBonds, ForceField, Solvent, SystemOptions};
pub use reference::Reference;
pub use subset::{MOLEARN_ATOMS, subset_atoms};
pub use system::System;
pub use term_energies::TermEnergies;
