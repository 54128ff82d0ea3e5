//! Finding a model's atoms in a user's file.

use anyhow::{Result, bail};
use molio::Topology;
use std::collections::HashMap;

/// For each atom of `wanted`, its index in `offered`: same place of the chain, residue number, insertion code and name.
///
/// # Errors
/// The first atoms of `wanted` that `offered` lacks.
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
    Ok(found.into_iter().flatten().collect())
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
