//! Terms over few atoms.

use crate::System;
use crate::system::{CmapTorsion, PositionalRestraint};
use crate::terms::cmap::Map;
use crate::torsion_series;
use std::ops::Range;

/// A harmonic bond.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Bond {
    pub(in crate::cpu) atoms: [usize; 2],
    pub(in crate::cpu) length: f32,
    pub(in crate::cpu) k: f32,
}

/// A harmonic angle.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Angle {
    pub(in crate::cpu) atoms: [usize; 3],
    pub(in crate::cpu) angle: f32,
    pub(in crate::cpu) k: f32,
}

/// All terms over one quadruple, as a Fourier series.
#[derive(Clone, Debug)]
pub(in crate::cpu) struct Torsion {
    pub(in crate::cpu) atoms: [usize; 4],
    /// Its coefficients within [`Bonded::series`].
    pub(in crate::cpu) series: Range<usize>,
}

/// Terms over few atoms.
#[derive(Debug)]
pub(in crate::cpu) struct Bonded {
    pub(in crate::cpu) bonds: Vec<Bond>,
    pub(in crate::cpu) angles: Vec<Angle>,
    pub(in crate::cpu) torsions: Vec<Torsion>,
    /// aₙ and bₙ of Σ aₙ cos nφ + bₙ sin nφ.
    pub(in crate::cpu) series: Vec<[f32; 2]>,
    pub(in crate::cpu) maps: Vec<Map>,
    pub(in crate::cpu) map_torsions: Vec<CmapTorsion>,
    pub(in crate::cpu) restraints: Vec<PositionalRestraint>,
}

impl Bonded {
    pub(super) fn new(system: &System) -> Self {
        let bonds = system.bonds.iter().map(|bond| Bond {
            atoms: bond.atoms,
            length: bond.length as f32,
            k: bond.k as f32,
        });
        let angles = system.angles.iter().map(|angle| Angle {
            atoms: angle.atoms,
            angle: angle.angle as f32,
            k: angle.k as f32,
        });
        let mut series = Vec::new();
        let torsions = torsion_series::merge(system)
            .into_iter()
            .map(|merged| {
                let start = series.len();
                series.extend(merged.coefficients.iter().map(|c| c.map(|x| x as f32)));
                Torsion {
                    atoms: merged.atoms,
                    series: start..series.len(),
                }
            })
            .collect();
        Self {
            bonds: bonds.collect(),
            angles: angles.collect(),
            torsions,
            series,
            maps: system.cmap.grids.iter().map(Map::new).collect(),
            map_torsions: system.cmap.torsions.clone(),
            restraints: system.restraints.clone(),
        }
    }
}
