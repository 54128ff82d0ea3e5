//! Generalised Born over all pairs, in three passes: integrals, energies, chain rule.

use super::{Sums, add_to, load, subtract_from};
use crate::cpu::parameters::Born;
use crate::terms::bonded::{add, dot, scale, subtract};
use crate::terms::born;
use crate::terms::lane::Lane;
use dynamics::Lanes;

/// Per atom; `[n_atoms]`.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// I, then B.
    born: Vec<Lanes>,
    inverse_born: Vec<Lanes>,
    /// ∂B/∂I.
    born_slopes: Vec<Lanes>,
    /// ∂E/∂B, then ∂E/∂I.
    by_born: Vec<Lanes>,
}

/// The solvation energy.
#[inline(always)]
pub(super) fn solvation<L: Lane>(
    term: &Born,
    positions: &[[Lanes; 3]],
    forces: &mut [[Lanes; 3]],
    scratch: &mut Scratch,
    sums: &mut Sums,
) {
    let n_atoms = positions.len();
    for values in [
        &mut scratch.born,
        &mut scratch.inverse_born,
        &mut scratch.born_slopes,
        &mut scratch.by_born,
    ] {
        values.clear();
        values.resize(n_atoms, Lanes::ZERO);
    }
    integrals::<L>(term, positions, &mut scratch.born);
    radii::<L>(term, scratch, sums);
    pair_energies::<L>(term, positions, forces, scratch, sums);
    for (by_born, slope) in scratch.by_born.iter_mut().zip(&scratch.born_slopes) {
        (L::load(by_born) * L::load(slope)).store(by_born);
    }
    chain_rule::<L>(term, positions, forces, &scratch.by_born);
}

#[inline(always)]
fn integrals<L: Lane>(term: &Born, positions: &[[Lanes; 3]], integrals: &mut [Lanes]) {
    let cutoff2 = L::splat(term.cutoff2);
    for i in 0..positions.len() {
        let at = load::<L>(&positions[i]);
        let row = term.row(term.classes[i]);
        let mut own = L::load(&integrals[i]);
        let others = positions.iter().zip(&term.classes).zip(&mut *integrals);
        for ((position, &class), integral) in others.skip(i + 1) {
            let d = subtract(load(position), at);
            let r2 = dot(d, d);
            let [mut first, mut second] = born::integrals(r2, &row[class as usize]);
            if term.cutoff2 < f32::INFINITY {
                let within = L::less(r2, cutoff2);
                (first, second) = (first.where_set(within), second.where_set(within));
            }
            own = own + first;
            (L::load(integral) + second).store(integral);
        }
        own.store(&mut integrals[i]);
    }
}

/// Radii from integrals, self energies, and their part of ∂E/∂B.
#[inline(always)]
fn radii<L: Lane>(term: &Born, scratch: &mut Scratch, sums: &mut Sums) {
    for (i, atom) in term.atoms.iter().enumerate() {
        let integral = L::load(&scratch.born[i]);
        let (inverse_born, slope) = born::radius(integral, atom, term.hct);
        let radius = inverse_born.recip();
        let (energy, by_born) = born::self_energy(radius, inverse_born, atom, &term.dielectric);
        energy.add_to(sums);
        radius.store(&mut scratch.born[i]);
        inverse_born.store(&mut scratch.inverse_born[i]);
        slope.store(&mut scratch.born_slopes[i]);
        by_born.store(&mut scratch.by_born[i]);
    }
}

#[inline(always)]
fn pair_energies<L: Lane>(
    term: &Born,
    positions: &[[Lanes; 3]],
    forces: &mut [[Lanes; 3]],
    scratch: &mut Scratch,
    sums: &mut Sums,
) {
    let n_atoms = positions.len();
    let cutoff2 = L::splat(term.cutoff2);
    let (born, inverse_born) = (&scratch.born[..n_atoms], &scratch.inverse_born[..n_atoms]);
    let (by_born, charges) = (&mut scratch.by_born[..n_atoms], &term.charges[..n_atoms]);
    for i in 0..n_atoms {
        let at = load::<L>(&positions[i]);
        let (born_i, inverse_i) = (L::load(&born[i]), L::load(&inverse_born[i]));
        let (mut row, mut by_born_i, mut force_on_i) = (L::zero(), L::zero(), [L::zero(); 3]);
        for j in i + 1..n_atoms {
            let d = subtract(load(&positions[j]), at);
            let r2 = dot(d, d);
            let born_j = L::load(&born[j]);
            let product = born_i * born_j;
            let inverse_product = inverse_i * L::load(&inverse_born[j]);
            let charge = L::splat(charges[i] * charges[j]);
            let mut pair =
                born::pair_energy(r2, charge, product, inverse_product, &term.dielectric);
            if term.cutoff2 < f32::INFINITY {
                let within = L::less(r2, cutoff2);
                pair.energy = pair.energy.where_set(within);
                pair.slope = pair.slope.where_set(within);
                pair.by_product = pair.by_product.where_set(within);
            }
            row = row + pair.energy;
            by_born_i = pair.by_product.mul_add(born_j, by_born_i);
            pair.by_product
                .mul_add(born_i, L::load(&by_born[j]))
                .store(&mut by_born[j]);
            let force = scale(d, pair.slope);
            force_on_i = add(force_on_i, force);
            subtract_from(&mut forces[j], force);
        }
        row.add_to(sums);
        (L::load(&by_born[i]) + by_born_i).store(&mut by_born[i]);
        add_to(&mut forces[i], force_on_i);
    }
}

/// Forces through the integrals: −(∂E/∂Iᵢ dIᵢⱼ/dr + ∂E/∂Iⱼ dIⱼᵢ/dr).
#[inline(always)]
fn chain_rule<L: Lane>(
    term: &Born,
    positions: &[[Lanes; 3]],
    forces: &mut [[Lanes; 3]],
    by_integral: &[Lanes],
) {
    let cutoff2 = L::splat(term.cutoff2);
    for i in 0..positions.len() {
        let at = load::<L>(&positions[i]);
        let row = term.row(term.classes[i]);
        let by_i = L::load(&by_integral[i]);
        let mut force_on_i = [L::zero(); 3];
        let others = positions
            .iter()
            .zip(&term.classes)
            .zip(by_integral)
            .zip(&mut *forces);
        for (((position, &class), by_j), force_on_j) in others.skip(i + 1) {
            let d = subtract(load(position), at);
            let r2 = dot(d, d);
            let [first, second] = born::integral_slopes(r2, &row[class as usize]);
            let mut slope = by_i.mul_add(first, L::load(by_j) * second);
            if term.cutoff2 < f32::INFINITY {
                slope = slope.where_set(L::less(r2, cutoff2));
            }
            let force = scale(d, slope);
            force_on_i = add(force_on_i, force);
            subtract_from(force_on_j, force);
        }
        add_to(&mut forces[i], force_on_i);
    }
}
