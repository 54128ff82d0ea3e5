//! Generalised Born by tiles, in three passes: integrals, energies, chain rule.

use super::pairs::{broadcast, load, reduce, store, total};
use super::tiles::{Neighbours, counting};
use super::{Conformer, Partial, add_forces};
use crate::cpu::instruction_set::Kernel;
use crate::cpu::parameters::Born;
use crate::terms::bonded::{add, dot, scale, subtract};
use crate::terms::born;
use crate::terms::lane::Lane;
use dynamics::{LANES, Lanes};

/// The solvation energy; forces by slot are added.
pub(super) fn solvation(
    conformer: &Conformer<'_>,
    term: &Born,
    neighbours: &Neighbours,
    forces: &mut [[Lanes; 3]],
) -> f64 {
    let tiles = conformer.tiles;
    let pass = |kind: Pass<'_>, with_values: bool| -> Partial {
        conformer.sweep(with_values, |partial, members| {
            conformer.instruction_set.run(Chunk {
                kind,
                term,
                conformer,
                neighbours,
                members,
                partial,
            });
        })
    };
    let integrals = pass(Pass::Integrals, true).values;
    let mut radii = Radii {
        energy: 0.0,
        // slots without an atom: any positive number
        born: vec![Lanes([1.0; LANES]); tiles.len()],
        inverse_born: vec![Lanes([1.0; LANES]); tiles.len()],
        slopes: vec![Lanes::ZERO; tiles.len()],
        by_born: vec![Lanes::ZERO; tiles.len()],
    };
    tiles
        .for_each_atom(|atom, tile, lane| radii.set(term, conformer, &integrals, atom, tile, lane));
    let charges = tiles.gather_scalars(&term.charges);
    let energies = pass(
        Pass::Energies {
            charges: &charges,
            born: &radii.born,
            inverse_born: &radii.inverse_born,
        },
        true,
    );
    add_forces(forces, &energies.forces);
    for (tile, by_born) in radii.by_born.iter_mut().enumerate() {
        for lane in 0..LANES {
            by_born.0[lane] =
                (by_born.0[lane] + energies.values[tile].0[lane]) * radii.slopes[tile].0[lane];
        }
    }
    let by_integral = &radii.by_born;
    let chain = pass(Pass::ChainRule { by_integral }, false);
    add_forces(forces, &chain.forces);
    radii.energy + energies.energy
}

/// Per slot; the loop over atoms is short, so it goes through the lanes one atom at a time.
struct Radii {
    /// Self energies.
    energy: f64,
    born: Vec<Lanes>,
    inverse_born: Vec<Lanes>,
    /// ∂B/∂I.
    slopes: Vec<Lanes>,
    /// ∂E/∂B of the self energies.
    by_born: Vec<Lanes>,
}

impl Radii {
    fn set(
        &mut self,
        term: &Born,
        conformer: &Conformer<'_>,
        integrals: &[Lanes],
        atom: usize,
        tile: usize,
        lane: usize,
    ) {
        let [born, inverse_born, slope, energy, by_born] = conformer.instruction_set.run(Atom {
            term,
            atom,
            integral: integrals[tile].0[lane],
        });
        self.energy += f64::from(energy);
        self.born[tile].0[lane] = born;
        self.inverse_born[tile].0[lane] = inverse_born;
        self.slopes[tile].0[lane] = slope;
        self.by_born[tile].0[lane] = by_born;
    }
}

/// Radius of one atom and what follows from it.
struct Atom<'a> {
    term: &'a Born,
    atom: usize,
    integral: f32,
}

impl Kernel for Atom<'_> {
    type Output = [f32; 5];

    #[inline(always)]
    fn run<L: Lane>(self) -> [f32; 5] {
        let atom = &self.term.atoms[self.atom];
        let (inverse_born, slope) = born::radius(L::splat(self.integral), atom, self.term.hct);
        let radius = inverse_born.recip();
        let (energy, by_born) =
            born::self_energy(radius, inverse_born, atom, &self.term.dielectric);
        let mut out = [Lanes::ZERO; 5];
        radius.store(&mut out[0]);
        inverse_born.store(&mut out[1]);
        slope.store(&mut out[2]);
        energy.store(&mut out[3]);
        by_born.store(&mut out[4]);
        out.map(|lanes| lanes.0[0])
    }
}

/// What a pass over tile pairs computes.
#[derive(Clone, Copy)]
enum Pass<'a> {
    /// I of each atom.
    Integrals,
    /// Energies, their forces, and ∂E/∂B of each atom.
    Energies {
        charges: &'a [Lanes],
        born: &'a [Lanes],
        inverse_born: &'a [Lanes],
    },
    /// Forces through the integrals.
    ChainRule { by_integral: &'a [Lanes] },
}

struct Chunk<'a> {
    kind: Pass<'a>,
    term: &'a Born,
    conformer: &'a Conformer<'a>,
    neighbours: &'a Neighbours,
    members: &'a [usize],
    partial: &'a mut Partial,
}

impl Kernel for Chunk<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lane>(self) {
        let Partial {
            energy,
            forces,
            values,
        } = self.partial;
        let positions = &self.conformer.positions[..];
        let mut sums = [0.0; LANES];
        for &first in self.members {
            let row = self.term.row(self.conformer.tiles.classes[first]);
            let mut own_forces = [[Lanes::ZERO; 3]; LANES];
            let mut own_values = [Lanes::ZERO; LANES];
            for second in self.neighbours.of(first, positions.len()) {
                let pair = TilePair {
                    term: self.term,
                    constants: &row[self.conformer.tiles.classes[second] as usize],
                    positions,
                    tiles: [first, second],
                    rows: counting(first, second, &[]),
                };
                match self.kind {
                    Pass::Integrals => pair.integrals::<L>(&mut own_values, &mut values[second]),
                    Pass::Energies {
                        charges,
                        born,
                        inverse_born,
                    } => pair.energies::<L>(
                        [charges, born, inverse_born],
                        (&mut own_forces, &mut own_values),
                        (&mut forces[second], &mut values[second]),
                        &mut sums,
                    ),
                    Pass::ChainRule { by_integral } => {
                        pair.chain_rule::<L>(by_integral, &mut own_forces, &mut forces[second]);
                    }
                }
            }
            reduce(&own_forces, &mut forces[first]);
            if let Some(values) = values.get_mut(first) {
                for (value, own) in values.0.iter_mut().zip(&own_values) {
                    *value += total(own);
                }
            }
        }
        *energy += sums.iter().sum::<f64>();
    }
}

/// Sixteen atoms against sixteen.
struct TilePair<'a> {
    term: &'a Born,
    constants: &'a born::BornPair,
    positions: &'a [[Lanes; 3]],
    tiles: [usize; 2],
    rows: Option<[u16; LANES]>,
}

impl TilePair<'_> {
    /// Zero where a pair does not count: the other half of a tile with itself, beyond the cutoff.
    #[inline(always)]
    fn counted<L: Lane>(&self, x: L, r2: L, lane: usize) -> L {
        let mut x = x;
        if let Some(rows) = &self.rows {
            x = x.where_set(L::mask_from_bits(rows[lane]));
        }
        if self.term.cutoff2 < f32::INFINITY {
            x = x.where_set(L::less(r2, L::splat(self.term.cutoff2)));
        }
        x
    }

    #[inline(always)]
    fn integrals<L: Lane>(&self, own: &mut [Lanes; LANES], others: &mut Lanes) {
        let [first, second] = self.tiles;
        let at = load::<L>(&self.positions[second]);
        let mut sum = L::load(others);
        for lane in 0..LANES {
            let d = subtract(at, broadcast(&self.positions[first], lane));
            let r2 = dot(d, d);
            let [a, b] = born::integrals(r2, self.constants);
            (L::load(&own[lane]) + self.counted(a, r2, lane)).store(&mut own[lane]);
            sum = sum + self.counted(b, r2, lane);
        }
        sum.store(others);
    }

    #[inline(always)]
    fn energies<L: Lane>(
        &self,
        [charges, born, inverse_born]: [&[Lanes]; 3],
        (own_forces, own_values): (&mut [[Lanes; 3]; LANES], &mut [Lanes; LANES]),
        (forces, values): (&mut [Lanes; 3], &mut Lanes),
        sums: &mut [f64; LANES],
    ) {
        let [first, second] = self.tiles;
        let at = load::<L>(&self.positions[second]);
        let (charge_j, born_j) = (L::load(&charges[second]), L::load(&born[second]));
        let inverse_j = L::load(&inverse_born[second]);
        let mut on_second = load::<L>(forces);
        let (mut by_born_j, mut energies) = (L::load(values), L::zero());
        for lane in 0..LANES {
            let d = subtract(at, broadcast(&self.positions[first], lane));
            let r2 = dot(d, d);
            let born_i = L::splat(born[first].0[lane]);
            let pair = born::pair_energy(
                r2,
                L::splat(charges[first].0[lane]) * charge_j,
                born_i * born_j,
                L::splat(inverse_born[first].0[lane]) * inverse_j,
                &self.term.dielectric,
            );
            energies = energies + self.counted(pair.energy, r2, lane);
            let by_product = self.counted(pair.by_product, r2, lane);
            by_product
                .mul_add(born_j, L::load(&own_values[lane]))
                .store(&mut own_values[lane]);
            by_born_j = by_product.mul_add(born_i, by_born_j);
            let force = scale(d, self.counted(pair.slope, r2, lane));
            let sum = add(load(&own_forces[lane]), force);
            store(&mut own_forces[lane], sum);
            on_second = subtract(on_second, force);
        }
        energies.add_to(sums);
        by_born_j.store(values);
        store(forces, on_second);
    }

    #[inline(always)]
    fn chain_rule<L: Lane>(
        &self,
        by_integral: &[Lanes],
        own: &mut [[Lanes; 3]; LANES],
        forces: &mut [Lanes; 3],
    ) {
        let [first, second] = self.tiles;
        let at = load::<L>(&self.positions[second]);
        let by_j = L::load(&by_integral[second]);
        let mut on_second = load::<L>(forces);
        for lane in 0..LANES {
            let d = subtract(at, broadcast(&self.positions[first], lane));
            let r2 = dot(d, d);
            let [a, b] = born::integral_slopes(r2, self.constants);
            let by_i = L::splat(by_integral[first].0[lane]);
            let slope = self.counted(by_i.mul_add(a, by_j * b), r2, lane);
            let force = scale(d, slope);
            let sum = add(load(&own[lane]), force);
            store(&mut own[lane], sum);
            on_second = subtract(on_second, force);
        }
        store(forces, on_second);
    }
}
