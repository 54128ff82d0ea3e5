//! A register of `f32` and the instruction sets that have one.

/// What the processor can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InstructionSet {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// A loop with its arguments. Implementors mark `run`, and whatever it calls in its loops,
/// `#[inline(always)]`, so that the body is compiled anew for each instruction set.
pub(crate) trait Kernel {
    type Output;
    fn run<V: Vector>(self) -> Self::Output;
}

impl InstructionSet {
    /// The widest set of this processor.
    pub(crate) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    /// All sets of this processor.
    #[cfg(test)]
    pub(crate) fn available() -> Vec<Self> {
        match Self::detect() {
            Self::Portable => vec![Self::Portable],
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => vec![Self::Portable, Self::Avx2],
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => vec![Self::Portable, Self::Avx2, Self::Avx512],
        }
    }

    /// Columns of a panel of packed weights: two registers.
    pub(crate) fn panel(self) -> usize {
        match self {
            Self::Portable => 2 * Portable::LANES,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => 2 * x86::Avx2::LANES,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => 2 * x86::Avx512::LANES,
        }
    }

    /// Runs a kernel with this set's registers.
    #[inline]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self {
            Self::Portable => kernel.run::<Portable>(),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: sets other than Portable come from `detect`, which found their features
            Self::Avx2 => unsafe { x86::avx2(kernel) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above
            Self::Avx512 => unsafe { x86::avx512(kernel) },
        }
    }
}

/// One register of `f32`.
///
/// # Safety of `load`, `store`
/// The pointer is to [`Vector::LANES`] numbers that may be read, or written.
pub(crate) trait Vector: Copy {
    const LANES: usize;
    /// Rows of a product that are computed at once: twice as many sums stay in registers.
    const ROWS: usize;

    fn splat(x: f32) -> Self;
    /// # Safety
    /// See the trait.
    unsafe fn load(from: *const f32) -> Self;
    /// # Safety
    /// See the trait.
    unsafe fn store(self, to: *mut f32);
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    fn over(self, other: Self) -> Self;
    fn sqrt(self) -> Self;
    /// self · factor + term, in whatever rounding the set has.
    fn times_plus(self, factor: Self, term: Self) -> Self;
    /// The smaller; `self` where it is NaN.
    fn at_most(self, limit: Self) -> Self;
    /// The larger; `self` where it is NaN.
    fn at_least(self, limit: Self) -> Self;
    fn round(self) -> Self;
    /// 2ⁿ of whole numbers within ±126.
    fn power_of_two(self) -> Self;
    fn sum(self) -> f32;

    #[inline(always)]
    fn exp(self) -> Self {
        let x = self.at_most(Self::splat(87.0)).at_least(Self::splat(-87.0));
        let n = x.times(Self::splat(std::f32::consts::LOG2_E)).round();
        let r = n.times_plus(Self::splat(-0.693_359_4), x);
        let r = n.times_plus(Self::splat(2.121_944_4e-4), r);
        // Taylor's series of degree 7 on |r| ≤ ½ ln 2: error below 2⁻²⁴
        let mut p = Self::splat(1.0 / 5040.0);
        for c in [
            1.0 / 720.0,
            1.0 / 120.0,
            1.0 / 24.0,
            1.0 / 6.0,
            0.5,
            1.0,
            1.0,
        ] {
            p = p.times_plus(r, Self::splat(c));
        }
        p.times(n.power_of_two())
    }
}

/// Eight numbers that any compiler can handle.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f32; 8]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|k| f(self.0[k], other.0[k])))
    }
}

impl Vector for Portable {
    const LANES: usize = 8;
    const ROWS: usize = 4;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self([x; 8])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise
        Self(unsafe { from.cast::<[f32; 8]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's promise
        unsafe { to.cast::<[f32; 8]>().write_unaligned(self.0) }
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
    #[inline(always)]
    fn over(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.map(f32::sqrt))
    }
    #[inline(always)]
    fn times_plus(self, factor: Self, term: Self) -> Self {
        self.times(factor).plus(term)
    }
    #[inline(always)]
    fn at_most(self, limit: Self) -> Self {
        self.zip(limit, |a, b| if b < a { b } else { a })
    }
    #[inline(always)]
    fn at_least(self, limit: Self) -> Self {
        self.zip(limit, |a, b| if b > a { b } else { a })
    }
    #[inline(always)]
    fn round(self) -> Self {
        // adding 1.5·2²³ leaves no bits for a fraction
        let magic = Self::splat(12_582_912.0);
        self.plus(magic).minus(magic)
    }
    #[inline(always)]
    fn power_of_two(self) -> Self {
        Self(
            self.0
                .map(|n| f32::from_bits(((n as i32 + 127) as u32) << 23)),
        )
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        self.0.iter().sum()
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Kernel, Vector};
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn avx2<K: Kernel>(kernel: K) -> K::Output {
        kernel.run::<Avx2>()
    }

    #[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
    pub(super) fn avx512<K: Kernel>(kernel: K) -> K::Output {
        kernel.run::<Avx512>()
    }

    #[derive(Clone, Copy)]
    pub(crate) struct Avx2(__m256);

    #[derive(Clone, Copy)]
    pub(crate) struct Avx512(__m512);

    macro_rules! vector {
        ($name:ident, $lanes:literal, $rows:literal, $splat:ident, $load:ident, $store:ident, $add:ident,
         $sub:ident, $mul:ident, $div:ident, $sqrt:ident, $fma:ident, $min:ident, $max:ident, $round:expr, $power:expr,
         $sum:expr) => {
            impl Vector for $name {
                const LANES: usize = $lanes;
                const ROWS: usize = $rows;

                #[inline(always)]
                fn splat(x: f32) -> Self {
                    // SAFETY: made only inside kernels that run with this set's features
                    Self(unsafe { $splat(x) })
                }
                #[inline(always)]
                unsafe fn load(from: *const f32) -> Self {
                    // SAFETY: the caller's promise
                    Self(unsafe { $load(from) })
                }
                #[inline(always)]
                unsafe fn store(self, to: *mut f32) {
                    // SAFETY: the caller's promise
                    unsafe { $store(to, self.0) }
                }
                #[inline(always)]
                fn plus(self, other: Self) -> Self {
                    // SAFETY: as splat
                    Self(unsafe { $add(self.0, other.0) })
                }
                #[inline(always)]
                fn minus(self, other: Self) -> Self {
                    // SAFETY: as splat
                    Self(unsafe { $sub(self.0, other.0) })
                }
                #[inline(always)]
                fn times(self, other: Self) -> Self {
                    // SAFETY: as splat
                    Self(unsafe { $mul(self.0, other.0) })
                }
                #[inline(always)]
                fn over(self, other: Self) -> Self {
                    // SAFETY: as splat
                    Self(unsafe { $div(self.0, other.0) })
                }
                #[inline(always)]
                fn sqrt(self) -> Self {
                    // SAFETY: as splat
                    Self(unsafe { $sqrt(self.0) })
                }
                #[inline(always)]
                fn times_plus(self, factor: Self, term: Self) -> Self {
                    // SAFETY: as splat
                    Self(unsafe { $fma(self.0, factor.0, term.0) })
                }
                #[inline(always)]
                fn at_most(self, limit: Self) -> Self {
                    // the instruction returns its second operand where one is NaN
                    // SAFETY: as splat
                    Self(unsafe { $min(limit.0, self.0) })
                }
                #[inline(always)]
                fn at_least(self, limit: Self) -> Self {
                    // SAFETY: as splat
                    Self(unsafe { $max(limit.0, self.0) })
                }
                #[inline(always)]
                fn round(self) -> Self {
                    // SAFETY: as splat
                    Self(unsafe { $round(self.0) })
                }
                #[inline(always)]
                fn power_of_two(self) -> Self {
                    // SAFETY: as splat
                    Self(unsafe { $power(self.0) })
                }
                #[inline(always)]
                fn sum(self) -> f32 {
                    // SAFETY: as splat
                    unsafe { $sum(self.0) }
                }
            }
        };
    }

    vector!(
        Avx2,
        8,
        6,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_add_ps,
        _mm256_sub_ps,
        _mm256_mul_ps,
        _mm256_div_ps,
        _mm256_sqrt_ps,
        _mm256_fmadd_ps,
        _mm256_min_ps,
        _mm256_max_ps,
        |x| _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x),
        |x| _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_add_epi32(
            _mm256_cvtps_epi32(x),
            _mm256_set1_epi32(127)
        ))),
        |x| {
            let mut lanes = [0.0_f32; 8];
            _mm256_storeu_ps(lanes.as_mut_ptr(), x);
            lanes.iter().sum::<f32>()
        }
    );

    vector!(
        Avx512,
        16,
        12,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_add_ps,
        _mm512_sub_ps,
        _mm512_mul_ps,
        _mm512_div_ps,
        _mm512_sqrt_ps,
        _mm512_fmadd_ps,
        _mm512_min_ps,
        _mm512_max_ps,
        |x| _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x),
        |x| _mm512_scalef_ps(_mm512_set1_ps(1.0), x),
        |x| _mm512_reduce_add_ps(x)
    );
}
