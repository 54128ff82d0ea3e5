//! Arrays of sixteen, left to the compiler to vectorise: SSE2 on x86-64, NEON on aarch64.

use crate::terms::lane::Lane;
use dynamics::Lanes;

/// Sixteen numbers for any processor.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(in crate::cpu) struct Portable([f32; 16]);

super::operators!(Portable);

impl Portable {
    #[inline(always)]
    fn map(self, f: impl Fn(f32) -> f32) -> Self {
        Self(std::array::from_fn(|k| f(self.0[k])))
    }

    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|k| f(self.0[k], other.0[k])))
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
}

impl Lane for Portable {
    type Mask = [u32; 16];

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self([x; 16])
    }
    #[inline(always)]
    fn load(from: &Lanes) -> Self {
        Self(from.0)
    }
    #[inline(always)]
    fn store(self, to: &mut Lanes) {
        to.0 = self.0;
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        // not `f32::mul_add`: without the instruction that is a slow function call
        self.times(a).plus(b)
    }
    #[inline(always)]
    fn neg_mul_add(self, a: Self, b: Self) -> Self {
        b.minus(self.times(a))
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    fn recip(self) -> Self {
        self.map(|x| 1.0 / x)
    }
    #[inline(always)]
    fn rsqrt(self) -> Self {
        self.map(|x| 1.0 / x.sqrt())
    }
    #[inline(always)]
    fn round(self) -> Self {
        // adding 1.5 · 2²³ leaves no room for a fraction; exact for |x| < 2²²
        const SHIFT: f32 = 12_582_912.0;
        self.map(|x| (x + SHIFT) - SHIFT)
    }
    #[inline(always)]
    fn times_power_of_two(self, n: Self) -> Self {
        self.zip(n, |x, n| {
            x * f32::from_bits(((n as i32 + 127) << 23) as u32)
        })
    }
    #[inline(always)]
    fn split_exponent(self) -> (Self, Self) {
        const THREE_QUARTERS: i32 = 0x3f40_0000;
        let exponent = |x: f32| (x.to_bits() as i32 - THREE_QUARTERS) >> 23;
        let mantissa =
            self.map(|x| f32::from_bits((x.to_bits() as i32 - (exponent(x) << 23)) as u32));
        (mantissa, self.map(|x| exponent(x) as f32))
    }
    #[inline(always)]
    fn less(self, other: Self) -> Self::Mask {
        std::array::from_fn(|k| if self.0[k] < other.0[k] { u32::MAX } else { 0 })
    }
    #[inline(always)]
    fn any(mask: Self::Mask) -> bool {
        mask.iter().fold(0, |all, m| all | m) != 0
    }
    #[inline(always)]
    fn mask_from_bits(bits: u16) -> Self::Mask {
        std::array::from_fn(|k| if bits >> k & 1 == 1 { u32::MAX } else { 0 })
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        Self(std::array::from_fn(|k| {
            f32::from_bits((yes.0[k].to_bits() & mask[k]) | (no.0[k].to_bits() & !mask[k]))
        }))
    }
}
