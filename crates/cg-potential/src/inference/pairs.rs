//! Prior terms of two beads, packed for evaluation of sixteen replicas at once.

use crate::cpu::{InstructionSet, PairConstants, PairForm, PairGroup, add_pairs};
use crate::{PairInteraction, PairTerm};
use dynamics::{LANES, Lanes};

/// All terms of two beads, grouped by formula.
///
/// Repulsion has no cutoff, so that all pairs count and no list of neighbours can spare any. With a
/// replica in each lane a pair costs a few instructions, and there is nothing that a table would save.
#[derive(Clone, Debug)]
pub(crate) struct LanePairs {
    set: InstructionSet,
    groups: Vec<PairGroup>,
}

impl LanePairs {
    /// Packs terms; within a formula they are taken in the order of their beads.
    pub(crate) fn new(pairs: &[PairInteraction]) -> Self {
        let mut groups: Vec<PairGroup> = Vec::new();
        let mut sorted: Vec<&PairInteraction> = pairs.iter().collect();
        sorted.sort_by_key(|pair| pair.beads);
        for pair in sorted {
            let (form, constants) = packed(&pair.term);
            let index = groups.iter().position(|group| group.form == form);
            let index = index.unwrap_or_else(|| {
                groups.push(PairGroup {
                    form,
                    runs: Vec::new(),
                    pairs: Vec::new(),
                });
                groups.len() - 1
            });
            let group = &mut groups[index];
            let [first, bead] = pair.beads.map(|bead| bead as u32);
            group.pairs.push(PairConstants { bead, constants });
            let end = group.pairs.len() as u32;
            match group.runs.last_mut() {
                Some(run) if run[0] == first => run[1] = end,
                _ => group.runs.push([first, end]),
            }
        }
        Self {
            set: InstructionSet::detect(),
            groups,
        }
    }

    /// Adds energies (kJ/mol) and forces (kJ/mol/nm) of all lanes.
    ///
    /// # Shapes
    /// `positions`, `forces`: `[bead]`.
    pub(crate) fn add(
        &self,
        positions: &[[Lanes; 3]],
        forces: &mut [[Lanes; 3]],
        energies: &mut [f64; LANES],
    ) {
        for group in &self.groups {
            add_pairs(self.set, group, positions, forces, energies);
        }
    }
}

fn packed(term: &PairTerm) -> (PairForm, [f32; 2]) {
    let (form, constants) = match *term {
        PairTerm::Harmonic { length, k } => (PairForm::Harmonic, [length, k]),
        PairTerm::Repulsion { coefficient, power } => {
            (PairForm::Inverse { power }, [coefficient, 0.0])
        }
        PairTerm::LennardJones { sigma, epsilon } => {
            (PairForm::LennardJones, [sigma * sigma, 4.0 * epsilon])
        }
    };
    (form, constants.map(|x| x as f32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Priors;
    use dynamics::Batch;

    fn terms() -> Vec<PairInteraction> {
        let mut pairs = Vec::new();
        for i in 0..7 {
            for j in i + 1..7 {
                let term = match (j - i, (i + j) % 4) {
                    (1, _) => PairTerm::Harmonic {
                        length: 0.38,
                        k: 2e4,
                    },
                    (_, 0) => PairTerm::LennardJones {
                        sigma: 0.4,
                        epsilon: 2.0,
                    },
                    (_, rest) => PairTerm::Repulsion {
                        coefficient: 1e-3 * (1 + i) as f64,
                        power: [6, 12, 7][rest - 1],
                    },
                };
                // either bead may be named first
                let beads = if i % 2 == 0 { [i, j] } else { [j, i] };
                pairs.push(PairInteraction { beads, term });
            }
        }
        pairs
    }

    #[test]
    fn lanes_agree_with_the_definition_on_every_instruction_set() {
        let terms = terms();
        let priors = Priors::new(7, terms.clone(), vec![], vec![]).unwrap();
        let positions: Vec<[f32; 3]> = (0..16 * 7)
            .map(|k| {
                let (lane, bead) = ((k / 7) as f32, (k % 7) as f32);
                let turn = 1.1 * bead + 0.05 * lane;
                [0.3 * turn.cos(), 0.3 * turn.sin(), 0.2 * bead]
            })
            .collect();
        for set in InstructionSet::available() {
            let mut pairs = LanePairs::new(&terms);
            pairs.set = set;
            let mut batch = Batch::from_positions(7, &positions);
            let mut energies = [0.0; LANES];
            let block = batch.block_mut(0);
            pairs.add(block.positions, block.forces, &mut energies);
            let mut found = [[0.0; 3]; 7];
            for lane in 0..LANES {
                let frame = &positions[7 * lane..7 * (lane + 1)];
                let frame: Vec<[f64; 3]> = frame.iter().map(|x| x.map(f64::from)).collect();
                let mut forces = [[0.0; 3]; 7];
                let energy = priors.energy_forces_f64(&frame, &mut forces);
                assert!(
                    (energies[lane] - energy).abs() < 1e-5 * energy.abs(),
                    "{set:?}"
                );
                batch.copy_forces(lane, &mut found);
                let largest = forces
                    .as_flattened()
                    .iter()
                    .fold(0.0_f64, |m, f| m.max(f.abs()));
                for (found, exact) in found.as_flattened().iter().zip(forces.as_flattened()) {
                    assert!(
                        (f64::from(*found) - exact).abs() < 1e-5 * largest,
                        "{set:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn beads_that_coincide_show() {
        let pairs = LanePairs::new(&terms());
        let mut batch = Batch::from_positions(7, &[[0.25; 3]; 7]);
        let mut energies = [0.0; LANES];
        let block = batch.block_mut(0);
        pairs.add(block.positions, block.forces, &mut energies);
        assert!(!energies[0].is_finite());
    }
}
