//! Finding a model's atoms in a user's file.

use anyhow::{Result, bail};
use molio::{Topology, standard_amino_acid};
use std::collections::HashMap;

/// For each atom of `wanted`, its index in `offered`: same place of the chain, residue number, insertion code and name.
///
/// Residues may be mutated, one in ten at most, and have the names that other programs give them.
///
/// # Errors
/// The first atoms of `wanted` that `offered` lacks; more mutations than that, which are another protein.
pub(crate) fn matching_atoms(wanted: &Topology, offered: &Topology) -> Result<Vec<usize>> {
    let mut known = HashMap::new();
    for index in 0..offered.n_atoms() {
        known.entry(key(offered, index)).or_insert(index);
    }
    let found: Vec<Option<usize>> = (0..wanted.n_atoms())
        .map(|index| known.get(&key(wanted, index)).copied())
        .collect();
    let missing: Vec<String> = (0..wanted.n_atoms())
        .filter(|&i| found[i].is_none())
        .map(|i| describe(wanted, i))
        .collect();
    if !missing.is_empty() {
        let shown = missing[..missing.len().min(5)].join(", ");
        bail!(
            "{} of the model's {} atoms are not in the file: {shown}",
            missing.len(),
            wanted.n_atoms()
        );
    }
    let found: Vec<usize> = found.into_iter().flatten().collect();
    check_sequence(wanted, offered, &found)?;
    Ok(found)
}

/// Compares the residues of atoms with those of the atoms found for them.
fn check_sequence(wanted: &Topology, offered: &Topology, found: &[usize]) -> Result<()> {
    let (mut n_residues, mut other) = (0, Vec::new());
    let mut last = None;
    for (index, &place) in found.iter().enumerate() {
        let (ours, theirs) = (wanted.residue_of(index), offered.residue_of(place));
        // an atom of each residue will do
        if last.replace(&ours.atoms) == Some(&ours.atoms) {
            continue;
        }
        n_residues += 1;
        if !same_residue(&ours.name, &theirs.name) {
            other.push(format!("{} {} is {}", ours.name, ours.number, theirs.name));
        }
    }
    if 10 * other.len() > n_residues {
        bail!(
            "another protein: {} of the model's {n_residues} residues are others in the file: {}",
            other.len(),
            other[..other.len().min(5)].join(", ")
        );
    }
    if !other.is_empty() {
        tracing::warn!("mutated residues: {}", other.join(", "));
    }
    Ok(())
}

fn same_residue(a: &str, b: &str) -> bool {
    a == b || standard_amino_acid(a).is_some_and(|known| standard_amino_acid(b) == Some(known))
}

fn key(topology: &Topology, index: usize) -> (usize, i32, Option<char>, &str) {
    let residue = topology.residue_of(index);
    (
        residue.chain,
        residue.number,
        residue.insertion_code,
        &topology.atoms()[index].name,
    )
}

fn describe(topology: &Topology, index: usize) -> String {
    let residue = topology.residue_of(index);
    format!(
        "{} {} {}",
        residue.name,
        residue.number,
        topology.atoms()[index].name
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use molio::{AtomRecord, Element, TopologyBuilder};

    fn alphas(residues: &[&str]) -> Topology {
        let mut builder = TopologyBuilder::default();
        builder.start_chain("A");
        for (index, name) in residues.iter().enumerate() {
            builder.start_residue(name, index as i32 + 1, None, false);
            builder.add_atom(AtomRecord::new("N", Element::NITROGEN));
            builder.add_atom(AtomRecord::new("CA", Element::CARBON));
        }
        builder.build()
    }

    #[test]
    fn another_protein_is_refused_and_a_mutant_is_not() {
        let model = alphas(&[
            "HIS", "ALA", "GLY", "TRP", "TYR", "ALA", "GLY", "TRP", "TYR", "ASP",
        ]);
        // the names of a force field, and one mutation of ten
        let mutant = [
            "HIE", "ALA", "GLY", "TRP", "TYR", "VAL", "GLY", "TRP", "TYR", "ASP",
        ];
        let whole: Vec<usize> = (0..20).collect();
        assert_eq!(matching_atoms(&model, &alphas(&mutant)).unwrap(), whole);
        let error = matching_atoms(&model, &alphas(&["SER"; 12])).unwrap_err();
        let words = error.to_string();
        assert!(words.contains("10 of the model's 10 residues"), "{words}");
        assert!(words.contains("HIS 1 is SER"), "{words}");
        let error = matching_atoms(&model, &alphas(&mutant[..9])).unwrap_err();
        assert!(error.to_string().contains("ASP 10 CA"), "{error}");
    }
}
