//! Distances, angles and dihedrals of three-vectors in f64.

use std::f64::consts::{PI, TAU};

pub(super) type Vector = [f64; 3];

pub(super) fn minus(a: Vector, b: Vector) -> Vector {
    std::array::from_fn(|i| a[i] - b[i])
}

pub(super) fn times(a: Vector, s: f64) -> Vector {
    a.map(|x| x * s)
}

pub(super) fn plus(a: Vector, b: Vector) -> Vector {
    std::array::from_fn(|i| a[i] + b[i])
}

pub(super) fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(super) fn cross(a: Vector, b: Vector) -> Vector {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

pub(super) fn norm(a: Vector) -> f64 {
    dot(a, a).sqrt()
}

/// The equal angle in [−π, π).
pub(super) fn wrap(angle: f64) -> f64 {
    (angle + PI).rem_euclid(TAU) - PI
}

/// |b − a|.
pub(super) fn distance(a: Vector, b: Vector) -> f64 {
    norm(minus(b, a))
}

/// cos of the angle at `b`.
pub(super) fn cosine(a: Vector, b: Vector, c: Vector) -> f64 {
    let (u, v) = (minus(a, b), minus(c, b));
    dot(u, v) / (dot(u, u) * dot(v, v)).sqrt()
}

/// Dihedral angle a-b-c-d in (−π, π], positive when d is turned clockwise from a, seen along b→c.
pub(super) fn dihedral(a: Vector, b: Vector, c: Vector, d: Vector) -> f64 {
    let (first, axis, last) = (minus(b, a), minus(c, b), minus(d, c));
    let normal = cross(axis, last);
    let sine = norm(axis) * dot(first, normal);
    sine.atan2(dot(cross(first, axis), normal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dihedrals_have_the_iupac_sign() {
        // looking along +z from b to c, a on +x; d at +y is a clockwise quarter turn from behind
        let (a, b, c) = ([1.0, 0.0, 0.0], [0.0; 3], [0.0, 0.0, 1.0]);
        let quarter = dihedral(a, b, c, [0.0, 1.0, 1.0]);
        assert!((quarter - PI / 2.0).abs() < 1e-12);
        assert!((dihedral(a, b, c, [0.0, -1.0, 1.0]) + PI / 2.0).abs() < 1e-12);
        assert!((dihedral(a, b, c, [-1.0, 0.0, 1.0]).abs() - PI).abs() < 1e-12);
    }

    #[test]
    fn angles_wrap_to_half_a_turn() {
        for (angle, expected) in [(3.5, 3.5 - TAU), (-3.5, TAU - 3.5), (0.3, 0.3), (PI, -PI)] {
            assert!((wrap(angle) - expected).abs() < 1e-12);
        }
    }
}
