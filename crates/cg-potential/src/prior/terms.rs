//! The forms of prior terms: each formula and its derivative, once.

use super::geometry::wrap;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// An energy of one distance r (nm).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PairTerm {
    /// ½k(r − r₀)². Peers write k(r − r₀)²: their k is half of this one.
    Harmonic {
        /// r₀ in nm.
        length: f64,
        /// k in kJ/mol/nm².
        k: f64,
    },
    /// B/rⁿ.
    Repulsion {
        /// B in kJ/mol·nmⁿ.
        coefficient: f64,
        /// n; 6 and 12 are usual.
        power: u8,
    },
    /// 4ε[(σ/r)¹² − (σ/r)⁶].
    LennardJones {
        /// σ in nm.
        sigma: f64,
        /// ε in kJ/mol.
        epsilon: f64,
    },
}

impl PairTerm {
    /// Energy (kJ/mol) and its derivative (kJ/mol/nm) at distance `r` (nm).
    ///
    /// # Examples
    /// ```
    /// use cg_potential::PairTerm;
    /// let wall = PairTerm::Repulsion { coefficient: 1.0, power: 6 };
    /// assert_eq!(wall.value_slope(0.5), (64.0, -768.0));
    /// ```
    pub fn value_slope(&self, r: f64) -> (f64, f64) {
        match *self {
            Self::Harmonic { length, k } => {
                let stretch = r - length;
                (0.5 * k * stretch * stretch, k * stretch)
            }
            Self::Repulsion { coefficient, power } => {
                let value = coefficient * r.powi(-i32::from(power));
                (value, -f64::from(power) * value / r)
            }
            Self::LennardJones { sigma, epsilon } => {
                let sixth = (sigma / r).powi(6);
                let value = 4.0 * epsilon * sixth * (sixth - 1.0);
                (value, -24.0 * epsilon * sixth * (2.0 * sixth - 1.0) / r)
            }
        }
    }

    pub(super) fn validate(&self) -> Result<()> {
        match *self {
            Self::Harmonic { length, k } => {
                positive("bond length", length)?;
                positive("bond constant", k)
            }
            Self::Repulsion { coefficient, power } => {
                positive("repulsion coefficient", coefficient)?;
                if (1..=24).contains(&power) {
                    return Ok(());
                }
                Err(Error::setting("repulsion power", "1 to 24", power))
            }
            Self::LennardJones { sigma, epsilon } => {
                positive("Lennard-Jones sigma", sigma)?;
                positive("Lennard-Jones epsilon", epsilon)
            }
        }
    }
}

/// Two beads and their term.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairInteraction {
    /// The beads.
    pub beads: [usize; 2],
    /// The energy of their distance.
    pub term: PairTerm,
}

/// An energy of an angle θ.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum AngleTerm {
    /// ½k(θ − θ₀)².
    Harmonic {
        /// θ₀ in rad.
        angle: f64,
        /// k in kJ/mol/rad².
        k: f64,
    },
    /// ½k(cos θ − c₀)²: smooth where the beads stand in line.
    Cosine {
        /// c₀.
        cosine: f64,
        /// k in kJ/mol.
        k: f64,
    },
    /// Σ aₙ cosⁿ θ, n = 1 … 4: up to two wells, as chains have that are helices in one state and strands in
    /// another.
    Quartic {
        /// a₁ … a₄ in kJ/mol, the last one positive.
        coefficients: [f64; 4],
    },
}

impl AngleTerm {
    /// Energy (kJ/mol) and its derivative by cos θ (kJ/mol) at cos θ = `cosine`.
    pub fn value_slope(&self, cosine: f64) -> (f64, f64) {
        match *self {
            Self::Harmonic { angle, k } => {
                let theta = cosine.clamp(-1.0, 1.0).acos();
                // dθ/dcos θ = −1/sin θ; beads in line have no direction to be pushed in, and a bound
                // keeps the force of nearly such beads finite
                let sine = theta.sin().max(1e-6);
                let bend = theta - angle;
                (0.5 * k * bend * bend, -k * bend / sine)
            }
            Self::Cosine { cosine: rest, k } => {
                let bend = cosine - rest;
                (0.5 * k * bend * bend, k * bend)
            }
            Self::Quartic {
                coefficients: [a, b, c, d],
            } => {
                let x = cosine;
                let value = x * (a + x * (b + x * (c + x * d)));
                (value, a + x * (2.0 * b + x * (3.0 * c + x * 4.0 * d)))
            }
        }
    }

    pub(super) fn validate(&self) -> Result<()> {
        match *self {
            Self::Harmonic { angle, k } => {
                positive("angle constant", k)?;
                within("angle", angle, 0.0, std::f64::consts::PI)
            }
            Self::Cosine { cosine, k } => {
                positive("angle constant", k)?;
                within("cosine of an angle", cosine, -1.0, 1.0)
            }
            Self::Quartic { coefficients } => {
                for coefficient in coefficients {
                    within("coefficient of an angle", coefficient, f64::MIN, f64::MAX)?;
                }
                positive("fourth coefficient of an angle", coefficients[3])
            }
        }
    }
}

/// Three beads, the apex in the middle, and their term.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Angle {
    /// The beads.
    pub beads: [usize; 3],
    /// The energy of their angle.
    pub term: AngleTerm,
}

/// k(1 + cos(nφ − φₙ)).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FourierTerm {
    /// n, from 1.
    pub periodicity: u32,
    /// k in kJ/mol, not negative.
    pub k: f64,
    /// φₙ in rad.
    pub phase: f64,
}

/// An energy of a dihedral angle φ (IUPAC sign).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DihedralTerm {
    /// Σ k(1 + cos(nφ − φₙ)).
    Fourier {
        /// The waves.
        terms: Vec<FourierTerm>,
    },
    /// ½k(φ − φ₀)², the difference taken the short way round; keeps the hand of a branching point.
    Harmonic {
        /// φ₀ in rad.
        angle: f64,
        /// k in kJ/mol/rad².
        k: f64,
    },
}

impl DihedralTerm {
    /// Energy (kJ/mol) and its derivative (kJ/mol/rad) at `phi` (rad).
    ///
    /// # Examples
    /// ```
    /// use cg_potential::{DihedralTerm, FourierTerm};
    /// let wave = FourierTerm { periodicity: 1, k: 2.0, phase: 0.0 };
    /// let term = DihedralTerm::Fourier { terms: vec![wave] };
    /// assert_eq!(term.value_slope(0.0), (4.0, 0.0));
    /// ```
    pub fn value_slope(&self, phi: f64) -> (f64, f64) {
        match self {
            Self::Fourier { terms } => {
                let mut total = (0.0, 0.0);
                for term in terms {
                    let n = f64::from(term.periodicity);
                    let (sin, cos) = (n * phi - term.phase).sin_cos();
                    total.0 += term.k * (1.0 + cos);
                    total.1 -= n * term.k * sin;
                }
                total
            }
            Self::Harmonic { angle, k } => {
                let turn = wrap(phi - angle);
                (0.5 * k * turn * turn, k * turn)
            }
        }
    }

    pub(super) fn is_chiral(&self) -> bool {
        match self {
            // a wave is even in φ exactly when its phase is 0 or π
            Self::Fourier { terms } => terms.iter().any(|t| (t.k * t.phase.sin()).abs() > 1e-9),
            Self::Harmonic { angle, k } => (k * angle.sin()).abs() > 1e-9,
        }
    }

    pub(super) fn validate(&self) -> Result<()> {
        match self {
            Self::Fourier { terms } => {
                for term in terms {
                    within("dihedral constant", term.k, 0.0, f64::MAX)?;
                    within("dihedral phase", term.phase, f64::MIN, f64::MAX)?;
                    if !(1..=12).contains(&term.periodicity) {
                        let found = term.periodicity;
                        return Err(Error::setting("dihedral periodicity", "1 to 12", found));
                    }
                }
                Ok(())
            }
            Self::Harmonic { angle, k } => {
                positive("dihedral constant", *k)?;
                within("dihedral angle", *angle, f64::MIN, f64::MAX)
            }
        }
    }
}

/// Four beads in order along the chain and their term.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dihedral {
    /// The beads.
    pub beads: [usize; 4],
    /// The energy of their dihedral angle.
    pub term: DihedralTerm,
}

fn positive(what: &'static str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(Error::setting(what, "above 0 and finite", value))
}

fn within(what: &'static str, value: f64, low: f64, high: f64) -> Result<()> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Error::setting(what, format!("{low} to {high}"), value))
}
