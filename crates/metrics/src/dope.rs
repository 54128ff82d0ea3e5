//! DOPE, the discrete optimised protein energy, from a table that the user names.
//!
//! The table is not part of this crate: IMP ships it as `dope_score.lib` (LGPL), Modeller as
//! `dist-mf.lib`. [`crate::statistical_potential`] derives a potential of the same kind without it.

use crate::Result;
use crate::statistical_potential::{PairRule, PairScore, PairTable, atom_type, split_type};
use molio::{Element, Topology, Trajectory};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Which pairs of atoms DOPE sums over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DopeRule {
    /// Modeller's: pairs in different residues, bonded neighbours included.
    Modeller,
    /// That of IMP's examples: all pairs, those within a residue included; pairs at 0.05 nm or closer
    /// score 0.
    Imp,
}

/// Which atoms of the residues a DOPE sum saw. Only sums of [`DopeCoverage::AllHeavyAtoms`] compare
/// with published DOPE values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DopeCoverage {
    /// Every heavy atom of every residue that the table knows.
    AllHeavyAtoms,
    /// N, CA, C, O and CB: "backbone+CB DOPE".
    BackboneAndBeta,
    /// N, CA, C, O: "backbone DOPE".
    Backbone,
    /// CA: "CA DOPE".
    AlphaOnly,
    /// Anything else: some atoms are missing.
    Partial,
}

impl DopeCoverage {
    /// How to call the sum in tables and figures.
    pub fn label(self) -> &'static str {
        match self {
            Self::AllHeavyAtoms => "DOPE",
            Self::BackboneAndBeta => "backbone+CB DOPE",
            Self::Backbone => "backbone DOPE",
            Self::AlphaOnly => "CA DOPE",
            Self::Partial => "partial DOPE (atoms missing)",
        }
    }
}

/// A DOPE table.
#[derive(Clone, Debug)]
pub struct DopeLibrary {
    table: PairTable,
}

impl DopeLibrary {
    /// Reads `dope_score.lib` (IMP) or `dist-mf.lib` (Modeller).
    ///
    /// # Errors
    /// A file that cannot be read or is in neither layout.
    pub fn read(path: &Path) -> Result<Self> {
        Ok(Self {
            table: PairTable::read(path)?,
        })
    }

    /// The curves.
    pub fn table(&self) -> &PairTable {
        &self.table
    }

    /// Prepares scoring of frames of `topology`; `cutoff` in nm is 1.5 as a rule.
    ///
    /// Atoms beyond the table's types (hydrogens, OXT, ligands) score 0.
    ///
    /// # Errors
    /// A cutoff that is not positive.
    pub fn score(&self, topology: &Topology, rule: DopeRule, cutoff: f64) -> Result<Dope<'_>> {
        let pairs = match rule {
            DopeRule::Modeller => PairRule {
                cutoff,
                minimum_residue_separation: 1,
                ignored_below: -1.0,
            },
            DopeRule::Imp => PairRule {
                cutoff,
                minimum_residue_separation: 0,
                ignored_below: 0.05,
            },
        };
        Ok(Dope {
            score: PairScore::new(topology, &self.table, pairs)?,
            coverage: coverage(topology, &self.table),
            rule,
        })
    }
}

/// DOPE of frames of one topology, of all chains.
///
/// Arbitrary units; values of different proteins do not compare. Made for whole heavy-atom models:
/// [`Dope::coverage`] says what the sum is a sum over.
///
/// # References
/// Shen, Sali, Protein Sci. 2006, 10.1110/ps.062416606.
#[derive(Clone, Debug)]
pub struct Dope<'a> {
    score: PairScore<'a>,
    coverage: DopeCoverage,
    rule: DopeRule,
}

impl Dope<'_> {
    /// What the sum is a sum over.
    pub fn coverage(&self) -> DopeCoverage {
        self.coverage
    }

    /// The rule for pairs.
    pub fn rule(&self) -> DopeRule {
        self.rule
    }

    /// Heavy atoms that score nothing.
    pub fn untyped(&self) -> &[usize] {
        self.score.untyped()
    }

    /// DOPE of one frame.
    ///
    /// # Errors
    /// A frame with another number of atoms, or a coordinate of a scored atom that is not finite.
    pub fn evaluate(&self, positions: &[[f32; 3]]) -> Result<f64> {
        self.score.evaluate(positions)
    }

    /// DOPE of one frame; its gradient per nm, `[n_atoms][3]`, is written to `gradient`.
    ///
    /// # Errors
    /// As [`Dope::evaluate`], or a gradient of another length.
    pub fn evaluate_with_gradient(
        &self,
        positions: &[[f32; 3]],
        gradient: &mut [[f64; 3]],
    ) -> Result<f64> {
        self.score.evaluate_with_gradient(positions, gradient)
    }

    /// DOPE of every frame, on all threads; the error of a frame does not touch the others.
    pub fn over(&self, trajectory: &Trajectory) -> Vec<Result<f64>> {
        self.score.over(trajectory)
    }
}

fn coverage(topology: &Topology, table: &PairTable) -> DopeCoverage {
    let mut whole: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (residue, atom) in table.types().iter().filter_map(|name| split_type(name)) {
        whole.entry(residue).or_default().insert(atom);
    }
    let mut possible = vec![
        DopeCoverage::AllHeavyAtoms,
        DopeCoverage::BackboneAndBeta,
        DopeCoverage::Backbone,
        DopeCoverage::AlphaOnly,
    ];
    let mut known = false;
    for residue in topology.residues() {
        let present: Vec<String> = topology.atoms()[residue.atoms.clone()]
            .iter()
            .filter(|atom| atom.element != Element::HYDROGEN)
            .map(|atom| atom_type(&residue.name, &atom.name))
            .filter(|name| table.type_index(name).is_some())
            .collect();
        let named = atom_type(&residue.name, "");
        let Some(whole) = whole.get(named.trim_end_matches('_')) else {
            continue;
        };
        known = true;
        let present: BTreeSet<&str> = present
            .iter()
            .filter_map(|n| Some(split_type(n)?.1))
            .collect();
        possible.retain(|coverage| {
            let wanted: &[&str] = match coverage {
                DopeCoverage::BackboneAndBeta => &["C", "CA", "CB", "N", "O"],
                DopeCoverage::Backbone => &["C", "CA", "N", "O"],
                DopeCoverage::AlphaOnly => &["CA"],
                DopeCoverage::AllHeavyAtoms | DopeCoverage::Partial => return present == *whole,
            };
            let wanted: BTreeSet<&str> = wanted
                .iter()
                .copied()
                .filter(|atom| whole.contains(atom))
                .collect();
            present == wanted
        });
    }
    let first = possible.first().copied().filter(|_| known);
    first.unwrap_or(DopeCoverage::Partial)
}
