//! Active learning of coarse-grained potentials.
//!
//! A [`Campaign`] runs rounds: simulate the model, keep implausible frames out, select, backmap, ask an
//! oracle, retrain, measure, accept or reject. Every part is a trait of at most three required methods
//! that a user implements in a crate of their own: [`Model`], [`Gate`], [`Selector`], [`Backmapper`],
//! [`Oracle`], [`Judge`].
//!
//! The decision behind this crate: **a campaign is a folder**. Whatever enters or leaves a stage is a
//! file that is written whole or not at all, stages read what they need from there, and the same
//! command goes on where the files end. Nothing is kept in memory that a killed program would lose.

mod backmap;
mod backmapper;
mod campaign;
mod error;
mod gate;
mod judge;
mod md_oracle;
mod model;
mod oracle;
mod selector;
mod selectors;
mod space;
mod vector;

pub use backmap::{AtomBuilder, BackmapConfig, ProteinBackmapper, StructureFaults, StructureRules};
pub use backmapper::{Backmapped, Backmapper};
pub use campaign::{
    Attempt, AttemptSummary, Budget, Campaign, CampaignConfig, Ending, Event, Parts, RoundCoverage,
    RoundSummary, Stage, Summary, Verdict, Worsened, unnamed_beads,
};
pub use dynamics::BoxError;
pub use error::{Error, Result};
pub use gate::{ChainGate, ChainLimits, Gate, Implausible};
pub use judge::{Judge, Measure};
pub use md_oracle::{
    Annealing, LaunchFunction, MdOracle, MdOracleConfig, MdSetup, OracleSimulation, Phase,
    ProjectFunction, Sampling, SharedPotential,
};
pub use model::{Fit, Model};
pub use oracle::{Label, Oracle};
pub use selector::Selector;
pub use selectors::{
    Choice, FarthestFirst, FarthestRanked, RandomChoice, Ranked, Score, SparseRegions,
    committee_force_deviation,
};
pub use space::{Coverage, FeatureMap, Space, coverage};
