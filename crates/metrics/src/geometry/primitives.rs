//! Distance, angle and dihedral of single atoms, in f64.

/// A vector in f64.
pub(crate) type Vector = [f64; 3];

/// Distance of two points, in their unit.
pub fn distance(a: [f32; 3], b: [f32; 3]) -> f64 {
    norm(subtract(vector(b), vector(a)))
}

/// Angle a–b–c in radians, in [0, π]; NaN where two of the points coincide.
///
/// θ = atan2(|u×v|, u·v) with u = a − b, v = c − b, which keeps its precision near 0 and π.
pub fn angle(a: [f32; 3], b: [f32; 3], c: [f32; 3]) -> f64 {
    let u = subtract(vector(a), vector(b));
    let v = subtract(vector(c), vector(b));
    let sine = norm(cross(u, v));
    let cosine = dot(u, v);
    if sine == 0.0 && cosine == 0.0 {
        return f64::NAN;
    }
    sine.atan2(cosine)
}

/// Dihedral a–b–c–d in radians, in (−π, π]; NaN where three consecutive points are collinear.
///
/// φ = atan2(|v| u·(v×w), (u×v)·(v×w)) with u = b − a, v = c − b, w = d − c
/// (Blondel & Karplus, J. Comput. Chem. 1996, 10.1002/(SICI)1096-987X(19960715)17:9<1132::AID-JCC5>3.0.CO;2-T).
///
/// # Examples
/// ```
/// use metrics::geometry::dihedral;
/// let phi = dihedral([1., 0., 0.], [0., 0., 0.], [0., 0., 1.], [0., 1., 1.]);
/// assert!((phi - std::f64::consts::FRAC_PI_2).abs() < 1e-12);
/// ```
pub fn dihedral(a: [f32; 3], b: [f32; 3], c: [f32; 3], d: [f32; 3]) -> f64 {
    let u = subtract(vector(b), vector(a));
    let v = subtract(vector(c), vector(b));
    let w = subtract(vector(d), vector(c));
    let normal = cross(v, w);
    let y = norm(v) * dot(u, normal);
    let x = dot(cross(u, v), normal);
    if x == 0.0 && y == 0.0 {
        return f64::NAN;
    }
    y.atan2(x)
}

pub(crate) fn vector(a: [f32; 3]) -> Vector {
    a.map(f64::from)
}

pub(crate) fn add(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(crate) fn subtract(a: Vector, b: Vector) -> Vector {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(crate) fn scale(a: Vector, factor: f64) -> Vector {
    a.map(|x| x * factor)
}

pub(crate) fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn cross(a: Vector, b: Vector) -> Vector {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

pub(crate) fn norm(a: Vector) -> f64 {
    dot(a, a).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const O: [f32; 3] = [0.0; 3];

    #[test]
    fn coinciding_and_collinear_points_have_no_angle() {
        assert!(angle(O, O, [1.0, 0.0, 0.0]).is_nan());
        assert!(dihedral(O, [1.0, 0.0, 0.0], [2.0, 0.0, 0.0], [2.0, 1.0, 0.0]).is_nan());
    }

    #[test]
    fn cis_is_zero_and_trans_is_pi() {
        let (b, c) = ([0.0, 0.0, 0.0], [1.0, 0.0, 0.0]);
        let cis = dihedral([0.0, 1.0, 0.0], b, c, [1.0, 1.0, 0.0]);
        let trans = dihedral([0.0, 1.0, 0.0], b, c, [1.0, -1.0, 0.0]);
        assert_eq!(cis, 0.0);
        assert!((trans.abs() - std::f64::consts::PI).abs() < 1e-12);
    }
}
