//! How priors are fitted: this crate's way, and the ways of others by name.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Whose way of histograms, Jacobians, weights and ranges a fit follows.
///
/// | | ranges | Jacobian | weights of bins |
/// |---|---|---|---|
/// | `foldscape` | from the data | yes | harmonic terms by mean and variance, walls by a quantile, dihedrals by their statistical error |
/// | `torchmd` | bonds 3.55–4.2 Å, contacts 3–6 Å, fixed | yes | equal, empty bins dropped |
/// | `mlcg` | bonds 0–6 Å, cos θ −1.1–1.1, fixed | no | equal, empty and flat bins dropped |
/// | `ucsc` | bonds 0–30 Å in 0.01 Å, contacts 3–6 Å, fixed | yes | equal, empty bins dropped |
///
/// # References
/// The peers' code: torchmd/torchmd-cg `utils/prior_fit.py`, ClementiGroup/mlcg
/// `geometry/statistics.py`, BioMedAI-UCSC/CGML_Modules `prior.py`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Convention {
    /// This crate's: works for any bead system.
    #[default]
    Foldscape,
    /// As torchmd-cg, with the terms of Majewski et al. (2023), 10.1038/s41467-023-41343-1.
    Torchmd,
    /// As mlcg and its tool kit for CA beads.
    Mlcg,
    /// As the modules of the UCSC group, prior `CA_lj_angle_dihedral`.
    Ucsc,
}

/// The form of the angle terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AngleForm {
    /// No angle terms.
    None,
    /// Harmonic in θ.
    Harmonic,
    /// Harmonic in cos θ.
    Cosine,
    /// A quartic of cos θ, which may have two wells; harmonic in cos θ where a quartic would fall beyond the data.
    Quartic,
}

/// Fourier terms of dihedrals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DihedralConfig {
    /// Waves n = 1 … `terms`; 0 for no dihedral terms.
    pub terms: u32,
    /// Factor on the fitted energy.
    pub scale: f64,
    /// One fit for each quadruple of types, or one for all.
    pub per_type: bool,
}

/// The form of the repulsion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wall {
    /// No repulsion.
    None,
    /// B/r⁶.
    R6,
    /// B/r¹².
    R12,
    /// 4ε[(σ/r)¹² − (σ/r)⁶].
    Lj,
}

/// Repulsion of beads that no bond, angle or dihedral joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepulsionConfig {
    /// Its form.
    pub wall: Wall,
    /// Pairs up to so many bonds apart have none.
    pub exclude_bonds: usize,
}

/// Which terms a prior has, and how they are fitted.
///
/// Read from a configuration, settings that are left out are those of the convention.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Settings")]
pub struct PriorConfig {
    /// Histograms, Jacobians, ranges.
    pub convention: Convention,
    /// Angle terms.
    pub angles: AngleForm,
    /// Dihedral terms.
    pub dihedrals: DihedralConfig,
    /// Repulsion.
    pub repulsion: RepulsionConfig,
    /// Bins with fewer counts are not used.
    pub min_count: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    convention: Convention,
    angles: Option<AngleForm>,
    dihedrals: Option<DihedralConfig>,
    repulsion: Option<RepulsionConfig>,
    min_count: Option<u64>,
}

impl From<Settings> for PriorConfig {
    fn from(settings: Settings) -> Self {
        let usual = Self::named(settings.convention);
        Self {
            convention: settings.convention,
            angles: settings.angles.unwrap_or(usual.angles),
            dihedrals: settings.dihedrals.unwrap_or(usual.dihedrals),
            repulsion: settings.repulsion.unwrap_or(usual.repulsion),
            min_count: settings.min_count.unwrap_or(usual.min_count),
        }
    }
}

impl Default for PriorConfig {
    fn default() -> Self {
        Self::named(Convention::default())
    }
}

impl PriorConfig {
    /// The terms that go with a convention.
    pub fn named(convention: Convention) -> Self {
        let dihedrals = |terms, scale, per_type| DihedralConfig {
            terms,
            scale,
            per_type,
        };
        let repulsion = |wall, exclude_bonds| RepulsionConfig {
            wall,
            exclude_bonds,
        };
        let (angles, dihedrals, repulsion, min_count) = match convention {
            Convention::Foldscape => (
                AngleForm::Harmonic,
                dihedrals(3, 1.0, true),
                repulsion(Wall::R12, 2),
                5,
            ),
            Convention::Torchmd => (
                AngleForm::None,
                dihedrals(2, 0.5, false),
                repulsion(Wall::R6, 1),
                1,
            ),
            Convention::Mlcg => (
                AngleForm::Cosine,
                dihedrals(3, 1.0, true),
                repulsion(Wall::R6, 3),
                1,
            ),
            Convention::Ucsc => (
                AngleForm::Harmonic,
                dihedrals(2, 1.0, false),
                repulsion(Wall::R6, 3),
                1,
            ),
        };
        Self {
            convention,
            angles,
            dihedrals,
            repulsion,
            min_count,
        }
    }

    pub(super) fn validate(&self) -> Result<()> {
        let DihedralConfig { terms, scale, .. } = self.dihedrals;
        if terms > 6 {
            return Err(Error::setting("dihedral terms", "0 to 6", terms));
        }
        if !(scale.is_finite() && scale >= 0.0) {
            return Err(Error::setting("dihedral scale", "0 or above", scale));
        }
        Ok(())
    }
}
