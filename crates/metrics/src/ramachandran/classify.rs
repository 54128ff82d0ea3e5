//! Which residues of a structure are favored, allowed, outliers.

use super::{RamachandranClass, RamachandranGrids};
use crate::Result;
use crate::backbone::{Backbone, ResidueTorsions, TorsionKind};
use molio::Topology;

/// Where a residue's φ/ψ lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RamachandranScore {
    /// At least 2 % of the reference data lie in less likely places.
    Favored,
    /// At least 0.05 % (general), 0.2 % (cis proline), 0.1 % (others).
    Allowed,
    /// Less.
    Outlier,
}

/// Counts over the residues that have both φ and ψ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RamachandranCounts {
    /// Favored residues.
    pub favored: usize,
    /// Allowed residues.
    pub allowed: usize,
    /// Outliers.
    pub outlier: usize,
}

/// One residue's result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RamachandranResidue {
    /// Residue index.
    pub residue: usize,
    /// Its class in this frame (prolines change theirs with ω).
    pub class: RamachandranClass,
    /// Where it lies.
    pub score: RamachandranScore,
    /// Percentile in [0, 1], if the grids are the original ones.
    pub percentile: Option<f64>,
}

/// One frame's result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RamachandranResult {
    /// Residues with both φ and ψ.
    pub residues: Vec<RamachandranResidue>,
    /// How many lie where.
    pub counts: RamachandranCounts,
}

/// Classifies the residues of a topology, frame by frame.
///
/// Classes are tried in the order glycine, proline (cis if −30° < ω < 30°, ω being that of the
/// peptide bond before it), before proline, isoleucine and valine, general. N, CA and C are enough.
///
/// # References
/// Lovell et al., Proteins 2003, 10.1002/prot.10286; Williams et al., Protein Sci. 2018,
/// 10.1002/pro.3330 (thresholds and Top8000).
#[derive(Clone, Debug)]
pub struct Ramachandran {
    torsions: ResidueTorsions,
    residues: Vec<(usize, Kind)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Proline { previous: usize },
    Other(RamachandranClass),
}

impl Ramachandran {
    /// The residues of `topology` that can have φ and ψ.
    ///
    /// # Errors
    /// None that a topology made by `molio` can cause.
    pub fn new(topology: &Topology) -> Result<Self> {
        let backbone = Backbone::new(topology);
        let torsions = ResidueTorsions::new(
            topology,
            &[TorsionKind::Phi, TorsionKind::Psi, TorsionKind::Omega],
        )?;
        let name = |residue: usize| topology.residues()[residue].name.as_str();
        let residues = (0..topology.n_residues())
            .filter_map(|residue| {
                let (previous, next) = (backbone.previous(residue)?, backbone.next(residue)?);
                let kind = match name(residue) {
                    "GLY" => Kind::Other(RamachandranClass::Glycine),
                    "PRO" => Kind::Proline { previous },
                    _ if name(next) == "PRO" => Kind::Other(RamachandranClass::PreProline),
                    "ILE" | "VAL" => Kind::Other(RamachandranClass::IsoleucineValine),
                    _ => Kind::Other(RamachandranClass::General),
                };
                Some((residue, kind))
            })
            .collect();
        Ok(Self { torsions, residues })
    }

    /// Where each residue lies in one frame. Residues with coordinates that are not finite are left
    /// out, so counts that do not add up to the usual number tell of a broken frame.
    ///
    /// # Errors
    /// A frame with another number of atoms.
    pub fn evaluate(
        &self,
        positions: &[[f32; 3]],
        grids: &RamachandranGrids,
    ) -> Result<RamachandranResult> {
        let values = self.torsions.evaluate(positions)?;
        let n = self.torsions.n_residues();
        let mut result = RamachandranResult::default();
        for &(residue, kind) in &self.residues {
            let phi = f64::from(values[residue]);
            let psi = f64::from(values[n + residue]);
            let class = match kind {
                Kind::Other(class) => class,
                Kind::Proline { previous } => {
                    let omega = f64::from(values[2 * n + previous]);
                    if omega.abs() < 30f64.to_radians() {
                        RamachandranClass::CisProline
                    } else {
                        RamachandranClass::TransProline
                    }
                }
            };
            let Some(score) = grids.classify(class, phi, psi) else {
                continue;
            };
            match score {
                RamachandranScore::Favored => result.counts.favored += 1,
                RamachandranScore::Allowed => result.counts.allowed += 1,
                RamachandranScore::Outlier => result.counts.outlier += 1,
            }
            result.residues.push(RamachandranResidue {
                residue,
                class,
                score,
                percentile: grids.percentile(class, phi, psi),
            });
        }
        Ok(result)
    }
}
