//! Random numbers that are functions of where they are used, not of what was drawn before.
//!
//! # Counter layout
//! A generator state is never kept. Philox4x32-10 maps a 128-bit counter and a 64-bit key to four
//! 32-bit words:
//!
//! | word | holds |
//! |---|---|
//! | counter 0 | atom (or pair of rungs, for exchange) |
//! | counter 1 | replica identifier |
//! | counter 2 | step, bits 0–31 |
//! | counter 3 | [`Purpose`] in bits 24–31, step bits 32–55 in bits 0–23 |
//! | key 0, key 1 | seed, bits 0–31 and 32–63 |
//!
//! so any replica can be reproduced alone, in any order, on any number of threads or on a GPU.
//!
//! # References
//! J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, *Parallel random numbers: as easy as 1, 2,
//! 3*, SC'11 (2011), <https://doi.org/10.1145/2063384.2063405>;
//! G. E. P. Box, M. E. Muller, Ann. Math. Statist. 29, 610 (1958),
//! <https://doi.org/10.1214/aoms/1177706645>.

const MULTIPLIER: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// What random numbers are used for; different purposes never share a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// Noise of an integrator; the counter's step is the step being taken, from 0.
    Noise = 0,
    /// Velocities drawn from Maxwell–Boltzmann.
    Velocities = 1,
    /// Acceptance of replica exchange.
    Exchange = 2,
    /// Displacement of atoms that lie on top of each other.
    Jitter = 3,
}

/// The counter of one atom (see the [module documentation](self)).
///
/// # Examples
/// ```
/// use dynamics::random::{Purpose, counter};
/// assert_eq!(counter(Purpose::Velocities, 7, 3, 1 << 32), [7, 3, 0, 0x0100_0001]);
/// ```
#[inline(always)]
pub fn counter(purpose: Purpose, atom: u32, replica: u32, step: u64) -> [u32; 4] {
    let high = (step >> 32) as u32 & 0x00FF_FFFF;
    [atom, replica, step as u32, (purpose as u32) << 24 | high]
}

/// Philox4x32-10: four uniform words from a counter and a seed.
///
/// # Examples
/// The published known-answer test:
/// ```
/// let words = dynamics::random::philox([0; 4], 0);
/// assert_eq!(words, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
/// ```
#[inline(always)]
pub fn philox(counter: [u32; 4], seed: u64) -> [u32; 4] {
    let mut key = [seed as u32, (seed >> 32) as u32];
    let [mut c0, mut c1, mut c2, mut c3] = counter;
    for _ in 0..10 {
        let first = u64::from(MULTIPLIER[0]) * u64::from(c0);
        let second = u64::from(MULTIPLIER[1]) * u64::from(c2);
        c0 = (second >> 32) as u32 ^ c1 ^ key[0];
        c1 = second as u32;
        c2 = (first >> 32) as u32 ^ c3 ^ key[1];
        c3 = first as u32;
        key[0] = key[0].wrapping_add(WEYL[0]);
        key[1] = key[1].wrapping_add(WEYL[1]);
    }
    [c0, c1, c2, c3]
}

/// A uniform deviate in the open interval (0, 1) with 32 random bits: (w + ½)·2⁻³².
pub fn uniform(word: u32) -> f64 {
    (f64::from(word) + 0.5) / 4_294_967_296.0
}

/// Four independent standard normal deviates from four uniform words, by Box and Muller.
///
/// Words a and b give √(−2 ln u)·cos φ and √(−2 ln u)·sin φ with u = (a + ½)·2⁻³² and φ = 2πb·2⁻³²
/// (both up to the rounding stated in the code); the largest deviate is 6.76. Only additions,
/// multiplications, one division and one square root in `f32` are used, each rounded to nearest and
/// none fused, so a GPU kernel written with `__fadd_rn`, `__fmul_rn`, `__fdiv_rn` and `__fsqrt_rn`
/// gives the same bits. An atom uses the first three for x, y, z.
#[inline(always)]
pub fn normals(words: [u32; 4]) -> [f32; 4] {
    let first = pair(words[0], words[1]);
    let second = pair(words[2], words[3]);
    [first.0, first.1, second.0, second.1]
}

#[inline(always)]
fn pair(radius: u32, angle: u32) -> (f32, f32) {
    let radius = (-2.0 * ln_uniform(radius)).sqrt();
    let (sin, cos) = sin_cos(angle);
    (radius * cos, radius * sin)
}

/// ln((w + ½)·2⁻³²), w first rounded to `f32`: u = 2ᵉm with m in [√½, √2), and
/// ln m = 2 artanh s = 2s(1 + s²/3 + s⁴/5 + s⁶/7 + s⁸/9), s = (m − 1)/(m + 1), |s| < 0.172.
#[inline(always)]
fn ln_uniform(word: u32) -> f32 {
    const ROOT_HALF_BITS: u32 = 0x3F35_04F3;
    let u = (word as f32 + 0.5) * 2.328_306_4e-10;
    let offset = u.to_bits().wrapping_sub(ROOT_HALF_BITS);
    let exponent = (offset as i32) >> 23;
    let m = f32::from_bits((offset & 0x007F_FFFF) + ROOT_HALF_BITS);
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    let series = z * (2.0 / 3.0 + z * (2.0 / 5.0 + z * (2.0 / 7.0 + z * (2.0 / 9.0))));
    exponent as f32 * std::f32::consts::LN_2 + (2.0 * s + s * series)
}

/// sin and cos of 2πw·2⁻³²: the quadrant from the two highest bits, then Taylor's series of an
/// angle in [−π/4, π/4) to a⁹ and a¹⁰; the quadrants start at −π/4, a shift that is uniform too.
#[inline(always)]
fn sin_cos(word: u32) -> (f32, f32) {
    const RADIANS: f32 = std::f32::consts::FRAC_PI_2 / 1_073_741_824.0;
    let quadrant = word >> 30;
    let a = ((word & 0x3FFF_FFFF) as i32 - 0x2000_0000) as f32 * RADIANS;
    let z = a * a;
    let sin = a + a
        * (z * (-1.0 / 6.0 + z * (1.0 / 120.0 + z * (-1.0 / 5040.0 + z * (1.0 / 362_880.0)))));
    let cos = 1.0
        + z * (-0.5
            + z * (1.0 / 24.0
                + z * (-1.0 / 720.0 + z * (1.0 / 40_320.0 + z * (-1.0 / 3_628_800.0)))));
    let odd = quadrant & 1 == 1;
    let rotated_sin = if odd { cos } else { sin };
    let rotated_cos = if odd { sin } else { cos };
    (
        f32::from_bits(rotated_sin.to_bits() ^ ((quadrant & 2) << 30)),
        f32::from_bits(rotated_cos.to_bits() ^ (((quadrant + 1) & 2) << 30)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_known_answers() {
        let ones = philox([u32::MAX; 4], u64::MAX);
        assert_eq!(ones, [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        let counter = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        let pi = philox(counter, 0x299f_31d0_a409_3822);
        assert_eq!(pi, [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
    }

    #[test]
    fn logarithm_and_circle_are_accurate() {
        let mut word = 1_u32;
        for _ in 0..20_000 {
            word = word.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            let exact = uniform(word).ln();
            let close = f64::from(ln_uniform(word));
            assert!((close - exact).abs() <= 1e-7 + 3e-7 * exact.abs(), "{word}");
            let angle = std::f64::consts::TAU * (f64::from(word) / 4_294_967_296.0 - 0.125);
            let (sin, cos) = sin_cos(word);
            assert!((f64::from(sin) - angle.sin()).abs() < 2e-7, "{word}");
            assert!((f64::from(cos) - angle.cos()).abs() < 2e-7, "{word}");
        }
    }

    #[test]
    fn extreme_words_give_finite_normals() {
        for a in [0, 1, u32::MAX - 1, u32::MAX] {
            for b in [0, 1 << 30, 2 << 30, 3 << 30, u32::MAX] {
                let deviates = normals([a, b, b, a]);
                assert!(deviates.iter().all(|x| x.abs() < 6.77), "{a} {b}");
            }
        }
    }

    #[test]
    fn normals_have_the_moments_of_the_normal_distribution() {
        let n = 200_000;
        let mut sums = [0.0_f64; 4];
        for atom in 0..n / 4 {
            for x in normals(philox(counter(Purpose::Noise, atom, 5, 9), 42)) {
                for (power, sum) in sums.iter_mut().enumerate() {
                    *sum += f64::from(x).powi(power as i32 + 1);
                }
            }
        }
        // variances of x, x², x³, x⁴ are 1, 2, 15, 96
        for ((sum, mean), variance) in sums
            .iter()
            .zip([0.0, 1.0, 0.0, 3.0])
            .zip([1.0, 2.0, 15.0, 96.0_f64])
        {
            let deviation = (sum / f64::from(n) - mean) / (variance / f64::from(n)).sqrt();
            assert!(deviation.abs() < 4.0, "{sums:?}");
        }
    }

    #[test]
    fn counters_of_different_use_differ() {
        let base = counter(Purpose::Noise, 1, 2, 3);
        for other in [
            counter(Purpose::Noise, 2, 2, 3),
            counter(Purpose::Noise, 1, 3, 3),
            counter(Purpose::Noise, 1, 2, 4),
            counter(Purpose::Noise, 1, 2, 3 + (1 << 40)),
            counter(Purpose::Velocities, 1, 2, 3),
        ] {
            assert_ne!(base, other);
        }
    }
}
