//! Lennard-Jones, Coulomb and soft repulsion over all pairs.

use super::{Sums, add_to, load, subtract_from};
use crate::cpu::parameters::{ChargesAndRadii, Exclusions, SoftPairs};
use crate::terms::bonded::{Vector, add, dot, scale, subtract};
use crate::terms::lane::Lane;
use crate::terms::nonbonded;
use dynamics::Lanes;

/// All pairs without exception.
#[inline(always)]
pub(super) fn nonbonded<L: Lane>(
    term: &ChargesAndRadii,
    positions: &[[Lanes; 3]],
    forces: &mut [[Lanes; 3]],
    sums: &mut Sums,
) {
    all_pairs::<L, _>(term, &term.exclusions, positions, forces, sums);
}

/// A term over all pairs of atoms. Not a closure: only what is `#[inline(always)]` is sure to be compiled
/// with the caller's instructions.
trait PairTerm {
    /// Energy and (dE/dr)/r.
    fn pair<L: Lane>(&self, r2: L, i: usize, j: usize) -> (L, L);
}

impl PairTerm for ChargesAndRadii {
    #[inline(always)]
    fn pair<L: Lane>(&self, r2: L, i: usize, j: usize) -> (L, L) {
        let sigma = L::splat(self.half_sigmas[i] + self.half_sigmas[j]);
        let epsilon = L::splat(self.root_epsilons[i] * self.root_epsilons[j]);
        let charges = L::splat(self.charges[i] * self.charges[j]);
        let inverse_r = r2.rsqrt();
        if self.range.is_finite() {
            nonbonded::pair_within(r2, inverse_r, sigma, epsilon, charges, &self.range)
        } else {
            nonbonded::pair(inverse_r, sigma, epsilon, charges)
        }
    }
}

impl PairTerm for SoftPairs {
    #[inline(always)]
    fn pair<L: Lane>(&self, r2: L, _: usize, _: usize) -> (L, L) {
        self.soft.pair(r2)
    }
}

/// Pairs with their own parameters.
#[inline(always)]
pub(super) fn exceptions<L: Lane>(
    term: &ChargesAndRadii,
    positions: &[[Lanes; 3]],
    forces: &mut [[Lanes; 3]],
    sums: &mut Sums,
) {
    for exception in &term.exceptions {
        let [i, j] = exception.atoms;
        let d = subtract(load::<L>(&positions[j]), load(&positions[i]));
        let (energy, slope) = nonbonded::pair(
            dot(d, d).rsqrt(),
            L::splat(exception.sigma),
            L::splat(exception.epsilon),
            L::splat(exception.charges),
        );
        energy.add_to(sums);
        let force = scale(d, slope);
        add_to(&mut forces[i], force);
        subtract_from(&mut forces[j], force);
    }
}

/// The bounded repulsion.
#[inline(always)]
pub(super) fn soft<L: Lane>(
    term: &SoftPairs,
    positions: &[[Lanes; 3]],
    forces: &mut [[Lanes; 3]],
    sums: &mut Sums,
) {
    all_pairs::<L, _>(term, &term.exclusions, positions, forces, sums);
}

/// Adds up energies and forces of all pairs i < j that are not excluded.
#[inline(always)]
fn all_pairs<L: Lane, T: PairTerm>(
    term: &T,
    exclusions: &Exclusions,
    positions: &[[Lanes; 3]],
    forces: &mut [[Lanes; 3]],
    sums: &mut Sums,
) {
    for i in 0..positions.len() {
        let at: Vector<L> = load(&positions[i]);
        let mut row = L::zero();
        let mut force_on_i = [L::zero(); 3];
        let mut excluded = exclusions.after(i).iter().copied().peekable();
        for j in i + 1..positions.len() {
            if excluded.next_if_eq(&(j as u32)).is_some() {
                continue;
            }
            let d = subtract(load(&positions[j]), at);
            let (energy, slope) = term.pair(dot(d, d), i, j);
            row = row + energy;
            let force = scale(d, slope);
            force_on_i = add(force_on_i, force);
            subtract_from(&mut forces[j], force);
        }
        row.add_to(sums);
        add_to(&mut forces[i], force_on_i);
    }
}
