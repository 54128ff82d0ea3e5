//! Energies and forces for simulation: tabulated filters, matrix products over replicas, prior pairs of
//! sixteen replicas at once.

mod evaluate;
mod neighbours;
mod pairs;
mod table;

pub(crate) use evaluate::{Evaluation, Evaluator};
pub(crate) use neighbours::NeighbourList;
pub(crate) use pairs::LanePairs;
