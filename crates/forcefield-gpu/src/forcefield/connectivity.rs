//! Angles, torsions and 1-4 pairs that follow from bonds.

use molio::Topology;
use std::collections::BTreeSet;

/// Bonds of a structure and what follows from them; every list is sorted and holds each entry once.
pub(crate) struct Connectivity {
    pub(crate) bonds: Vec<[usize; 2]>,
    pub(crate) bonded: Vec<Vec<usize>>,
    /// The vertex is the second atom, the first is below the third.
    pub(crate) angles: Vec<[usize; 3]>,
    /// Four different atoms in a row, the first below the last.
    pub(crate) propers: Vec<[usize; 4]>,
    /// A central atom, first, and three of its neighbours in ascending order.
    pub(crate) impropers: Vec<[usize; 4]>,
}

impl Connectivity {
    pub(crate) fn new(topology: &Topology) -> Self {
        let bonded = topology.neighbours();
        let mut angles = Vec::new();
        let mut impropers = Vec::new();
        for (centre, neighbours) in bonded.iter().enumerate() {
            for (i, &first) in neighbours.iter().enumerate() {
                for (j, &second) in neighbours.iter().enumerate().skip(i + 1) {
                    angles.push([first, centre, second]);
                    for &third in &neighbours[j + 1..] {
                        impropers.push([centre, first, second, third]);
                    }
                }
            }
        }
        angles.sort_unstable();
        let mut propers = BTreeSet::new();
        for &[b, c] in topology.bonds() {
            for &a in bonded[b].iter().filter(|&&a| a != c) {
                for &d in bonded[c].iter().filter(|&&d| d != b && d != a) {
                    propers.insert(if a < d { [a, b, c, d] } else { [d, c, b, a] });
                }
            }
        }
        Self {
            bonds: topology.bonds().to_vec(),
            bonded,
            angles,
            propers: propers.into_iter().collect(),
            impropers,
        }
    }

    /// Five different atoms in a row, the first below the last.
    pub(crate) fn chains_of_five(&self) -> Vec<[usize; 5]> {
        let mut chains = BTreeSet::new();
        for &[a, b, c, d] in &self.propers {
            let mut add = |chain: [usize; 5]| {
                let mut reversed = chain;
                reversed.reverse();
                chains.insert(if chain[0] < chain[4] { chain } else { reversed });
            };
            for &e in self.bonded[d].iter().filter(|&&e| ![a, b, c].contains(&e)) {
                add([a, b, c, d, e]);
            }
            for &e in self.bonded[a].iter().filter(|&&e| ![b, c, d].contains(&e)) {
                add([e, a, b, c, d]);
            }
        }
        chains.into_iter().collect()
    }

    /// Pairs at most two bonds apart, and pairs three bonds apart, the lower atom first. A pair that
    /// is both, as in a ring, counts as the former.
    pub(crate) fn close_pairs(&self) -> ClosePairs {
        let mut pairs = ClosePairs::default();
        for (atom, neighbours) in self.bonded.iter().enumerate() {
            let mut near = BTreeSet::new();
            for &second in neighbours {
                near.insert(second);
                near.extend(self.bonded[second].iter().copied());
            }
            let mut far = BTreeSet::new();
            for &third in &near {
                far.extend(self.bonded[third].iter().copied());
            }
            let above = |other: &&usize| **other > atom;
            pairs
                .excluded
                .extend(near.iter().filter(above).map(|&other| [atom, other]));
            let only_far = far.difference(&near).filter(above);
            pairs.one_four.extend(only_far.map(|&other| [atom, other]));
        }
        pairs
    }
}

/// See [`Connectivity::close_pairs`].
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ClosePairs {
    pub(crate) excluded: Vec<[usize; 2]>,
    pub(crate) one_four: Vec<[usize; 2]>,
}
