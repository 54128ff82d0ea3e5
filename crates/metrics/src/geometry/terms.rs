//! The bonds, angles and dihedrals of a bonded structure.

use molio::Topology;

/// Every bond, every angle between two bonds, every proper dihedral over three bonds.
///
/// # Examples
/// ```
/// use metrics::geometry::BondedTerms;
/// let terms = BondedTerms::from_bonds(4, &[[0, 1], [1, 2], [2, 3]]);
/// assert_eq!(terms.angles, [[0, 1, 2], [1, 2, 3]]);
/// assert_eq!(terms.dihedrals, [[0, 1, 2, 3]]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BondedTerms {
    /// Pairs of bonded atoms.
    pub bonds: Vec<[usize; 2]>,
    /// Triples a–b–c with bonds a–b and b–c, a < c.
    pub angles: Vec<[usize; 3]>,
    /// Quadruples a–b–c–d with three bonds and four different atoms, b < c.
    pub dihedrals: Vec<[usize; 4]>,
}

impl BondedTerms {
    /// The terms of a topology's bonds.
    pub fn new(topology: &Topology) -> Self {
        Self::from_bonds(topology.n_atoms(), topology.bonds())
    }

    /// The terms of these bonds among `n_atoms` atoms; bonds to atoms beyond are left out.
    pub fn from_bonds(n_atoms: usize, bonds: &[[usize; 2]]) -> Self {
        let mut neighbours = vec![Vec::new(); n_atoms];
        let bonds: Vec<[usize; 2]> = bonds
            .iter()
            .copied()
            .filter(|&[a, b]| a < n_atoms && b < n_atoms)
            .collect();
        for &[a, b] in &bonds {
            neighbours[a].push(b);
            neighbours[b].push(a);
        }
        for list in &mut neighbours {
            list.sort_unstable();
        }
        let mut angles = Vec::new();
        for (b, around) in neighbours.iter().enumerate() {
            for (i, &a) in around.iter().enumerate() {
                angles.extend(around[i + 1..].iter().map(|&c| [a, b, c]));
            }
        }
        let mut dihedrals = Vec::new();
        for &[i, j] in &bonds {
            let (b, c) = (i.min(j), i.max(j));
            for &a in neighbours[b].iter().filter(|&&a| a != c) {
                for &d in neighbours[c].iter().filter(|&&d| d != b && d != a) {
                    dihedrals.push([a, b, c, d]);
                }
            }
        }
        Self {
            bonds,
            angles,
            dihedrals,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BondedTerms;

    #[test]
    fn ethane_has_twelve_angles_and_nine_dihedrals() {
        let bonds = [[0, 1], [0, 2], [0, 3], [0, 4], [1, 5], [1, 6], [1, 7]];
        let terms = BondedTerms::from_bonds(8, &bonds);
        assert_eq!(terms.bonds.len(), 7);
        assert_eq!(terms.angles.len(), 12);
        assert_eq!(terms.dihedrals.len(), 9);
    }

    #[test]
    fn a_triangle_has_no_dihedral() {
        let terms = BondedTerms::from_bonds(3, &[[0, 1], [1, 2], [0, 2]]);
        assert_eq!(terms.angles.len(), 3);
        assert!(terms.dihedrals.is_empty());
    }
}
