//! Lists of angles and dihedrals, eight at a time.

use super::lanes::{LANES, Lane3, atan2, cross3, dot3, sqrt, subtract3};
use crate::Result;
use crate::error::{check_indices, check_length};
use molio::Trajectory;
use rayon::prelude::*;

/// Angles of triples of atoms, the second at the corner.
#[derive(Clone, Debug, PartialEq)]
pub struct Angles {
    list: List<3>,
}

/// Dihedrals of quadruples of atoms.
///
/// # Examples
/// ```
/// let torsions = metrics::geometry::Torsions::new(4, vec![[0, 1, 2, 3]]).unwrap();
/// let frame = [[1., 0., 0.], [0., 0., 0.], [0., 0., 1.], [0., 1., 1.]];
/// let phi = torsions.evaluate(&frame).unwrap()[0];
/// assert!((phi - std::f32::consts::FRAC_PI_2).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Torsions {
    list: List<4>,
}

macro_rules! measure {
    ($type:ident, $n:literal, $kernel:path, $unit:literal, $what:literal) => {
        impl $type {
            #[doc = concat!("Measures these groups of ", $n, " atoms in frames of `n_atoms` atoms.")]
            ///
            /// # Errors
            /// An index that is not below `n_atoms`.
            pub fn new(n_atoms: usize, groups: Vec<[usize; $n]>) -> Result<Self> {
                Ok(Self { list: List::new($what, n_atoms, groups)? })
            }

            /// The groups of atoms.
            pub fn groups(&self) -> &[[usize; $n]] {
                &self.list.groups
            }

            #[doc = concat!("The values (", $unit, ") in one frame, in the order of the groups.")]
            ///
            /// # Errors
            /// A frame with another number of atoms.
            pub fn evaluate(&self, positions: &[[f32; 3]]) -> Result<Vec<f32>> {
                let mut out = vec![0.0; self.list.groups.len()];
                self.evaluate_into(positions, &mut out)?;
                Ok(out)
            }

            #[doc = concat!("The values (", $unit, ") in one frame, written to `out`.")]
            ///
            /// # Errors
            /// A frame with another number of atoms, or an `out` that is not as long as the groups.
            pub fn evaluate_into(&self, positions: &[[f32; 3]], out: &mut [f32]) -> Result<()> {
                self.list.evaluate_into(positions, out, $kernel)
            }

            #[doc = concat!("The values (", $unit, ") in every frame, `[n_frames][n_groups]`.")]
            ///
            /// # Errors
            /// A trajectory with another number of atoms.
            pub fn over(&self, trajectory: &Trajectory) -> Result<Vec<f32>> {
                let n = self.list.groups.len();
                let mut out = vec![0.0; trajectory.n_frames() * n];
                if n > 0 {
                    out.par_chunks_mut(n).enumerate().try_for_each(|(frame, out)| {
                        self.evaluate_into(trajectory.positions(frame), out)
                    })?;
                }
                Ok(out)
            }
        }
    };
}

measure!(
    Angles,
    3,
    angle_lanes,
    "rad, in [0, π]; NaN where two atoms coincide",
    "an angle"
);
measure!(
    Torsions,
    4,
    torsion_lanes,
    "rad, in [−π, π]; NaN where three consecutive atoms are collinear",
    "a dihedral"
);

#[derive(Clone, Debug, PartialEq)]
struct List<const N: usize> {
    n_atoms: usize,
    groups: Vec<[usize; N]>,
}

impl<const N: usize> List<N> {
    fn new(what: &'static str, n_atoms: usize, groups: Vec<[usize; N]>) -> Result<Self> {
        check_indices(what, n_atoms, groups.iter().flatten().copied())?;
        Ok(Self { n_atoms, groups })
    }

    #[inline(always)]
    fn evaluate_into(
        &self,
        positions: &[[f32; 3]],
        out: &mut [f32],
        kernel: impl Fn(&[Lane3; N]) -> [f32; LANES],
    ) -> Result<()> {
        check_length("positions", self.n_atoms, positions.len())?;
        check_length("output", self.groups.len(), out.len())?;
        let mut lanes = [[[0.0; LANES]; 3]; N];
        for (groups, out) in self.groups.chunks(LANES).zip(out.chunks_mut(LANES)) {
            for (lane, group) in groups.iter().enumerate() {
                for (corner, &atom) in group.iter().enumerate() {
                    let [x, y, z] = positions[atom];
                    lanes[corner][0][lane] = x;
                    lanes[corner][1][lane] = y;
                    lanes[corner][2][lane] = z;
                }
            }
            out.copy_from_slice(&kernel(&lanes)[..out.len()]);
        }
        Ok(())
    }
}

#[inline(always)]
fn angle_lanes(atoms: &[Lane3; 3]) -> [f32; LANES] {
    let u = subtract3(&atoms[0], &atoms[1]);
    let v = subtract3(&atoms[2], &atoms[1]);
    let normal = cross3(&u, &v);
    atan2(&sqrt(&dot3(&normal, &normal)), &dot3(&u, &v))
}

#[inline(always)]
fn torsion_lanes(atoms: &[Lane3; 4]) -> [f32; LANES] {
    let u = subtract3(&atoms[1], &atoms[0]);
    let v = subtract3(&atoms[2], &atoms[1]);
    let w = subtract3(&atoms[3], &atoms[2]);
    let normal = cross3(&v, &w);
    let length = sqrt(&dot3(&v, &v));
    let sine = dot3(&u, &normal);
    let y = std::array::from_fn(|i| length[i] * sine[i]);
    atan2(&y, &dot3(&cross3(&u, &v), &normal))
}

#[cfg(test)]
mod tests {
    use super::super::{Distances, all_distances, primitives};
    use super::*;
    use proptest::prelude::*;

    fn point() -> impl Strategy<Value = [f32; 3]> {
        [-2.0f32..2.0, -2.0f32..2.0, -2.0f32..2.0]
    }

    proptest! {
        #[test]
        fn lanes_agree_with_the_single_formula(frame in prop::collection::vec(point(), 4..24)) {
            let n = frame.len();
            let quads: Vec<[usize; 4]> = (0..n - 3).map(|i| [i, i + 1, i + 2, i + 3]).collect();
            let torsions = Torsions::new(n, quads.clone()).unwrap().evaluate(&frame).unwrap();
            for (quad, torsion) in quads.iter().zip(torsions) {
                let [a, b, c, d] = quad.map(|i| frame[i]);
                let expected = primitives::dihedral(a, b, c, d);
                // nearly collinear atoms lose digits
                prop_assume!(primitives::angle(a, b, c).sin() > 0.02);
                prop_assume!(primitives::angle(b, c, d).sin() > 0.02);
                let error = (f64::from(torsion) - expected).sin().abs();
                prop_assert!(error < 2e-3, "{torsion} {expected}");
            }
            let all = all_distances(&frame);
            let pairs: Vec<[usize; 2]> =
                (0..n).flat_map(|i| (i + 1..n).map(move |j| [i, j])).collect();
            let mut backwards = pairs.clone();
            backwards.reverse();
            let mut listed = Distances::new(n, backwards).unwrap().evaluate(&frame).unwrap();
            listed.reverse();
            let in_runs = Distances::new(n, pairs.clone()).unwrap().evaluate(&frame).unwrap();
            prop_assert_eq!(&in_runs, &all);
            prop_assert_eq!(all.len(), pairs.len());
            for ((pair, a), b) in pairs.iter().zip(all).zip(listed) {
                let expected = primitives::distance(frame[pair[0]], frame[pair[1]]);
                prop_assert!((f64::from(a) - expected).abs() < 1e-6);
                prop_assert!((f64::from(b) - expected).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn angles_near_pi_keep_their_precision() {
        let frame = [[1.0, 1e-4, 0.0], [0.0; 3], [-1.0, 0.0, 0.0]];
        let angles = Angles::new(3, vec![[0, 1, 2]]).unwrap();
        let got = angles.evaluate(&frame).unwrap()[0];
        assert!((got - (std::f32::consts::PI - 1e-4)).abs() < 1e-6);
    }

    #[test]
    fn atoms_that_do_not_exist_are_refused() {
        assert!(Distances::new(2, vec![[0, 2]]).is_err());
        let pairs = Distances::new(2, vec![[0, 1]]).unwrap();
        assert!(pairs.evaluate(&[[0.0; 3]]).is_err());
    }
}
