//! Checks of indices and parameters.

use super::{BornModel, GeneralizedBorn, Nonbonded, NonbondedMethod, SoftRepulsion, System};
use crate::{Error, Result};
use std::collections::HashSet;

const FINITE: &str = "a finite number";
const POSITIVE: &str = "a positive number";
const NOT_NEGATIVE: &str = "a number not below zero";

/// Checks a whole system.
pub(super) fn system(system: &System) -> Result<()> {
    let n_atoms = system.n_atoms();
    for (index, &mass) in system.masses.iter().enumerate() {
        not_negative("mass", index, "mass", mass)?;
    }
    bonded(system, n_atoms)?;
    cmap(system, n_atoms)?;
    if let Some(term) = &system.nonbonded {
        nonbonded(term, n_atoms)?;
    }
    if let Some(term) = &system.generalized_born {
        generalized_born(term, n_atoms)?;
    }
    if let Some(term) = &system.soft_repulsion {
        soft_repulsion(term, n_atoms)?;
    }
    for (index, term) in system.restraints.iter().enumerate() {
        atoms("restraint", index, &[term.atom], n_atoms)?;
        not_negative("restraint", index, "k", term.k)?;
        for x in term.position {
            finite("restraint", index, "position", x)?;
        }
    }
    for (index, &atom) in system.frozen.iter().enumerate() {
        atoms("frozen atom", index, &[atom], n_atoms)?;
    }
    for (index, term) in system.constraints.iter().enumerate() {
        atoms("constraint", index, &term.atoms, n_atoms)?;
        positive("constraint", index, "length", term.length)?;
    }
    Ok(())
}

fn bonded(system: &System, n_atoms: usize) -> Result<()> {
    for (index, term) in system.bonds.iter().enumerate() {
        atoms("bond", index, &term.atoms, n_atoms)?;
        not_negative("bond", index, "length", term.length)?;
        not_negative("bond", index, "k", term.k)?;
    }
    for (index, term) in system.angles.iter().enumerate() {
        atoms("angle", index, &term.atoms, n_atoms)?;
        finite("angle", index, "angle", term.angle)?;
        not_negative("angle", index, "k", term.k)?;
    }
    for (index, term) in system.torsions.iter().enumerate() {
        atoms("torsion", index, &term.atoms, n_atoms)?;
        finite("torsion", index, "phase", term.phase)?;
        finite("torsion", index, "k", term.k)?;
        if term.periodicity == 0 || term.periodicity > PERIODICITY_MAX {
            return Err(Error::Parameter {
                term: "torsion",
                index,
                parameter: "periodicity",
                value: f64::from(term.periodicity),
                expected: "a number from 1 to 12",
            });
        }
    }
    for (index, term) in system.ryckaert_bellemans_torsions.iter().enumerate() {
        atoms("Ryckaert-Bellemans torsion", index, &term.atoms, n_atoms)?;
        for c in term.coefficients {
            finite("Ryckaert-Bellemans torsion", index, "coefficient", c)?;
        }
    }
    Ok(())
}

/// Force fields use up to 6; the recurrences of the kernels stay accurate well beyond.
const PERIODICITY_MAX: u32 = 12;

fn cmap(system: &System, n_atoms: usize) -> Result<()> {
    for (index, grid) in system.cmap.grids.iter().enumerate() {
        let expected = grid.size.checked_mul(grid.size);
        if grid.size < 2 || expected != Some(grid.energies.len()) {
            return Err(Error::Parameter {
                term: "CMAP grid",
                index,
                parameter: "size",
                value: grid.size as f64,
                expected: "at least 2, and its square the number of energies",
            });
        }
        for &energy in &grid.energies {
            finite("CMAP grid", index, "energy", energy)?;
        }
    }
    for (index, term) in system.cmap.torsions.iter().enumerate() {
        atoms("CMAP torsion", index, &term.phi, n_atoms)?;
        atoms("CMAP torsion", index, &term.psi, n_atoms)?;
        if term.grid >= system.cmap.grids.len() {
            return Err(Error::Parameter {
                term: "CMAP torsion",
                index,
                parameter: "grid",
                value: term.grid as f64,
                expected: "the index of a CMAP grid",
            });
        }
    }
    Ok(())
}

fn nonbonded(term: &Nonbonded, n_atoms: usize) -> Result<()> {
    length("non-bonded particles", term.particles.len(), n_atoms)?;
    for (index, particle) in term.particles.iter().enumerate() {
        finite("non-bonded particle", index, "charge", particle.charge)?;
        not_negative("non-bonded particle", index, "sigma", particle.sigma)?;
        not_negative("non-bonded particle", index, "epsilon", particle.epsilon)?;
    }
    let name = "non-bonded exception";
    for (index, exception) in term.exceptions.iter().enumerate() {
        atoms(name, index, &exception.atoms, n_atoms)?;
        finite(name, index, "charge product", exception.charge_product)?;
        not_negative(name, index, "sigma", exception.sigma)?;
        not_negative(name, index, "epsilon", exception.epsilon)?;
    }
    distinct_pairs(
        name,
        term.exceptions.iter().map(|exception| exception.atoms),
    )?;
    if let NonbondedMethod::Cutoff {
        cutoff,
        reaction_field_dielectric,
        switch,
    } = term.method
    {
        positive("non-bonded method", 0, "cutoff", cutoff)?;
        positive(
            "non-bonded method",
            0,
            "reaction field dielectric",
            reaction_field_dielectric,
        )?;
        if let Some(switch) = switch {
            not_negative("non-bonded method", 0, "switch", switch)?;
            if switch >= cutoff {
                return Err(parameter(
                    "non-bonded method",
                    0,
                    "switch",
                    switch,
                    "a distance below the cutoff",
                ));
            }
        }
    }
    Ok(())
}

fn generalized_born(term: &GeneralizedBorn, n_atoms: usize) -> Result<()> {
    length("Born particles", term.particles.len(), n_atoms)?;
    let offset = term.model.offset();
    for (index, particle) in term.particles.iter().enumerate() {
        let name = "Born particle";
        finite(name, index, "charge", particle.charge)?;
        finite(name, index, "screen", particle.screen)?;
        let radius = particle.radius;
        if !(radius.is_finite() && radius > offset) {
            return Err(parameter(
                name,
                index,
                "radius",
                radius,
                "a length above the model's offset",
            ));
        }
        // the neck tables end there; OpenMM refuses what lies outside them
        if term.model.neck_scale().is_some() && !(0.1 - 1e-9..=0.2 + 1e-9).contains(&radius) {
            return Err(parameter(
                name,
                index,
                "radius",
                radius,
                "0.1 to 0.2 nm for a model with necks",
            ));
        }
        if term.model == BornModel::Gbn2 {
            for x in particle.alpha_beta_gamma {
                finite(name, index, "alpha, beta or gamma", x)?;
            }
        }
    }
    positive(
        "generalised Born",
        0,
        "solute dielectric",
        term.solute_dielectric,
    )?;
    positive(
        "generalised Born",
        0,
        "solvent dielectric",
        term.solvent_dielectric,
    )?;
    not_negative("generalised Born", 0, "kappa", term.kappa)?;
    term.cutoff.map_or(Ok(()), |cutoff| {
        positive("generalised Born", 0, "cutoff", cutoff)
    })
}

fn soft_repulsion(term: &SoftRepulsion, n_atoms: usize) -> Result<()> {
    not_negative("soft repulsion", 0, "strength", term.strength)?;
    positive("soft repulsion", 0, "distance", term.distance)?;
    for (index, pair) in term.exclusions.iter().enumerate() {
        atoms("soft repulsion exclusion", index, pair, n_atoms)?;
    }
    distinct_pairs("soft repulsion exclusion", term.exclusions.iter().copied())
}

fn atoms(term: &'static str, index: usize, atoms: &[usize], n_atoms: usize) -> Result<()> {
    for (position, &atom) in atoms.iter().enumerate() {
        if atom >= n_atoms {
            return Err(Error::AtomIndex {
                term,
                index,
                atom,
                n_atoms,
            });
        }
        if atoms[..position].contains(&atom) {
            return Err(Error::RepeatedAtom { term, index, atom });
        }
    }
    Ok(())
}

fn distinct_pairs(term: &'static str, pairs: impl Iterator<Item = [usize; 2]>) -> Result<()> {
    let mut seen = HashSet::new();
    for (index, atoms) in pairs.enumerate() {
        let [a, b] = atoms;
        if !seen.insert((a.min(b), a.max(b))) {
            return Err(Error::DuplicatePair { term, index, atoms });
        }
    }
    Ok(())
}

fn length(what: &'static str, found: usize, expected: usize) -> Result<()> {
    if found == expected {
        Ok(())
    } else {
        Err(Error::Length {
            what,
            expected,
            found,
        })
    }
}

fn finite(term: &'static str, index: usize, name: &'static str, value: f64) -> Result<()> {
    if value.is_finite() {
        Ok(())
    } else {
        Err(parameter(term, index, name, value, FINITE))
    }
}

fn positive(term: &'static str, index: usize, name: &'static str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(parameter(term, index, name, value, POSITIVE))
    }
}

fn not_negative(term: &'static str, index: usize, name: &'static str, value: f64) -> Result<()> {
    if value.is_finite() && value >= 0.0 {
        Ok(())
    } else {
        Err(parameter(term, index, name, value, NOT_NEGATIVE))
    }
}

fn parameter(
    term: &'static str,
    index: usize,
    parameter: &'static str,
    value: f64,
    expected: &'static str,
) -> Error {
    Error::Parameter {
        term,
        index,
        parameter,
        value,
        expected,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{HarmonicBond, NonbondedException, NonbondedParticle};
    use super::*;

    fn two_atoms() -> System {
        System::new(vec![1.0, 1.0])
    }

    #[test]
    fn a_repeated_atom_is_named() {
        let mut system = two_atoms();
        system.bonds.push(HarmonicBond {
            atoms: [1, 1],
            length: 0.1,
            k: 1.0,
        });
        let error = system.validate().unwrap_err();
        assert!(
            matches!(
                error,
                Error::RepeatedAtom {
                    term: "bond",
                    index: 0,
                    atom: 1
                }
            ),
            "{error}"
        );
    }

    #[test]
    fn one_pair_has_one_exception() {
        let exception = |atoms| NonbondedException {
            atoms,
            charge_product: 0.0,
            sigma: 0.1,
            epsilon: 0.0,
        };
        let mut system = two_atoms();
        system.nonbonded = Some(Nonbonded {
            particles: vec![NonbondedParticle::default(); 2],
            exceptions: vec![exception([0, 1]), exception([1, 0])],
            method: NonbondedMethod::NoCutoff,
        });
        let error = system.validate().unwrap_err();
        assert!(
            matches!(error, Error::DuplicatePair { index: 1, .. }),
            "{error}"
        );
    }

    #[test]
    fn lengths_and_numbers_are_checked() {
        let mut system = two_atoms();
        system.nonbonded = Some(Nonbonded {
            particles: vec![NonbondedParticle::default()],
            exceptions: vec![],
            method: NonbondedMethod::NoCutoff,
        });
        assert!(matches!(
            system.validate(),
            Err(Error::Length {
                expected: 2,
                found: 1,
                ..
            })
        ));
        system.nonbonded = None;
        system.masses[1] = f64::NAN;
        assert!(matches!(
            system.validate(),
            Err(Error::Parameter { index: 1, .. })
        ));
    }
}
