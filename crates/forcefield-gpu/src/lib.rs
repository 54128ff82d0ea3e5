//! AMBER force fields with generalised Born solvent, evaluated for batches of conformers.
//!
//! The decision behind this crate: **a force field is data, and the batch is the unit**. A [`System`]
//! holds the parameters of every term of one molecule, wherever they came from; whatever evaluates it
//! takes many conformers of that molecule at a time.

mod error;
pub mod system;

pub use error::{Error, Result};
pub use system::System;
