//! One AVX-512 register.

use crate::terms::lane::Lane;
use dynamics::Lanes;
use std::arch::x86_64::*;

/// Sixteen numbers in one register.
///
/// Values exist only inside [`Kernel::run`](crate::cpu::instruction_set::Kernel::run) as called by
/// [`InstructionSet::run`](crate::cpu::InstructionSet::run), after the processor was asked for AVX-512F.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Avx512(__m512);

super::operators!(Avx512);

impl Avx512 {
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        // SAFETY: a value of this type exists, so the processor has AVX-512F.
        Self(unsafe { _mm512_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        // SAFETY: a value of this type exists, so the processor has AVX-512F.
        Self(unsafe { _mm512_sub_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        // SAFETY: a value of this type exists, so the processor has AVX-512F.
        Self(unsafe { _mm512_mul_ps(self.0, other.0) })
    }
}

impl Lane for Avx512 {
    type Mask = __mmask16;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        // SAFETY: this type is only named where the processor has AVX-512F.
        Self(unsafe { _mm512_set1_ps(x) })
    }
    #[inline(always)]
    fn load(from: &Lanes) -> Self {
        // SAFETY: as above; `Lanes` is 64 bytes, aligned to 64.
        Self(unsafe { _mm512_load_ps(from.0.as_ptr()) })
    }
    #[inline(always)]
    fn store(self, to: &mut Lanes) {
        // SAFETY: as above; `Lanes` is 64 bytes, aligned to 64.
        unsafe { _mm512_store_ps(to.0.as_mut_ptr(), self.0) }
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        // SAFETY: a value of this type exists, so the processor has AVX-512F.
        Self(unsafe { _mm512_fmadd_ps(self.0, a.0, b.0) })
    }
    #[inline(always)]
    fn neg_mul_add(self, a: Self, b: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_fnmadd_ps(self.0, a.0, b.0) })
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_min_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_max_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn recip(self) -> Self {
        // SAFETY: as above.
        let guess = Self(unsafe { _mm512_rcp14_ps(self.0) });
        // one Newton step from 14 bits
        guess.mul_add(guess.neg_mul_add(self, Self::splat(1.0)), guess)
    }
    #[inline(always)]
    fn rsqrt(self) -> Self {
        // SAFETY: as above.
        let guess = Self(unsafe { _mm512_rsqrt14_ps(self.0) });
        // one Newton step from 14 bits: y + ½y(1 − xy²)
        let error = (self * guess).neg_mul_add(guess, Self::splat(1.0));
        (guess * Self::splat(0.5)).mul_add(error, guess)
    }
    #[inline(always)]
    fn round(self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_roundscale_ps::<0>(self.0) })
    }
    #[inline(always)]
    fn times_power_of_two(self, n: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_scalef_ps(self.0, n.0) })
    }
    #[inline(always)]
    fn split_exponent(self) -> (Self, Self) {
        // SAFETY: as above.
        unsafe {
            let mantissa = _mm512_getmant_ps::<_MM_MANT_NORM_P75_1P5, _MM_MANT_SIGN_ZERO>(self.0);
            // 1.5 · 2ᵉ counts as 0.75 · 2ᵉ⁺¹
            let shifted = _mm512_mul_ps(self.0, _mm512_set1_ps(4.0 / 3.0));
            (Self(mantissa), Self(_mm512_getexp_ps(shifted)))
        }
    }
    #[inline(always)]
    fn less(self, other: Self) -> Self::Mask {
        // SAFETY: as above.
        unsafe { _mm512_cmp_ps_mask::<_CMP_LT_OQ>(self.0, other.0) }
    }
    #[inline(always)]
    fn any(mask: Self::Mask) -> bool {
        mask != 0
    }
    #[inline(always)]
    fn mask_from_bits(bits: u16) -> Self::Mask {
        bits
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_mask_blend_ps(mask, no.0, yes.0) })
    }
    #[inline(always)]
    fn where_set(self, mask: Self::Mask) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_maskz_mov_ps(mask, self.0) })
    }
    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_abs_ps(self.0) })
    }
}
