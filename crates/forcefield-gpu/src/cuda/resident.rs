//! One block a conformer, all of it in shared memory: `kernels/evaluate.cu`.

use super::evaluator::{N_TERMS, Workspace};
use super::launcher::{Arguments, Kernel, Launcher, Module, Shape};
use super::parameters::{Parameters, Real, SystemArguments};
use crate::Result;
use crate::engine::Precision;

/// Threads of a block from which there are more; a multiple of 32, at most `MAX_THREADS` of the kernels.
const FEW_THREADS: u32 = 128;
const MANY_THREADS: u32 = 256;
const MANY_ATOMS: usize = 320;

/// `EvaluateArguments` of the kernels.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct EvaluateArguments<R> {
    system: SystemArguments<R>,
    positions: u64,
    forces: u64,
    energies: u64,
    scales: u64,
    largest: u64,
    selected: u64,
}

// SAFETY: the emulation compares sizes at every launch; the fields are those of `evaluate.cu` in their order.
unsafe impl<R: Real> Arguments for EvaluateArguments<R> {}

/// Shared memory of a conformer, as `Conformer` of `blocks/conformer.cuh` lays it out.
pub(super) fn shared_bytes<R>(n_atoms: usize) -> usize {
    const MAX_WARPS: usize = 8;
    let header = 16 + MAX_WARPS * N_TERMS * 8;
    header + n_atoms * ((4 + 4 + 2) * size_of::<R>() + 3 * 8)
}

/// Threads of a block.
pub(super) fn threads(launcher: &dyn Launcher, n_atoms: usize) -> u32 {
    launcher.threads(if n_atoms < MANY_ATOMS {
        FEW_THREADS
    } else {
        MANY_THREADS
    })
}

/// Evaluates the first `n_selected` of the workspace's selection.
pub(super) fn launch<R: Real>(
    launcher: &dyn Launcher,
    precision: Precision,
    parameters: &Parameters<R>,
    workspace: &Workspace,
    n_selected: usize,
) -> Result<()> {
    let n_atoms = parameters.arguments.n_atoms as usize;
    let arguments = EvaluateArguments {
        system: parameters.arguments,
        positions: workspace.positions.address(),
        forces: workspace.forces.address(),
        energies: workspace.energies.address(),
        scales: workspace.scales.address(),
        largest: workspace.largest.address(),
        selected: workspace.selected.address(),
    };
    let kernel = Kernel {
        module: Module::Evaluate,
        name: match precision {
            Precision::Single => "evaluate_single",
            Precision::Mixed => "evaluate_mixed",
            Precision::Double => "evaluate_double",
        },
    };
    let shape = Shape {
        grid: [n_selected as u32, 1, 1],
        threads: threads(launcher, n_atoms),
        shared_bytes: shared_bytes::<R>(n_atoms),
    };
    // SAFETY: the workspace's arrays hold every conformer of the batch, `selected` its first entries; the
    // parameters' arrays live as long as the parameters.
    unsafe { super::launcher::start(launcher, kernel, shape, &arguments) }
}
