//! Lennard-Jones, Coulomb and soft repulsion by tiles.

use super::tiles::{ExcludedRows, Neighbours, counting};
use super::{Conformer, Partial};
use crate::cpu::instruction_set::Kernel;
use crate::cpu::parameters::{ChargesAndRadii, SoftPairs};
use crate::terms::bonded::{add, dot, scale, subtract};
use crate::terms::lane::Lane;
use crate::terms::nonbonded::{self, Range};
use dynamics::{LANES, Lanes};

/// All pairs that have no exception.
pub(super) fn nonbonded(
    conformer: &Conformer<'_>,
    term: &ChargesAndRadii,
    neighbours: &Neighbours,
) -> Partial {
    let tiles = conformer.tiles;
    let term = TiledNonbonded {
        charges: tiles.gather_scalars(&term.charges),
        half_sigmas: tiles.gather_scalars(&term.half_sigmas),
        root_epsilons: tiles.gather_scalars(&term.root_epsilons),
        range: term.range,
    };
    sweep(conformer, &term, &tiles.nonbonded, neighbours)
}

/// The bounded repulsion.
pub(super) fn soft(
    conformer: &Conformer<'_>,
    term: &SoftPairs,
    neighbours: &Neighbours,
) -> Partial {
    sweep(conformer, term, &conformer.tiles.soft, neighbours)
}

/// Parameters by slot.
struct TiledNonbonded {
    charges: Vec<Lanes>,
    half_sigmas: Vec<Lanes>,
    root_epsilons: Vec<Lanes>,
    range: Range,
}

/// A term over all pairs; see the trait of the same name for conformers in the lanes.
trait TileTerm: Sync {
    /// Energy and (dE/dr)/r of one atom with all of a tile.
    fn pair<L: Lane>(&self, r2: L, first: (usize, usize), second: usize) -> (L, L);
}

impl TileTerm for TiledNonbonded {
    #[inline(always)]
    fn pair<L: Lane>(&self, r2: L, (tile, lane): (usize, usize), second: usize) -> (L, L) {
        let sigma = L::splat(self.half_sigmas[tile].0[lane]) + L::load(&self.half_sigmas[second]);
        let epsilon =
            L::splat(self.root_epsilons[tile].0[lane]) * L::load(&self.root_epsilons[second]);
        let charges = L::splat(self.charges[tile].0[lane]) * L::load(&self.charges[second]);
        let inverse_r = r2.rsqrt();
        if self.range.is_finite() {
            nonbonded::pair_within(r2, inverse_r, sigma, epsilon, charges, &self.range)
        } else {
            nonbonded::pair(inverse_r, sigma, epsilon, charges)
        }
    }
}

impl TileTerm for SoftPairs {
    #[inline(always)]
    fn pair<L: Lane>(&self, r2: L, _: (usize, usize), _: usize) -> (L, L) {
        self.soft.pair(r2)
    }
}

fn sweep(
    conformer: &Conformer<'_>,
    term: &impl TileTerm,
    excluded: &ExcludedRows,
    neighbours: &Neighbours,
) -> Partial {
    conformer.sweep(false, |partial, members| {
        conformer.instruction_set.run(Chunk {
            term,
            positions: &conformer.positions,
            excluded,
            neighbours,
            members,
            partial,
        });
    })
}

struct Chunk<'a, T> {
    term: &'a T,
    positions: &'a [[Lanes; 3]],
    excluded: &'a ExcludedRows,
    neighbours: &'a Neighbours,
    members: &'a [usize],
    partial: &'a mut Partial,
}

impl<T: TileTerm> Kernel for Chunk<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lane>(self) {
        let mut sums = [0.0; LANES];
        for &first in self.members {
            let mut own = [[Lanes::ZERO; 3]; LANES];
            for second in self.neighbours.of(first, self.positions.len()) {
                let rows = counting(first, second, &self.excluded[first]);
                let at = load::<L>(&self.positions[second]);
                let mut on_second = load::<L>(&self.partial.forces[second]);
                let mut energies = L::zero();
                for lane in 0..LANES {
                    let d = subtract(at, broadcast(&self.positions[first], lane));
                    let (mut energy, mut slope) = self.term.pair(dot(d, d), (first, lane), second);
                    if let Some(rows) = &rows {
                        let mask = L::mask_from_bits(rows[lane]);
                        (energy, slope) = (energy.where_set(mask), slope.where_set(mask));
                    }
                    energies = energies + energy;
                    let force = scale(d, slope);
                    let sum = add(load(&own[lane]), force);
                    store(&mut own[lane], sum);
                    on_second = subtract(on_second, force);
                }
                energies.add_to(&mut sums);
                store(&mut self.partial.forces[second], on_second);
            }
            reduce(&own, &mut self.partial.forces[first]);
        }
        self.partial.energy += sums.iter().sum::<f64>();
    }
}

#[inline(always)]
pub(super) fn load<L: Lane>(from: &[Lanes; 3]) -> [L; 3] {
    [L::load(&from[0]), L::load(&from[1]), L::load(&from[2])]
}

#[inline(always)]
pub(super) fn store<L: Lane>(to: &mut [Lanes; 3], vector: [L; 3]) {
    vector[0].store(&mut to[0]);
    vector[1].store(&mut to[1]);
    vector[2].store(&mut to[2]);
}

/// One atom in all lanes.
#[inline(always)]
pub(super) fn broadcast<L: Lane>(from: &[Lanes; 3], lane: usize) -> [L; 3] {
    [
        L::splat(from[0].0[lane]),
        L::splat(from[1].0[lane]),
        L::splat(from[2].0[lane]),
    ]
}

/// Adds the lanes of each atom's sums to its force.
pub(super) fn reduce(own: &[[Lanes; 3]; LANES], forces: &mut [Lanes; 3]) {
    for (lane, sums) in own.iter().enumerate() {
        for axis in 0..3 {
            forces[axis].0[lane] += total(&sums[axis]);
        }
    }
}

/// Sum of the lanes.
pub(super) fn total(lanes: &Lanes) -> f32 {
    lanes.0.iter().map(|&x| f64::from(x)).sum::<f64>() as f32
}
