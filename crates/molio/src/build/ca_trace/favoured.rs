//! How common φ and ψ are, roughly: a sum of hills.

use std::f64::consts::PI;

/// Residues that differ in their Ramachandran plot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    General,
    Glycine,
    Proline,
    /// Before a proline.
    PreProline,
}

impl Class {
    pub(super) fn of(name: &str, next: Option<&str>) -> Self {
        match (name, next) {
            ("GLY", _) => Self::Glycine,
            ("PRO", _) => Self::Proline,
            (_, Some("PRO")) => Self::PreProline,
            _ => Self::General,
        }
    }
}

/// Where a hill is (φ, ψ), how wide (φ, ψ; degrees) and how much of all residues it holds.
struct Hill(f64, f64, f64, f64, f64);

// Regions and their rough populations as in the plots of S. C. Lovell et al., Proteins 50, 437 (2003),
// 10.1002/prot.10286: α, bridge, β, polyproline II, left-handed α, γ′.
static GENERAL: [Hill; 6] = [
    Hill(-64.0, -42.0, 9.0, 10.0, 0.42),
    Hill(-85.0, -10.0, 20.0, 20.0, 0.12),
    Hill(-118.0, 132.0, 22.0, 20.0, 0.25),
    Hill(-68.0, 142.0, 14.0, 16.0, 0.15),
    Hill(57.0, 42.0, 9.0, 13.0, 0.03),
    Hill(-120.0, 30.0, 30.0, 40.0, 0.03),
];
static GLYCINE: [Hill; 6] = [
    Hill(-64.0, -40.0, 12.0, 14.0, 0.15),
    Hill(75.0, 20.0, 18.0, 22.0, 0.25),
    Hill(90.0, -5.0, 18.0, 20.0, 0.15),
    Hill(-75.0, 165.0, 25.0, 25.0, 0.15),
    Hill(80.0, -170.0, 30.0, 25.0, 0.15),
    Hill(-160.0, 175.0, 25.0, 25.0, 0.15),
];
static PROLINE: [Hill; 2] = [
    Hill(-63.0, -30.0, 10.0, 14.0, 0.4),
    Hill(-68.0, 148.0, 11.0, 14.0, 0.6),
];
static PRE_PROLINE: [Hill; 4] = [
    Hill(-65.0, -45.0, 10.0, 12.0, 0.1),
    Hill(-70.0, 145.0, 16.0, 16.0, 0.5),
    Hill(-125.0, 110.0, 25.0, 28.0, 0.35),
    Hill(55.0, 50.0, 10.0, 12.0, 0.05),
];

/// −ln of the density of φ, ψ (rad), up to a constant: above 0, at most about 12.
pub(super) fn cost(class: Class, phi: f64, psi: f64) -> f64 {
    /// Density where no hill is, for what is rare but real.
    const FLOOR: f64 = 2e-8;
    let hills: &[Hill] = match class {
        Class::General => &GENERAL,
        Class::Glycine => &GLYCINE,
        Class::Proline => &PROLINE,
        Class::PreProline => &PRE_PROLINE,
    };
    let (phi, psi) = (phi * 180.0 / PI, psi * 180.0 / PI);
    let mut density = FLOOR;
    for &Hill(phi0, psi0, wide, high, share) in hills {
        let x = around(phi - phi0) / wide;
        let y = around(psi - psi0) / high;
        let square = x * x + y * y;
        if square < 40.0 {
            density += share * (-0.5 * square).exp() / (2.0 * PI * wide * high);
        }
    }
    -density.ln() - 6.0
}

/// A difference of angles in degrees, brought to ±180°.
fn around(degrees: f64) -> f64 {
    degrees - 360.0 * (degrees / 360.0).round()
}
