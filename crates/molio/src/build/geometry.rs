//! Points and angles.

/// A point or direction, nm.
pub(crate) type Vector = nalgebra::Vector3<f64>;

/// The point at `length` from `parent`, at `angle` to `second` and at the torsion angle `torsion` to
/// `third`: third–second–parent–new. Lengths in nm, angles in rad.
///
/// # References
/// J. Parsons et al., J. Comput. Chem. 26, 1063 (2005), 10.1002/jcc.20237, equation 3.
#[inline]
pub(crate) fn place(
    [parent, second, third]: [Vector; 3],
    length: f64,
    angle: f64,
    torsion: f64,
) -> Vector {
    let axis = unit(parent - second);
    let normal = unit((second - third).cross(&axis));
    let across = normal.cross(&axis);
    let (sin, cos) = angle.sin_cos();
    let (sin_torsion, cos_torsion) = torsion.sin_cos();
    parent + length * (sin * (cos_torsion * across + sin_torsion * normal) - cos * axis)
}

/// The torsion angle a–b–c–d in rad, from −π to π; 0° is cis.
pub(crate) fn torsion(a: Vector, b: Vector, c: Vector, d: Vector) -> f64 {
    let axis = c - b;
    let (first, second) = ((b - a).cross(&axis), axis.cross(&(d - c)));
    let sine = axis.norm() * (b - a).dot(&second);
    sine.atan2(first.dot(&second))
}

/// The angle a–b–c in rad.
#[cfg(test)]
fn angle(a: Vector, b: Vector, c: Vector) -> f64 {
    let (u, v) = (a - b, c - b);
    u.cross(&v).norm().atan2(u.dot(&v))
}

/// The direction of `v`. Of no length it is x: an arbitrary direction, and no NaN.
pub(crate) fn unit(v: Vector) -> Vector {
    v.try_normalize(1e-12).unwrap_or_else(Vector::x)
}

/// A unit vector at right angles to the unit vector `axis`.
pub(crate) fn perpendicular(axis: Vector) -> Vector {
    let least = axis.map(f64::abs).imin();
    unit(axis.cross(&Vector::ith(least, 1.0)))
}

/// An angle in rad, brought to −π to π.
pub(crate) fn wrap(angle: f64) -> f64 {
    angle - std::f64::consts::TAU * (angle / std::f64::consts::TAU).round()
}

/// A position as frames have it.
pub(crate) fn single(position: Vector) -> [f32; 3] {
    position.map(|x| x as f32).into()
}

/// A position of a frame.
pub(crate) fn double(position: [f32; 3]) -> Vector {
    Vector::from(position.map(f64::from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_placed_point_has_the_asked_geometry(
            length in 0.05f64..0.3,
            bend in 0.3f64..2.8,
            turn in -3.1f64..3.1,
        ) {
            let [third, second, parent] =
                [Vector::new(0.1, 0.02, -0.3), Vector::new(0.05, 0.1, -0.2), Vector::new(0.1, 0.2, -0.1)];
            let new = place([parent, second, third], length, bend, turn);
            prop_assert!(((new - parent).norm() - length).abs() < 1e-9);
            prop_assert!((angle(new, parent, second) - bend).abs() < 1e-9);
            prop_assert!((torsion(third, second, parent, new) - turn).abs() < 1e-9);
        }
    }

    #[test]
    fn collinear_references_still_give_a_finite_point() {
        let line = [Vector::zeros(), Vector::x(), 2.0 * Vector::x()];
        assert!(place(line, 0.1, 1.9, 0.3).iter().all(|x| x.is_finite()));
        assert!(perpendicular(Vector::x()).dot(&Vector::x()).abs() < 1e-12);
    }
}
