//! The parameters of every term of one molecule.
//!
//! Units: nm, kJ/mol, rad, e, Da. Formulas and parameter names are OpenMM's, so that what OpenMM sets up
//! can be written down here without loss.

mod bonded;
mod generalized_born;
mod nonbonded;
mod restraint;
mod validate;

pub use bonded::{
    Cmap, CmapGrid, CmapTorsion, HarmonicAngle, HarmonicBond, PeriodicTorsion,
    RyckaertBellemansTorsion,
};
pub use generalized_born::{BornModel, BornParticle, GeneralizedBorn, SurfaceTerm};
pub use nonbonded::{
    Nonbonded, NonbondedException, NonbondedMethod, NonbondedParticle, SoftForm, SoftRepulsion,
};
pub use restraint::{DistanceConstraint, PositionalRestraint};

use crate::Result;
use serde::{Deserialize, Serialize};

/// A molecule's force field, term by term.
///
/// Fields are plain data and public: fill what the molecule has, leave the rest empty, and call
/// [`System::validate`], which every consumer of a system does as well.
///
/// # Examples
/// ```
/// use forcefield_gpu::System;
/// use forcefield_gpu::system::HarmonicBond;
///
/// let mut system = System::new(vec![12.011, 1.008]);
/// system.bonds.push(HarmonicBond { atoms: [0, 1], length: 0.109, k: 284_512.0 });
/// system.validate().unwrap();
///
/// system.bonds[0].atoms[1] = 7;
/// let message = system.validate().unwrap_err().to_string();
/// assert_eq!(message, "bond 0: refers to atom 7, but the system has 2 atoms");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct System {
    /// Atomic masses, Da; zero for particles that integrators do not move.
    pub masses: Vec<f64>,
    /// Harmonic bonds.
    pub bonds: Vec<HarmonicBond>,
    /// Harmonic angles.
    pub angles: Vec<HarmonicAngle>,
    /// Periodic torsions, proper and improper; several entries for one quadruple add up.
    pub torsions: Vec<PeriodicTorsion>,
    /// Ryckaert–Bellemans torsions.
    pub ryckaert_bellemans_torsions: Vec<RyckaertBellemansTorsion>,
    /// Energy correction maps over pairs of torsions.
    pub cmap: Cmap,
    /// Lennard-Jones and Coulomb.
    pub nonbonded: Option<Nonbonded>,
    /// Implicit solvent.
    pub generalized_born: Option<GeneralizedBorn>,
    /// A bounded repulsion of all pairs, in place of [`System::nonbonded`] where structures may clash.
    pub soft_repulsion: Option<SoftRepulsion>,
    /// Harmonic restraints to points in space.
    pub restraints: Vec<PositionalRestraint>,
    /// Atoms that integrators and minimisers do not move. Energies and forces do not depend on this list.
    pub frozen: Vec<usize>,
    /// Distances that integrators hold fixed. Energies and forces do not depend on them.
    pub constraints: Vec<DistanceConstraint>,
}

impl System {
    /// A system of atoms with these masses (Da) and no terms.
    pub fn new(masses: Vec<f64>) -> Self {
        Self {
            masses,
            ..Self::default()
        }
    }

    /// Number of atoms.
    pub fn n_atoms(&self) -> usize {
        self.masses.len()
    }

    /// Checks every index and parameter.
    ///
    /// # Errors
    /// The first entry that is wrong, with the kind of term and its index.
    pub fn validate(&self) -> Result<()> {
        validate::system(self)
    }
}
