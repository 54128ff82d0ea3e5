//! Energies and forces for simulation: tabulated filters, matrix products over replicas.

mod evaluate;
mod table;

pub(crate) use evaluate::{Evaluation, Evaluator};
