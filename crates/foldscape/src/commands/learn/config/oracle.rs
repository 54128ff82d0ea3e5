//! How the oracle simulates.

use crate::device::DeviceName;
use active_learning::Sampling;
use serde::{Deserialize, Serialize};

/// All-atom simulations that label.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::commands::learn) struct OracleConfig {
    /// `free`, `mean-force`, or `mean-force-then-free`.
    pub(in crate::commands::learn) kind: Sampling,
    /// Heat before that.
    pub(in crate::commands::learn) annealing: Option<AnnealingConfig>,
    /// Time in which all but the beads relaxes.
    pub(in crate::commands::learn) equilibration_ps: f64,
    /// Free simulations: time after the beads are let go, before the first label.
    #[serde(default)]
    pub(in crate::commands::learn) release_ps: f64,
    /// Free simulations: force constant (kJ/mol/nm²) of springs from the beads to where they were let go; without
    /// it they drift to where they belong, and friction takes from their forces what they drift for.
    pub(in crate::commands::learn) tether: Option<f64>,
    /// Time in which forces are recorded.
    pub(in crate::commands::learn) length_ps: f64,
    /// Between records.
    pub(in crate::commands::learn) save_ps: f64,
    /// Mean forces: blocks for the standard error.
    #[serde(default = "super::ten")]
    pub(in crate::commands::learn) blocks: usize,
    /// ps
    #[serde(default = "oracle_time_step")]
    pub(in crate::commands::learn) time_step: f64,
    /// Of Langevin-middle dynamics, 1/ps.
    #[serde(default = "super::friction")]
    pub(in crate::commands::learn) friction: f64,
    /// Da
    #[serde(default = "hydrogen_mass")]
    pub(in crate::commands::learn) hydrogen_mass: f64,
    /// Frames at a time.
    #[serde(default = "batch")]
    pub(in crate::commands::learn) batch: usize,
    /// `cpu`, `cuda`, `cuda:N`, or `auto`.
    #[serde(default)]
    pub(in crate::commands::learn) device: DeviceName,
}

/// Simulation from a high temperature down to the system's.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::commands::learn) struct AnnealingConfig {
    /// K, at its start.
    pub(in crate::commands::learn) temperature: f64,
    pub(in crate::commands::learn) ps: f64,
    /// Whether the beads stay where they are. Free, they wander into basins that the model may not know of.
    #[serde(default = "held", skip_serializing_if = "is_true")]
    pub(in crate::commands::learn) held: bool,
}

fn held() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_true(flag: &bool) -> bool {
    *flag
}

fn batch() -> usize {
    32
}

fn oracle_time_step() -> f64 {
    0.004
}

fn hydrogen_mass() -> f64 {
    4.0
}
