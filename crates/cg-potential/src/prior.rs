//! Prior energies: simple terms that keep a coarse-grained chain whole where no data teach the network.

mod angle_fit;
mod beads;
mod convention;
mod dihedral_fit;
mod energy;
mod fit;
mod geometry;
mod histogram;
mod terms;

pub use beads::{BeadGraph, bead_type};
pub use convention::{AngleForm, Convention, DihedralConfig, PriorConfig, RepulsionConfig, Wall};
pub use fit::{FittedCurve, PriorFit};
pub use terms::{Angle, AngleTerm, Dihedral, DihedralTerm, FourierTerm, PairInteraction, PairTerm};

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// All prior terms of one bead system, already resolved to bead indices.
///
/// Exclusions are applied when the list of pairs is made: what is not listed does not interact.
/// Energies are sums of [`PairTerm`], [`AngleTerm`] and [`DihedralTerm`]; constants that do not change
/// forces are left out.
///
/// # Examples
/// Two beads on a spring of k = 10,000 kJ/mol/nm², stretched by 0.01 nm: ½·10⁴·10⁻⁴ = 0.5 kJ/mol.
/// ```
/// use cg_potential::{PairInteraction, PairTerm, Priors};
///
/// let term = PairTerm::Harmonic { length: 0.38, k: 1e4 };
/// let spring = PairInteraction { beads: [0, 1], term };
/// let priors = Priors::new(2, vec![spring], vec![], vec![])?;
/// let mut forces = [[0.0; 3]; 2];
/// let energy = priors.energy_forces(&[[0.0; 3], [0.39, 0.0, 0.0]], &mut forces);
/// assert!((energy - 0.5).abs() < 1e-4 && (forces[0][0] - 100.0).abs() < 1e-2);
/// # Ok::<(), cg_potential::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Lists", into = "Lists")]
pub struct Priors {
    n_beads: usize,
    pairs: Vec<PairInteraction>,
    angles: Vec<Angle>,
    dihedrals: Vec<Dihedral>,
}

/// What is written to files; read back through [`Priors::new`], which checks it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    n_beads: usize,
    pairs: Vec<PairInteraction>,
    angles: Vec<Angle>,
    dihedrals: Vec<Dihedral>,
}

impl TryFrom<Lists> for Priors {
    type Error = Error;

    fn try_from(lists: Lists) -> Result<Self> {
        Self::new(lists.n_beads, lists.pairs, lists.angles, lists.dihedrals)
    }
}

impl From<Priors> for Lists {
    fn from(priors: Priors) -> Self {
        Self {
            n_beads: priors.n_beads,
            pairs: priors.pairs,
            angles: priors.angles,
            dihedrals: priors.dihedrals,
        }
    }
}

impl Priors {
    /// Checks and keeps the terms.
    ///
    /// # Errors
    /// [`Error::Setting`] for a bead that does not exist or stands twice in a term, a constant that is
    /// negative or not finite.
    pub fn new(
        n_beads: usize,
        pairs: Vec<PairInteraction>,
        angles: Vec<Angle>,
        dihedrals: Vec<Dihedral>,
    ) -> Result<Self> {
        for pair in &pairs {
            check_beads(n_beads, &pair.beads)?;
            pair.term.validate()?;
        }
        for angle in &angles {
            check_beads(n_beads, &angle.beads)?;
            angle.term.validate()?;
        }
        for dihedral in &dihedrals {
            check_beads(n_beads, &dihedral.beads)?;
            dihedral.term.validate()?;
        }
        Ok(Self {
            n_beads,
            pairs,
            angles,
            dihedrals,
        })
    }

    /// Number of beads of the system.
    pub fn n_beads(&self) -> usize {
        self.n_beads
    }

    /// Terms of two beads: bonds and repulsion. They depend on distances alone and can be tabulated.
    pub fn pairs(&self) -> &[PairInteraction] {
        &self.pairs
    }

    /// Terms of three beads.
    pub fn angles(&self) -> &[Angle] {
        &self.angles
    }

    /// Terms of four beads, the only ones that tell a structure from its mirror image.
    pub fn dihedrals(&self) -> &[Dihedral] {
        &self.dihedrals
    }

    /// Whether mirror images have different energies.
    ///
    /// A network of distances cannot tell them apart; without a chiral term in the prior it samples
    /// both hands equally.
    pub fn is_chiral(&self) -> bool {
        self.dihedrals.iter().any(|d| d.term.is_chiral())
    }
}

fn check_beads(n_beads: usize, beads: &[usize]) -> Result<()> {
    let twice = (1..beads.len()).any(|i| beads[..i].contains(&beads[i]));
    if twice || beads.iter().any(|&bead| bead >= n_beads) {
        let expected = format!("different beads below {n_beads}");
        return Err(Error::setting("prior term", expected, format!("{beads:?}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
