//! Atoms in the lanes: one conformer of a large molecule, tile of sixteen atoms against tile of sixteen.
//!
//! Atoms are sorted into tiles of one Born class each, so that the constants of a tile pair are broadcasts,
//! as they are with conformers in the lanes. Tiles are shared among a number of chunks that depends on the
//! molecule alone; each chunk sums its forces in its own memory, and the chunks are added up in order: the
//! result does not depend on the number of threads. Terms over few atoms are not done here.

mod born;
mod pairs;
mod tiles;

pub(super) use tiles::Tiles;

use super::InstructionSet;
use super::parameters::Parameters;
use dynamics::Lanes;
use rayon::prelude::*;
use tiles::Neighbours;

/// Energies and forces of the terms over all pairs.
pub(super) struct PairResults {
    pub(super) nonbonded: f64,
    pub(super) solvation: f64,
    /// By slot: `[tile][axis]`, kJ/mol/nm.
    pub(super) forces: Vec<[Lanes; 3]>,
}

/// One conformer.
struct Conformer<'a> {
    instruction_set: InstructionSet,
    tiles: &'a Tiles,
    /// `[tile][axis]`, nm.
    positions: Vec<[Lanes; 3]>,
}

/// What a chunk of tiles adds up.
#[derive(Clone)]
struct Partial {
    energy: f64,
    /// `[tile][axis]`.
    forces: Vec<[Lanes; 3]>,
    /// A number an atom, where the pass has one: integrals, or ∂E/∂B.
    values: Vec<Lanes>,
}

/// Evaluates the terms over all pairs of one conformer.
pub(super) fn evaluate(
    parameters: &Parameters,
    tiles: &Tiles,
    instruction_set: InstructionSet,
    positions: &[[f32; 3]],
) -> PairResults {
    let conformer = Conformer {
        instruction_set,
        tiles,
        positions: tiles.gather(positions),
    };
    let mut results = PairResults {
        nonbonded: 0.0,
        solvation: 0.0,
        forces: vec![[Lanes::ZERO; 3]; tiles.len()],
    };
    if let Some(term) = &parameters.nonbonded {
        let neighbours = Neighbours::within(&conformer.positions, term.range.cutoff2);
        let partial = pairs::nonbonded(&conformer, term, &neighbours);
        results.nonbonded += partial.energy;
        add_forces(&mut results.forces, &partial.forces);
    }
    if let Some(term) = &parameters.soft {
        let partial = pairs::soft(&conformer, term, &Neighbours::All);
        results.nonbonded += partial.energy;
        add_forces(&mut results.forces, &partial.forces);
    }
    if let Some(term) = &parameters.born {
        let neighbours = Neighbours::within(&conformer.positions, term.cutoff2);
        results.solvation = born::solvation(&conformer, term, &neighbours, &mut results.forces);
    }
    results
}

impl Conformer<'_> {
    /// Runs a pass over all tiles, chunk by chunk, and adds up what the chunks give.
    fn sweep(&self, with_values: bool, chunk: impl Fn(&mut Partial, &[usize]) + Sync) -> Partial {
        let n_tiles = self.tiles.len();
        let empty = Partial {
            energy: 0.0,
            forces: vec![[Lanes::ZERO; 3]; n_tiles],
            values: vec![Lanes::ZERO; if with_values { n_tiles } else { 0 }],
        };
        let partials: Vec<Partial> = self
            .tiles
            .chunks
            .par_iter()
            .map(|members| {
                let mut partial = empty.clone();
                chunk(&mut partial, members);
                partial
            })
            .collect();
        partials.into_iter().fold(empty, |mut sum, partial| {
            sum.energy += partial.energy;
            add_forces(&mut sum.forces, &partial.forces);
            for (sum, value) in sum.values.iter_mut().zip(&partial.values) {
                add_lanes(sum, value);
            }
            sum
        })
    }
}

fn add_forces(to: &mut [[Lanes; 3]], forces: &[[Lanes; 3]]) {
    for (to, force) in to.iter_mut().flatten().zip(forces.iter().flatten()) {
        add_lanes(to, force);
    }
}

fn add_lanes(to: &mut Lanes, lanes: &Lanes) {
    for (to, x) in to.0.iter_mut().zip(lanes.0) {
        *to += x;
    }
}
