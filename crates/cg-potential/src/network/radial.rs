//! Functions of distance: radial bases and the envelope.

use super::real::Real;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// The form of a radial basis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RadialKind {
    /// φₖ(r) = C₀(r) exp(−βₖ (exp(α(r_lo − r)) − μₖ)²), α = 5/(r_hi − r_lo); C₀ is the cosine envelope
    /// with lower end 0. At first the μₖ are equidistant from exp((r_lo − r_hi)/Å) to 1 and
    /// βₖ = [(2/K)(1 − exp((r_lo − r_hi)/Å))]⁻².
    ExpNormal,
    /// φₖ(r) = exp(c (r − oₖ)²), at first with oₖ equidistant from r_lo to r_hi and c = −½/(o₂ − o₁)².
    Gaussian,
    /// φₖ(r) = sin(ωₖ x)(1/x + a x⁵ + b x⁶ + c x⁷), x = (r − r_lo)/(r_hi − r_lo), a = −28, b = 48,
    /// c = −21; at first ωₖ = kπ.
    Bessel,
}

/// A radial basis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RadialBasis {
    /// Its form.
    pub kind: RadialKind,
    /// Number of functions.
    pub n: usize,
    /// Whether its constants are trained.
    pub trainable: bool,
}

impl RadialBasis {
    /// A basis of exponential normals.
    pub fn exp_normal(n: usize, trainable: bool) -> Self {
        Self {
            kind: RadialKind::ExpNormal,
            n,
            trainable,
        }
    }

    /// A basis of Gaussians.
    pub fn gaussian(n: usize, trainable: bool) -> Self {
        Self {
            kind: RadialKind::Gaussian,
            n,
            trainable,
        }
    }

    /// Names and lengths of its constants, in their order.
    pub(crate) fn constants(&self) -> Vec<(&'static str, usize)> {
        match self.kind {
            RadialKind::ExpNormal => vec![("radial.means", self.n), ("radial.betas", self.n)],
            RadialKind::Gaussian => vec![("radial.offsets", self.n), ("radial.coefficient", 1)],
            RadialKind::Bessel => vec![("radial.frequencies", self.n)],
        }
    }

    /// The constants that a network starts with; `lower` and `upper` in nm.
    pub(crate) fn initial(&self, lower: f64, upper: f64) -> Vec<f64> {
        let steps = (self.n - 1) as f64;
        let between =
            |from: f64, to: f64| (0..self.n).map(move |k| from + (to - from) * k as f64 / steps);
        match self.kind {
            RadialKind::ExpNormal => {
                // the peers' formula holds for lengths in Å
                let start = (10.0 * (lower - upper)).exp();
                let beta = (2.0 / self.n as f64 * (1.0 - start)).powi(-2);
                let betas = std::iter::repeat_n(beta, self.n);
                between(start, 1.0).chain(betas).collect()
            }
            RadialKind::Gaussian => {
                let step = (upper - lower) / steps;
                let coefficient = -0.5 / (step * step);
                between(lower, upper).chain([coefficient]).collect()
            }
            RadialKind::Bessel => (1..=self.n).map(|k| k as f64 * PI).collect(),
        }
    }

    /// Which constants function `k` depends on.
    pub(crate) fn dependence(&self, k: usize) -> [Option<usize>; 2] {
        match self.kind {
            RadialKind::ExpNormal => [Some(k), Some(self.n + k)],
            RadialKind::Gaussian => [Some(k), Some(self.n)],
            RadialKind::Bessel => [Some(k), None],
        }
    }

    /// All functions at distance `r` (nm).
    pub(crate) fn evaluate<T: Real>(
        &self,
        constants: &[f64],
        [lower, upper]: [f64; 2],
        r: T,
        out: &mut [RadialValue<T>],
    ) {
        let c = T::constant;
        match self.kind {
            RadialKind::ExpNormal => {
                let alpha = 5.0 / (upper - lower);
                let (means, betas) = constants.split_at(self.n);
                let (envelope, envelope_slope) = envelope([0.0, upper], r);
                let g = (c(alpha) * (c(lower) - r)).exp();
                let g_slope = -(c(alpha) * g);
                for ((out, &mean), &beta) in out.iter_mut().zip(means).zip(betas) {
                    let d = g - c(mean);
                    let gauss = (-(c(beta) * d * d)).exp();
                    let by_mean = c(2.0 * beta) * d * gauss;
                    *out = RadialValue {
                        value: envelope * gauss,
                        slope: envelope_slope * gauss - envelope * by_mean * g_slope,
                        by_constant: [envelope * by_mean, -(envelope * d * d * gauss)],
                    };
                }
            }
            RadialKind::Gaussian => {
                let coefficient = c(constants[self.n]);
                for (out, &offset) in out.iter_mut().zip(constants) {
                    let d = r - c(offset);
                    let value = (coefficient * d * d).exp();
                    let slope = c(2.0) * coefficient * d * value;
                    *out = RadialValue {
                        value,
                        slope,
                        by_constant: [-slope, d * d * value],
                    };
                }
            }
            RadialKind::Bessel => {
                let width = upper - lower;
                let x = (r - c(lower)) / c(width);
                let x2 = x * x;
                let x4 = x2 * x2;
                let u = c(1.0) / x + x4 * x * (c(-28.0) + x * (c(48.0) - c(21.0) * x));
                let u_slope = c(-1.0) / x2 + x4 * (c(-140.0) + x * (c(288.0) - c(147.0) * x));
                for (out, &frequency) in out.iter_mut().zip(constants) {
                    let (sin, cos) = (c(frequency) * x).sin_cos();
                    *out = RadialValue {
                        value: sin * u,
                        slope: (c(frequency) * cos * u + sin * u_slope) / c(width),
                        by_constant: [x * cos * u, c(0.0)],
                    };
                }
            }
        }
    }
}

/// One radial function at some distance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RadialValue<T> {
    pub(crate) value: T,
    /// dφ/dr, 1/nm.
    pub(crate) slope: T,
    /// dφ over the constants of [`RadialBasis::dependence`].
    pub(crate) by_constant: [T; 2],
}

impl<T: Real> RadialValue<T> {
    pub(crate) fn zero() -> Self {
        let zero = T::constant(0.0);
        Self {
            value: zero,
            slope: zero,
            by_constant: [zero; 2],
        }
    }
}

/// The cosine envelope C(r) and its slope (1/nm).
///
/// With lower end 0, ½(cos(πr/r_hi) + 1); otherwise ½(cos(π(2(r − r_lo)/(r_hi − r_lo) + 1)) + 1),
/// which vanishes at both ends and is 1 midway.
pub(crate) fn envelope<T: Real>([lower, upper]: [f64; 2], r: T) -> (T, T) {
    let c = T::constant;
    if r.value() >= upper || r.value() < lower {
        return (c(0.0), c(0.0));
    }
    let (rate, shift) = if lower > 0.0 {
        (2.0 * PI / (upper - lower), PI)
    } else {
        (PI / upper, 0.0)
    };
    let (sin, cos) = (c(rate) * (r - c(lower)) + c(shift)).sin_cos();
    (c(0.5) * (cos + c(1.0)), c(-0.5 * rate) * sin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::real::Dual;

    /// Slopes and derivatives over constants agree with differences, for all forms.
    #[test]
    fn derivatives_agree_with_differences() {
        for kind in [
            RadialKind::ExpNormal,
            RadialKind::Gaussian,
            RadialKind::Bessel,
        ] {
            let basis = RadialBasis {
                kind,
                n: 7,
                trainable: true,
            };
            let cutoffs = [0.2, 1.2];
            let mut constants = basis.initial(cutoffs[0], cutoffs[1]);
            let at = |constants: &[f64], r: f64| {
                let mut out = vec![RadialValue::zero(); 7];
                basis.evaluate(constants, cutoffs, r, &mut out);
                out
            };
            for r in [0.25, 0.61, 1.13] {
                let here = at(&constants, r);
                let h = 1e-6;
                let (up, down) = (at(&constants, r + h), at(&constants, r - h));
                let mut dual = vec![RadialValue::zero(); 7];
                let moving = Dual {
                    value: r,
                    derivative: 1.0,
                };
                basis.evaluate(&constants, cutoffs, moving, &mut dual);
                for k in 0..7 {
                    let slope = (up[k].value - down[k].value) / (2.0 * h);
                    let tolerance = 1e-6 * (1.0 + slope.abs());
                    assert!(
                        (here[k].slope - slope).abs() < tolerance,
                        "{kind:?} {k} at {r}"
                    );
                    assert!(
                        (dual[k].value.derivative - here[k].slope).abs()
                            < 1e-9 * (1.0 + slope.abs())
                    );
                    for (place, constant) in basis.dependence(k).into_iter().enumerate() {
                        let Some(constant) = constant else { continue };
                        let before = constants[constant];
                        let h = 1e-6 * before.abs().max(0.1);
                        constants[constant] = before + h;
                        let up = at(&constants, r)[k].value;
                        constants[constant] = before - h;
                        let down = at(&constants, r)[k].value;
                        constants[constant] = before;
                        let slope = (up - down) / (2.0 * h);
                        let error = (here[k].by_constant[place] - slope).abs();
                        assert!(
                            error < 1e-6 * (1.0 + slope.abs()),
                            "{kind:?} {k} {place} at {r}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn envelopes_vanish_at_their_ends() {
        for (cutoffs, middle, top) in [([0.3, 1.2], 0.75, 1.0), ([0.0, 0.9], 0.45, 0.5)] {
            assert!((envelope(cutoffs, middle).0 - top).abs() < 1e-12);
            assert!(envelope(cutoffs, cutoffs[1] - 1e-9).0.abs() < 1e-12);
            assert_eq!(envelope(cutoffs, cutoffs[1]), (0.0, 0.0));
        }
        assert!(envelope([0.3, 1.2], 0.3).0.abs() < 1e-12);
        assert_eq!(envelope([0.3, 1.2], 0.29), (0.0, 0.0));
    }
}
