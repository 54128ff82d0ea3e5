//! A peptide plane between two CA atoms, and residues between two planes.

use crate::vector::{Vector, add, cross, dot, norm, scale, sub, unit};

/// Below this distance of successive CA atoms (nm) the peptide bond between them is cis: the means are
/// 0.38 nm for trans and 0.29 nm for cis.
pub(super) const CIS_BELOW: f64 = 0.33;

/// Positions of C, O and N in the plane of a peptide group, nm: along the line from CA to CA, and
/// perpendicular to it.
///
/// Built from bonds CA–C 0.1525, C–N 0.1329, N–CA 0.1458, C–O 0.1231 nm and angles CA–C–N 116.2°,
/// C–N–CA 121.7°, CA–C–O 120.8° (R. A. Engh, R. Huber, Acta Cryst. A 47, 392 (1991),
/// 10.1107/S0108767391001071); cis groups are wider: 119° and 126°, which puts the CA atoms 0.293 nm
/// apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct PeptideShape {
    c: [f64; 2],
    o: [f64; 2],
    n: [f64; 2],
    /// Distance of the two CA atoms.
    length: f64,
}

impl PeptideShape {
    pub(super) fn new(cis: bool) -> Self {
        let turn = |from: [f64; 2], angle: f64, length: f64| {
            let angle = angle.to_radians();
            [
                from[0] + length * angle.cos(),
                from[1] + length * angle.sin(),
            ]
        };
        // CA at the origin, C along x; N turns up, the next CA on, trans down or cis up again
        let c = [0.1525, 0.0];
        let (at_c, at_n) = if cis { (119.0, 126.0) } else { (116.2, 121.7) };
        let to_n = 180.0 - at_c;
        let n = turn(c, to_n, 0.1329);
        let to_next = if cis {
            to_n + (180.0 - at_n)
        } else {
            to_n - (180.0 - at_n)
        };
        let next = turn(n, to_next, 0.1458);
        let o = turn(c, -(180.0 - 120.8), 0.1231);
        // turned so that the line from CA to CA is the first axis
        let length = next[0].hypot(next[1]);
        let (cos, sin) = (next[0] / length, next[1] / length);
        let turned = |x: [f64; 2]| [cos * x[0] + sin * x[1], cos * x[1] - sin * x[0]];
        Self {
            c: turned(c),
            o: turned(o),
            n: turned(n),
            length,
        }
    }
}

/// The atoms between two CA atoms, nm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plane {
    pub(super) c: Vector,
    pub(super) o: Vector,
    pub(super) n: Vector,
}

/// Two successive CA atoms and axes perpendicular to the line between them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    start: Vector,
    /// Along the line, with the distance of the CA atoms over the ideal one as length.
    along: Vector,
    across: [Vector; 2],
    shape: PeptideShape,
}

impl Link {
    /// `None` if the two atoms are in one place.
    pub(super) fn new(start: Vector, end: Vector) -> Option<Self> {
        let difference = sub(end, start);
        let axis = unit(difference)?;
        let distance = norm(difference);
        let shape = PeptideShape::new(distance < CIS_BELOW);
        // any vector that is not along the axis will do
        let other = if axis[0].abs() < 0.8 {
            [1.0, 0.0, 0.0]
        } else {
            [0.0, 1.0, 0.0]
        };
        let first = unit(cross(axis, other))?;
        let second = cross(axis, first);
        Some(Self {
            start,
            along: scale(axis, distance / shape.length),
            across: [first, second],
            shape,
        })
    }

    /// The plane turned by `angle` (rad) about the line. Distances along the line are stretched to
    /// fit the CA atoms.
    pub(super) fn plane(&self, angle: f64) -> Plane {
        let (sin, cos) = angle.sin_cos();
        let up = add(scale(self.across[0], cos), scale(self.across[1], sin));
        let at = |x: [f64; 2]| add(self.start, add(scale(self.along, x[0]), scale(up, x[1])));
        Plane {
            c: at(self.shape.c),
            o: at(self.shape.o),
            n: at(self.shape.n),
        }
    }
}

/// The IUPAC torsion angle of four points, rad.
pub(super) fn torsion(a: Vector, b: Vector, c: Vector, d: Vector) -> f64 {
    let (b1, b2, b3) = (sub(b, a), sub(c, b), sub(d, c));
    let (n1, n2) = (cross(b1, b2), cross(b2, b3));
    let y = norm(b2) * dot(b1, n2);
    y.atan2(dot(n1, n2))
}

/// The point at a distance (nm) from `c`, at an angle to `b` and a torsion to `a` (degrees).
pub(super) fn place(
    a: Vector,
    b: Vector,
    c: Vector,
    length: f64,
    angle: f64,
    torsion: f64,
) -> Option<Vector> {
    let (angle, torsion) = (angle.to_radians(), torsion.to_radians());
    let axis = unit(sub(c, b))?;
    let normal = unit(cross(sub(b, a), axis))?;
    let third = cross(normal, axis);
    let local = [
        -angle.cos(),
        angle.sin() * torsion.cos(),
        angle.sin() * torsion.sin(),
    ];
    let sum = add(
        scale(axis, local[0]),
        add(scale(third, local[1]), scale(normal, local[2])),
    );
    Some(add(c, scale(sum, length)))
}

/// Where CB of an L amino acid is, from N, CA and C: 0.153 nm from CA, on the side that makes it L.
pub(super) fn ideal_cb(n: Vector, ca: Vector, c: Vector) -> Option<Vector> {
    let (to_n, to_c) = (unit(sub(n, ca))?, unit(sub(c, ca))?);
    let back = unit(scale(add(to_n, to_c), -1.0))?;
    // seen from the hydrogen, CO, R and N go clockwise
    let side = unit(cross(to_n, to_c))?;
    // CB and HA are tilted to either side of the bisecting plane by about half a tetrahedral angle
    let tilt = 52.3_f64.to_radians();
    let direction = add(scale(back, tilt.cos()), scale(side, tilt.sin()));
    Some(add(ca, scale(direction, 0.153)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The angle at `b`, rad.
    fn angle(a: Vector, b: Vector, c: Vector) -> f64 {
        let (u, v) = (sub(a, b), sub(c, b));
        norm(cross(u, v)).atan2(dot(u, v))
    }

    #[test]
    fn planes_have_the_distances_they_are_built_from() {
        let (a, b) = ([0.0; 3], [0.2, 0.2, 0.2534]);
        for angle_about in [0.0, 1.0, 4.0] {
            let link = Link::new(a, b).unwrap();
            let plane = link.plane(angle_about);
            // stretched by 0.3 %
            for (from, to, length) in [
                (a, plane.c, 0.1525),
                (plane.c, plane.n, 0.1329),
                (plane.n, b, 0.1458),
                (plane.c, plane.o, 0.1231),
            ] {
                assert!((norm(sub(from, to)) - length).abs() < 1e-3);
            }
            let omega = torsion(a, plane.c, plane.n, b);
            assert!(omega.abs() > 3.1, "{omega}");
        }
        assert!((PeptideShape::new(false).length - 0.380).abs() < 0.002);
        assert!((PeptideShape::new(true).length - 0.294).abs() < 0.006);
        assert!(Link::new(a, a).is_none());
    }

    #[test]
    fn placed_atoms_have_the_angles_asked_for() {
        let (a, b, c) = ([0.1, 0.0, 0.3], [0.0, 0.1, 0.2], [0.1, 0.15, 0.1]);
        for asked in [-150.0, -60.0, 20.0, 179.0] {
            let d = place(a, b, c, 0.15, 111.0, asked).unwrap();
            assert!((norm(sub(d, c)) - 0.15).abs() < 1e-12);
            assert!((angle(b, c, d).to_degrees() - 111.0).abs() < 1e-9);
            assert!((torsion(a, b, c, d).to_degrees() - asked).abs() < 1e-9);
        }
    }

    #[test]
    fn beta_carbons_are_left_handed_amino_acids() {
        // alanine of an ideal L residue: N–CA–C in the plane, improper N–C–CB about CA is +34° or so
        let (n, ca) = ([-0.0525, 0.1363, 0.0], [0.0; 3]);
        let c = [0.1526, 0.0, 0.0];
        let cb = ideal_cb(n, ca, c).unwrap();
        let expected = [-0.0529, -0.0775, -0.1200];
        assert!(norm(sub(cb, expected)) < 0.01, "{cb:?}");
    }
}
