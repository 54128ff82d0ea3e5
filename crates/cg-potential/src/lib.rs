//! Coarse-grained neural potentials: maps from atoms to beads, priors, CGSchNet, force matching.
//!
//! The decision behind this crate: a network is a [`ForceModel`], one flat vector of parameters with
//! forces and the gradient of a force loss. Training sees nothing else of it, so that the definition
//! (plain f64), the fused kernels and committees are trained by the same code.

mod committee;
mod cpu;
mod data;
mod error;
mod exact;
mod force_model;
mod inference;
mod map;
mod model;
mod network;
mod potential;
mod prior;
mod refinement;
mod trainer;

pub use committee::Committee;
pub use data::{
    ForceData, ForceSplit, NoiseFloor, NoiseFloorConfig, SplitConfig, Virial, VirialBalance,
};
pub use error::{Error, Result};
pub use force_model::ForceModel;
pub use map::{
    BeadDefinition, CgMap, ConstraintGroups, ForceMap, ForceMapKind, ForceMoments, Mapping,
    NoiseMap,
};
pub use model::CgModel;
pub use network::{Activation, BeadTypes, Network, NetworkConfig, RadialBasis, RadialKind, Tensor};
pub use potential::CgPotential;
pub use prior::{
    Angle, AngleForm, AngleTerm, BeadGraph, Convention, Dihedral, DihedralConfig, DihedralTerm,
    FittedCurve, FourierTerm, PairInteraction, PairTerm, PriorConfig, PriorFit, Priors,
    RepulsionConfig, Wall, bead_type,
};
pub use refinement::{Refinement, RefinementConfig, RefinementLadder, RefinementRecord};
pub use trainer::{
    Checkpoint, Decay, DecoyConfig, DenoisingConfig, EnergyConfig, EnergyTarget, EpochRecord,
    Exact, ForceTrainer, RunHeader, RunProgress, Schedule, TrainerConfig, TrainingEvent,
    TrainingOutcome, TrainingSet,
};
