//! Active learning of coarse-grained potentials.
//!
//! A campaign runs: train, simulate, select, backmap, ask an oracle, project, merge, retrain, measure.
//! This crate holds the traits of its replaceable parts: [`Oracle`], [`Selector`], [`Model`]. The
//! campaign itself and the shipped implementations are not here yet.

mod model;
mod oracle;
mod selector;

pub use dynamics::BoxError;
pub use model::Model;
pub use oracle::{Label, Oracle};
pub use selector::Selector;
