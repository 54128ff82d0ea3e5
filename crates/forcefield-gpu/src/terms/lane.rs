//! Sixteen numbers that go through a formula together.

use dynamics::Lanes;
use std::ops::{Add, Mul, Neg, Sub};

/// Sixteen `f32`: the conformers of a block, or the atoms of a tile.
///
/// Formulas in [`terms`](super) are written over this trait; its implementations differ in
/// instructions and in the last bits of [`Lane::recip`] and [`Lane::rsqrt`] only. Every operation works
/// on each lane by itself, so a lane's result never depends on its neighbours.
pub(crate) trait Lane:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Neg<Output = Self>
{
    /// Sixteen booleans.
    type Mask: Copy;

    fn splat(x: f32) -> Self;
    fn load(from: &Lanes) -> Self;
    fn store(self, to: &mut Lanes);

    /// self · a + b.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// b − self · a.
    fn neg_mul_add(self, a: Self, b: Self) -> Self;
    fn min(self, other: Self) -> Self;
    fn max(self, other: Self) -> Self;
    /// 1/self, to a few units in the last place; not for zero.
    fn recip(self) -> Self;
    /// 1/√self, to a few units in the last place; not for zero.
    fn rsqrt(self) -> Self;
    /// To the nearest integer.
    fn round(self) -> Self;
    /// self · 2ⁿ for integral n with |n| ≤ 126.
    fn times_power_of_two(self, n: Self) -> Self;
    /// m in 0.75..1.5 and integral e with self = m · 2ᵉ, for positive numbers.
    fn split_exponent(self) -> (Self, Self);

    fn less(self, other: Self) -> Self::Mask;
    fn any(mask: Self::Mask) -> bool;
    /// Lane k is bit k.
    fn mask_from_bits(bits: u16) -> Self::Mask;
    /// `yes` where the mask is set, `no` elsewhere.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;

    #[inline(always)]
    fn zero() -> Self {
        Self::splat(0.0)
    }

    /// `self` where the mask is set, zero elsewhere.
    #[inline(always)]
    fn where_set(self, mask: Self::Mask) -> Self {
        Self::select(mask, self, Self::zero())
    }

    #[inline(always)]
    fn abs(self) -> Self {
        self.max(-self)
    }

    /// Adds the lanes to sums in f64.
    #[inline(always)]
    fn add_to(self, sums: &mut [f64; 16]) {
        let mut lanes = Lanes::ZERO;
        self.store(&mut lanes);
        for (sum, &x) in sums.iter_mut().zip(&lanes.0) {
            *sum += f64::from(x);
        }
    }

    /// c₀ + c₁x + c₂x² + … .
    #[inline(always)]
    fn polynomial<const N: usize>(self, coefficients: &[f32; N]) -> Self {
        let mut k = N - 1;
        let mut sum = Self::splat(coefficients[k]);
        while k > 0 {
            k -= 1;
            sum = sum.mul_add(self, Self::splat(coefficients[k]));
        }
        sum
    }

    /// eˣ; zero below −87, 10³⁸ above 88.
    #[inline(always)]
    fn exp(self) -> Self {
        let x = self.max(Self::splat(-87.0)).min(Self::splat(88.0));
        let n = (x * Self::splat(std::f32::consts::LOG2_E)).round();
        // ln 2 in two parts, so that n ln 2 is subtracted exactly
        let r = n.neg_mul_add(Self::splat(0.693_359_4), x);
        let r = n.neg_mul_add(Self::splat(-2.121_944_4e-4), r);
        // minimax on |r| ≤ ½ ln 2, relative error 1.0e-7
        let e = r.polynomial(&[
            1.0,
            1.0,
            0.499_992_32,
            0.166_671_14,
            0.041_890_12,
            0.008_312_524,
        ]);
        e.times_power_of_two(n)
    }

    /// ln x for positive x: ln m = 2 artanh((m − 1)/(m + 1)).
    #[inline(always)]
    fn ln(self) -> Self {
        let (m, e) = self.split_exponent();
        let one = Self::splat(1.0);
        let t = (m - one) * (m + one).recip();
        let t2 = t * t;
        let series = t2.polynomial(&[2.0, 2.0 / 3.0, 0.4, 2.0 / 7.0, 2.0 / 9.0, 2.0 / 11.0]);
        e.mul_add(Self::splat(std::f32::consts::LN_2), t * series)
    }

    /// tanh x; relative accuracy is lost near zero, absolute accuracy is not.
    #[inline(always)]
    fn tanh(self) -> Self {
        let e = (self + self).exp();
        Self::splat(-2.0).mul_add((e + Self::splat(1.0)).recip(), Self::splat(1.0))
    }

    /// The angle 0..π of a vector (x, y) with y ≥ 0.
    #[inline(always)]
    fn angle(x: Self, y: Self) -> Self {
        let a = x.abs();
        let steep = Self::less(a, y);
        let q = a.min(y) * a.max(y).recip();
        let q2 = q * q;
        // minimax of atan(q)/q on 0..1
        let atan = q * q2.polynomial(&ATAN);
        let half_pi = Self::splat(std::f32::consts::FRAC_PI_2);
        let first_octants = Self::select(steep, half_pi - atan, atan);
        let backward = Self::less(x, Self::zero());
        Self::select(backward, half_pi + half_pi - first_octants, first_octants)
    }
}

/// Relative error 1.5e-8.
const ATAN: [f32; 9] = [
    0.999_999_98,
    -0.333_330_73,
    0.199_926_19,
    -0.142_036_44,
    0.106_409_34,
    -0.075_042_94,
    0.042_691_51,
    -0.016_068_623,
    0.002_849_888,
];
