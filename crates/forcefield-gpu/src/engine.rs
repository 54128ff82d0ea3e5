//! The public face of batched evaluation.

use crate::cpu::{Evaluator, EvaluatorScratch, InstructionSet};
use crate::{Error, Result, System, TermEnergies};
use dynamics::{Batch, BlockMut, BoxError, Energies, LANES, Potential, Scratch};

/// Where an [`Engine`] computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Device {
    /// This machine's processor.
    #[default]
    Cpu,
}

/// What the sixteen SIMD lanes of the CPU hold in terms over all pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LaneUse {
    /// Conformers below [`LaneUse::ATOMS_FROM`] atoms, atoms from there on. Depends on the molecule alone,
    /// never on the batch, so that a conformer's result is the same in every batch.
    #[default]
    Auto,
    /// Sixteen conformers, threads over blocks of them: fastest for batches of small molecules.
    Conformers,
    /// Sixteen atoms of one conformer, threads over conformers and parts of them: for large molecules
    /// and small batches.
    Atoms,
}

impl LaneUse {
    /// Number of atoms from which [`LaneUse::Auto`] means [`LaneUse::Atoms`].
    pub const ATOMS_FROM: usize = 1024;
}

/// How an [`Engine`] computes. The default is the CPU, its best instructions, the process's threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineConfig {
    /// Where.
    pub device: Device,
    /// Threads of the engine's own; `None` shares the process's rayon threads.
    pub threads: Option<usize>,
    /// What the SIMD lanes hold in terms over all pairs.
    pub lanes: LaneUse,
    /// Instructions to use; `None` takes the best that the processor has.
    pub instruction_set: Option<InstructionSet>,
}

/// What to do with a conformer whose energy or forces are not finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nonfinite {
    /// The whole evaluation is an error that names the conformer and its atoms.
    Error,
    /// The conformer's energy becomes NaN, its forces zero, and it is listed in [`Evaluation::masked`].
    Mask,
}

/// Energies of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// One entry a conformer, kJ/mol.
    pub energies: Vec<TermEnergies>,
    /// Conformers that were masked, ascending.
    pub masked: Vec<usize>,
}

/// Energies and forces of batches of conformers of one [`System`], in f32 with sums in f64.
///
/// A conformer's result depends on its own positions alone: not on the others in its batch, nor on the
/// number of threads.
///
/// # Examples
/// ```
/// use dynamics::{Batch, Potential};
/// use forcefield_gpu::{Engine, EngineConfig, System};
/// use forcefield_gpu::system::HarmonicBond;
///
/// let mut system = System::new(vec![12.0; 2]);
/// system.bonds.push(HarmonicBond { atoms: [0, 1], length: 0.15, k: 1000.0 });
/// let engine = Engine::new(&system, EngineConfig::default()).unwrap();
/// let conformers = [[0.0; 3], [0.25, 0.0, 0.0], [0.0; 3], [0.0, 0.15, 0.0]];
/// let mut batch = Batch::from_positions(2, &conformers);
/// let energies = engine.energy_forces_batch(&mut batch).unwrap();
/// assert!((energies[0] - 5.0).abs() < 1e-5 && energies[1].abs() < 1e-5);
/// ```
#[derive(Debug)]
pub struct Engine {
    evaluator: Evaluator,
}

impl Engine {
    /// Prepares a system.
    ///
    /// # Errors
    /// If the system is not [valid](System::validate), or the processor lacks the instructions asked for.
    pub fn new(system: &System, config: EngineConfig) -> Result<Self> {
        let Device::Cpu = config.device;
        let best = InstructionSet::detect();
        let instruction_set = config.instruction_set.unwrap_or(best);
        if !InstructionSet::available().contains(&instruction_set) {
            return Err(Error::InstructionSet {
                asked: instruction_set,
                best,
            });
        }
        let atoms_in_lanes = match config.lanes {
            LaneUse::Auto => system.n_atoms() >= LaneUse::ATOMS_FROM,
            LaneUse::Conformers => false,
            LaneUse::Atoms => true,
        };
        Ok(Self {
            evaluator: Evaluator::new(system, instruction_set, config.threads, atoms_in_lanes)?,
        })
    }

    /// The instructions in use.
    pub fn instruction_set(&self) -> InstructionSet {
        self.evaluator.instruction_set()
    }

    /// Energies by term; the batch's forces are overwritten.
    ///
    /// # Errors
    /// If the batch is of other molecules; with [`Nonfinite::Error`], if a result is not finite.
    pub fn evaluate(&self, batch: &mut Batch, nonfinite: Nonfinite) -> Result<Evaluation> {
        let mut energies = self.energies_per_term(batch)?;
        let bad = nonfinite_conformers(batch, &energies);
        if nonfinite == Nonfinite::Error
            && let Some(&conformer) = bad.first()
        {
            return Err(diagnose(batch, conformer));
        }
        let zeros = vec![[0.0; 3]; batch.n_atoms()];
        for &conformer in &bad {
            batch.set_forces(conformer, &zeros);
            energies[conformer].bond = f64::NAN;
        }
        Ok(Evaluation {
            energies,
            masked: bad,
        })
    }

    /// Energies by term as they are, finite or not; the batch's forces are overwritten.
    ///
    /// # Errors
    /// If the batch is of other molecules.
    pub fn energies_per_term(&self, batch: &mut Batch) -> Result<Vec<TermEnergies>> {
        if batch.n_atoms() != self.evaluator.n_atoms() {
            return Err(Error::Length {
                what: "positions of a conformer",
                expected: self.evaluator.n_atoms(),
                found: batch.n_atoms(),
            });
        }
        Ok(self.evaluator.evaluate(batch))
    }
}

impl Potential for Engine {
    fn n_atoms(&self) -> usize {
        self.evaluator.n_atoms()
    }

    fn energy_forces(
        &self,
        positions: &[[f32; 3]],
        forces: &mut [[f32; 3]],
    ) -> Result<f64, BoxError> {
        for (what, found) in [("positions", positions.len()), ("forces", forces.len())] {
            if found != self.n_atoms() {
                return Err(Box::new(Error::Length {
                    what,
                    expected: self.n_atoms(),
                    found,
                }));
            }
        }
        let mut batch = Batch::new(self.n_atoms(), 1);
        batch.set_positions(0, positions);
        let energies = self.energies_per_term(&mut batch)?;
        batch.copy_forces(0, forces);
        Ok(energies[0].total())
    }

    /// Sixteen conformers on the calling thread. Engines whose lanes hold atoms, or that have threads of
    /// their own, want the whole batch instead.
    fn energy_forces_block(
        &self,
        block: BlockMut<'_>,
        scratch: &mut Scratch,
    ) -> Result<[f64; LANES], BoxError> {
        if block.n_atoms() != self.n_atoms() {
            return Err(Box::new(Error::Length {
                what: "positions of a conformer",
                expected: self.n_atoms(),
                found: block.n_atoms(),
            }));
        }
        if !self.evaluates_by_block() {
            return self.block_as_batch(block);
        }
        let scratch = scratch.get_or_insert_with(EvaluatorScratch::default);
        let energies = self.evaluator.block(block.positions, block.forces, scratch);
        Ok(energies.map(|terms| terms.total()))
    }

    fn evaluates_by_block(&self) -> bool {
        self.evaluator.by_block()
    }

    fn energy_forces_batch(&self, batch: &mut Batch) -> Result<Energies, BoxError> {
        let energies = self.energies_per_term(batch)?;
        Ok(energies.iter().map(TermEnergies::total).collect())
    }
}

impl Engine {
    fn block_as_batch(&self, mut block: BlockMut<'_>) -> Result<[f64; LANES], BoxError> {
        let mut positions = vec![[0.0; 3]; self.n_atoms()];
        let mut batch = Batch::new(self.n_atoms(), block.n_used);
        for lane in 0..block.n_used {
            block.copy_positions(lane, &mut positions);
            batch.set_positions(lane, &positions);
        }
        let mut energies = [0.0; LANES];
        for (lane, energy) in self
            .energy_forces_batch(&mut batch)?
            .into_iter()
            .enumerate()
        {
            batch.copy_forces(lane, &mut positions);
            block.set_forces(lane, &positions);
            energies[lane] = energy;
        }
        Ok(energies)
    }
}

/// Conformers with an energy or force that is not finite.
fn nonfinite_conformers(batch: &Batch, energies: &[TermEnergies]) -> Vec<usize> {
    let lanes = dynamics::LANES;
    let mut finite: Vec<bool> = energies.iter().map(|e| e.total().is_finite()).collect();
    for (block, forces) in batch.forces.chunks(batch.n_atoms().max(1)).enumerate() {
        // 0 · x is zero for finite x, else NaN
        let mut sums = [0.0f32; dynamics::LANES];
        for force in forces.iter().flatten() {
            for (sum, &x) in sums.iter_mut().zip(&force.0) {
                *sum += x * 0.0;
            }
        }
        let members = finite.iter_mut().skip(block * lanes);
        for (finite, sum) in members.zip(sums) {
            *finite &= sum == 0.0;
        }
    }
    (0..finite.len()).filter(|&k| !finite[k]).collect()
}

/// Why a conformer has no finite energy.
fn diagnose(batch: &Batch, conformer: usize) -> Error {
    let mut positions = vec![[0.0; 3]; batch.n_atoms()];
    batch.copy_positions(conformer, &mut positions);
    for (atom, position) in positions.iter().enumerate() {
        if let Some(&value) = position.iter().find(|x| !x.is_finite()) {
            return Error::Position {
                conformer,
                atom,
                value,
            };
        }
    }
    let mut closest = (f64::INFINITY, [0, 0]);
    for i in 0..positions.len() {
        for j in i + 1..positions.len() {
            let square = |axis: usize| {
                (f64::from(positions[j][axis]) - f64::from(positions[i][axis])).powi(2)
            };
            let r2 = square(0) + square(1) + square(2);
            if r2 < closest.0 {
                closest = (r2, [i, j]);
            }
        }
    }
    Error::Energy {
        conformer,
        atoms: closest.1,
        distance: closest.0.sqrt(),
    }
}
