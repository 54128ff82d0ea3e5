//! Atoms that several topologies share.

use crate::residue_templates::standard_amino_acid;
use crate::{Error, Result, Topology};
use std::collections::HashMap;

/// For each topology, the indices of the atoms that all of them have, in the order of the first.
///
/// Chains correspond by their order among the chains with chosen atoms; residues within a chain by number
/// and insertion code (the second of two residues with the same number to the second), or, if that finds
/// nothing at all, by position within the chain; atoms by name. Residues of different kind (point mutations)
/// share their backbone and Cβ only: further out, equal names do not mean equal places.
///
/// `chosen[k]` are the candidates of `topologies[k]`, ascending.
pub(super) fn common_atoms(
    labels: &[&str],
    topologies: &[&Topology],
    chosen: &[Vec<usize>],
) -> Result<Vec<Vec<usize>>> {
    let Some((first, rest)) = topologies.split_first() else {
        return Err(Error::argument(
            "sources of a dataset",
            "at least one",
            "none",
        ));
    };
    let mut common = vec![chosen[0].clone()];
    for (k, topology) in rest.iter().enumerate() {
        let k = k + 1;
        let found = [Residues::ByNumber, Residues::ByPosition]
            .into_iter()
            .map(|residues| matching(first, &common[0], topology, &chosen[k], residues))
            .find(|pairs| !pairs.is_empty());
        let Some(pairs) = found else {
            return Err(nothing_in_common(labels, topologies, chosen, k));
        };
        // earlier topologies keep only what this one has as well
        let mut kept = vec![None; first.n_atoms()];
        for (a, b) in &pairs {
            kept[*a] = Some(*b);
        }
        let keep: Vec<bool> = common[0].iter().map(|&a| kept[a].is_some()).collect();
        for list in &mut common {
            let mut flags = keep.iter();
            list.retain(|_| flags.next().copied().unwrap_or(false));
        }
        common.push(common[0].iter().filter_map(|&a| kept[a]).collect());
    }
    Ok(common)
}

#[derive(Clone, Copy)]
enum Residues {
    ByNumber,
    ByPosition,
}

/// Chain rank, residue number (or position), insertion code, which of several with these, atom name.
type Key<'a> = (usize, i64, Option<char>, usize, &'a str);

fn matching(
    a: &Topology,
    chosen_a: &[usize],
    b: &Topology,
    chosen_b: &[usize],
    residues: Residues,
) -> Vec<(usize, usize)> {
    let mut of_key = HashMap::new();
    for (key, atom) in keys(b, chosen_b, residues) {
        of_key.entry(key).or_insert(atom);
    }
    keys(a, chosen_a, residues)
        .into_iter()
        .filter_map(|(key, atom)| Some((atom, *of_key.get(&key)?)))
        .filter(|&(atom_a, atom_b)| comparable(a, atom_a, b, atom_b))
        .collect()
}

fn keys<'a>(topology: &'a Topology, chosen: &[usize], residues: Residues) -> Vec<(Key<'a>, usize)> {
    let mut keys = Vec::with_capacity(chosen.len());
    let mut seen = HashMap::new();
    let (mut chain_rank, mut position, mut occurrence) = (0, 0i64, 0);
    let mut previous: Option<usize> = None;
    for &atom in chosen {
        let index = topology.atoms()[atom].residue;
        let residue = &topology.residues()[index];
        if previous != Some(index) {
            if let Some(previous) = previous {
                position += 1;
                if topology.residues()[previous].chain != residue.chain {
                    chain_rank += 1;
                    position = 0;
                }
            }
            let count = seen
                .entry((chain_rank, residue.number, residue.insertion_code))
                .or_insert(0usize);
            occurrence = *count;
            *count += 1;
            previous = Some(index);
        }
        let name = topology.atoms()[atom].name.as_str();
        keys.push((
            match residues {
                Residues::ByNumber => (
                    chain_rank,
                    i64::from(residue.number),
                    residue.insertion_code,
                    occurrence,
                    name,
                ),
                Residues::ByPosition => (chain_rank, position, None, 0, name),
            },
            atom,
        ));
    }
    keys
}

fn comparable(a: &Topology, atom_a: usize, b: &Topology, atom_b: usize) -> bool {
    let (name_a, name_b) = (&a.residue_of(atom_a).name, &b.residue_of(atom_b).name);
    let shared = || {
        let both_amino =
            standard_amino_acid(name_a).is_some() && standard_amino_acid(name_b).is_some();
        let kept = ["N", "H", "HN", "CA", "HA", "C", "O", "OXT", "CB"];
        both_amino && kept.contains(&a.atoms()[atom_a].name.as_str())
    };
    same_residue(name_a, name_b) || shared()
}

fn same_residue(a: &str, b: &str) -> bool {
    let standard = standard_amino_acid(a);
    a == b || (standard.is_some() && standard == standard_amino_acid(b))
}

fn nothing_in_common(
    labels: &[&str],
    topologies: &[&Topology],
    chosen: &[Vec<usize>],
    other: usize,
) -> Error {
    let describe = |k: usize| match chosen[k].first() {
        None => format!("{} (no atoms chosen)", labels[k]),
        Some(&atom) => {
            let residue = topologies[k].residue_of(atom);
            format!(
                "{} ({} atoms from {} {}{} on)",
                labels[k],
                chosen[k].len(),
                residue.name,
                residue.number,
                residue.insertion_code.map(String::from).unwrap_or_default()
            )
        }
    };
    Error::argument(
        "sources of a dataset",
        "atoms in common by chain order, residue number (or position) and atom name",
        format!("none between {} and {}", describe(0), describe(other)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AtomRecord, Element, TopologyBuilder};

    fn peptide(residues: &[(&str, i32, &[&str])]) -> Topology {
        let mut builder = TopologyBuilder::default();
        builder.start_chain("A");
        for (name, number, atoms) in residues {
            builder.start_residue(name, *number, None, false);
            for atom in *atoms {
                builder.add_atom(AtomRecord::new(atom, Element::guess(atom, name)));
            }
        }
        builder.build()
    }

    fn common(topologies: &[&Topology]) -> Result<Vec<Vec<usize>>> {
        let chosen: Vec<Vec<usize>> = topologies
            .iter()
            .map(|t| (0..t.n_atoms()).collect())
            .collect();
        common_atoms(&["first", "second", "third"], topologies, &chosen)
    }

    #[test]
    fn point_mutations_keep_backbone_and_beta_carbon() {
        let wild = peptide(&[
            ("LEU", 1, &["N", "CA", "CB", "CD1", "C", "O"]),
            ("HIE", 2, &["N", "CA", "CB", "CG"]),
        ]);
        let mutant = peptide(&[
            ("ILE", 1, &["N", "CA", "C", "O", "CB", "CD1"]),
            ("HSD", 2, &["CG", "N", "CA", "CB"]),
        ]);
        let lists = common(&[&wild, &mutant]).unwrap();
        assert_eq!(lists[0], [0, 1, 2, 4, 5, 6, 7, 8, 9]);
        assert_eq!(lists[1], [0, 1, 4, 2, 3, 7, 8, 9, 6]);
    }

    #[test]
    fn three_topologies_share_what_all_have() {
        let a = peptide(&[("ALA", 1, &["N", "CA", "C"]), ("ALA", 2, &["N", "CA", "C"])]);
        let b = peptide(&[("ALA", 1, &["CA", "C"]), ("ALA", 2, &["N", "CA", "C"])]);
        let c = peptide(&[("ALA", 2, &["N", "CA"])]);
        let lists = common(&[&a, &b, &c]).unwrap();
        assert_eq!(lists, [vec![3, 4], vec![2, 3], vec![0, 1]]);
    }

    #[test]
    fn renumbered_residues_match_by_position() {
        let a = peptide(&[("ALA", 1, &["N", "CA"]), ("GLY", 2, &["N", "CA"])]);
        let b = peptide(&[("ALA", 101, &["N", "CA"]), ("GLY", 102, &["N", "CA"])]);
        assert_eq!(common(&[&a, &b]).unwrap()[1], [0, 1, 2, 3]);
    }

    #[test]
    fn nothing_in_common_is_explained() {
        let a = peptide(&[("ALA", 1, &["N", "CA"])]);
        let b = peptide(&[("ATP", 1, &["PA"])]);
        let message = common(&[&a, &b]).unwrap_err().to_string();
        assert!(
            message.contains("second (1 atoms from ATP 1 on)"),
            "{message}"
        );
    }
}
