//! What holds atoms or distances in place.

use serde::{Deserialize, Serialize};

/// ½ k |x − position|².
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PositionalRestraint {
    /// The atom.
    pub atom: usize,
    /// Point of least energy, nm.
    pub position: [f64; 3],
    /// Force constant, kJ/mol/nm².
    pub k: f64,
}

/// A distance that integrators hold fixed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DistanceConstraint {
    /// The two atoms.
    pub atoms: [usize; 2],
    /// Their distance, nm.
    pub length: f64,
}
