//! The gate for chains of beads such as CA traces.

use super::{Gate, Implausible};
use crate::{Error, Result};
use molio::Trajectory;
use serde::{Deserialize, Serialize};

/// Bins of a full turn in the histogram of dihedrals.
const BINS: usize = 24;

/// What a chain may look like. The defaults are those of CA traces.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChainLimits {
    /// Least and largest distance of neighbours along the chain, nm. CA atoms are 0.38 nm apart across
    /// a trans peptide bond, 0.29 nm across a cis one; thermal motion adds a few hundredths.
    pub bond: [f64; 2],
    /// Beads three or more apart along the chain are not nearer than this, nm. 0.35 nm is what
    /// PULCHRA's optimiser restores; CA atoms in proteins are rarely below 0.38 nm.
    pub clash: f64,
    /// How many times likelier the mirror image must be, as a natural logarithm, before a frame
    /// counts as mirrored.
    pub mirror_evidence: f64,
}

impl Default for ChainLimits {
    fn default() -> Self {
        Self {
            bond: [0.25, 0.45],
            clash: 0.35,
            mirror_evidence: 8.0,
        }
    }
}

/// Plausibility of a chain of beads: finite, in one piece, without clashes, of the right hand.
///
/// Handedness is judged by the dihedrals of four successive beads. With p the distribution of the known
/// frames' dihedrals (a histogram with one count added to each bin, pooled over the chain), a frame
/// counts as mirrored if Σ ln p(−φ) − Σ ln p(φ) exceeds the evidence asked for. Distances alone cannot
/// tell a molecule from its mirror image; a model without a dihedral term makes both.
///
/// # Examples
/// ```
/// use active_learning::{ChainGate, ChainLimits, Gate, Implausible};
/// use molio::Trajectory;
///
/// // a right-handed helix of 12 CA atoms: 0.23 nm radius, 100° and 0.15 nm a residue
/// let helix = |hand: f32| -> Vec<[f32; 3]> {
///     let turn = |i: f32| (i * 100.0_f32).to_radians();
///     (0..12).map(|i| i as f32).map(|i| [0.23 * turn(i).cos(), hand * 0.23 * turn(i).sin(), 0.15 * i]).collect()
/// };
/// let known = Trajectory::from_positions(12, helix(1.0).repeat(20))?;
/// let gate = ChainGate::new(ChainLimits::default(), &known)?;
/// assert_eq!(gate.check(&helix(1.0)), None);
/// assert_eq!(gate.check(&helix(-1.0)), Some(Implausible::Mirrored));
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ChainGate {
    limits: ChainLimits,
    /// ln p(−φ) − ln p(φ) by bin of φ.
    mirror: [f64; BINS],
}

impl ChainGate {
    /// A gate that knows how these frames turn.
    ///
    /// # Errors
    /// [`Error::Setting`] for limits that make no sense or no known frames.
    pub fn new(limits: ChainLimits, known: &Trajectory) -> Result<Self> {
        let [least, most] = limits.bond;
        if !(least >= 0.0 && least < most && most.is_finite()) {
            let found = format!("{:?}", limits.bond);
            return Err(Error::setting("bond limits", "0 ≤ least < largest", found));
        }
        for (what, value) in [
            ("clash", limits.clash),
            ("mirror_evidence", limits.mirror_evidence),
        ] {
            if value.is_nan() || value < 0.0 {
                return Err(Error::setting(what, "not negative", value));
            }
        }
        if known.n_frames() == 0 {
            return Err(Error::setting("known frames of the gate", "some", 0));
        }
        let mut counts = [1.0_f64; BINS];
        for frame in 0..known.n_frames() {
            for four in known.positions(frame).windows(4) {
                counts[bin(dihedral(four))] += 1.0;
            }
        }
        let mirror = std::array::from_fn(|i| (counts[BINS - 1 - i] / counts[i]).ln());
        Ok(Self { limits, mirror })
    }
}

impl Gate for ChainGate {
    fn check(&self, positions: &[[f32; 3]]) -> Option<Implausible> {
        if positions.iter().flatten().any(|x| !x.is_finite()) {
            return Some(Implausible::NotFinite);
        }
        let longest = self.limits.bond[1] * positions.len().saturating_sub(1) as f64;
        let from_first = |x: &[f32; 3]| distance(&positions[0], x);
        if positions.iter().any(|x| from_first(x) > longest) {
            return Some(Implausible::Exploded);
        }
        for pair in positions.windows(2) {
            let length = distance(&pair[0], &pair[1]);
            if length < self.limits.bond[0] || length > self.limits.bond[1] {
                return Some(Implausible::BrokenBond);
            }
        }
        for (i, a) in positions.iter().enumerate() {
            for b in positions.iter().skip(i + 3) {
                if distance(a, b) < self.limits.clash {
                    return Some(Implausible::Clash);
                }
            }
        }
        let evidence: f64 = positions
            .windows(4)
            .map(|four| self.mirror[bin(dihedral(four))])
            .sum();
        (evidence > self.limits.mirror_evidence).then_some(Implausible::Mirrored)
    }
}

fn bin(angle: f64) -> usize {
    let turn = (angle + std::f64::consts::PI) / std::f64::consts::TAU;
    ((turn * BINS as f64) as usize).min(BINS - 1)
}

fn distance(a: &[f32; 3], b: &[f32; 3]) -> f64 {
    let squares = a.iter().zip(b);
    squares
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
        .sum::<f64>()
        .sqrt()
}

/// The IUPAC dihedral of four beads, rad; 0 where three of them are on a line.
fn dihedral(four: &[[f32; 3]]) -> f64 {
    use crate::vector::{Vector, cross, dot, norm, sub};
    let x: [Vector; 4] = std::array::from_fn(|i| four[i].map(f64::from));
    let (b1, b2, b3) = (sub(x[1], x[0]), sub(x[2], x[1]), sub(x[3], x[2]));
    let (n1, n2) = (cross(b1, b2), cross(b2, b3));
    let y = norm(b2) * dot(b1, n2);
    let x = dot(n1, n2);
    if x == 0.0 && y == 0.0 {
        0.0
    } else {
        y.atan2(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn helix(n: usize, hand: f32) -> Vec<[f32; 3]> {
        let turn = |i: f32| (i * 100.0_f32).to_radians();
        (0..n)
            .map(|i| i as f32)
            .map(|i| [0.23 * turn(i).cos(), hand * 0.23 * turn(i).sin(), 0.15 * i])
            .collect()
    }

    fn gate() -> ChainGate {
        let known = Trajectory::from_positions(10, helix(10, 1.0).repeat(50)).unwrap();
        ChainGate::new(ChainLimits::default(), &known).unwrap()
    }

    #[test]
    fn each_cause_is_found() {
        let good = helix(10, 1.0);
        let spoilt = |bead: usize, x: [f32; 3]| {
            let mut positions = good.clone();
            positions[bead] = x;
            gate().check(&positions)
        };
        assert_eq!(gate().check(&good), None);
        assert_eq!(
            spoilt(3, [f32::NAN, 0.0, 0.0]),
            Some(Implausible::NotFinite)
        );
        assert_eq!(spoilt(3, [80.0, 0.0, 0.0]), Some(Implausible::Exploded));
        assert_eq!(spoilt(9, [1.0, 0.0, 1.0]), Some(Implausible::BrokenBond));
        assert_eq!(gate().check(&helix(10, -1.0)), Some(Implausible::Mirrored));
        // a flat ring that closes on itself
        let ring: Vec<[f32; 3]> = (0..10)
            .map(|i| (i as f32) * std::f32::consts::TAU / 9.0)
            .map(|a| [0.55 * a.cos(), 0.55 * a.sin(), 0.0])
            .collect();
        assert_eq!(gate().check(&ring), Some(Implausible::Clash));
    }

    #[test]
    fn senseless_limits_are_refused() {
        let known = Trajectory::from_positions(10, helix(10, 1.0)).unwrap();
        let default = ChainLimits::default();
        for limits in [
            ChainLimits {
                bond: [0.4, 0.3],
                ..default
            },
            ChainLimits {
                clash: f64::NAN,
                ..default
            },
            ChainLimits {
                mirror_evidence: -1.0,
                ..default
            },
        ] {
            assert!(ChainGate::new(limits, &known).is_err());
        }
        assert!(ChainGate::new(default, &Trajectory::new(10)).is_err());
    }

    proptest! {
        /// Whatever the frame: moving it changes nothing, and its mirror image is never mirrored too.
        #[test]
        fn does_not_depend_on_where_the_frame_is(
            steps in prop::collection::vec(prop::array::uniform3(-1.0f32..1.0), 9),
        ) {
            let mut positions = vec![[0.0f32; 3]];
            for step in steps {
                let last = positions[positions.len() - 1];
                let length = step.iter().map(|s| s * s).sum::<f32>().sqrt().max(1e-3);
                positions.push(std::array::from_fn(|k| last[k] + 0.38 * step[k] / length));
            }
            let found = gate().check(&positions);
            let turned: Vec<[f32; 3]> = positions.iter().map(|[x, y, z]| [y + 0.5, z - 0.25, x + 0.125]).collect();
            let mirrored: Vec<[f32; 3]> = positions.iter().map(|[x, y, z]| [*x, *y, -z]).collect();
            if found == Some(Implausible::Mirrored) {
                prop_assert_ne!(gate().check(&mirrored), found);
            }
            // only a frame within rounding of a limit may be judged otherwise
            let near_limit = positions.iter().enumerate().any(|(i, a)| positions.iter().skip(i + 1).any(|b| {
                let d = distance(a, b);
                [0.25, 0.35, 0.45, 4.05].iter().any(|l| (d - l).abs() < 1e-5)
            }));
            let near_edge = positions.windows(4).any(|four| {
                let turn = (dihedral(four) / std::f64::consts::TAU + 0.5) * BINS as f64;
                (turn - turn.round()).abs() < 1e-2
            });
            if !near_limit && !near_edge {
                prop_assert_eq!(gate().check(&turned), found);
            }
        }
    }
}
