//! Numbers with and without a derivative, so that each formula is written once.

use super::Activation;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// `f64`, or [`Dual`].
pub(crate) trait Real:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    fn constant(value: f64) -> Self;
    fn value(self) -> f64;
    fn exp(self) -> Self;
    fn sin_cos(self) -> (Self, Self);
    fn sqrt(self) -> Self;
    fn tanh(self) -> Self;
    /// ln(1 + eˣ).
    fn softplus(self) -> Self;

    fn sigmoid(self) -> Self {
        let one = Self::constant(1.0);
        let half = Self::constant(0.5);
        half * (one + (half * self).tanh())
    }
}

impl Real for f64 {
    fn constant(value: f64) -> Self {
        value
    }
    fn value(self) -> f64 {
        self
    }
    fn exp(self) -> Self {
        self.exp()
    }
    fn sin_cos(self) -> (Self, Self) {
        self.sin_cos()
    }
    fn sqrt(self) -> Self {
        self.sqrt()
    }
    fn tanh(self) -> Self {
        self.tanh()
    }
    fn softplus(self) -> Self {
        self.max(0.0) + (-self.abs()).exp().ln_1p()
    }
}

/// value + derivative · ε with ε² = 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dual {
    pub(crate) value: f64,
    pub(crate) derivative: f64,
}

impl Dual {
    /// f(self), given f and f′ there.
    fn chain(self, value: f64, slope: f64) -> Self {
        Self {
            value,
            derivative: slope * self.derivative,
        }
    }
}

impl Add for Dual {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            derivative: self.derivative + other.derivative,
        }
    }
}

impl Sub for Dual {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Dual {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self {
            value: self.value * other.value,
            derivative: self.derivative * other.value + self.value * other.derivative,
        }
    }
}

impl Div for Dual {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        Self {
            value,
            derivative: (self.derivative - value * other.derivative) / other.value,
        }
    }
}

impl Neg for Dual {
    type Output = Self;
    fn neg(self) -> Self {
        self.chain(-self.value, -1.0)
    }
}

impl Real for Dual {
    fn constant(value: f64) -> Self {
        Self {
            value,
            derivative: 0.0,
        }
    }
    fn value(self) -> f64 {
        self.value
    }
    fn exp(self) -> Self {
        let e = self.value.exp();
        self.chain(e, e)
    }
    fn sin_cos(self) -> (Self, Self) {
        let (sin, cos) = self.value.sin_cos();
        (self.chain(sin, cos), self.chain(cos, -sin))
    }
    fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        self.chain(root, 0.5 / root)
    }
    fn tanh(self) -> Self {
        let t = self.value.tanh();
        self.chain(t, 1.0 - t * t)
    }
    fn softplus(self) -> Self {
        self.chain(self.value.softplus(), self.value.sigmoid())
    }
}

impl Activation {
    /// The function and its slope.
    pub(crate) fn evaluate<T: Real>(self, x: T) -> (T, T) {
        let one = T::constant(1.0);
        match self {
            Self::Tanh => {
                let t = x.tanh();
                (t, one - t * t)
            }
            Self::Silu => {
                let s = x.sigmoid();
                (x * s, s * (one + x * (one - s)))
            }
            Self::ShiftedSoftplus => (
                x.softplus() - T::constant(std::f64::consts::LN_2),
                x.sigmoid(),
            ),
        }
    }
}
