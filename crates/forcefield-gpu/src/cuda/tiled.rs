//! Many blocks a conformer, atoms in global memory: `kernels/tiled.cu`.

use super::evaluator::{N_TERMS, Workspace};
use super::launcher::{Arguments, Kernel, Launcher, Module, Shape};
use super::memory::Array;
use super::parameters::{MAX_SLICES, Parameters, Real, SystemArguments};
use crate::Result;
use crate::engine::Precision;
use std::sync::Arc;

/// `TILED_THREADS` of the kernels.
const THREADS: usize = 128;
/// Fewest partners of a slice; a multiple of `CHUNK` of the kernels.
const LEAST_SLICE: usize = 512;
/// Most blocks along z.
const MAX_GROUP: usize = 65_535;

/// `TiledArguments` of the kernels.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct TiledArguments<R> {
    system: SystemArguments<R>,
    positions: u64,
    forces: u64,
    energies: u64,
    scales: u64,
    largest: u64,
    selected: u64,
    place: u64,
    state: u64,
    chain: u64,
    sums: u64,
    parts: u64,
    block_energies: u64,
    slice_size: u32,
    n_slices: u32,
    n_row_blocks: u32,
    n_bonded_blocks: u32,
}

// SAFETY: the emulation compares sizes at every launch; the fields are those of `tiled.cu` in their order.
unsafe impl<R: Real> Arguments for TiledArguments<R> {}

/// How a molecule is cut up: by its size alone, so that results depend on nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    n_atoms: usize,
    slice_size: usize,
    n_slices: usize,
    n_row_blocks: usize,
    n_bonded_blocks: usize,
}

impl Cut {
    pub(super) fn new(n_atoms: usize, n_terms: usize) -> Self {
        let slice_size = n_atoms
            .div_ceil(MAX_SLICES as usize)
            .next_multiple_of(32)
            .max(LEAST_SLICE);
        Self {
            n_atoms,
            slice_size,
            n_slices: n_atoms.div_ceil(slice_size),
            n_row_blocks: n_atoms.div_ceil(THREADS),
            n_bonded_blocks: n_terms.div_ceil(THREADS).clamp(1, 1024),
        }
    }

    fn n_energy_blocks(&self) -> usize {
        self.n_row_blocks * (2 * self.n_slices + 1) + self.n_bonded_blocks
    }

    /// Conformers that go together: as many as fit into `memory` bytes, and one in any case.
    fn group(&self, memory: usize, n_conformers: usize, real_bytes: usize) -> usize {
        let atom = (4 + 4 + 2) * real_bytes + (3 + self.n_slices) * 8;
        let bytes = self.n_atoms * atom + self.n_energy_blocks() * N_TERMS * 8;
        (memory / bytes).clamp(1, MAX_GROUP).min(n_conformers)
    }
}

/// Arrays of a group of conformers.
#[derive(Debug)]
pub(super) struct Group<R> {
    cut: Cut,
    n_conformers: usize,
    place: Array<R>,
    state: Array<R>,
    chain: Array<R>,
    sums: Array<u64>,
    parts: Array<f64>,
    block_energies: Array<f64>,
}

impl<R: Real> Group<R> {
    /// Arrays for as many of `n_conformers` as go together.
    ///
    /// # Errors
    /// If there is too little memory.
    pub(super) fn new(launcher: &Arc<dyn Launcher>, cut: Cut, n_conformers: usize) -> Result<Self> {
        let group = cut.group(launcher.group_memory(), n_conformers, size_of::<R>());
        let atoms = group * cut.n_atoms;
        Ok(Self {
            cut,
            n_conformers: group,
            place: Array::new(launcher, 4 * atoms)?,
            state: Array::new(launcher, 4 * atoms)?,
            chain: Array::new(launcher, 2 * atoms)?,
            sums: Array::new(launcher, 3 * atoms)?,
            parts: Array::new(launcher, cut.n_slices * atoms)?,
            block_energies: Array::new(launcher, group * cut.n_energy_blocks() * N_TERMS)?,
        })
    }

    /// Evaluates the first `n_selected` of the workspace's selection, group by group.
    ///
    /// # Errors
    /// If a kernel does not start.
    pub(super) fn launch(
        &self,
        launcher: &dyn Launcher,
        precision: Precision,
        parameters: &Parameters<R>,
        workspace: &Workspace,
        n_selected: usize,
    ) -> Result<()> {
        for first in (0..n_selected).step_by(self.n_conformers) {
            let members = self.n_conformers.min(n_selected - first);
            let selected = workspace.selected.address() + (first * size_of::<u32>()) as u64;
            self.launch_group(
                launcher, precision, parameters, workspace, selected, members,
            )?;
        }
        Ok(())
    }

    fn launch_group(
        &self,
        launcher: &dyn Launcher,
        precision: Precision,
        parameters: &Parameters<R>,
        workspace: &Workspace,
        selected: u64,
        members: usize,
    ) -> Result<()> {
        let cut = &self.cut;
        let arguments = TiledArguments {
            system: parameters.arguments,
            positions: workspace.positions.address(),
            forces: workspace.forces.address(),
            energies: workspace.energies.address(),
            scales: workspace.scales.address(),
            largest: workspace.largest.address(),
            selected,
            place: self.place.address(),
            state: self.state.address(),
            chain: self.chain.address(),
            sums: self.sums.address(),
            parts: self.parts.address(),
            block_energies: self.block_energies.address(),
            slice_size: cut.slice_size as u32,
            n_slices: cut.n_slices as u32,
            n_row_blocks: cut.n_row_blocks as u32,
            n_bonded_blocks: cut.n_bonded_blocks as u32,
        };
        let start = |stage: Stage, blocks: usize, slices: usize| {
            let shape = Shape {
                grid: [blocks as u32, slices as u32, members as u32],
                threads: THREADS as u32,
                // a number for each warp
                shared_bytes: THREADS / 32 * size_of::<f64>(),
            };
            let kernel = Kernel {
                module: Module::Tiled,
                name: stage.kernel(precision),
            };
            // SAFETY: the group's arrays hold `members` conformers, the workspace's all of the batch; `selected`
            // points to as many entries; the parameters' arrays live as long as the parameters.
            unsafe { super::launcher::start(launcher, kernel, shape, &arguments) }
        };
        let (rows, slices) = (cut.n_row_blocks, cut.n_slices);
        start(Stage::Gather, rows, 1)?;
        start(Stage::Bonded, cut.n_bonded_blocks, 1)?;
        if parameters.has().nonbonded() {
            start(Stage::Pairs, rows, slices)?;
        }
        if parameters.has().born() {
            start(Stage::Integrals, rows, slices)?;
            start(Stage::Radii, rows, 1)?;
            start(Stage::BornEnergies, rows, slices)?;
            start(Stage::Factors, rows, 1)?;
            start(Stage::Chain, rows, slices)?;
        }
        start(Stage::Finish, rows, 1)
    }

    /// Whether the arrays fit another batch.
    pub(super) fn fits(&self, launcher: &dyn Launcher, n_conformers: usize) -> bool {
        let memory = launcher.group_memory();
        self.cut.group(memory, n_conformers, size_of::<R>()) == self.n_conformers
    }
}

/// The kernels, in the order in which they run.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Gather,
    Bonded,
    Pairs,
    Integrals,
    Radii,
    BornEnergies,
    Factors,
    Chain,
    Finish,
}

impl Stage {
    fn kernel(self, precision: Precision) -> &'static str {
        let [single, mixed, double] = match self {
            Self::Gather => ["gather_single", "gather_single", "gather_double"],
            Self::Bonded => ["bonded_single", "bonded_mixed", "bonded_double"],
            Self::Pairs => ["pairs_single", "pairs_single", "pairs_double"],
            Self::Integrals => ["integrals_single", "integrals_single", "integrals_double"],
            Self::Radii => ["radii_single", "radii_single", "radii_double"],
            Self::BornEnergies => [
                "born_energies_single",
                "born_energies_single",
                "born_energies_double",
            ],
            Self::Factors => ["factors_single", "factors_single", "factors_double"],
            Self::Chain => ["chain_single", "chain_single", "chain_double"],
            Self::Finish => ["finish_single", "finish_single", "finish_double"],
        };
        match precision {
            Precision::Single => single,
            Precision::Mixed => mixed,
            Precision::Double => double,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_cover_all_partners() {
        for n_atoms in [1, 127, 128, 513, 3000, 32_769, 100_000] {
            let cut = Cut::new(n_atoms, 10 * n_atoms);
            assert!(cut.n_slices <= MAX_SLICES as usize && cut.slice_size.is_multiple_of(32));
            assert!(cut.n_slices * cut.slice_size >= n_atoms);
            assert!((cut.n_slices - 1) * cut.slice_size < n_atoms);
            assert!(cut.n_row_blocks * THREADS >= n_atoms);
            assert_eq!(cut.group(0, 7, 8), 1);
            assert_eq!(cut.group(usize::MAX, 7, 8), 7);
        }
    }
}
