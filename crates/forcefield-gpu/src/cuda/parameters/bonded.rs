//! Terms over few atoms.

use crate::cuda::launcher::{DeviceData, Launcher};
use crate::cuda::memory::Array;
use crate::terms::cmap::Map;
use crate::{Result, System, system, torsion_series};
use std::sync::Arc;

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
struct Bond {
    atoms: [u32; 2],
    length: f64,
    k: f64,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
struct Angle {
    atoms: [u32; 3],
    padding: u32,
    angle: f64,
    k: f64,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
struct Torsion {
    atoms: [u32; 4],
    first: u32,
    n_terms: u32,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
struct MapTorsion {
    phi: [u32; 4],
    psi: [u32; 4],
    first: u32,
    size: u32,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
struct Restraint {
    atom: u32,
    padding: u32,
    k: f64,
    position: [f64; 3],
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
struct Exception {
    atoms: [u32; 2],
    charges: f64,
    sigma: f64,
    epsilon: f64,
}

// SAFETY: the fields fill 24 bytes, all numbers.
unsafe impl DeviceData for Bond {}
// SAFETY: the fields fill 32 bytes, all numbers.
unsafe impl DeviceData for Angle {}
// SAFETY: the fields fill 24 bytes, all numbers.
unsafe impl DeviceData for Torsion {}
// SAFETY: the fields fill 40 bytes, all numbers.
unsafe impl DeviceData for MapTorsion {}
// SAFETY: the fields fill 40 bytes, all numbers.
unsafe impl DeviceData for Restraint {}
// SAFETY: the fields fill 32 bytes, all numbers.
unsafe impl DeviceData for Exception {}
// SAFETY: two numbers.
unsafe impl DeviceData for [f64; 2] {}
// SAFETY: four numbers.
unsafe impl DeviceData for [f64; 4] {}

const _: () = assert!(
    size_of::<Bond>() == 24
        && size_of::<Angle>() == 32
        && size_of::<Torsion>() == 24
        && size_of::<MapTorsion>() == 40
        && size_of::<Restraint>() == 40
        && size_of::<Exception>() == 32,
    "as in system.cuh"
);

/// The arrays.
#[derive(Debug)]
pub(super) struct Bonded {
    bonds: Array<Bond>,
    angles: Array<Angle>,
    torsions: Array<Torsion>,
    series: Array<[f64; 2]>,
    map_torsions: Array<MapTorsion>,
    map_nodes: Array<[f64; 4]>,
    restraints: Array<Restraint>,
    exceptions: Array<Exception>,
}

/// `Bonded` of the kernels.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct BondedArguments {
    arrays: [u64; 8],
    /// Bonds, angles, torsions, map torsions, restraints, exceptions.
    counts: [u32; 6],
}

impl Bonded {
    pub(super) fn new(launcher: &Arc<dyn Launcher>, system: &System) -> Result<Self> {
        let bonds: Vec<Bond> = system
            .bonds
            .iter()
            .map(|term| Bond {
                atoms: indices(term.atoms),
                length: term.length,
                k: term.k,
            })
            .collect();
        let angles: Vec<Angle> = system
            .angles
            .iter()
            .map(|term| Angle {
                atoms: indices(term.atoms),
                padding: 0,
                angle: term.angle,
                k: term.k,
            })
            .collect();
        let (mut torsions, mut series) = (Vec::new(), Vec::new());
        for merged in torsion_series::merge(system) {
            torsions.push(Torsion {
                atoms: indices(merged.atoms),
                first: series.len() as u32,
                n_terms: merged.coefficients.len() as u32,
            });
            series.extend(merged.coefficients);
        }
        let (map_torsions, map_nodes) = maps(&system.cmap);
        let restraints: Vec<Restraint> = system
            .restraints
            .iter()
            .map(|term| Restraint {
                atom: term.atom as u32,
                padding: 0,
                k: term.k,
                position: term.position,
            })
            .collect();
        Ok(Self {
            bonds: Array::from_slice(launcher, &bonds)?,
            angles: Array::from_slice(launcher, &angles)?,
            torsions: Array::from_slice(launcher, &torsions)?,
            series: Array::from_slice(launcher, &series)?,
            map_torsions: Array::from_slice(launcher, &map_torsions)?,
            map_nodes: Array::from_slice(launcher, &map_nodes)?,
            restraints: Array::from_slice(launcher, &restraints)?,
            exceptions: Array::from_slice(launcher, &exceptions(system))?,
        })
    }

    pub(super) fn arguments(&self) -> BondedArguments {
        BondedArguments {
            arrays: [
                self.bonds.address(),
                self.angles.address(),
                self.torsions.address(),
                self.series.address(),
                self.map_torsions.address(),
                self.map_nodes.address(),
                self.restraints.address(),
                self.exceptions.address(),
            ],
            counts: [
                self.bonds.len(),
                self.angles.len(),
                self.torsions.len(),
                self.map_torsions.len(),
                self.restraints.len(),
                self.exceptions.len(),
            ]
            .map(|n| n as u32),
        }
    }
}

/// All maps' nodes one after the other, and where each torsion pair finds its own.
fn maps(cmap: &system::Cmap) -> (Vec<MapTorsion>, Vec<[f64; 4]>) {
    let (mut nodes, mut places) = (Vec::new(), Vec::new());
    for map in cmap.grids.iter().map(Map::new) {
        places.push((nodes.len() as u32, map.size() as u32));
        nodes.extend_from_slice(map.nodes());
    }
    let torsions = cmap.torsions.iter().map(|term| {
        let (first, size) = places[term.grid];
        MapTorsion {
            phi: indices(term.phi),
            psi: indices(term.psi),
            first,
            size,
        }
    });
    (torsions.collect(), nodes)
}

/// Exceptions that are more than exclusions.
fn exceptions(system: &System) -> Vec<Exception> {
    let terms = system.nonbonded.iter().flat_map(|term| &term.exceptions);
    terms
        .filter(|e| e.charge_product != 0.0 || e.epsilon != 0.0)
        .map(|e| Exception {
            atoms: indices(e.atoms),
            charges: system::Nonbonded::COULOMB * e.charge_product,
            sigma: e.sigma,
            epsilon: e.epsilon,
        })
        .collect()
}

fn indices<const N: usize>(atoms: [usize; N]) -> [u32; N] {
    atoms.map(|atom| atom as u32)
}
