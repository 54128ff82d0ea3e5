//! Bonds, angles and torsions over lanes. Forces are on the term's atoms in their order.

use super::lane::Lane;

/// A point or vector, nm.
pub(crate) type Vector<L> = [L; 3];

/// ½k(r − r₀)²: energy, force on the second atom (the first gets its opposite).
#[inline(always)]
pub(crate) fn bond<L: Lane>(a: Vector<L>, b: Vector<L>, length: L, k: L) -> (L, Vector<L>) {
    let d = subtract(b, a);
    let r2 = dot(d, d);
    let inverse_r = r2.rsqrt();
    let stretch = r2 * inverse_r - length;
    let tension = k * stretch;
    (
        L::splat(0.5) * tension * stretch,
        scale(d, -(tension * inverse_r)),
    )
}

/// ½k(θ − θ₀)²: energy, forces on the outer atoms.
#[inline(always)]
pub(crate) fn angle<L: Lane>(atoms: [Vector<L>; 3], angle: L, k: L) -> (L, [Vector<L>; 2]) {
    let u = subtract(atoms[0], atoms[1]);
    let v = subtract(atoms[2], atoms[1]);
    let w = cross(u, v);
    // a straight angle has no plane; the smallest normal number keeps its force finite
    let w2 = dot(w, w).max(L::splat(f32::MIN_POSITIVE));
    let inverse_w = w2.rsqrt();
    let theta = L::angle(dot(u, v), w2 * inverse_w);
    let bend = theta - angle;
    let torque = k * bend;
    let on_first = scale(cross(w, u), torque * inverse_w * dot(u, u).recip());
    let on_last = scale(cross(v, w), torque * inverse_w * dot(v, v).recip());
    (L::splat(0.5) * torque * bend, [on_first, on_last])
}

/// Geometry of a torsion: cos φ, sin φ and what turns dE/dφ into forces.
///
/// Blondel & Karplus, J. Comput. Chem. 1996, 17, 1132, eq. 27.
pub(crate) struct Torsion<L> {
    pub(crate) cosine: L,
    pub(crate) sine: L,
    first: Vector<L>,
    last: Vector<L>,
    shift: Vector<L>,
}

impl<L: Lane> Torsion<L> {
    #[inline(always)]
    pub(crate) fn new(atoms: [Vector<L>; 4]) -> Self {
        let f = subtract(atoms[0], atoms[1]);
        let g = subtract(atoms[1], atoms[2]);
        let h = subtract(atoms[3], atoms[2]);
        let (a, b) = (cross(f, g), cross(h, g));
        let tiny = L::splat(f32::MIN_POSITIVE);
        let (a2, b2, g2) = (
            dot(a, a).max(tiny),
            dot(b, b).max(tiny),
            dot(g, g).max(tiny),
        );
        let (inverse_a, inverse_b, inverse_g) = (a2.rsqrt(), b2.rsqrt(), g2.rsqrt());
        let scale_ab = inverse_a * inverse_b;
        let length = g2 * inverse_g;
        let (inverse_a2, inverse_b2) = (inverse_a * inverse_a, inverse_b * inverse_b);
        let along_f = dot(f, g) * inverse_a2 * inverse_g;
        let along_h = dot(h, g) * inverse_b2 * inverse_g;
        Self {
            cosine: dot(a, b) * scale_ab,
            sine: dot(cross(b, a), g) * scale_ab * inverse_g,
            first: scale(a, -(length * inverse_a2)),
            last: scale(b, length * inverse_b2),
            shift: subtract(scale(a, along_f), scale(b, along_h)),
        }
    }

    /// Forces on the four atoms from dE/dφ.
    #[inline(always)]
    pub(crate) fn forces(&self, slope: L) -> [Vector<L>; 4] {
        let minus = -slope;
        let first = scale(self.first, minus);
        let last = scale(self.last, minus);
        let shift = scale(self.shift, minus);
        [
            first,
            subtract(shift, first),
            negate(add(shift, last)),
            last,
        ]
    }
}

/// Σₙ aₙ cos nφ + bₙ sin nφ from n = 0: energy and dE/dφ, by the recurrence of the multiple angles.
#[inline(always)]
pub(crate) fn fourier<L: Lane>(cosine: L, sine: L, series: &[[f32; 2]]) -> (L, L) {
    let (mut energy, mut slope) = (L::zero(), L::zero());
    let (mut c, mut s) = (L::splat(1.0), L::zero());
    for (n, &[a, b]) in series.iter().enumerate() {
        let (a, b, n) = (L::splat(a), L::splat(b), L::splat(n as f32));
        energy = a.mul_add(c, b.mul_add(s, energy));
        slope = n.mul_add(b * c - a * s, slope);
        (c, s) = (c * cosine - s * sine, s * cosine + c * sine);
    }
    (energy, slope)
}

#[inline(always)]
pub(crate) fn subtract<L: Lane>(a: Vector<L>, b: Vector<L>) -> Vector<L> {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

#[inline(always)]
pub(crate) fn add<L: Lane>(a: Vector<L>, b: Vector<L>) -> Vector<L> {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

#[inline(always)]
pub(crate) fn scale<L: Lane>(a: Vector<L>, factor: L) -> Vector<L> {
    [a[0] * factor, a[1] * factor, a[2] * factor]
}

#[inline(always)]
pub(crate) fn negate<L: Lane>(a: Vector<L>) -> Vector<L> {
    [-a[0], -a[1], -a[2]]
}

#[inline(always)]
pub(crate) fn dot<L: Lane>(a: Vector<L>, b: Vector<L>) -> L {
    a[0].mul_add(b[0], a[1].mul_add(b[1], a[2] * b[2]))
}

#[inline(always)]
fn cross<L: Lane>(a: Vector<L>, b: Vector<L>) -> Vector<L> {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}
