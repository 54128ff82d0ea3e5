//! Generalised Born formulas over lanes: pair integrals, radii, pair energy, and their slopes.
//!
//! With or the offset radius of the atom whose integral it is, and s the scaled offset radius of the other,
//! the integral of the CustomGB form is, wherever r ≥ or + s, a power series in y = s²/r²:
//!
//! I = ½[1/(r−s) − 1/(r+s) + ¼(r − s²/r)(1/(r+s)² − 1/(r−s)²) + ½ ln((r−s)/(r+s))/r]
//!   = ½[s/(r²−s²) − artanh(s/r)/r] = s³/r⁴ · g(y), g(y) = Σₖ k/(2k+1) yᵏ⁻¹
//!
//! and (dI/dr)/r = −s³/r⁶ · h(y), h(y) = Σₖ k(2k+2)/(2k+1) yᵏ⁻¹: a polynomial each, without root,
//! logarithm or division, and without the cancellation of the closed form. Closer pairs, a tenth of a small
//! protein's, take the closed form. Each lane takes the form its own distance calls for.

use super::lane::Lane;

/// Largest y of the polynomials.
pub(crate) const SERIES_LIMIT: f64 = 0.4;

/// g on 0..0.4, minimax, relative error 1.9e-7.
const INTEGRAL: [f32; 8] = [
    0.333_333_27,
    0.400_019_87,
    0.427_536_56,
    0.464_637_25,
    0.265_184_53,
    1.394_469_4,
    -1.927_421_9,
    3.207_944_6,
];

/// h on 0..0.4, minimax, relative error 9.8e-7.
const SLOPE: [f32; 8] = [
    1.333_332_02,
    2.400_434_94,
    3.405_425_7,
    4.903_640_4,
    1.096_001_1,
    28.094_574,
    -48.117_71,
    71.304_106,
];

/// Constants of an ordered pair of atoms: what `other` takes from the integral of `own`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Direction {
    /// Offset radius of `own`, nm.
    pub(crate) offset_radius: f32,
    /// Scaled offset radius of `other`, nm.
    pub(crate) scaled: f32,
    /// Its square and cube.
    pub(crate) scaled2: f32,
    pub(crate) scaled3: f32,
    /// Distance of the neck's maximum, nm.
    pub(crate) neck_distance: f32,
    /// Its value times the neck scale, 1/nm.
    pub(crate) neck_value: f32,
}

/// Constants of a pair in both directions.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BornPair {
    /// Below this squared distance one of the directions needs the closed form, nm².
    pub(crate) near2: f32,
    /// Below this squared distance there is a neck, nm²; zero for models without.
    pub(crate) neck_cutoff2: f32,
    /// The first atom's integral, then the second's.
    pub(crate) directions: [Direction; 2],
}

/// The integrals of both atoms of a pair, 1/nm.
#[inline(always)]
pub(crate) fn integrals<L: Lane>(r2: L, pair: &BornPair) -> [L; 2] {
    let inverse_r = r2.rsqrt();
    let inverse_r2 = inverse_r * inverse_r;
    let inverse_r4 = inverse_r2 * inverse_r2;
    let [first, second] = &pair.directions;
    let mut values = [
        series(inverse_r2, inverse_r4, first, &INTEGRAL),
        series(inverse_r2, inverse_r4, second, &INTEGRAL),
    ];
    let near = L::less(r2, L::splat(pair.near2));
    if L::any(near) {
        let r = r2 * inverse_r;
        values = [
            L::select(near, closed_form(r, inverse_r, first).0, values[0]),
            L::select(near, closed_form(r, inverse_r, second).0, values[1]),
        ];
    }
    let necked = L::less(r2, L::splat(pair.neck_cutoff2));
    if L::any(necked) {
        let necks = Necks::new(r2 * inverse_r, pair);
        let [a, b] = necks.inverse;
        values = [
            values[0] + (L::splat(first.neck_value) * a).where_set(necked),
            values[1] + (L::splat(second.neck_value) * b).where_set(necked),
        ];
    }
    values
}

/// (dI/dr)/r of both integrals of a pair, 1/nm³.
#[inline(always)]
pub(crate) fn integral_slopes<L: Lane>(r2: L, pair: &BornPair) -> [L; 2] {
    let inverse_r = r2.rsqrt();
    let inverse_r2 = inverse_r * inverse_r;
    let inverse_r6 = inverse_r2 * inverse_r2 * inverse_r2;
    let [first, second] = &pair.directions;
    let mut slopes = [
        -series(inverse_r2, inverse_r6, first, &SLOPE),
        -series(inverse_r2, inverse_r6, second, &SLOPE),
    ];
    let near = L::less(r2, L::splat(pair.near2));
    if L::any(near) {
        let r = r2 * inverse_r;
        slopes = [
            L::select(near, closed_form(r, inverse_r, first).1, slopes[0]),
            L::select(near, closed_form(r, inverse_r, second).1, slopes[1]),
        ];
    }
    let necked = L::less(r2, L::splat(pair.neck_cutoff2));
    if L::any(necked) {
        let necks = Necks::new(r2 * inverse_r, pair);
        // masked as a product: a neck's slope overflows to NaN far beyond its cutoff
        let a = necks.slope(0) * L::splat(first.neck_value) * inverse_r;
        let b = necks.slope(1) * L::splat(second.neck_value) * inverse_r;
        slopes = [
            slopes[0] + a.where_set(necked),
            slopes[1] + b.where_set(necked),
        ];
    }
    slopes
}

/// s³ · prefactor · polynomial(s²/r²).
#[inline(always)]
fn series<L: Lane>(inverse_r2: L, prefactor: L, direction: &Direction, polynomial: &[f32; 8]) -> L {
    let y = inverse_r2 * L::splat(direction.scaled2);
    prefactor * L::splat(direction.scaled3) * y.polynomial(polynomial)
}

/// The integral and (dI/dr)/r at any distance.
#[inline(always)]
fn closed_form<L: Lane>(r: L, inverse_r: L, direction: &Direction) -> (L, L) {
    let or = L::splat(direction.offset_radius);
    let s = L::splat(direction.scaled);
    let half = L::splat(0.5);
    let gap = r - s;
    let distance = gap.abs();
    let upper = r + s;
    let lower = distance.max(or);
    // 1/L and 1/U from one division
    let both = (lower * upper).recip();
    let (l, u) = (both * upper, both * lower);
    let log = (lower * u).ln();
    let s2_r = L::splat(direction.scaled2) * inverse_r;
    let width = r - s2_r;
    let quarter = L::splat(0.25) * (u * u - l * l);
    let value = half * (l - u + width * quarter + half * log * inverse_r);
    // dL/dr: ±1 where the other atom's sphere sets the lower limit
    let sign = L::select(L::less(gap, L::zero()), L::splat(-1.0), L::splat(1.0));
    let moving = sign.where_set(L::less(or, distance));
    let slope = half
        * (u * u - moving * l * l
            + (L::splat(1.0) + s2_r * inverse_r) * quarter
            + half * width * (moving * l * l * l - u * u * u)
            + half * inverse_r * (moving * l - u - log * inverse_r));
    let counts = L::less(or, upper);
    (
        value.where_set(counts),
        (slope * inverse_r).where_set(counts),
    )
}

/// 1/(1 + 100 d² + 3·10⁵ d⁶) in both directions, from one division.
struct Necks<L> {
    distance: [L; 2],
    inverse: [L; 2],
}

impl<L: Lane> Necks<L> {
    #[inline(always)]
    fn new(r: L, pair: &BornPair) -> Self {
        let [first, second] = &pair.directions;
        let distance = [
            r - L::splat(first.neck_distance),
            r - L::splat(second.neck_distance),
        ];
        let (a, b) = (
            Self::denominator(distance[0]),
            Self::denominator(distance[1]),
        );
        let both = (a * b).recip();
        Self {
            distance,
            inverse: [both * b, both * a],
        }
    }

    #[inline(always)]
    fn denominator(d: L) -> L {
        let d2 = d * d;
        let inner = (d2 * d2).mul_add(L::splat(0.3e6), L::splat(100.0));
        d2.mul_add(inner, L::splat(1.0))
    }

    /// Derivative of the inverse denominator by distance.
    #[inline(always)]
    fn slope(&self, k: usize) -> L {
        let (d, inverse) = (self.distance[k], self.inverse[k]);
        let d2 = d * d;
        let inner = (d2 * d2).mul_add(L::splat(-1.8e6), L::splat(-200.0));
        d * inner * (inverse * inverse)
    }
}

/// Constants of an atom's Born radius.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BornAtom {
    /// Offset radius, nm.
    pub(crate) offset_radius: f32,
    /// 1/(offset radius), 1/nm.
    pub(crate) inverse_offset_radius: f32,
    /// 1/ρ, 1/nm; zero selects the model without tanh (HCT).
    pub(crate) inverse_radius: f32,
    /// Coefficients of ψ, −ψ², ψ³.
    pub(crate) alpha_beta_gamma: [f32; 3],
    /// ½C q².
    pub(crate) self_charge: f32,
    /// 28.3919551 (ρ + 0.14)² ρ⁶, kJ/mol nm⁶; zero without surface term.
    pub(crate) surface: f32,
}

/// 1/B and ∂B/∂I from the integral.
#[inline(always)]
pub(crate) fn radius<L: Lane>(integral: L, atom: &BornAtom, hct: bool) -> (L, L) {
    let inverse_or = L::splat(atom.inverse_offset_radius);
    if hct {
        let inverse_born = inverse_or - integral;
        let born = inverse_born.recip();
        return (inverse_born, born * born);
    }
    let [alpha, beta, gamma] = atom.alpha_beta_gamma;
    let (alpha, beta, gamma) = (L::splat(alpha), L::splat(beta), L::splat(gamma));
    let or = L::splat(atom.offset_radius);
    let psi = integral * or;
    let tanh = (psi * (psi * (psi * gamma - beta) + alpha)).tanh();
    let inverse_born = tanh.neg_mul_add(L::splat(atom.inverse_radius), inverse_or);
    let born = inverse_born.recip();
    let inner = psi * (L::splat(3.0) * gamma * psi - (beta + beta)) + alpha;
    let sech2 = tanh.neg_mul_add(tanh, L::splat(1.0));
    let slope = born * born * sech2 * inner * or * L::splat(atom.inverse_radius);
    (inverse_born, slope)
}

/// Constants of the solvent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dielectric {
    /// 1/ε of the solute.
    pub(crate) inside: f32,
    /// 1/ε of the solvent.
    pub(crate) outside: f32,
    /// Inverse Debye length, 1/nm.
    pub(crate) kappa: f32,
    /// 1/cutoff, or zero.
    pub(crate) shift: f32,
}

impl Dielectric {
    /// 1/ε_in − e^{−κx}/ε_out and the screened part e^{−κx}/ε_out.
    #[inline(always)]
    fn factor<L: Lane>(&self, x: L) -> (L, L) {
        let outside = L::splat(self.outside);
        let screened = if self.kappa > 0.0 {
            outside * (x * L::splat(-self.kappa)).exp()
        } else {
            outside
        };
        (L::splat(self.inside) - screened, screened)
    }
}

/// Self energy with surface term, and its slope by B.
#[inline(always)]
pub(crate) fn self_energy<L: Lane>(
    born: L,
    inverse_born: L,
    atom: &BornAtom,
    dielectric: &Dielectric,
) -> (L, L) {
    let charge = L::splat(atom.self_charge);
    let (factor, screened) = dielectric.factor(born);
    let kappa = L::splat(dielectric.kappa);
    let inverse2 = inverse_born * inverse_born;
    let surface = L::splat(atom.surface) * (inverse2 * inverse2 * inverse2);
    let energy = surface - charge * factor * inverse_born;
    let slope = charge * inverse_born * (factor * inverse_born - kappa * screened)
        - L::splat(6.0) * surface * inverse_born;
    (energy, slope)
}

/// What the pair energy gives.
pub(crate) struct PairEnergy<L> {
    /// Energy, kJ/mol.
    pub(crate) energy: L,
    /// (∂E/∂r)/r, kJ/mol/nm².
    pub(crate) slope: L,
    /// ∂E/∂(BᵢBⱼ), kJ/mol/nm²: times Bⱼ it is ∂E/∂Bᵢ.
    pub(crate) by_product: L,
}

/// Still's pair energy; `charges` = C qᵢqⱼ, `product` = BᵢBⱼ and its inverse.
#[inline(always)]
pub(crate) fn pair_energy<L: Lane>(
    r2: L,
    charges: L,
    product: L,
    inverse_product: L,
    dielectric: &Dielectric,
) -> PairEnergy<L> {
    let exponent = r2 * (inverse_product * L::splat(0.25));
    let damping = (-exponent).exp();
    let inverse_f = product.mul_add(damping, r2).rsqrt();
    let (by_f_over_f, energy);
    if dielectric.kappa > 0.0 || dielectric.shift > 0.0 {
        let f = inverse_f.recip();
        let (factor, screened) = dielectric.factor(f);
        let shifted = inverse_f - L::splat(dielectric.shift);
        energy = -charges * factor * shifted;
        let by_f = factor * inverse_f * inverse_f - L::splat(dielectric.kappa) * screened * shifted;
        by_f_over_f = charges * by_f * inverse_f;
    } else {
        let charged = charges * L::splat(dielectric.inside - dielectric.outside) * inverse_f;
        energy = -charged;
        by_f_over_f = charged * inverse_f * inverse_f;
    }
    let damped = damping * L::splat(0.25);
    PairEnergy {
        energy,
        slope: damped.neg_mul_add(by_f_over_f, by_f_over_f),
        by_product: by_f_over_f * (damped + damped) * (exponent + L::splat(1.0)),
    }
}
