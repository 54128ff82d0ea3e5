//! The public face of batched evaluation.

use crate::cpu::{Evaluator, EvaluatorScratch, InstructionSet};
#[cfg(any(feature = "cuda", feature = "emulation"))]
use crate::cuda;
use crate::{Error, Result, System, TermEnergies};
use dynamics::{Batch, BlockMut, BoxError, Energies, LANES, Potential, ReplicaStepper, Scratch};

/// Where an [`Engine`] computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Device {
    /// This machine's processor.
    #[default]
    Cpu,
    /// The NVIDIA GPU of this number, from 0. An error where there is none, or without the feature `cuda`.
    Cuda(usize),
    /// The kernels of CUDA on this machine's processor, for tests.
    #[cfg(feature = "emulation")]
    Emulated(crate::Emulation),
}

/// How precise CUDA computes. Positions are f32 and sums f64 or fixed point in every case; the CPU's arithmetic
/// is that of `Single`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// f32: what simulations need, and the fastest.
    Single,
    /// Terms over few atoms in f64, whose small differences of large numbers f32 rounds most; pairs in f32.
    #[default]
    Mixed,
    /// f64, for energies to compare.
    Double,
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
    /// Arithmetic of CUDA.
    pub precision: Precision,
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
/// number of threads. With [`Device::Cuda`] all of it is evaluated by the GPU, or is an error.
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
    backend: Backend,
    config: EngineConfig,
}

#[derive(Debug)]
enum Backend {
    Cpu(Box<Evaluator>),
    #[cfg(any(feature = "cuda", feature = "emulation"))]
    Cuda(Box<cuda::Evaluator>),
}

impl Engine {
    /// Prepares a system.
    ///
    /// # Errors
    /// If the system is not [valid](System::validate), the processor lacks the instructions asked for, or CUDA
    /// is asked for where there is none.
    pub fn new(system: &System, config: EngineConfig) -> Result<Self> {
        let backend = match config.device {
            Device::Cpu => Backend::Cpu(Box::new(on_cpu(system, config)?)),
            #[cfg(any(feature = "cuda", feature = "emulation"))]
            device => Backend::Cuda(Box::new(cuda::Evaluator::new(
                system,
                device,
                config.precision,
            )?)),
            #[cfg(not(any(feature = "cuda", feature = "emulation")))]
            Device::Cuda(_) => {
                return Err(Error::NoCuda {
                    reason: "this program was built without the feature `cuda`".to_owned(),
                });
            }
        };
        Ok(Self { backend, config })
    }

    /// Where it computes.
    pub fn device(&self) -> Device {
        self.config.device
    }

    /// The processor's instructions in use; with CUDA, the best it has.
    pub fn instruction_set(&self) -> InstructionSet {
        match &self.backend {
            Backend::Cpu(evaluator) => evaluator.instruction_set(),
            #[cfg(any(feature = "cuda", feature = "emulation"))]
            Backend::Cuda(_) => InstructionSet::detect(),
        }
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
    /// If the batch is of other molecules, or a GPU fails.
    pub fn energies_per_term(&self, batch: &mut Batch) -> Result<Vec<TermEnergies>> {
        if batch.n_atoms() != self.n_atoms_of_system() {
            return Err(Error::Length {
                what: "positions of a conformer",
                expected: self.n_atoms_of_system(),
                found: batch.n_atoms(),
            });
        }
        match &self.backend {
            Backend::Cpu(evaluator) => Ok(evaluator.evaluate(batch)),
            #[cfg(any(feature = "cuda", feature = "emulation"))]
            Backend::Cuda(evaluator) => evaluator.evaluate(batch),
        }
    }

    fn n_atoms_of_system(&self) -> usize {
        match &self.backend {
            Backend::Cpu(evaluator) => evaluator.n_atoms(),
            #[cfg(any(feature = "cuda", feature = "emulation"))]
            Backend::Cuda(evaluator) => evaluator.n_atoms(),
        }
    }

    /// The evaluator, where its lanes hold conformers and it has no threads of its own.
    fn by_block(&self) -> Option<&Evaluator> {
        match &self.backend {
            Backend::Cpu(evaluator) => evaluator.by_block().then_some(evaluator),
            #[cfg(any(feature = "cuda", feature = "emulation"))]
            Backend::Cuda(_) => None,
        }
    }
}

impl Potential for Engine {
    fn n_atoms(&self) -> usize {
        self.n_atoms_of_system()
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

    /// Sixteen conformers on the calling thread. Engines on a GPU, whose lanes hold atoms, or that have threads of
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
        let Some(evaluator) = self.by_block() else {
            return self.block_as_batch(block);
        };
        let scratch = scratch.get_or_insert_with(EvaluatorScratch::default);
        let energies = evaluator.block(block.positions, block.forces, scratch);
        Ok(energies.map(|terms| terms.total()))
    }

    fn evaluates_by_block(&self) -> bool {
        self.by_block().is_some()
    }

    /// On CUDA, for molecules of which a replica fits into a block: a simulation by Langevin-middle then stays on the
    /// device for all steps of an `advance`. A force beyond some 10⁷ kJ/mol/nm stops a replica there. Other integrators
    /// and larger molecules are moved by the CPU, with forces from the device.
    fn stepper(&self) -> Option<&dyn ReplicaStepper> {
        match &self.backend {
            Backend::Cpu(_) => None,
            #[cfg(any(feature = "cuda", feature = "emulation"))]
            Backend::Cuda(evaluator) => Some(&**evaluator),
        }
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

/// Prepares a system for the processor.
fn on_cpu(system: &System, config: EngineConfig) -> Result<Evaluator> {
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
    Evaluator::new(system, instruction_set, config.threads, atoms_in_lanes)
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
