//! Implementations of [`Lane`](crate::terms::lane::Lane).

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

#[cfg(target_arch = "x86_64")]
pub(super) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(super) use avx512::Avx512;
pub(super) use portable::Portable;

/// Operators of a lane type by its own methods.
macro_rules! operators {
    ($lane:ty) => {
        impl std::ops::Add for $lane {
            type Output = Self;
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                self.plus(other)
            }
        }
        impl std::ops::Sub for $lane {
            type Output = Self;
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                self.minus(other)
            }
        }
        impl std::ops::Mul for $lane {
            type Output = Self;
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                self.times(other)
            }
        }
        impl std::ops::Neg for $lane {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                self.times(<Self as crate::terms::lane::Lane>::splat(-1.0))
            }
        }
    };
}
use operators;

#[cfg(test)]
mod tests {
    use crate::cpu::instruction_set::{InstructionSet, Kernel};
    use crate::terms::lane::Lane;
    use dynamics::Lanes;

    /// Applies every operation to the same numbers and compares with `std` in f64.
    struct Operations;

    fn check<L: Lane>(
        name: &str,
        xs: [f32; 16],
        lane: impl Fn(L) -> L,
        exact: impl Fn(f64) -> f64,
        tolerance: f64,
    ) {
        let mut out = Lanes::ZERO;
        lane(L::load(&Lanes(xs))).store(&mut out);
        for (x, found) in xs.into_iter().zip(out.0) {
            let expected = exact(f64::from(x));
            let error = (f64::from(found) - expected).abs() / expected.abs().max(1e-30);
            assert!(
                error <= tolerance,
                "{name}({x}) = {found}, expected {expected}"
            );
        }
    }

    impl Kernel for Operations {
        type Output = ();
        #[inline(always)]
        fn run<L: Lane>(self) {
            let positive: [f32; 16] = std::array::from_fn(|k| 1.3f32.powi(3 * k as i32 - 24));
            check::<L>("recip", positive, L::recip, |x| 1.0 / x, 3e-7);
            check::<L>("rsqrt", positive, L::rsqrt, |x| 1.0 / x.sqrt(), 4e-7);
            let ratios: [f32; 16] = std::array::from_fn(|k| 0.05 + 0.061 * k as f32);
            check::<L>("ln", ratios, L::ln, f64::ln, 2e-6);
            let signed: [f32; 16] = std::array::from_fn(|k| 5.37 * k as f32 - 80.0);
            check::<L>("exp", signed, L::exp, f64::exp, 3e-7);
            check::<L>("abs", signed, L::abs, f64::abs, 0.0);
            check::<L>("round", signed, L::round, f64::round, 0.0);
            let small: [f32; 16] = std::array::from_fn(|k| 0.37 * k as f32 - 2.5);
            check::<L>("tanh", small, L::tanh, f64::tanh, 3e-6);
            check::<L>(
                "angle",
                small,
                |x| L::angle(x, L::splat(0.7)),
                |x| 0.7f32.atan2(x as f32).into(),
                5e-7,
            );
            check::<L>(
                "powers",
                small,
                |x| x.polynomial(&[1.0, 0.0, 2.0]),
                |x| 1.0 + 2.0 * x * x,
                3e-7,
            );
            let bits = 0b1010_0000_0000_0110;
            let mut out = Lanes::ZERO;
            L::select(L::mask_from_bits(bits), L::splat(1.0), L::zero()).store(&mut out);
            for (k, x) in out.0.into_iter().enumerate() {
                assert_eq!(x, f32::from(bits >> k & 1));
            }
            let below = L::less(L::load(&Lanes(small)), L::splat(-2.4));
            let none = L::less(L::splat(1.0), L::splat(-2.4));
            assert!(L::any(below) && !L::any(none));
        }
    }

    #[test]
    fn operations_agree_with_std() {
        for set in InstructionSet::available() {
            set.run(Operations);
        }
    }
}
