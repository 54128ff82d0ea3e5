//! Lennard-Jones, Coulomb and soft repulsion over lanes.

use super::lane::Lane;
use crate::system::{NonbondedMethod, SoftForm, SoftRepulsion};

/// Constants of the treatment of large distances.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    /// Squared cutoff, nm²; infinite without.
    pub(crate) cutoff2: f32,
    /// k and c of the reaction field.
    field: [f32; 2],
    /// Start of the switch (nm) and 1/(cutoff − start), if there is one.
    switch: Option<[f32; 2]>,
}

impl Range {
    pub(crate) fn new(method: NonbondedMethod) -> Self {
        match method {
            NonbondedMethod::NoCutoff => Self {
                cutoff2: f32::INFINITY,
                field: [0.0; 2],
                switch: None,
            },
            NonbondedMethod::Cutoff {
                cutoff,
                reaction_field_dielectric: e,
                switch,
            } => {
                let k = (e - 1.0) / (2.0 * e + 1.0) / cutoff.powi(3);
                let c = 3.0 * e / (2.0 * e + 1.0) / cutoff;
                Self {
                    cutoff2: (cutoff * cutoff) as f32,
                    field: [k as f32, c as f32],
                    switch: switch.map(|start| [start as f32, (1.0 / (cutoff - start)) as f32]),
                }
            }
        }
    }

    /// Whether pairs have to be compared with a cutoff.
    #[inline(always)]
    pub(crate) fn is_finite(&self) -> bool {
        self.cutoff2 < f32::INFINITY
    }
}

/// 4ε[(σ/r)¹² − (σ/r)⁶] + q(1/r): energy and (dE/dr)/r; `charges` = C qᵢqⱼ.
#[inline(always)]
pub(crate) fn pair<L: Lane>(inverse_r: L, sigma: L, epsilon: L, charges: L) -> (L, L) {
    let inverse_r2 = inverse_r * inverse_r;
    let (lj, lj_slope) = lennard_jones(inverse_r2, sigma, epsilon);
    let coulomb = charges * inverse_r;
    (lj + coulomb, (lj_slope - coulomb) * inverse_r2)
}

/// As [`pair`], with a cutoff: zero beyond it.
#[inline(always)]
pub(crate) fn pair_within<L: Lane>(
    r2: L,
    inverse_r: L,
    sigma: L,
    epsilon: L,
    charges: L,
    range: &Range,
) -> (L, L) {
    let inverse_r2 = inverse_r * inverse_r;
    let (mut lj, mut lj_slope) = lennard_jones(inverse_r2, sigma, epsilon);
    if let Some([start, inverse_width]) = range.switch {
        let r = r2 * inverse_r;
        let x = ((r - L::splat(start)) * L::splat(inverse_width)).max(L::zero());
        let factor = (x * x * x).mul_add(x.polynomial(&[-10.0, 15.0, -6.0]), L::splat(1.0));
        let factor_slope = x * x * x.polynomial(&[-30.0, 60.0, -30.0]) * L::splat(inverse_width);
        lj_slope = lj_slope * factor + lj * factor_slope * r;
        lj = lj * factor;
    }
    let (k, c) = (L::splat(range.field[0]), L::splat(range.field[1]));
    let coulomb = charges * (inverse_r + (k * r2 - c));
    let coulomb_slope = charges * (k + k - inverse_r2 * inverse_r);
    let within = L::less(r2, L::splat(range.cutoff2));
    (
        (lj + coulomb).where_set(within),
        lj_slope
            .mul_add(inverse_r2, coulomb_slope)
            .where_set(within),
    )
}

/// Energy and r dE/dr.
#[inline(always)]
fn lennard_jones<L: Lane>(inverse_r2: L, sigma: L, epsilon: L) -> (L, L) {
    let s2 = sigma * sigma * inverse_r2;
    let s6 = s2 * s2 * s2;
    let scaled = epsilon * s6;
    let energy = L::splat(4.0) * scaled * (s6 - L::splat(1.0));
    (energy, L::splat(-24.0) * scaled * (s6 + s6 - L::splat(1.0)))
}

/// Constants of a soft repulsion.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Soft {
    form: SoftForm,
    strength: f32,
    inverse_distance2: f32,
}

impl Soft {
    pub(crate) fn new(term: &SoftRepulsion) -> Self {
        Self {
            form: term.form,
            strength: term.strength as f32,
            inverse_distance2: (1.0 / (term.distance * term.distance)) as f32,
        }
    }

    /// Energy and (dE/dr)/r.
    #[inline(always)]
    pub(crate) fn pair<L: Lane>(&self, r2: L) -> (L, L) {
        let (one, strength) = (L::splat(1.0), L::splat(self.strength));
        let x2 = r2 * L::splat(self.inverse_distance2);
        match self.form {
            SoftForm::Quartic => {
                let inverse = x2.mul_add(x2, one).recip();
                let energy = strength * inverse;
                (
                    energy,
                    energy * inverse * x2 * L::splat(-4.0 * self.inverse_distance2),
                )
            }
            SoftForm::Repel => {
                let depth = (one - x2).max(L::zero());
                let slope = strength * depth;
                (
                    slope * depth,
                    slope * L::splat(-4.0 * self.inverse_distance2),
                )
            }
        }
    }
}
