//! How likely backbone torsions are.

use std::f64::consts::{PI, TAU};

/// Kinds of residue with Ramachandran maps of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    General,
    Glycine,
    Proline,
}

impl Kind {
    pub(super) fn of(residue: &str) -> Self {
        match molio::standard_amino_acid(residue) {
            Some("GLY") => Self::Glycine,
            Some("PRO") => Self::Proline,
            _ => Self::General,
        }
    }

    /// Mean angle N–CA–C, degrees (Engh and Huber).
    pub(super) fn tau(self) -> f64 {
        match self {
            Self::General => 111.0,
            Self::Glycine => 112.5,
            Self::Proline => 111.8,
        }
    }

    fn basins(self) -> &'static [Basin] {
        match self {
            Self::General => &GENERAL,
            Self::Glycine => &GLYCINE,
            Self::Proline => &PROLINE,
        }
    }
}

/// A share of residues around a centre: share, φ, ψ, their spreads; degrees.
type Basin = [f64; 5];

/// Centres of the well-known basins (right-handed helix, sheet, polyproline II, bridge, left-handed
/// helix), with rounded shares and spreads; a coarse prior, not a fit.
const GENERAL: [Basin; 5] = [
    [0.42, -64.0, -41.0, 14.0, 14.0],
    [0.27, -118.0, 133.0, 25.0, 22.0],
    [0.18, -68.0, 145.0, 14.0, 18.0],
    [0.08, -92.0, 0.0, 20.0, 22.0],
    [0.03, 57.0, 42.0, 12.0, 14.0],
];

/// Symmetric but for the left-handed half, which glycine fills where others cannot.
const GLYCINE: [Basin; 6] = [
    [0.20, -65.0, -38.0, 16.0, 18.0],
    [0.24, 72.0, 28.0, 20.0, 24.0],
    [0.12, 90.0, 0.0, 18.0, 20.0],
    [0.16, -75.0, 165.0, 22.0, 25.0],
    [0.14, 85.0, -170.0, 22.0, 25.0],
    [0.14, 180.0, 180.0, 30.0, 25.0],
];

const PROLINE: [Basin; 3] = [
    [0.38, -61.0, -33.0, 10.0, 18.0],
    [0.54, -67.0, 147.0, 11.0, 16.0],
    [0.06, -80.0, 70.0, 14.0, 25.0],
];

/// Share that is spread over the whole map, so that nothing is impossible.
const ANYWHERE: f64 = 0.01;

/// −ln of the density (per square radian) of (φ, ψ), rad.
pub(super) fn minus_log_density(kind: Kind, phi: f64, psi: f64) -> f64 {
    let mut density = ANYWHERE / (TAU * TAU);
    for [share, centre_phi, centre_psi, spread_phi, spread_psi] in kind.basins() {
        let a = difference(phi, centre_phi.to_radians()) / spread_phi.to_radians();
        let b = difference(psi, centre_psi.to_radians()) / spread_psi.to_radians();
        let norm = TAU * spread_phi.to_radians() * spread_psi.to_radians();
        density += share / norm * (-0.5 * (a * a + b * b)).exp();
    }
    -density.ln()
}

/// a − b within half a turn.
fn difference(a: f64, b: f64) -> f64 {
    (a - b + PI).rem_euclid(TAU) - PI
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn densities_integrate_to_one_and_favour_l_residues() {
        for kind in [Kind::General, Kind::Glycine, Kind::Proline] {
            let n = 180;
            let step = TAU / f64::from(n);
            let mut total = 0.0;
            for i in 0..n {
                for j in 0..n {
                    let (phi, psi) = (f64::from(i) * step, f64::from(j) * step);
                    total += (-minus_log_density(kind, phi, psi)).exp() * step * step;
                }
            }
            let shares: f64 = kind.basins().iter().map(|b| b[0]).sum();
            assert!((total - shares - ANYWHERE).abs() < 1e-3, "{kind:?} {total}");
        }
        let helix = |sign: f64| {
            let (phi, psi) = ((-63.0_f64).to_radians(), (-42.0_f64).to_radians());
            minus_log_density(Kind::General, sign * phi, sign * psi)
        };
        assert!(helix(-1.0) - helix(1.0) > 2.0);
        assert_eq!(Kind::of("NPRO"), Kind::Proline);
    }
}
