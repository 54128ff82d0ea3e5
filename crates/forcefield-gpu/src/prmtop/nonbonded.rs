//! Charges, Lennard-Jones parameters, exclusions and 1-4 pairs of a prmtop.

use super::{File, KCAL, from_one};
use crate::Result;
use crate::system::{Nonbonded, NonbondedException, NonbondedMethod, NonbondedParticle};
use std::collections::BTreeMap;

/// √(332.0522), by which AMBER multiplies charges.
const CHARGE_UNIT: f64 = 18.2223;

/// AMBER's scaling of 1-4 pairs where the file has none of its own.
const SCALE_14: [f64; 2] = [1.2, 2.0];

/// σ (nm) and ε (kJ/mol) of a pair of types.
type LennardJones = [f64; 2];

pub(super) fn read(file: &File<'_>, method: NonbondedMethod) -> Result<Nonbonded> {
    let charges = file.sections.counted("CHARGE", file.n_atoms)?;
    let table = Table::read(file)?;
    let particles: Vec<NonbondedParticle> = charges
        .iter()
        .zip(&table.types)
        .map(|(charge, &kind)| {
            let [sigma, epsilon] = table.pair(kind, kind);
            NonbondedParticle {
                charge: charge / CHARGE_UNIT,
                sigma,
                epsilon,
            }
        })
        .collect();
    let mut exceptions = excluded(file)?;
    add_one_four(file, &table, &particles, &mut exceptions)?;
    Ok(Nonbonded {
        particles,
        exceptions: exceptions.into_values().collect(),
        method,
    })
}

/// Lennard-Jones parameters by pairs of types.
struct Table {
    /// Type of each atom, from 0.
    types: Vec<usize>,
    n_types: usize,
    pairs: Vec<LennardJones>,
}

impl Table {
    fn pair(&self, a: usize, b: usize) -> LennardJones {
        self.pairs[a * self.n_types + b]
    }

    fn read(file: &File<'_>) -> Result<Self> {
        let sections = file.sections;
        let types_field = sections.integers("ATOM_TYPE_INDEX")?;
        if types_field.len() != file.n_atoms {
            let expected = format!("{} integers", file.n_atoms);
            let found = types_field.len().to_string();
            return Err(sections.malformed("ATOM_TYPE_INDEX", expected, found));
        }
        let indices = sections.integers("NONBONDED_PARM_INDEX")?;
        let n_types = indices.len().isqrt();
        if n_types * n_types != indices.len() {
            let expected = "a square number of integers".to_owned();
            let found = indices.len().to_string();
            return Err(sections.malformed("NONBONDED_PARM_INDEX", expected, found));
        }
        let types = types_field
            .iter()
            .map(|&field| {
                from_one(field)
                    .filter(|&kind| kind < n_types)
                    .ok_or_else(|| {
                        let expected = format!("types from 1 to {n_types}");
                        sections.malformed("ATOM_TYPE_INDEX", expected, field.to_string())
                    })
            })
            .collect::<Result<_>>()?;
        for name in ["HBOND_ACOEF", "HBOND_BCOEF"] {
            if sections.numbers(name)?.iter().any(|&value| value != 0.0) {
                let detail = format!("{name} is not zero");
                return Err(sections.unsupported(name, "the 10-12 term", detail));
            }
        }
        let names = ["LENNARD_JONES_ACOEF", "LENNARD_JONES_BCOEF"];
        let [a, b] = [sections.numbers(names[0])?, sections.numbers(names[1])?];
        let mut pairs = Vec::with_capacity(indices.len());
        for &index in &indices {
            if index < 0 {
                // a 10-12 pair whose coefficients were seen to be zero
                pairs.push([1.0, 0.0]);
            } else {
                let a = file.entry(names[0], &a, index)?;
                let b = file.entry(names[1], &b, index)?;
                pairs.push(lennard_jones(a, b));
            }
        }
        let table = Self {
            types,
            n_types,
            pairs,
        };
        table.check_combined(file)?;
        Ok(table)
    }

    /// Every pair must follow from its atoms by σ = (σᵢ + σⱼ)/2, ε = √(εᵢεⱼ), to the digits of the file.
    fn check_combined(&self, file: &File<'_>) -> Result<()> {
        for first in 0..self.n_types {
            for second in 0..first {
                let [sigma, epsilon] = self.pair(first, second);
                let [[sigma_a, epsilon_a], [sigma_b, epsilon_b]] =
                    [first, second].map(|kind| self.pair(kind, kind));
                let mean = 0.5 * (sigma_a + sigma_b);
                let product = (epsilon_a * epsilon_b).sqrt();
                let same_depth = (epsilon - product).abs() <= 1e-5 * product.max(epsilon);
                let same_length = epsilon == 0.0 || (sigma - mean).abs() <= 1e-5 * mean;
                if !(same_depth && same_length) {
                    let detail = format!(
                        "types {} and {} have sigma {sigma:.6} nm, epsilon {epsilon:.6} kJ/mol, \
                         where their atoms combine to {mean:.6} and {product:.6}",
                        second + 1,
                        first + 1
                    );
                    let name = "LENNARD_JONES_ACOEF";
                    let force = "Lennard-Jones parameters of single pairs (NBFIX)";
                    return Err(file.sections.unsupported(name, force, detail));
                }
            }
        }
        Ok(())
    }
}

/// From A/r¹² − B/r⁶ in kcal/mol and Å.
fn lennard_jones(a: f64, b: f64) -> LennardJones {
    if a == 0.0 || b == 0.0 {
        return [1.0, 0.0];
    }
    [(a / b).powf(1.0 / 6.0) / 10.0, 0.25 * b * b / a * KCAL]
}

/// Pairs that do not see each other.
fn excluded(file: &File<'_>) -> Result<BTreeMap<[usize; 2], NonbondedException>> {
    let (counts_name, list_name) = ("NUMBER_EXCLUDED_ATOMS", "EXCLUDED_ATOMS_LIST");
    let counts = file.sections.integers(counts_name)?;
    let list = file.sections.integers(list_name)?;
    let total = counts.iter().try_fold(0_i64, |sum, &count| {
        if count < 0 {
            None
        } else {
            sum.checked_add(count)
        }
    });
    if counts.len() != file.n_atoms || total != i64::try_from(list.len()).ok() {
        let expected = format!(
            "counts of {} atoms that add up to {}",
            file.n_atoms,
            list.len()
        );
        return Err(file
            .sections
            .malformed(counts_name, expected, format!("{total:?}")));
    }
    let mut rest = &list[..];
    let mut exceptions = BTreeMap::new();
    for (atom, &count) in counts.iter().enumerate() {
        let (own, after) = rest.split_at(count as usize);
        rest = after;
        // a 0 says that there is none
        for &field in own.iter().filter(|&&field| field != 0) {
            let other = from_one(field)
                .filter(|&other| other < file.n_atoms && other != atom)
                .ok_or_else(|| {
                    let expected = format!("other atoms from 1 to {}", file.n_atoms);
                    file.sections
                        .malformed(list_name, expected, field.to_string())
                })?;
            let atoms = [atom.min(other), atom.max(other)];
            let exception = NonbondedException {
                atoms,
                charge_product: 0.0,
                sigma: 1.0,
                epsilon: 0.0,
            };
            exceptions.insert(atoms, exception);
        }
    }
    Ok(exceptions)
}

/// The ends of torsions whose third and fourth fields are positive, with the torsion's own scaling.
fn add_one_four(
    file: &File<'_>,
    table: &Table,
    particles: &[NonbondedParticle],
    exceptions: &mut BTreeMap<[usize; 2], NonbondedException>,
) -> Result<()> {
    let scale_of = |name: &'static str, fallback: f64| -> Result<_> {
        let scales = file.sections.numbers(name)?;
        let present = file.sections.has(name);
        Ok(move |index: i64| {
            let scale = if present {
                file.entry(name, &scales, index)?
            } else {
                fallback
            };
            // LEaP writes 0 for torsions that have no 1-4 pair
            if scale == 0.0 {
                let expected = "a scale other than 0 for a torsion with a 1-4 pair".to_owned();
                return Err(file.sections.malformed(name, expected, "0".to_owned()));
            }
            Ok(scale)
        })
    };
    let coulomb_scale = scale_of("SCEE_SCALE_FACTOR", SCALE_14[0])?;
    let lj_scale = scale_of("SCNB_SCALE_FACTOR", SCALE_14[1])?;
    for record in file.records::<5>("DIHEDRALS")? {
        if record[2] < 0 || record[3] < 0 {
            continue;
        }
        let [a, _, _, d]: [usize; 4] = file.atoms("DIHEDRALS_INC_HYDROGEN", &record)?;
        let atoms = [a.min(d), a.max(d)];
        let [sigma, epsilon] = table.pair(table.types[a], table.types[d]);
        let exception = NonbondedException {
            atoms,
            charge_product: particles[a].charge * particles[d].charge / coulomb_scale(record[4])?,
            sigma,
            epsilon: epsilon / lj_scale(record[4])?,
        };
        match exceptions.insert(atoms, exception) {
            Some(before) if before.charge_product != 0.0 || before.epsilon != 0.0 => {
                let expected = "each 1-4 pair once".to_owned();
                let found = format!("atoms {} and {} again", a + 1, d + 1);
                return Err(file
                    .sections
                    .malformed("DIHEDRALS_INC_HYDROGEN", expected, found));
            }
            _ => {}
        }
    }
    Ok(())
}
