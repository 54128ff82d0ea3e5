//! Activations of whole buffers, with the derivatives that are needed later.

use super::vector::{InstructionSet, Kernel, Vector};
use crate::Activation;

impl Activation {
    /// The function, its slope and its curvature.
    #[inline(always)]
    fn derivatives<V: Vector>(self, x: V) -> [V; 3] {
        let one = V::splat(1.0);
        match self {
            Self::Tanh => {
                // 1 − 2/(e²ˣ + 1)
                let e = x.plus(x).exp();
                let t = V::splat(-2.0).over(e.plus(one)).plus(one);
                let slope = one.minus(t.times(t));
                [t, slope, t.times(slope).times(V::splat(-2.0))]
            }
            Self::Silu => {
                let s = sigmoid(x);
                let fall = s.times(one.minus(s));
                let slope = x.times_plus(fall, s);
                let curvature = x
                    .times(one.minus(s.plus(s)))
                    .plus(V::splat(2.0))
                    .times(fall);
                [x.times(s), slope, curvature]
            }
            Self::ShiftedSoftplus => {
                let s = sigmoid(x);
                let minus = V::splat(0.0).minus(x);
                let (size, positive) = (x.at_least(minus), x.at_least(V::splat(0.0)));
                let e = V::splat(0.0).minus(size).exp();
                // ln(1 + e) = 2 artanh(e/(2 + e)), a series in at most 1/9
                let t = e.over(e.plus(V::splat(2.0)));
                let square = t.times(t);
                let mut p = V::splat(1.0 / 13.0);
                for odd in [11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
                    p = p.times_plus(square, V::splat(1.0 / odd));
                }
                let value = p
                    .times(t.plus(t))
                    .plus(positive)
                    .minus(V::splat(std::f32::consts::LN_2));
                [value, s, s.times(one.minus(s))]
            }
        }
    }
}

#[inline(always)]
fn sigmoid<V: Vector>(x: V) -> V {
    let one = V::splat(1.0);
    one.over(V::splat(0.0).minus(x).exp().plus(one))
}

/// x becomes a(x); `slope` and `curvature` become a′(x), a″(x).
pub(crate) fn activate(
    set: InstructionSet,
    activation: Activation,
    x: &mut [f32],
    slope: &mut [f32],
    curvature: &mut [f32],
) {
    let n = check([x.len(), slope.len(), curvature.len()]);
    set.run(Activate {
        activation,
        pointers: [x.as_mut_ptr(), slope.as_mut_ptr()],
        curvature: Some(curvature.as_mut_ptr()),
        n,
    });
}

/// [`activate`] without the curvature.
pub(crate) fn activate_slope(
    set: InstructionSet,
    activation: Activation,
    x: &mut [f32],
    slope: &mut [f32],
) {
    let n = check([x.len(), slope.len(), x.len()]);
    set.run(Activate {
        activation,
        pointers: [x.as_mut_ptr(), slope.as_mut_ptr()],
        curvature: None,
        n,
    });
}

struct Activate {
    activation: Activation,
    pointers: [*mut f32; 2],
    curvature: Option<*mut f32>,
    n: usize,
}

impl Kernel for Activate {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let [x, slope] = self.pointers;
        for at in (0..self.n).step_by(V::LANES) {
            // SAFETY: all three have n numbers, a multiple of the lanes
            unsafe {
                let [a, b, c] = self.activation.derivatives(V::load(x.add(at)));
                a.store(x.add(at));
                b.store(slope.add(at));
                if let Some(curvature) = self.curvature {
                    c.store(curvature.add(at));
                }
            }
        }
    }
}

/// z and its rate ż become a(z), a′(z) ż; `kept`, if any, a′(z) and a″(z) ż.
pub(crate) fn activate_pairs(
    set: InstructionSet,
    activation: Activation,
    [z, rate]: [&mut [f32]; 2],
    kept: Option<[&mut [f32]; 2]>,
) {
    let n = check([z.len(), rate.len(), z.len()]);
    let kept = kept.map(|[slope, curve]| {
        check([n, slope.len(), curve.len()]);
        [slope.as_mut_ptr(), curve.as_mut_ptr()]
    });
    set.run(ActivatePairs {
        activation,
        pointers: [z.as_mut_ptr(), rate.as_mut_ptr()],
        kept,
        n,
    });
}

struct ActivatePairs {
    activation: Activation,
    pointers: [*mut f32; 2],
    kept: Option<[*mut f32; 2]>,
    n: usize,
}

impl Kernel for ActivatePairs {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let [z, rate] = self.pointers;
        for at in (0..self.n).step_by(V::LANES) {
            // SAFETY: all have n numbers, a multiple of the lanes
            unsafe {
                let [value, slope, curvature] = self.activation.derivatives(V::load(z.add(at)));
                let z_rate = V::load(rate.add(at));
                value.store(z.add(at));
                slope.times(z_rate).store(rate.add(at));
                if let Some([kept_slope, kept_curve]) = self.kept {
                    slope.store(kept_slope.add(at));
                    curvature.times(z_rate).store(kept_curve.add(at));
                }
            }
        }
    }
}

/// The way back through [`activate_pairs`]: from derivatives over its results to those over z and ż.
pub(crate) fn activate_pairs_back(
    set: InstructionSet,
    [by_value, by_rate]: [&mut [f32]; 2],
    [slope, curve]: [&[f32]; 2],
) {
    let n = check([by_value.len(), by_rate.len(), slope.len()]);
    check([n, curve.len(), n]);
    set.run(ActivatePairsBack {
        by: [by_value.as_mut_ptr(), by_rate.as_mut_ptr()],
        kept: [slope.as_ptr(), curve.as_ptr()],
        n,
    });
}

struct ActivatePairsBack {
    by: [*mut f32; 2],
    kept: [*const f32; 2],
    n: usize,
}

impl Kernel for ActivatePairsBack {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        for at in (0..self.n).step_by(V::LANES) {
            // SAFETY: all have n numbers, a multiple of the lanes
            unsafe {
                let (value, rate) = (V::load(self.by[0].add(at)), V::load(self.by[1].add(at)));
                let (slope, curve) = (V::load(self.kept[0].add(at)), V::load(self.kept[1].add(at)));
                slope
                    .times_plus(value, curve.times(rate))
                    .store(self.by[0].add(at));
                slope.times(rate).store(self.by[1].add(at));
            }
        }
    }
}

/// out = a ⊙ b.
pub(crate) fn multiply(set: InstructionSet, a: &[f32], b: &[f32], out: &mut [f32]) {
    let n = check([a.len(), b.len(), out.len()]);
    set.run(Multiply {
        factors: [a.as_ptr(), b.as_ptr()],
        term: None,
        out: out.as_mut_ptr(),
        n,
    });
}

/// out = out ⊙ a + b ⊙ c ⊙ d.
pub(crate) fn add_scaled(set: InstructionSet, out: &mut [f32], a: &[f32], [b, c, d]: [&[f32]; 3]) {
    let n = check([out.len(), a.len(), b.len()]);
    check([n, c.len(), d.len()]);
    set.run(Multiply {
        factors: [out.as_ptr(), a.as_ptr()],
        term: Some([b.as_ptr(), c.as_ptr(), d.as_ptr()]),
        out: out.as_mut_ptr(),
        n,
    });
}

struct Multiply {
    factors: [*const f32; 2],
    term: Option<[*const f32; 3]>,
    out: *mut f32,
    n: usize,
}

impl Kernel for Multiply {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        for at in (0..self.n).step_by(V::LANES) {
            // SAFETY: all have n numbers, a multiple of the lanes
            unsafe {
                let [a, b] = self.factors;
                let mut out = V::load(a.add(at)).times(V::load(b.add(at)));
                if let Some([c, d, e]) = self.term {
                    let product = V::load(c.add(at)).times(V::load(d.add(at)));
                    out = product.times_plus(V::load(e.add(at)), out);
                }
                out.store(self.out.add(at));
            }
        }
    }
}

fn check(lengths: [usize; 3]) -> usize {
    assert_eq!(lengths[0], lengths[1], "lengths of buffers");
    assert_eq!(lengths[0], lengths[2], "lengths of buffers");
    assert_eq!(lengths[0] % super::STRIDE, 0, "whole rows");
    lengths[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_agree_with_f64() {
        for set in InstructionSet::available() {
            for activation in [
                Activation::Tanh,
                Activation::Silu,
                Activation::ShiftedSoftplus,
            ] {
                let xs: Vec<f32> = (0..64).map(|k| 0.41 * k as f32 - 13.0).collect();
                let (mut x, mut slope, mut curvature) = (xs.clone(), vec![0.0; 64], vec![0.0; 64]);
                activate(set, activation, &mut x, &mut slope, &mut curvature);
                for k in 0..64 {
                    let at = |x: f64| activation.evaluate(x);
                    let here = f64::from(xs[k]);
                    let (value, expected) = at(here);
                    let bend = (at(here + 1e-5).1 - at(here - 1e-5).1) / 2e-5;
                    let tolerance = 3e-7 * (1.0 + here.abs());
                    assert!(
                        (f64::from(x[k]) - value).abs() < tolerance,
                        "{activation:?}({here})"
                    );
                    assert!(
                        (f64::from(slope[k]) - expected).abs() < 1e-6,
                        "{activation:?}′({here})"
                    );
                    assert!(
                        (f64::from(curvature[k]) - bend).abs() < 1e-6,
                        "{activation:?}″({here})"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_no_number_stays_none() {
        for set in InstructionSet::available() {
            for activation in [
                Activation::Tanh,
                Activation::Silu,
                Activation::ShiftedSoftplus,
            ] {
                let (mut x, mut slope, mut curvature) = ([f32::NAN; 32], [0.0; 32], [0.0; 32]);
                activate(set, activation, &mut x, &mut slope, &mut curvature);
                assert!(x.iter().all(|x| x.is_nan()));
            }
        }
    }
}
