//! Shares the work among threads.

use super::InstructionSet;
use super::atoms::{self, PairResults, Tiles};
use super::conformers::Block;
pub(crate) use super::conformers::Scratch;
use super::parameters::Parameters;
use crate::{Error, Result, System, TermEnergies};
use dynamics::{Batch, LANES, Lanes};
use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};

/// Evaluates batches of one system.
#[derive(Debug)]
pub(crate) struct Evaluator {
    parameters: Parameters,
    instruction_set: InstructionSet,
    pool: Option<rayon::ThreadPool>,
    /// Present where the lanes hold atoms.
    tiles: Option<Tiles>,
    /// Working memory of past calls, handed out again.
    scratch: Mutex<Vec<Scratch>>,
}

impl Evaluator {
    /// Prepares a system for `threads` threads, or those of the process; the lanes hold atoms in terms over
    /// all pairs, or conformers.
    ///
    /// # Errors
    /// If the system is not valid, or the threads cannot be started.
    pub(crate) fn new(
        system: &System,
        instruction_set: InstructionSet,
        threads: Option<usize>,
        atoms_in_lanes: bool,
    ) -> Result<Self> {
        let pool = threads
            .map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build())
            .transpose()
            .map_err(|source| Error::Threads {
                source: Box::new(source),
            })?;
        let parameters = Parameters::new(system)?;
        Ok(Self {
            tiles: atoms_in_lanes.then(|| Tiles::new(&parameters)),
            parameters,
            instruction_set,
            pool,
            scratch: Mutex::default(),
        })
    }

    pub(crate) fn n_atoms(&self) -> usize {
        self.parameters.n_atoms
    }

    pub(crate) fn instruction_set(&self) -> InstructionSet {
        self.instruction_set
    }

    /// Energies by term and conformer; forces go to the batch.
    pub(crate) fn evaluate(&self, batch: &mut Batch) -> Vec<TermEnergies> {
        let mut evaluate = || {
            let mut energies = self.conformers_in_lanes(batch);
            if let Some(tiles) = &self.tiles {
                self.atoms_in_lanes(tiles, batch, &mut energies);
            }
            energies
        };
        match &self.pool {
            Some(pool) => pool.install(evaluate),
            None => evaluate(),
        }
    }

    /// Adds the terms over all pairs.
    fn atoms_in_lanes(&self, tiles: &Tiles, batch: &mut Batch, energies: &mut [TermEnergies]) {
        let results: Vec<PairResults> = (0..batch.n_conformers())
            .into_par_iter()
            .map(|conformer| {
                let mut positions = vec![[0.0; 3]; batch.n_atoms()];
                batch.copy_positions(conformer, &mut positions);
                atoms::evaluate(&self.parameters, tiles, self.instruction_set, &positions)
            })
            .collect();
        let n_atoms = batch.n_atoms();
        for (conformer, (result, energies)) in results.iter().zip(energies).enumerate() {
            energies.nonbonded += result.nonbonded;
            energies.solvation += result.solvation;
            let (block, lane) = (conformer / LANES, conformer % LANES);
            let forces = &mut batch.forces[block * n_atoms..][..n_atoms];
            tiles.for_each_atom(|atom, tile, slot| {
                for axis in 0..3 {
                    forces[atom][axis].0[lane] += result.forces[tile][axis].0[slot];
                }
            });
        }
    }

    fn conformers_in_lanes(&self, batch: &mut Batch) -> Vec<TermEnergies> {
        let (n_atoms, n_conformers) = (batch.n_atoms().max(1), batch.n_conformers());
        let Batch {
            positions, forces, ..
        } = batch;
        let mut energies = vec![[TermEnergies::default(); LANES]; n_conformers.div_ceil(LANES)];
        let blocks = positions
            .par_chunks(n_atoms)
            .zip(forces.par_chunks_mut(n_atoms));
        blocks
            .zip(&mut energies)
            .for_each(|((positions, forces), energies)| {
                let mut scratch = self.take_scratch();
                *energies = self.block(positions, forces, &mut scratch);
                self.give_scratch(scratch);
            });
        let mut energies = energies.concat();
        energies.truncate(n_conformers);
        energies
    }

    /// Whether callers may evaluate blocks of conformers on their own threads.
    pub(crate) fn by_block(&self) -> bool {
        self.tiles.is_none() && self.pool.is_none()
    }

    /// Energies by term of one block of conformers, on the calling thread; without the terms over all pairs
    /// where those have atoms in their lanes.
    pub(crate) fn block(
        &self,
        positions: &[[Lanes; 3]],
        forces: &mut [[Lanes; 3]],
        scratch: &mut Scratch,
    ) -> [TermEnergies; LANES] {
        self.instruction_set.run(Block {
            parameters: &self.parameters,
            positions,
            forces,
            scratch,
            all_pairs: self.tiles.is_none(),
        })
    }

    fn take_scratch(&self) -> Scratch {
        let mut free = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        free.pop().unwrap_or_default()
    }

    fn give_scratch(&self, scratch: Scratch) {
        let mut free = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(scratch);
    }
}
