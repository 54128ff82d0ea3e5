//! Two AVX registers, with AVX2 and FMA instructions.

use crate::terms::lane::Lane;
use dynamics::Lanes;
use std::arch::x86_64::*;

/// Sixteen numbers in two registers.
///
/// Values exist only inside [`Kernel::run`](crate::cpu::instruction_set::Kernel::run) as called by
/// [`InstructionSet::run`](crate::cpu::InstructionSet::run), after the processor was asked for AVX2 and FMA.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Avx2(__m256, __m256);

super::operators!(Avx2);

impl Avx2 {
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        // SAFETY: a value of this type exists, so the processor has AVX2.
        unsafe {
            Self(
                _mm256_add_ps(self.0, other.0),
                _mm256_add_ps(self.1, other.1),
            )
        }
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        // SAFETY: a value of this type exists, so the processor has AVX2.
        unsafe {
            Self(
                _mm256_sub_ps(self.0, other.0),
                _mm256_sub_ps(self.1, other.1),
            )
        }
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        // SAFETY: a value of this type exists, so the processor has AVX2.
        unsafe {
            Self(
                _mm256_mul_ps(self.0, other.0),
                _mm256_mul_ps(self.1, other.1),
            )
        }
    }
}

impl Lane for Avx2 {
    type Mask = (__m256, __m256);

    #[inline(always)]
    fn splat(x: f32) -> Self {
        // SAFETY: this type is only named where the processor has AVX2 and FMA.
        let x = unsafe { _mm256_set1_ps(x) };
        Self(x, x)
    }
    #[inline(always)]
    fn load(from: &Lanes) -> Self {
        let p = from.0.as_ptr();
        // SAFETY: as above; `Lanes` is sixteen numbers, aligned to 64 bytes.
        unsafe { Self(_mm256_load_ps(p), _mm256_load_ps(p.add(8))) }
    }
    #[inline(always)]
    fn store(self, to: &mut Lanes) {
        let p = to.0.as_mut_ptr();
        // SAFETY: as above; `Lanes` is sixteen numbers, aligned to 64 bytes.
        unsafe {
            _mm256_store_ps(p, self.0);
            _mm256_store_ps(p.add(8), self.1);
        }
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        // SAFETY: a value of this type exists, so the processor has AVX2 and FMA.
        unsafe {
            Self(
                _mm256_fmadd_ps(self.0, a.0, b.0),
                _mm256_fmadd_ps(self.1, a.1, b.1),
            )
        }
    }
    #[inline(always)]
    fn neg_mul_add(self, a: Self, b: Self) -> Self {
        // SAFETY: as above.
        unsafe {
            Self(
                _mm256_fnmadd_ps(self.0, a.0, b.0),
                _mm256_fnmadd_ps(self.1, a.1, b.1),
            )
        }
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe {
            Self(
                _mm256_min_ps(self.0, other.0),
                _mm256_min_ps(self.1, other.1),
            )
        }
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe {
            Self(
                _mm256_max_ps(self.0, other.0),
                _mm256_max_ps(self.1, other.1),
            )
        }
    }
    #[inline(always)]
    fn recip(self) -> Self {
        // SAFETY: as above.
        let guess = unsafe { Self(_mm256_rcp_ps(self.0), _mm256_rcp_ps(self.1)) };
        // one Newton step from 12 bits
        guess.mul_add(guess.neg_mul_add(self, Self::splat(1.0)), guess)
    }
    #[inline(always)]
    fn rsqrt(self) -> Self {
        // SAFETY: as above.
        let guess = unsafe { Self(_mm256_rsqrt_ps(self.0), _mm256_rsqrt_ps(self.1)) };
        // one Newton step from 12 bits: y + ½y(1 − xy²)
        let error = (self * guess).neg_mul_add(guess, Self::splat(1.0));
        (guess * Self::splat(0.5)).mul_add(error, guess)
    }
    #[inline(always)]
    fn round(self) -> Self {
        const NEAREST: i32 = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
        // SAFETY: as above.
        unsafe {
            Self(
                _mm256_round_ps::<NEAREST>(self.0),
                _mm256_round_ps::<NEAREST>(self.1),
            )
        }
    }
    #[inline(always)]
    fn times_power_of_two(self, n: Self) -> Self {
        Self(
            times_power_of_two(self.0, n.0),
            times_power_of_two(self.1, n.1),
        )
    }
    #[inline(always)]
    fn split_exponent(self) -> (Self, Self) {
        let (low, high) = (split_exponent(self.0), split_exponent(self.1));
        (Self(low.0, high.0), Self(low.1, high.1))
    }
    #[inline(always)]
    fn less(self, other: Self) -> Self::Mask {
        // SAFETY: as above.
        unsafe {
            (
                _mm256_cmp_ps::<_CMP_LT_OQ>(self.0, other.0),
                _mm256_cmp_ps::<_CMP_LT_OQ>(self.1, other.1),
            )
        }
    }
    #[inline(always)]
    fn any(mask: Self::Mask) -> bool {
        // SAFETY: as above: masks come from values of this type.
        unsafe { _mm256_movemask_ps(_mm256_or_ps(mask.0, mask.1)) != 0 }
    }
    #[inline(always)]
    fn mask_from_bits(bits: u16) -> Self::Mask {
        let bits = i32::from(bits);
        (mask_from_byte(bits & 0xff), mask_from_byte(bits >> 8))
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        // SAFETY: as above.
        unsafe {
            Self(
                _mm256_blendv_ps(no.0, yes.0, mask.0),
                _mm256_blendv_ps(no.1, yes.1, mask.1),
            )
        }
    }
}

#[inline(always)]
fn times_power_of_two(x: __m256, n: __m256) -> __m256 {
    // SAFETY: called on parts of values of `Avx2`, so the processor has AVX2.
    unsafe {
        let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
        _mm256_mul_ps(x, _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent)))
    }
}

#[inline(always)]
fn split_exponent(x: __m256) -> (__m256, __m256) {
    const THREE_QUARTERS: i32 = 0x3f40_0000;
    // SAFETY: called on parts of values of `Avx2`, so the processor has AVX2.
    unsafe {
        let bits = _mm256_castps_si256(x);
        let exponent =
            _mm256_srai_epi32::<23>(_mm256_sub_epi32(bits, _mm256_set1_epi32(THREE_QUARTERS)));
        let mantissa = _mm256_sub_epi32(bits, _mm256_slli_epi32::<23>(exponent));
        (_mm256_castsi256_ps(mantissa), _mm256_cvtepi32_ps(exponent))
    }
}

#[inline(always)]
fn mask_from_byte(bits: i32) -> __m256 {
    // SAFETY: `Avx2` is only named where the processor has AVX2.
    unsafe {
        let each = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
        let set = _mm256_and_si256(_mm256_set1_epi32(bits), each);
        _mm256_castsi256_ps(_mm256_cmpeq_epi32(set, each))
    }
}
