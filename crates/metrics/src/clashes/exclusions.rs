//! Pairs of atoms at most three bonds apart.

use molio::Topology;

/// For each atom, the higher atoms that it cannot clash with, sorted.
#[derive(Clone, Debug)]
pub(super) struct Exclusions {
    higher: Vec<Vec<usize>>,
}

impl Exclusions {
    pub(super) fn new(topology: &Topology, neighbours: &[Vec<usize>]) -> Self {
        let mut higher = vec![Vec::new(); topology.n_atoms()];
        for (start, list) in higher.iter_mut().enumerate() {
            for &a in &neighbours[start] {
                list.push(a);
                for &b in &neighbours[a] {
                    list.push(b);
                    list.extend(&neighbours[b]);
                }
            }
        }
        for index in 0..topology.n_residues() {
            exclude_unbonded(topology, neighbours, index, &mut higher);
        }
        for (atom, list) in higher.iter_mut().enumerate() {
            list.retain(|&other| other > atom);
            list.sort_unstable();
            list.dedup();
        }
        Self { higher }
    }

    pub(super) fn contains(&self, i: usize, j: usize) -> bool {
        self.higher[i.min(j)].binary_search(&i.max(j)).is_ok()
    }
}

/// A residue of several atoms without a bond among them: everything in it, and its peptide bond.
fn exclude_unbonded(
    topology: &Topology,
    neighbours: &[Vec<usize>],
    index: usize,
    higher: &mut [Vec<usize>],
) {
    let residue = &topology.residues()[index];
    let range = residue.atoms.clone();
    if range.clone().any(|atom| !neighbours[atom].is_empty()) {
        return;
    }
    for atom in range.clone() {
        higher[atom].extend(range.clone());
    }
    let Some(next) = topology.residues().get(index + 1) else {
        return;
    };
    if next.chain != residue.chain {
        return;
    }
    for own in ["CA", "C", "O"] {
        for other in ["N", "H", "HN", "CA"] {
            if let (Some(a), Some(b)) = (topology.find(index, own), topology.find(index + 1, other))
            {
                higher[a].push(b);
            }
        }
    }
}
