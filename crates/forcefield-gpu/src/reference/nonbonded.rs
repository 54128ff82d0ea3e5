//! Lennard-Jones, Coulomb, reaction field, exceptions; soft repulsion.

use crate::system::{Nonbonded, NonbondedMethod, SoftForm, SoftRepulsion};
use std::collections::HashSet;

type Vector = [f64; 3];

/// All pairs that have no exception, then the exceptions.
pub(super) fn energy(term: &Nonbonded, positions: &[Vector], forces: &mut [Vector]) -> f64 {
    let exceptions = pair_set(term.exceptions.iter().map(|exception| exception.atoms));
    let mut energy = 0.0;
    for i in 0..positions.len() {
        for j in i + 1..positions.len() {
            if exceptions.contains(&(i, j)) {
                continue;
            }
            let (a, b) = (&term.particles[i], &term.particles[j]);
            let sigma = 0.5 * (a.sigma + b.sigma);
            let epsilon = (a.epsilon * b.epsilon).sqrt();
            let charges = a.charge * b.charge;
            energy += pair(positions, forces, i, j, |r| match term.method {
                NonbondedMethod::NoCutoff => unshifted(r, sigma, epsilon, charges),
                NonbondedMethod::Cutoff {
                    cutoff,
                    reaction_field_dielectric,
                    switch,
                } => {
                    if r > cutoff {
                        return (0.0, 0.0);
                    }
                    let (lj, lj_slope) =
                        switched(lennard_jones(r, sigma, epsilon), r, cutoff, switch);
                    let (coulomb, slope) =
                        reaction_field(r, charges, cutoff, reaction_field_dielectric);
                    (lj + coulomb, lj_slope + slope)
                }
            });
        }
    }
    for exception in &term.exceptions {
        let [i, j] = exception.atoms;
        if exception.charge_product != 0.0 || exception.epsilon != 0.0 {
            energy += pair(positions, forces, i, j, |r| {
                unshifted(
                    r,
                    exception.sigma,
                    exception.epsilon,
                    exception.charge_product,
                )
            });
        }
    }
    energy
}

/// The bounded repulsion of all pairs that are not excluded.
pub(super) fn soft_repulsion(
    term: &SoftRepulsion,
    positions: &[Vector],
    forces: &mut [Vector],
) -> f64 {
    let exclusions = pair_set(term.exclusions.iter().copied());
    let mut energy = 0.0;
    for i in 0..positions.len() {
        for j in i + 1..positions.len() {
            if exclusions.contains(&(i, j)) {
                continue;
            }
            let (x, strength) = (|r: f64| r / term.distance, term.strength);
            energy += pair(positions, forces, i, j, |r| match term.form {
                SoftForm::Quartic => {
                    let denominator = x(r).powi(4) + 1.0;
                    let slope =
                        -4.0 * strength * x(r).powi(3) / (term.distance * denominator.powi(2));
                    (strength / denominator, slope)
                }
                SoftForm::Repel => {
                    let depth = (1.0 - x(r) * x(r)).max(0.0);
                    (
                        strength * depth * depth,
                        -4.0 * strength * depth * x(r) / term.distance,
                    )
                }
            });
        }
    }
    energy
}

/// Adds the forces of one pair, given energy and slope as a function of distance.
fn pair(
    positions: &[Vector],
    forces: &mut [Vector],
    i: usize,
    j: usize,
    energy_and_slope: impl Fn(f64) -> (f64, f64),
) -> f64 {
    let d: [f64; 3] = std::array::from_fn(|axis| positions[j][axis] - positions[i][axis]);
    let r = d.iter().map(|x| x * x).sum::<f64>().sqrt();
    let (energy, slope) = energy_and_slope(r);
    // two atoms in one place: a bounded term has no force there
    let factor = if slope == 0.0 { 0.0 } else { slope / r };
    for axis in 0..3 {
        forces[i][axis] += factor * d[axis];
        forces[j][axis] -= factor * d[axis];
    }
    energy
}

fn unshifted(r: f64, sigma: f64, epsilon: f64, charges: f64) -> (f64, f64) {
    let (lj, slope) = lennard_jones(r, sigma, epsilon);
    let coulomb = Nonbonded::COULOMB * charges / r;
    (lj + coulomb, slope - coulomb / r)
}

/// 4ε[(σ/r)¹² − (σ/r)⁶] and its slope.
fn lennard_jones(r: f64, sigma: f64, epsilon: f64) -> (f64, f64) {
    let s6 = (sigma / r).powi(6);
    (
        4.0 * epsilon * (s6 - 1.0) * s6,
        -24.0 * epsilon * (2.0 * s6 - 1.0) * s6 / r,
    )
}

/// C q q (1/r + k r² − c) and its slope.
fn reaction_field(r: f64, charges: f64, cutoff: f64, dielectric: f64) -> (f64, f64) {
    let k = (dielectric - 1.0) / (2.0 * dielectric + 1.0) / cutoff.powi(3);
    let c = 3.0 * dielectric / (2.0 * dielectric + 1.0) / cutoff;
    let factor = Nonbonded::COULOMB * charges;
    (
        factor * (1.0 / r + k * r * r - c),
        factor * (2.0 * k * r - 1.0 / (r * r)),
    )
}

/// Multiplies by 1 − 10x³ + 15x⁴ − 6x⁵ between the switching distance and the cutoff.
fn switched((energy, slope): (f64, f64), r: f64, cutoff: f64, switch: Option<f64>) -> (f64, f64) {
    match switch {
        Some(start) if r > start => {
            let x = (r - start) / (cutoff - start);
            let factor = 1.0 + x.powi(3) * (-10.0 + x * (15.0 - 6.0 * x));
            let factor_slope = x * x * (-30.0 + x * (60.0 - 30.0 * x)) / (cutoff - start);
            (energy * factor, slope * factor + energy * factor_slope)
        }
        _ => (energy, slope),
    }
}

fn pair_set(pairs: impl Iterator<Item = [usize; 2]>) -> HashSet<(usize, usize)> {
    pairs.map(|[a, b]| (a.min(b), a.max(b))).collect()
}
