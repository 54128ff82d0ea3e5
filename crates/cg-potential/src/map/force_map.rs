//! Linear maps from forces on atoms to forces on beads.

use super::{CgMap, ConstraintGroups, apply};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// How forces are mapped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForceMapKind {
    /// The forces on the bead's own atoms. Wrong where constraints join them to others.
    Slice,
    /// The forces on the bead's own atoms and on all that constraints join to them.
    ConstraintAware,
    /// The weights of all atoms that leave the least noise.
    #[default]
    Optimal,
}

impl std::str::FromStr for ForceMapKind {
    type Err = Error;

    /// `slice`, `constraint-aware` or `optimal`.
    fn from_str(name: &str) -> Result<Self> {
        match name {
            "slice" => Ok(Self::Slice),
            "constraint-aware" => Ok(Self::ConstraintAware),
            "optimal" => Ok(Self::Optimal),
            other => Err(Error::setting(
                "forces",
                "slice, constraint-aware or optimal",
                other,
            )),
        }
    }
}

/// F_I = Σ_a B_Ia f_a.
///
/// Its mean over all atoms' positions that map to the same beads is the mean force of these beads if
/// B Mᵀ = 1 (M being the map of positions), and B is equal over each group of constrained atoms.
///
/// # References
/// W. G. Noid et al., J. Chem. Phys. 128, 244114 (2008), 10.1063/1.2938860; G. Ciccotti, R. Kapral,
/// E. Vanden-Eijnden, ChemPhysChem 6, 1809 (2005), 10.1002/cphc.200400669; A. Krämer et al., J. Phys.
/// Chem. Lett. 14, 3970 (2023), 10.1021/acs.jpclett.3c00444.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForceMap {
    n_atoms: usize,
    rows: Vec<Vec<(usize, f64)>>,
}

impl ForceMap {
    /// The caller's own map; [`ForceMap::check`] tells whether it is sound.
    ///
    /// # Errors
    /// [`Error::Setting`] for an atom that does not exist or a weight that is not finite.
    pub fn new(n_atoms: usize, rows: Vec<Vec<(usize, f64)>>) -> Result<Self> {
        for &(atom, weight) in rows.iter().flatten() {
            if atom >= n_atoms || !weight.is_finite() {
                let expected = format!("atoms below {n_atoms} with finite weights");
                let found = format!("atom {atom} with {weight}");
                return Err(Error::setting("force map", expected, found));
            }
        }
        Ok(Self { n_atoms, rows })
    }

    /// The sum over each bead's own atoms.
    pub fn slice(map: &CgMap) -> Self {
        let own = |row: &Vec<(usize, f64)>| row.iter().map(|&(atom, _)| (atom, 1.0)).collect();
        Self {
            n_atoms: map.n_atoms(),
            rows: map.rows().iter().map(own).collect(),
        }
    }

    /// The sum over each bead's own atoms and all that constraints join to them.
    ///
    /// # Errors
    /// [`Error::ForceMap`] where a constraint joins atoms of two beads: no map of this kind is right.
    pub fn constraint_aware(map: &CgMap, groups: &ConstraintGroups) -> Result<Self> {
        let members = groups.members();
        let rows = map
            .rows()
            .iter()
            .map(|row| {
                let mut atoms: Vec<usize> = row
                    .iter()
                    .flat_map(|&(atom, _)| members[groups.group_of()[atom]].iter().copied())
                    .collect();
                atoms.sort_unstable();
                atoms.dedup();
                atoms.into_iter().map(|atom| (atom, 1.0)).collect()
            })
            .collect();
        let aware = Self {
            n_atoms: map.n_atoms(),
            rows,
        };
        aware.check(map, groups)?;
        Ok(aware)
    }

    /// Checks that the mapped forces are those of the mapped positions.
    ///
    /// # Errors
    /// [`Error::ForceMap`] for a bead whose weights on a bead's atoms are not orthonormal to the map
    /// of positions within 10⁻⁶, or differ within a constrained group.
    pub fn check(&self, map: &CgMap, groups: &ConstraintGroups) -> Result<()> {
        if self.rows.len() != map.n_beads() || self.n_atoms != map.n_atoms() {
            return Err(Error::Length {
                what: "beads of a force map",
                expected: map.n_beads(),
                found: self.rows.len(),
            });
        }
        if groups.n_atoms() != self.n_atoms {
            return Err(Error::Length {
                what: "atoms of constraints",
                expected: self.n_atoms,
                found: groups.n_atoms(),
            });
        }
        let members = groups.members();
        for (bead, row) in self.rows.iter().enumerate() {
            let mut weights = vec![0.0; self.n_atoms];
            for &(atom, weight) in row {
                weights[atom] += weight;
            }
            for (other, definition) in map.rows().iter().enumerate() {
                let product: f64 = definition.iter().map(|&(atom, m)| m * weights[atom]).sum();
                let expected = f64::from(u8::from(bead == other));
                if (product - expected).abs() > TOLERANCE {
                    return Err(Error::ForceMap {
                        bead,
                        expected: format!("total weight {expected} on the atoms of bead {other}"),
                        found: product.to_string(),
                    });
                }
            }
            for group in &members {
                let first = weights[group[0]];
                if let Some(&atom) = group
                    .iter()
                    .find(|&&a| (weights[a] - first).abs() > TOLERANCE)
                {
                    return Err(Error::ForceMap {
                        bead,
                        expected: format!(
                            "equal weights on atoms {} and {atom}, which a constraint joins",
                            group[0]
                        ),
                        found: format!("{first} and {}", weights[atom]),
                    });
                }
            }
        }
        Ok(())
    }

    /// Number of beads.
    pub fn n_beads(&self) -> usize {
        self.rows.len()
    }

    /// For each bead, atoms and their weights.
    pub fn rows(&self) -> &[Vec<(usize, f64)>] {
        &self.rows
    }

    /// Maps forces (kJ/mol/nm).
    ///
    /// # Panics
    /// If `atoms` or `beads` have other lengths than the map.
    pub fn forces(&self, atoms: &[[f32; 3]], beads: &mut [[f32; 3]]) {
        apply(&self.rows, self.n_atoms, atoms, beads);
    }
}

const TOLERANCE: f64 = 1e-6;
