//! Terms over all pairs.

use super::{Real, born};
use crate::cuda::launcher::Launcher;
use crate::cuda::memory::Array;
use crate::system::{BornModel, Nonbonded, NonbondedMethod, SoftForm};
use crate::{Result, System};
use std::sync::Arc;

/// Which terms there are, in the bits of `system.cuh`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cuda) struct Has(u32);

impl Has {
    const NONBONDED: u32 = 1;
    const CUTOFF: u32 = 2;
    const SOFT: u32 = 4;
    const BORN: u32 = 8;
    const NECKS: u32 = 16;
    const HCT: u32 = 32;

    fn new(system: &System) -> Self {
        let mut bits = 0;
        let mut set = |bit: u32, is: bool| bits |= if is { bit } else { 0 };
        if let Some(term) = &system.nonbonded {
            set(Self::NONBONDED, true);
            set(Self::CUTOFF, term.method != NonbondedMethod::NoCutoff);
        }
        set(Self::SOFT, system.soft_repulsion.is_some());
        if let Some(term) = &system.generalized_born {
            set(Self::BORN, true);
            set(Self::NECKS, term.model.neck_scale().is_some());
            set(Self::HCT, term.model == BornModel::Hct);
        }
        Self(bits)
    }

    /// Whether there is a solvent model.
    pub(in crate::cuda) fn born(self) -> bool {
        self.0 & Self::BORN != 0
    }

    /// Whether there is any term but the solvent over all pairs.
    pub(in crate::cuda) fn nonbonded(self) -> bool {
        self.0 & (Self::NONBONDED | Self::SOFT) != 0
    }
}

/// The arrays, and what else the kernels read.
#[derive(Debug)]
pub(super) struct Pairs<R> {
    atoms: Array<R>,
    solvent: Array<R>,
    radii: Array<born::Atom>,
    necks: Array<R>,
    /// Starts and partners of the non-bonded term's and the soft repulsion's exclusions.
    exclusions: [Array<u32>; 4],
    constants: Constants<R>,
    pub(super) has: Has,
    n_neck_classes: u32,
}

/// `Range`, `Soft`, both `Dielectric`s and the solvent's cutoff.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Constants<R> {
    /// Squared cutoff; k and c of the reaction field; start of the switch, 1/width; padding.
    range: [R; 6],
    /// Strength, 1/distance².
    soft: [R; 2],
    soft_form: [u32; 2],
    /// 1/ε inside and outside, κ, 1/cutoff.
    dielectric: [R; 4],
    exact_dielectric: [f64; 4],
    born_cutoff2: [R; 2],
}

/// `Pairs` of the kernels.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct PairsArguments<R> {
    arrays: [u64; 8],
    constants: Constants<R>,
    n_neck_classes: u32,
    has: u32,
}

impl<R: Real> Pairs<R> {
    pub(super) fn new(launcher: &Arc<dyn Launcher>, system: &System) -> Result<Self> {
        let n_atoms = system.n_atoms();
        let exceptions = system.nonbonded.iter().flat_map(|term| &term.exceptions);
        let nonbonded = exclusions(exceptions.map(|e| e.atoms), n_atoms);
        let soft = system.soft_repulsion.iter().flat_map(|s| &s.exclusions);
        let soft = exclusions(soft.copied(), n_atoms);
        let (classes, class_radii) = born::neck_classes(system);
        let array = |values: &[f64]| -> Result<Array<R>> {
            let values: Vec<R> = values.iter().map(|&x| R::from_f64(x)).collect();
            Array::from_slice(launcher, &values)
        };
        let list = |values: &[u32]| Array::from_slice(launcher, values);
        Ok(Self {
            atoms: array(&atoms(system))?,
            solvent: Array::from_slice(launcher, &born::solvent::<R>(system, &classes))?,
            radii: Array::from_slice(launcher, &born::atoms(system))?,
            necks: array(&born::necks(system, &class_radii))?,
            exclusions: [
                list(&nonbonded.0)?,
                list(&nonbonded.1)?,
                list(&soft.0)?,
                list(&soft.1)?,
            ],
            constants: Constants::new(system),
            has: Has::new(system),
            n_neck_classes: class_radii.len() as u32,
        })
    }

    pub(super) fn arguments(&self) -> PairsArguments<R> {
        let [a, b, c, d] = self.exclusions.each_ref().map(Array::address);
        PairsArguments {
            arrays: [
                self.atoms.address(),
                self.solvent.address(),
                self.radii.address(),
                self.necks.address(),
                a,
                b,
                c,
                d,
            ],
            constants: self.constants,
            n_neck_classes: self.n_neck_classes,
            has: self.has.0,
        }
    }
}

impl<R: Real> Constants<R> {
    fn new(system: &System) -> Self {
        let reals = |x: [f64; 4]| x.map(R::from_f64);
        let mut range = [f64::INFINITY, 0.0, 0.0, 0.0, 0.0, 0.0];
        if let Some(NonbondedMethod::Cutoff {
            cutoff,
            reaction_field_dielectric: e,
            switch,
        }) = system.nonbonded.as_ref().map(|term| term.method)
        {
            range[0] = cutoff * cutoff;
            range[1] = (e - 1.0) / (2.0 * e + 1.0) / cutoff.powi(3);
            range[2] = 3.0 * e / (2.0 * e + 1.0) / cutoff;
            if let Some(start) = switch {
                range[3] = start;
                range[4] = 1.0 / (cutoff - start);
            }
        }
        let (mut soft, mut soft_form) = ([0.0; 2], 0);
        if let Some(term) = &system.soft_repulsion {
            soft = [term.strength, 1.0 / (term.distance * term.distance)];
            soft_form = match term.form {
                SoftForm::Quartic => 0,
                SoftForm::Repel => 1,
            };
        }
        let (mut dielectric, mut cutoff2) = ([0.0; 4], f64::INFINITY);
        if let Some(term) = &system.generalized_born {
            let cutoff = term.cutoff.unwrap_or(f64::INFINITY);
            cutoff2 = cutoff * cutoff;
            dielectric = [
                1.0 / term.solute_dielectric,
                1.0 / term.solvent_dielectric,
                term.kappa,
                1.0 / cutoff,
            ];
        }
        Self {
            range: range.map(R::from_f64),
            soft: soft.map(R::from_f64),
            soft_form: [soft_form, 0],
            dielectric: reals(dielectric),
            exact_dielectric: dielectric,
            born_cutoff2: [R::from_f64(cutoff2), R::from_f64(0.0)],
        }
    }
}

/// For each atom √C q, σ/2, √ε, offset radius.
fn atoms(system: &System) -> Vec<f64> {
    let root = Nonbonded::COULOMB.sqrt();
    let solvent = system.generalized_born.as_ref();
    (0..system.n_atoms())
        .flat_map(|atom| {
            let particle = system
                .nonbonded
                .as_ref()
                .map(|term| term.particles[atom])
                .unwrap_or_default();
            let offset = solvent.map_or(0.0, |term| {
                term.particles[atom].radius - term.model.offset()
            });
            [
                root * particle.charge,
                0.5 * particle.sigma,
                particle.epsilon.sqrt(),
                offset,
            ]
        })
        .collect()
}

/// For each atom its partners and itself, ascending, then a number that no atom has; and where each list starts.
fn exclusions(pairs: impl Iterator<Item = [usize; 2]>, n_atoms: usize) -> (Vec<u32>, Vec<u32>) {
    let mut lists: Vec<Vec<u32>> = (0..n_atoms as u32).map(|atom| vec![atom]).collect();
    for [a, b] in pairs {
        lists[a].push(b as u32);
        lists[b].push(a as u32);
    }
    let (mut starts, mut partners) = (Vec::with_capacity(n_atoms), Vec::new());
    for mut list in lists {
        list.sort_unstable();
        list.dedup();
        starts.push(partners.len() as u32);
        partners.extend(list);
        partners.push(u32::MAX);
    }
    (starts, partners)
}
