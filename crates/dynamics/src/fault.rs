//! Replicas that broke.

use serde::{Deserialize, Serialize};

/// Why a replica was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum FaultCause {
    /// A position left the range of `f32`, or a velocity became infinite or NaN.
    Position,
    /// The energy was infinite or NaN.
    Energy,
    /// A force was infinite or NaN.
    Force,
    /// Constraints did not converge.
    Constraint,
}

/// A replica that was stopped at its last finite frame while the others went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Index of the replica.
    pub replica: usize,
    /// The step that could not be completed; the frame kept is of the step before.
    pub step: u64,
    /// Why.
    pub cause: FaultCause,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cause = match self.cause {
            FaultCause::Position => "a position or velocity is not finite",
            FaultCause::Energy => "the energy is not finite",
            FaultCause::Force => "a force is not finite",
            FaultCause::Constraint => "the constraints do not converge",
        };
        write!(
            f,
            "replica {} stopped at step {}: {cause}",
            self.replica, self.step
        )
    }
}
