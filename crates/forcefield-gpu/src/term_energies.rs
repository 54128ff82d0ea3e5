//! What an evaluation returns.

use serde::{Deserialize, Serialize};

/// Energy of a conformer by term, kJ/mol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TermEnergies {
    /// Harmonic bonds.
    pub bond: f64,
    /// Harmonic angles.
    pub angle: f64,
    /// Periodic and Ryckaert–Bellemans torsions.
    pub torsion: f64,
    /// Energy correction maps.
    pub cmap: f64,
    /// Lennard-Jones and Coulomb with exceptions, and soft repulsion.
    pub nonbonded: f64,
    /// Generalised Born energy and surface term.
    pub solvation: f64,
    /// Positional restraints.
    pub restraint: f64,
}

impl TermEnergies {
    /// Sum over the terms, kJ/mol.
    pub fn total(&self) -> f64 {
        self.bond
            + self.angle
            + self.torsion
            + self.cmap
            + self.nonbonded
            + self.solvation
            + self.restraint
    }
}
