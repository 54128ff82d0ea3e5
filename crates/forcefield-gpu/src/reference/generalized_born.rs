//! Generalised Born: pair integrals, Born radii, energy, and the chain rule through all of them.

use crate::system::{BornModel, BornParticle, GeneralizedBorn, SurfaceTerm};
use crate::terms::neck;

type Vector = [f64; 3];

/// Solvation energy; forces are added.
pub(super) fn energy(term: &GeneralizedBorn, positions: &[Vector], forces: &mut [Vector]) -> f64 {
    let n = positions.len();
    let within = |i: usize, j: usize| {
        let r = distance(positions, i, j);
        term.cutoff.is_none_or(|cutoff| r <= cutoff).then_some(r)
    };

    let mut integrals = vec![0.0; n];
    for i in 0..n {
        for j in (0..n).filter(|&j| j != i) {
            if let Some(r) = within(i, j) {
                integrals[i] += integral(term, &term.particles[i], &term.particles[j], r).0;
            }
        }
    }
    let (born, born_slopes): (Vec<_>, Vec<_>) = integrals
        .iter()
        .zip(&term.particles)
        .map(|(&integral, particle)| born_radius(term.model, particle, integral))
        .unzip();

    let mut total = 0.0;
    // ∂E/∂B at fixed positions
    let mut by_born = vec![0.0; n];
    for i in 0..n {
        let (energy, slope) = self_energy(term, &term.particles[i], born[i]);
        total += energy;
        by_born[i] += slope;
        for j in i + 1..n {
            if let Some(r) = within(i, j) {
                let charges = term.particles[i].charge * term.particles[j].charge;
                let pair = pair_energy(term, charges, r, born[i], born[j]);
                total += pair.energy;
                by_born[i] += pair.by_born[0];
                by_born[j] += pair.by_born[1];
                apply(positions, forces, i, j, pair.by_distance);
            }
        }
    }
    for i in 0..n {
        for j in (0..n).filter(|&j| j != i) {
            if let Some(r) = within(i, j) {
                let (_, slope) = integral(term, &term.particles[i], &term.particles[j], r);
                apply(positions, forces, i, j, by_born[i] * born_slopes[i] * slope);
            }
        }
    }
    total
}

/// What atom `other` at distance `r` takes from the integral of `own`, and the slope: Hawkins et al.,
/// eq. 8, without the extra term for an atom engulfed by another; plus the neck of Mongan et al., eq. 12.
fn integral(
    term: &GeneralizedBorn,
    own: &BornParticle,
    other: &BornParticle,
    r: f64,
) -> (f64, f64) {
    let offset = term.model.offset();
    let or = own.radius - offset;
    let sr = other.screen * (other.radius - offset);
    let (mut value, mut slope) = (0.0, 0.0);
    if r + sr > or {
        let upper = r + sr;
        let gap = (r - sr).abs();
        let (lower, lower_slope) = if gap > or {
            (gap, (r - sr).signum())
        } else {
            (or, 0.0)
        };
        let (l, u) = (1.0 / lower, 1.0 / upper);
        let log = (lower / upper).ln();
        let width = r - sr * sr / r;
        value = 0.5 * (l - u + 0.25 * width * (u * u - l * l) + 0.5 * log / r);
        slope = 0.5
            * (u * u - lower_slope * l * l
                + 0.25 * (1.0 + sr * sr / (r * r)) * (u * u - l * l)
                + 0.5 * width * (lower_slope * l.powi(3) - u.powi(3))
                + 0.5 * (lower_slope * l - u) / r
                - 0.5 * log / (r * r));
    }
    if let Some(neck_scale) = term.model.neck_scale()
        && r < own.radius + other.radius + neck::CUTOFF
    {
        let (d0, m0) = neck::maximum(own.radius, other.radius);
        let d = r - d0;
        let denominator = 1.0 + 100.0 * d.powi(2) + 0.3e6 * d.powi(6);
        value += neck_scale * m0 / denominator;
        slope -= neck_scale * m0 * (200.0 * d + 1.8e6 * d.powi(5)) / denominator.powi(2);
    }
    (value, slope)
}

/// B and ∂B/∂I.
fn born_radius(model: BornModel, particle: &BornParticle, integral: f64) -> (f64, f64) {
    let or = particle.radius - model.offset();
    if model == BornModel::Hct {
        let born = 1.0 / (1.0 / or - integral);
        return (born, born * born);
    }
    let [alpha, beta, gamma] = model.alpha_beta_gamma(particle);
    let psi = integral * or;
    let tanh = (alpha * psi - beta * psi.powi(2) + gamma * psi.powi(3)).tanh();
    let born = 1.0 / (1.0 / or - tanh / particle.radius);
    let polynomial_slope = alpha - 2.0 * beta * psi + 3.0 * gamma * psi * psi;
    let slope = born * born * (1.0 - tanh * tanh) * polynomial_slope * or / particle.radius;
    (born, slope)
}

/// −½C(1/ε_in − e^{−κB}/ε_out)q²/B + 28.3919551(ρ + 0.14)²(ρ/B)⁶, and its slope by B.
fn self_energy(term: &GeneralizedBorn, particle: &BornParticle, born: f64) -> (f64, f64) {
    let charge = 0.5 * GeneralizedBorn::COULOMB * particle.charge * particle.charge;
    let screened = (-term.kappa * born).exp() / term.solvent_dielectric;
    let factor = 1.0 / term.solute_dielectric - screened;
    let mut energy = -charge * factor / born;
    let mut slope = charge * (factor / born - term.kappa * screened) / born;
    if term.surface == SurfaceTerm::Ace {
        let surface =
            28.3919551 * (particle.radius + 0.14).powi(2) * (particle.radius / born).powi(6);
        energy += surface;
        slope -= 6.0 * surface / born;
    }
    (energy, slope)
}

struct PairEnergy {
    energy: f64,
    by_distance: f64,
    by_born: [f64; 2],
}

/// −C(1/ε_in − e^{−κf}/ε_out)qq/f, f² = r² + BᵢBⱼ exp(−r²/4BᵢBⱼ): Still et al., J. Am. Chem. Soc. 1990,
/// 112, 6127, DOI 10.1021/ja00172a038, eq. 3; salt as Srinivasan et al., Theor. Chem. Acc. 1999, 101,
/// 426, DOI 10.1007/s002140050460.
fn pair_energy(
    term: &GeneralizedBorn,
    charges: f64,
    r: f64,
    born_i: f64,
    born_j: f64,
) -> PairEnergy {
    let product = born_i * born_j;
    let exponent = r * r / (4.0 * product);
    let damping = (-exponent).exp();
    let f = (r * r + product * damping).sqrt();
    let factor = GeneralizedBorn::COULOMB * charges;
    let screened = (-term.kappa * f).exp() / term.solvent_dielectric;
    let dielectric = 1.0 / term.solute_dielectric - screened;
    let shift = term.cutoff.map_or(0.0, |cutoff| 1.0 / cutoff);
    let energy = -factor * dielectric * (1.0 / f - shift);
    let by_f = factor * (dielectric / (f * f) - term.kappa * screened * (1.0 / f - shift));
    let by_product = by_f * damping * (1.0 + exponent) / (2.0 * f);
    PairEnergy {
        energy,
        by_distance: by_f * r * (1.0 - 0.25 * damping) / f,
        by_born: [by_product * born_j, by_product * born_i],
    }
}

fn distance(positions: &[Vector], i: usize, j: usize) -> f64 {
    (0..3)
        .map(|axis| (positions[j][axis] - positions[i][axis]).powi(2))
        .sum::<f64>()
        .sqrt()
}

/// Adds the forces of a pair whose energy changes by `slope` a nm.
fn apply(positions: &[Vector], forces: &mut [Vector], i: usize, j: usize, slope: f64) {
    let factor = slope / distance(positions, i, j);
    for axis in 0..3 {
        let along = factor * (positions[j][axis] - positions[i][axis]);
        forces[i][axis] += along;
        forces[j][axis] -= along;
    }
}
