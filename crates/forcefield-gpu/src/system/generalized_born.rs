//! Implicit solvent by generalised Born models.

use serde::{Deserialize, Serialize};

/// A generalised Born model and its parameters.
///
/// Born radii come from a sum over pairs (Hawkins, Cramer & Truhlar, J. Phys. Chem. 1996, 100, 19824,
/// DOI 10.1021/jp961710n), the energy from Still's formula; both as in OpenMM's `CustomGBForce` of
/// `implicit/*.xml`, not as in its `GBSAOBCForce`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GeneralizedBorn {
    /// How Born radii follow from the pair sums.
    pub model: BornModel,
    /// One entry an atom.
    pub particles: Vec<BornParticle>,
    /// Dielectric constant of the solute, usually 1.
    pub solute_dielectric: f64,
    /// Dielectric constant of the solvent, 78.5 for water.
    pub solvent_dielectric: f64,
    /// Inverse Debye length of the salt, 1/nm; 0 without salt.
    pub kappa: f64,
    /// Non-polar surface term.
    pub surface: SurfaceTerm,
    /// Pairs beyond this distance (nm) do not count; the pair energy is shifted by 1/cutoff.
    pub cutoff: Option<f64>,
}

impl GeneralizedBorn {
    /// e²/(4πε₀) in kJ·nm/mol/e², as OpenMM's GB models have it;
    /// [another value](super::Nonbonded::COULOMB) than that of its non-bonded force.
    pub const COULOMB: f64 = 138.935_485;
}

/// Parameters of an atom in the solvent model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BornParticle {
    /// Charge, e.
    pub charge: f64,
    /// Intrinsic radius ρ, nm, before [`BornModel::offset`] is subtracted.
    pub radius: f64,
    /// Factor on the offset radius when this atom screens others; may be negative (sulphur in GBn2).
    pub screen: f64,
    /// α, β, γ of GBn2; unused by the other models, which have their own constants.
    pub alpha_beta_gamma: [f64; 3],
}

/// The five models of AMBER's `igb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BornModel {
    /// Hawkins, Cramer & Truhlar (`igb = 1`).
    Hct,
    /// Onufriev, Bashford & Case, set I (`igb = 2`), Proteins 2004, 55, 383, DOI 10.1002/prot.20033.
    Obc1,
    /// Onufriev, Bashford & Case, set II (`igb = 5`).
    Obc2,
    /// With neck correction (`igb = 7`): Mongan et al., J. Chem. Theory Comput. 2007, 3, 156,
    /// DOI 10.1021/ct600085e.
    Gbn,
    /// Neck correction and parameters by element (`igb = 8`): Nguyen, Roe & Simmerling,
    /// J. Chem. Theory Comput. 2013, 9, 2020, DOI 10.1021/ct3010485.
    Gbn2,
}

impl BornModel {
    /// What is subtracted from an intrinsic radius to give the offset radius, nm.
    pub fn offset(self) -> f64 {
        match self {
            Self::Hct | Self::Obc1 | Self::Obc2 | Self::Gbn => 0.009,
            Self::Gbn2 => 0.019_514_1,
        }
    }

    /// α, β, γ of the radius; zero for HCT, which has none.
    pub(crate) fn alpha_beta_gamma(self, particle: &BornParticle) -> [f64; 3] {
        match self {
            Self::Hct => [0.0; 3],
            Self::Obc1 => [0.8, 0.0, 2.909125],
            Self::Obc2 => [1.0, 0.8, 4.85],
            Self::Gbn => [1.09511284, 1.907992938, 2.50798245],
            Self::Gbn2 => particle.alpha_beta_gamma,
        }
    }

    /// Factor on the neck integral, for the models that have one.
    pub fn neck_scale(self) -> Option<f64> {
        match self {
            Self::Hct | Self::Obc1 | Self::Obc2 => None,
            Self::Gbn => Some(0.361_825),
            Self::Gbn2 => Some(0.826_836),
        }
    }
}

/// Non-polar part of the solvation energy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SurfaceTerm {
    /// None.
    None,
    /// Σᵢ 28.3919551 (ρᵢ + 0.14)² (ρᵢ/Bᵢ)⁶ (Schaefer & Karplus, J. Phys. Chem. 1996, 100, 1578,
    /// DOI 10.1021/jp9521621), OpenMM's default.
    #[default]
    Ace,
}
