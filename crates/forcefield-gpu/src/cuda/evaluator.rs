//! Energies and forces of batches.

use super::launcher::{Launcher, floats, floats_mut};
use super::memory::Array;
use super::parameters::{Parameters, Real};
use super::tiled::{Cut, Group};
use super::{launcher, resident};
use crate::engine::Precision;
use crate::{Device, Result, System, TermEnergies};
use dynamics::{
    Batch, BoxError, Fault, ReplicaState, ReplicaStepper, ReplicaSteps, SimulationConfig,
};
use std::sync::{Arc, Mutex, PoisonError};

/// Energies of a conformer that a kernel writes, in the order of [`TermEnergies`].
pub(super) const N_TERMS: usize = 7;

/// Units of fixed point per kJ/mol/nm to begin with: forces up to some 10⁷ kJ/mol/nm, in steps of 10⁻⁹.
pub(super) const SCALE: f64 = (1u64 << 30) as f64;

/// Up to this many atoms a conformer has one block, if it fits; beyond, a single one would take too long for its
/// block while others have nothing to do.
const RESIDENT_ATOMS: usize = 1024;

/// Evaluates batches of one system on a device.
#[derive(Debug)]
pub(crate) struct Evaluator {
    launcher: Arc<dyn Launcher>,
    n_atoms: usize,
    precision: Precision,
    width: Width,
    /// Arrays of past calls, handed out again.
    free: Mutex<Vec<Workspace>>,
}

/// Parameters in the width of the kernels' pairs.
#[derive(Debug)]
enum Width {
    Single(InWidth<f32>),
    Double(InWidth<f64>),
}

/// What depends on the width of the kernels' pairs.
#[derive(Debug)]
struct InWidth<R> {
    parameters: Parameters<R>,
    /// How conformers too large for a block are cut up, and the arrays of past calls for groups of them.
    tiled: Option<(Cut, Mutex<Vec<Group<R>>>)>,
}

impl<R: Real> InWidth<R> {
    fn new(launcher: &Arc<dyn Launcher>, system: &System) -> Result<Self> {
        let n_atoms = system.n_atoms();
        let resident = n_atoms <= RESIDENT_ATOMS
            && resident::shared_bytes::<R>(n_atoms) <= launcher.shared_memory();
        let exceptions = system.nonbonded.iter().map(|term| term.exceptions.len());
        let n_terms = system.bonds.len()
            + system.angles.len()
            + system.torsions.len()
            + exceptions.sum::<usize>();
        Ok(Self {
            parameters: Parameters::new(launcher, system)?,
            tiled: (!resident).then(|| (Cut::new(n_atoms, n_terms), Mutex::default())),
        })
    }
}

/// What a kernel reads and writes for a batch.
#[derive(Debug)]
pub(super) struct Workspace {
    pub(super) n_conformers: usize,
    pub(super) positions: Array<f32>,
    pub(super) forces: Array<f32>,
    pub(super) energies: Array<f64>,
    pub(super) scales: Array<f64>,
    pub(super) largest: Array<u32>,
    pub(super) selected: Array<u32>,
}

impl Evaluator {
    /// Copies a system to a device.
    ///
    /// # Errors
    /// If the system is not valid, has too many atoms, or the device is not there or too small.
    pub(crate) fn new(system: &System, device: Device, precision: Precision) -> Result<Self> {
        system.validate()?;
        let launcher = launcher(device)?;
        let width = match precision {
            Precision::Single | Precision::Mixed => Width::Single(InWidth::new(&launcher, system)?),
            Precision::Double => Width::Double(InWidth::new(&launcher, system)?),
        };
        Ok(Self {
            launcher,
            n_atoms: system.n_atoms(),
            precision,
            width,
            free: Mutex::default(),
        })
    }

    pub(crate) fn n_atoms(&self) -> usize {
        self.n_atoms
    }

    /// Energies by term and conformer; forces go to the batch.
    ///
    /// # Errors
    /// If the device fails or has too little memory.
    pub(crate) fn evaluate(&self, batch: &mut Batch) -> Result<Vec<TermEnergies>> {
        if batch.n_conformers() == 0 || self.n_atoms == 0 {
            return Ok(vec![TermEnergies::default(); batch.n_conformers()]);
        }
        let workspace = self.take(batch)?;
        let result = match &self.width {
            Width::Single(width) => self.evaluate_in(width, &workspace, batch),
            Width::Double(width) => self.evaluate_in(width, &workspace, batch),
        };
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(workspace);
        result
    }

    fn take_steps<R: Real>(
        &self,
        width: &InWidth<R>,
        steps: &ReplicaSteps<'_>,
        replicas: &mut [ReplicaState],
    ) -> Result<Vec<Fault>, BoxError> {
        super::dynamics::advance(
            &self.launcher,
            self.precision,
            &width.parameters,
            steps,
            replicas,
        )
    }

    fn takes_in<R: Real>(&self, width: &InWidth<R>, config: &SimulationConfig) -> bool {
        width.tiled.is_none() && super::dynamics::takes::<R>(&*self.launcher, self.n_atoms, config)
    }

    fn evaluate_in<R: Real>(
        &self,
        width: &InWidth<R>,
        workspace: &Workspace,
        batch: &mut Batch,
    ) -> Result<Vec<TermEnergies>> {
        let n_conformers = batch.n_conformers();
        workspace.positions.upload(floats(&batch.positions))?;
        workspace.forces.clear()?;
        let mut scales = vec![SCALE; n_conformers];
        let mut selected: Vec<u32> = (0..n_conformers as u32).collect();
        let mut largest = vec![0; n_conformers];
        // conformers with a force beyond the scale's range go through once more, with a scale of their own
        while !selected.is_empty() {
            workspace.scales.upload(&scales)?;
            workspace.selected.upload(&selected)?;
            self.launch(width, workspace, selected.len())?;
            workspace.largest.download(&mut largest)?;
            selected.retain(|&conformer| {
                let force = f32::from_bits(largest[conformer as usize]);
                let again = force > 0.0 && force.is_finite();
                if again {
                    scales[conformer as usize] = scale_for(force, width.parameters.sum_bits);
                }
                again
            });
        }
        workspace.forces.download(floats_mut(&mut batch.forces))?;
        let mut energies = vec![0.0; N_TERMS * n_conformers];
        workspace.energies.download(&mut energies)?;
        let (terms, _) = energies.as_chunks::<N_TERMS>();
        Ok(terms.iter().map(|&terms| term_energies(terms)).collect())
    }

    fn launch<R: Real>(
        &self,
        width: &InWidth<R>,
        workspace: &Workspace,
        n_selected: usize,
    ) -> Result<()> {
        let (launcher, parameters) = (&*self.launcher, &width.parameters);
        let Some((cut, free)) = &width.tiled else {
            return resident::launch(launcher, self.precision, parameters, workspace, n_selected);
        };
        let group = {
            let mut free = free.lock().unwrap_or_else(PoisonError::into_inner);
            let fits = |group: &Group<R>| group.fits(launcher, n_selected);
            free.iter()
                .position(fits)
                .map(|index| free.swap_remove(index))
        };
        let group = match group {
            Some(group) => group,
            None => Group::new(&self.launcher, *cut, n_selected)?,
        };
        group.launch(launcher, self.precision, parameters, workspace, n_selected)?;
        let mut free = free.lock().unwrap_or_else(PoisonError::into_inner);
        free.clear();
        free.push(group);
        Ok(())
    }

    fn take(&self, batch: &Batch) -> Result<Workspace> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |workspace: &Workspace| workspace.n_conformers == batch.n_conformers();
        if let Some(index) = free.iter().position(fits) {
            return Ok(free.swap_remove(index));
        }
        // batches of many sizes shall not fill the device
        free.clear();
        drop(free);
        let (launcher, n_conformers) = (&self.launcher, batch.n_conformers());
        let floats = floats(&batch.positions).len();
        Ok(Workspace {
            n_conformers,
            positions: Array::new(launcher, floats)?,
            forces: Array::new(launcher, floats)?,
            energies: Array::new(launcher, N_TERMS * n_conformers)?,
            scales: Array::new(launcher, n_conformers)?,
            largest: Array::new(launcher, n_conformers)?,
            selected: Array::new(launcher, n_conformers)?,
        })
    }
}

impl ReplicaStepper for Evaluator {
    fn takes(&self, config: &SimulationConfig) -> bool {
        match &self.width {
            Width::Single(width) => self.takes_in(width, config),
            Width::Double(width) => self.takes_in(width, config),
        }
    }

    fn advance(
        &self,
        steps: &ReplicaSteps<'_>,
        replicas: &mut [ReplicaState],
    ) -> Result<Vec<Fault>, BoxError> {
        match &self.width {
            Width::Single(width) => self.take_steps(width, steps, replicas),
            Width::Double(width) => self.take_steps(width, steps, replicas),
        }
    }
}

/// The scale at which 2ᵇ forces as large as this one add up without overflow.
fn scale_for(force: f32, sum_bits: u32) -> f64 {
    let exponent = f64::from(force).log2().ceil() as i32;
    2f64.powi(60 - sum_bits as i32 - exponent)
}

fn term_energies(terms: [f64; N_TERMS]) -> TermEnergies {
    let [bond, angle, torsion, cmap, nonbonded, solvation, restraint] = terms;
    TermEnergies {
        bond,
        angle,
        torsion,
        cmap,
        nonbonded,
        solvation,
        restraint,
    }
}

#[cfg(test)]
mod tests {
    use super::scale_for;

    #[test]
    fn a_scale_holds_its_sums() {
        for (force, bits) in [(1e7f32, 8), (3.4e38, 12), (1.0, 0)] {
            let sum = f64::from(force) * scale_for(force, bits) * f64::from(1u32 << bits);
            assert!(sum < 2f64.powi(62) && sum > 2f64.powi(57), "{force} {bits}");
        }
    }
}
