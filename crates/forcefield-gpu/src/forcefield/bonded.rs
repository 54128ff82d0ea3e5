//! Applies the rules for bonds, angles and proper torsions.

use super::connectivity::Connectivity;
use super::definition::{Cosine, Definition, Pattern, TorsionRule};
use super::improper;
use crate::System;
use crate::system::{
    CmapGrid, CmapTorsion, DistanceConstraint, HarmonicAngle, HarmonicBond, PeriodicTorsion,
    RyckaertBellemansTorsion,
};
use crate::templates::Assignment;
use crate::{Error, Result};
use molio::Topology;
use std::collections::HashMap;

/// What the rules are applied to.
pub(super) struct Molecule<'a> {
    pub(super) definition: &'a Definition,
    pub(super) topology: &'a Topology,
    pub(super) connectivity: &'a Connectivity,
    pub(super) assignment: &'a Assignment<'a>,
}

impl Molecule<'_> {
    /// The types of atoms.
    pub(super) fn types<const N: usize>(&self, atoms: [usize; N]) -> [usize; N] {
        atoms.map(|atom| self.assignment.atom_types[atom])
    }

    fn fits_either_way(&self, patterns: &[Pattern], types: &[usize]) -> bool {
        self.definition.accepts_all(patterns, types)
            || self.definition.accepts_reversed(patterns, types)
    }
}

/// Bonds, and in their place constraints where `constrained` says so; the length of every bond that
/// has a rule.
pub(super) fn bonds(
    molecule: &Molecule<'_>,
    constrained: &dyn Fn([usize; 2]) -> bool,
    system: &mut System,
) -> HashMap<[usize; 2], f64> {
    let rules = &molecule.definition.bonds;
    let mut cache: HashMap<[usize; 2], Option<usize>> = HashMap::new();
    let mut lengths = HashMap::new();
    for &atoms in &molecule.connectivity.bonds {
        let types = molecule.types(atoms);
        let rule = *cache.entry(types).or_insert_with(|| {
            rules
                .iter()
                .position(|rule| molecule.fits_either_way(&rule.patterns, &types))
        });
        let Some(rule) = rule.map(|index| &rules[index]) else {
            continue;
        };
        lengths.insert(atoms, rule.length);
        if constrained(atoms) {
            system.constraints.push(DistanceConstraint {
                atoms,
                length: rule.length,
            });
        } else if rule.k != 0.0 {
            system.bonds.push(HarmonicBond {
                atoms,
                length: rule.length,
                k: rule.k,
            });
        }
    }
    lengths
}

/// Angles, and in place of those of rigid water the distance between their ends.
pub(super) fn angles(
    molecule: &Molecule<'_>,
    constrained: &dyn Fn([usize; 3]) -> bool,
    lengths: &HashMap<[usize; 2], f64>,
    system: &mut System,
) {
    let rules = &molecule.definition.angles;
    let mut cache: HashMap<[usize; 3], Option<usize>> = HashMap::new();
    for &atoms in &molecule.connectivity.angles {
        let types = molecule.types(atoms);
        let rule = *cache.entry(types).or_insert_with(|| {
            rules
                .iter()
                .position(|rule| molecule.fits_either_way(&rule.patterns, &types))
        });
        let Some(rule) = rule.map(|index| &rules[index]) else {
            continue;
        };
        if constrained(atoms) {
            let [a, vertex, b] = atoms;
            let length = |x: usize| lengths.get(&[x.min(vertex), x.max(vertex)]);
            if let (Some(first), Some(second)) = (length(a), length(b)) {
                let square =
                    first * first + second * second - 2.0 * first * second * rule.angle.cos();
                system.constraints.push(DistanceConstraint {
                    atoms: [a, b],
                    length: square.sqrt(),
                });
            }
        } else if rule.k != 0.0 {
            system.angles.push(HarmonicAngle {
                atoms,
                angle: rule.angle,
                k: rule.k,
            });
        }
    }
}

/// Periodic torsions, proper and improper.
///
/// # Errors
/// [`Error::Options`] for a rule whose number of periods is not positive.
pub(super) fn periodic_torsions(molecule: &Molecule<'_>, system: &mut System) -> Result<()> {
    let rules = &molecule.definition.torsions;
    let mut cache = HashMap::new();
    for &atoms in &molecule.connectivity.propers {
        let types = molecule.types(atoms);
        let found = *cache
            .entry(types)
            .or_insert_with(|| proper(molecule, &rules.propers, types));
        if let Some(index) = found {
            add_cosines(atoms, &rules.propers[index].parameters, system)?;
        }
    }
    for (atoms, index, ordering) in improper::periodic(molecule, &rules.impropers) {
        let [a, b, c, d] = atoms;
        let orders: &[[usize; 4]] = if ordering == super::definition::Ordering::Smirnoff {
            &[[a, b, c, d], [a, c, d, b], [a, d, b, c]]
        } else {
            &[[a, b, c, d]]
        };
        for &order in orders {
            add_cosines(order, &rules.impropers[index].0.parameters, system)?;
        }
    }
    Ok(())
}

/// Index of the rule for four atoms: the first without wildcards, else the first with them.
fn proper<P>(
    molecule: &Molecule<'_>,
    rules: &[TorsionRule<P>],
    types: [usize; 4],
) -> Option<usize> {
    let fits = |rule: &TorsionRule<P>| molecule.fits_either_way(&rule.patterns, &types);
    let specific = rules
        .iter()
        .position(|rule| !rule.has_wildcard() && fits(rule));
    specific.or_else(|| rules.iter().position(fits))
}

fn add_cosines(atoms: [usize; 4], cosines: &[Cosine], system: &mut System) -> Result<()> {
    for cosine in cosines.iter().filter(|cosine| cosine.k != 0.0) {
        let periodicity = u32::try_from(cosine.periodicity).ok().filter(|&n| n > 0);
        let periodicity = periodicity.ok_or_else(|| {
            let found = cosine.periodicity;
            Error::Options(format!(
                "a torsion of atoms {atoms:?} has the periodicity {found}"
            ))
        })?;
        system.torsions.push(PeriodicTorsion {
            atoms,
            periodicity,
            phase: cosine.phase,
            k: cosine.k,
        });
    }
    Ok(())
}

/// Ryckaert–Bellemans torsions, proper and improper.
pub(super) fn rb_torsions(molecule: &Molecule<'_>, system: &mut System) {
    let rules = &molecule.definition.rb_torsions;
    let mut cache = HashMap::new();
    let mut add = |atoms: [usize; 4], coefficients: [f64; 6]| {
        system
            .ryckaert_bellemans_torsions
            .push(RyckaertBellemansTorsion {
                atoms,
                coefficients,
            });
    };
    for &atoms in &molecule.connectivity.propers {
        let types = molecule.types(atoms);
        let found = *cache
            .entry(types)
            .or_insert_with(|| proper(molecule, &rules.propers, types));
        if let Some(index) = found {
            add(atoms, rules.propers[index].parameters);
        }
    }
    for (atoms, index, _) in improper::each(molecule, &rules.impropers) {
        add(atoms, rules.impropers[index].0.parameters);
    }
}

/// Correction maps. Unlike OpenMM, which applies a map twice to the residue that closes a cyclic
/// peptide and reads it with φ and ψ exchanged there, each chain of five atoms counts once, in the
/// direction of its rule.
pub(super) fn cmaps(molecule: &Molecule<'_>, system: &mut System) {
    let rules = &molecule.definition.cmaps;
    if rules.is_empty() {
        return;
    }
    for energies in &molecule.definition.maps {
        system.cmap.grids.push(CmapGrid {
            size: energies.len().isqrt(),
            energies: energies.clone(),
        });
    }
    for mut atoms in molecule.connectivity.chains_of_five() {
        let types = molecule.types(atoms);
        let found = rules
            .iter()
            .find(|rule| molecule.fits_either_way(&rule.patterns, &types));
        let Some(rule) = found else {
            continue;
        };
        if !molecule.definition.accepts_all(&rule.patterns, &types) {
            atoms.reverse();
        }
        let [a, b, c, d, e] = atoms;
        system.cmap.torsions.push(CmapTorsion {
            grid: rule.map,
            phi: [a, b, c, d],
            psi: [b, c, d, e],
        });
    }
}
