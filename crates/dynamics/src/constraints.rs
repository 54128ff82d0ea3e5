//! Distances that stay as they are.

use crate::cpu::LaneKernel;
use crate::state::Wide;
use crate::{Error, LANES, Result};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A fixed distance between two atoms.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Constraint {
    /// The two atoms.
    pub atoms: [usize; 2],
    /// Their distance in nm.
    pub distance: f64,
}

const MAX_ITERATIONS: usize = 500;

/// Constraints grouped into clusters that share atoms, with what the iterations need.
///
/// Positions are corrected along the constrained vectors of the step's start (SHAKE), velocities
/// along the present ones (RATTLE), one constraint after the other, in clusters so small that they
/// stay in registers or the first cache. A lane that satisfies a constraint is not touched by it,
/// so a replica's path does not depend on its neighbours.
///
/// # References
/// J.-P. Ryckaert, G. Ciccotti, H. J. C. Berendsen, J. Comput. Phys. 23, 327 (1977),
/// <https://doi.org/10.1016/0021-9991(77)90098-5>; H. C. Andersen, J. Comput. Phys. 52, 24 (1983),
/// <https://doi.org/10.1016/0021-9991(83)90014-1>.
#[derive(Clone, Debug)]
pub(crate) struct ConstraintSolver {
    clusters: Vec<Range<usize>>,
    bonds: Vec<Bond>,
    tolerance: f64,
}

#[derive(Clone, Copy, Debug)]
struct Bond {
    atoms: [usize; 2],
    inverse_masses: [f64; 2],
    squared_distance: f64,
}

impl ConstraintSolver {
    /// Checks and groups the constraints; those between two massless atoms hold by themselves.
    pub(crate) fn new(constraints: &[Constraint], masses: &[f64], tolerance: f64) -> Result<Self> {
        if !(tolerance > 0.0 && tolerance < 0.1) {
            return Err(Error::setting(
                "constraint tolerance",
                "in (0, 0.1)",
                tolerance,
            ));
        }
        let n_atoms = masses.len();
        let mut root: Vec<usize> = (0..n_atoms).collect();
        let mut bonds = Vec::with_capacity(constraints.len());
        for &Constraint { atoms, distance } in constraints {
            let [a, b] = atoms;
            if a >= n_atoms || b >= n_atoms || a == b {
                let expected = format!("two different atoms below {n_atoms}");
                return Err(Error::setting("a constraint", expected, format!("{a}–{b}")));
            }
            if !(distance > 0.0 && distance.is_finite()) {
                return Err(Error::setting("constrained distance", "positive", distance));
            }
            if masses[a] == 0.0 && masses[b] == 0.0 {
                continue;
            }
            bonds.push(Bond {
                atoms,
                inverse_masses: atoms.map(|atom| inverse_mass(masses[atom])),
                squared_distance: distance * distance,
            });
            // a massless atom does not move, so it transmits nothing between clusters
            if masses[a] > 0.0 && masses[b] > 0.0 {
                let (a, b) = (find(&mut root, a), find(&mut root, b));
                root[a.max(b)] = a.min(b);
            }
        }
        let cluster_of: Vec<usize> = bonds
            .iter()
            .map(|bond| {
                let [a, b] = bond.atoms;
                find(&mut root, if masses[a] > 0.0 { a } else { b })
            })
            .collect();
        let mut order: Vec<usize> = (0..bonds.len()).collect();
        order.sort_by_key(|&index| cluster_of[index]);
        let mut clusters: Vec<Range<usize>> = Vec::new();
        for (place, &index) in order.iter().enumerate() {
            match clusters.last_mut() {
                Some(last) if cluster_of[order[last.start]] == cluster_of[index] => {
                    last.end = place + 1;
                }
                _ => clusters.push(place..place + 1),
            }
        }
        Ok(Self {
            clusters,
            bonds: order.into_iter().map(|index| bonds[index]).collect(),
            tolerance,
        })
    }

    /// Number of constraints that take away a degree of freedom.
    pub(crate) fn len(&self) -> usize {
        self.bonds.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bonds.is_empty()
    }

    /// The constraints of each cluster, in the order in which they are solved.
    pub(crate) fn by_cluster(&self) -> Vec<Vec<Constraint>> {
        let constraint = |bond: &Bond| Constraint {
            atoms: bond.atoms,
            distance: bond.squared_distance.sqrt(),
        };
        self.clusters
            .iter()
            .map(|cluster| self.bonds[cluster.clone()].iter().map(constraint).collect())
            .collect()
    }

    /// Moves `positions` (nm) onto the constraints along the vectors of `reference`, and adds the
    /// displacements times `inverse_time` (1/ps) to `velocities`.
    ///
    /// Returns the lanes that did not converge.
    #[inline(always)]
    pub(crate) fn constrain_positions(
        &self,
        reference: &[[Wide; 3]],
        positions: &mut [[Wide; 3]],
        velocities: &mut [[Wide; 3]],
        inverse_time: f64,
    ) -> [bool; LANES] {
        let mut failed = [false; LANES];
        for cluster in &self.clusters {
            let mut wrong = [0_u64; LANES];
            for _ in 0..MAX_ITERATIONS {
                wrong = [0; LANES];
                for bond in &self.bonds[cluster.clone()] {
                    bond.correct_positions(
                        reference,
                        positions,
                        velocities,
                        inverse_time,
                        self.tolerance,
                        &mut wrong,
                    );
                }
                if wrong.iter().fold(0, |any, &lane| any | lane) == 0 {
                    break;
                }
            }
            for lane in 0..LANES {
                failed[lane] |= wrong[lane] != 0;
            }
        }
        failed
    }

    /// Takes away relative velocities (nm/ps) along constraints, up to what would change a distance
    /// by the tolerance within `time` (ps). Returns the lanes that did not converge.
    #[inline(always)]
    pub(crate) fn constrain_velocities(
        &self,
        positions: &[[Wide; 3]],
        velocities: &mut [[Wide; 3]],
        time: f64,
    ) -> [bool; LANES] {
        let mut failed = [false; LANES];
        for cluster in &self.clusters {
            let mut wrong = [0_u64; LANES];
            for _ in 0..MAX_ITERATIONS {
                wrong = [0; LANES];
                for bond in &self.bonds[cluster.clone()] {
                    bond.correct_velocities(
                        positions,
                        velocities,
                        time,
                        self.tolerance,
                        &mut wrong,
                    );
                }
                if wrong.iter().fold(0, |any, &lane| any | lane) == 0 {
                    break;
                }
            }
            for lane in 0..LANES {
                failed[lane] |= wrong[lane] != 0;
            }
        }
        failed
    }

    /// The largest relative deviation of a constrained distance in each lane.
    pub(crate) fn deviations(&self, positions: &[[Wide; 3]]) -> [f64; LANES] {
        let mut largest = [0.0_f64; LANES];
        for bond in &self.bonds {
            let [a, b] = bond.atoms;
            for lane in 0..LANES {
                let squared: f64 = (0..3)
                    .map(|axis| positions[a][axis].0[lane] - positions[b][axis].0[lane])
                    .map(|x| x * x)
                    .sum();
                let deviation = ((squared / bond.squared_distance).sqrt() - 1.0).abs();
                largest[lane] = largest[lane].max(deviation);
            }
        }
        largest
    }
}

impl Bond {
    /// One SHAKE correction: with s the vector now, r the reference vector and μ⁻¹ = 1/mᵢ + 1/mⱼ,
    /// g = (d² − s²) / (2μ⁻¹ s·r); xᵢ += g r/mᵢ, xⱼ −= g r/mⱼ.
    #[inline(always)]
    fn correct_positions(
        &self,
        reference: &[[Wide; 3]],
        positions: &mut [[Wide; 3]],
        velocities: &mut [[Wide; 3]],
        inverse_time: f64,
        tolerance: f64,
        wrong: &mut [u64; LANES],
    ) {
        let [a, b] = self.atoms;
        let [weight_a, weight_b] = self.inverse_masses;
        let (reference_a, reference_b) = (&reference[a], &reference[b]);
        let (mut at_a, mut at_b) = (positions[a], positions[b]);
        let mut multiplier = [0.0; LANES];
        // (1 + δ)² − 1 = 2δ
        let limit = 2.0 * tolerance * self.squared_distance;
        let double_inverse = 2.0 * (weight_a + weight_b);
        for lane in 0..LANES {
            let mut squared = 0.0;
            let mut along = 0.0;
            for axis in 0..3 {
                let s = at_a[axis].0[lane] - at_b[axis].0[lane];
                let r = reference_a[axis].0[lane] - reference_b[axis].0[lane];
                squared += s * s;
                along += s * r;
            }
            let difference = self.squared_distance - squared;
            let act = difference.abs() > limit;
            let g = difference / (double_inverse * along);
            multiplier[lane] = if act { g } else { 0.0 };
            wrong[lane] |= u64::from(act);
        }
        let (mut fast_a, mut fast_b) = (velocities[a], velocities[b]);
        for axis in 0..3 {
            for lane in 0..LANES {
                let r = reference_a[axis].0[lane] - reference_b[axis].0[lane];
                let move_a = multiplier[lane] * weight_a * r;
                let move_b = multiplier[lane] * weight_b * r;
                at_a[axis].0[lane] += move_a;
                at_b[axis].0[lane] -= move_b;
                fast_a[axis].0[lane] += move_a * inverse_time;
                fast_b[axis].0[lane] -= move_b * inverse_time;
            }
        }
        positions[a] = at_a;
        positions[b] = at_b;
        velocities[a] = fast_a;
        velocities[b] = fast_b;
    }

    /// One RATTLE correction: g = −r·(vᵢ − vⱼ) / (μ⁻¹r²); vᵢ += g r/mᵢ, vⱼ −= g r/mⱼ.
    #[inline(always)]
    fn correct_velocities(
        &self,
        positions: &[[Wide; 3]],
        velocities: &mut [[Wide; 3]],
        time: f64,
        tolerance: f64,
        wrong: &mut [u64; LANES],
    ) {
        let [a, b] = self.atoms;
        let [weight_a, weight_b] = self.inverse_masses;
        let (at_a, at_b) = (&positions[a], &positions[b]);
        let (mut fast_a, mut fast_b) = (velocities[a], velocities[b]);
        let mut multiplier = [0.0; LANES];
        let limit = tolerance * self.squared_distance / time;
        let inverse = weight_a + weight_b;
        for lane in 0..LANES {
            let mut squared = 0.0;
            let mut along = 0.0;
            for axis in 0..3 {
                let r = at_a[axis].0[lane] - at_b[axis].0[lane];
                squared += r * r;
                along += r * (fast_a[axis].0[lane] - fast_b[axis].0[lane]);
            }
            let act = along.abs() > limit;
            let g = -along / (inverse * squared);
            multiplier[lane] = if act { g } else { 0.0 };
            wrong[lane] |= u64::from(act);
        }
        for axis in 0..3 {
            for lane in 0..LANES {
                let r = at_a[axis].0[lane] - at_b[axis].0[lane];
                fast_a[axis].0[lane] += multiplier[lane] * weight_a * r;
                fast_b[axis].0[lane] -= multiplier[lane] * weight_b * r;
            }
        }
        velocities[a] = fast_a;
        velocities[b] = fast_b;
    }
}

/// [`ConstraintSolver::constrain_velocities`] as a kernel of its own.
pub(crate) struct ConstrainVelocities<'a> {
    pub(crate) solver: &'a ConstraintSolver,
    pub(crate) positions: &'a [[Wide; 3]],
    pub(crate) velocities: &'a mut [[Wide; 3]],
    pub(crate) time: f64,
}

impl LaneKernel for ConstrainVelocities<'_> {
    type Output = [bool; LANES];

    #[inline(always)]
    fn run(self) -> [bool; LANES] {
        self.solver
            .constrain_velocities(self.positions, self.velocities, self.time)
    }
}

pub(crate) fn inverse_mass(mass: f64) -> f64 {
    if mass > 0.0 { 1.0 / mass } else { 0.0 }
}

fn find(root: &mut [usize], mut atom: usize) -> usize {
    while root[atom] != atom {
        root[atom] = root[root[atom]];
        atom = root[atom];
    }
    atom
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASSES: [f64; 5] = [12.0, 1.0, 1.0, 1.0, 16.0];

    fn methyl() -> ConstraintSolver {
        let constraints: Vec<Constraint> = (1..4)
            .map(|hydrogen| Constraint {
                atoms: [0, hydrogen],
                distance: 0.109,
            })
            .collect();
        ConstraintSolver::new(&constraints, &MASSES, 1e-6).unwrap()
    }

    fn spread(positions: [[f64; 3]; 5]) -> Vec<[Wide; 3]> {
        positions
            .iter()
            .map(|p| p.map(|x| Wide([x; LANES])))
            .collect()
    }

    fn start() -> Vec<[Wide; 3]> {
        spread([
            [0.0; 3],
            [0.109, 0.0, 0.0],
            [-0.036, 0.103, 0.0],
            [-0.036, -0.051, 0.089],
            [-0.05, -0.07, -0.12],
        ])
    }

    #[test]
    fn positions_and_velocities_are_constrained_and_momentum_kept() {
        let solver = methyl();
        let mut reference = start();
        let mut rest = vec![[Wide::ZERO; 3]; 5];
        let copy = reference.clone();
        assert_eq!(
            solver.constrain_positions(&copy, &mut reference, &mut rest, 0.0),
            [false; LANES]
        );
        let mut moved = reference.clone();
        for (atom, position) in moved.iter_mut().enumerate() {
            for axis in 0..3 {
                for lane in 0..LANES {
                    position[axis].0[lane] += 0.001 * ((7 * atom + 3 * axis + lane) as f64).sin();
                }
            }
        }
        let mut velocities = moved.clone();
        let momentum = |velocities: &[[Wide; 3]], axis: usize, lane: usize| -> f64 {
            (0..5)
                .map(|a| MASSES[a] * velocities[a][axis].0[lane])
                .sum()
        };
        let before = velocities.clone();
        let failed = solver.constrain_positions(&reference, &mut moved, &mut velocities, 250.0);
        assert_eq!(failed, [false; LANES]);
        assert!(solver.deviations(&moved).iter().all(|&d| d < 1.1e-6));
        let failed = solver.constrain_velocities(&moved, &mut velocities, 0.004);
        assert_eq!(failed, [false; LANES]);
        for lane in 0..LANES {
            for hydrogen in 1..4 {
                let along: f64 = (0..3)
                    .map(|axis| {
                        (moved[0][axis].0[lane] - moved[hydrogen][axis].0[lane])
                            * (velocities[0][axis].0[lane] - velocities[hydrogen][axis].0[lane])
                    })
                    .sum();
                assert!(along.abs() <= 1e-6 * 0.109 * 0.109 / 0.004, "{along}");
            }
            for axis in 0..3 {
                let change = momentum(&velocities, axis, lane) - momentum(&before, axis, lane);
                assert!(change.abs() < 1e-10);
            }
        }
    }

    #[test]
    fn a_lane_does_not_notice_the_others() {
        let solver = methyl();
        let reference = start();
        let mut together = reference.clone();
        for lane in 0..LANES {
            together[1][0].0[lane] += 0.002 * lane as f64;
        }
        let mut velocities = vec![[Wide::ZERO; 3]; 5];
        let mut alone = reference.clone();
        for position in &mut alone[1][..1] {
            position.0 = [0.109 + 0.002 * 5.0; LANES];
        }
        solver.constrain_positions(&reference, &mut together, &mut velocities, 1.0);
        solver.constrain_positions(&reference, &mut alone, &mut velocities, 1.0);
        for atom in 0..5 {
            for axis in 0..3 {
                assert_eq!(together[atom][axis].0[5], alone[atom][axis].0[0]);
            }
        }
    }

    #[test]
    fn hopeless_and_impossible_constraints_are_reported() {
        let solver = methyl();
        let mut far = start();
        far[1][0].0[3] = 5.0;
        far[1][1].0[3] = 7.0;
        let mut velocities = vec![[Wide::ZERO; 3]; 5];
        let mut reference = start();
        for axis in 0..3 {
            // a reference vector at right angles to where the atom went
            reference[1][axis].0[3] = [0.0, 0.0, 0.109][axis];
        }
        let failed = solver.constrain_positions(&reference, &mut far, &mut velocities, 1.0);
        assert!(failed[3] || far.iter().flatten().any(|x| !x.0[3].is_finite()));
        assert_eq!(
            failed.iter().filter(|&&f| f).count(),
            usize::from(failed[3])
        );
        let bad = |atoms, distance| {
            ConstraintSolver::new(&[Constraint { atoms, distance }], &MASSES, 1e-6).is_err()
        };
        assert!(bad([0, 0], 0.1) && bad([0, 5], 0.1) && bad([0, 1], f64::NAN));
        let frozen = [0.0, 0.0, 1.0, 0.0, 0.0];
        let pair = Constraint {
            atoms: [0, 1],
            distance: 0.1,
        };
        let none = ConstraintSolver::new(&[pair], &frozen, 1e-6).unwrap();
        assert!(none.is_empty());
    }
}
