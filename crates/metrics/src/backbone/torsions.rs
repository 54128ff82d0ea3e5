//! φ, ψ, ω, χ and the improper at CA, residue by residue.

use super::Backbone;
use crate::Result;
use crate::geometry::Torsions;
use molio::{Topology, Trajectory};

/// A torsion that residues have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TorsionKind {
    /// φ: C(i−1) N CA C.
    Phi,
    /// ψ: N CA C N(i+1).
    Psi,
    /// ω: CA C N(i+1) CA(i+1), of the peptide bond *after* the residue (IUPAC-IUB 1970).
    Omega,
    /// χ₁ to χ₅ of the side chain; the number from 1.
    Chi(u8),
    /// N CA C CB, about −122° for L residues in this order of atoms (its sign tells L from D).
    Improper,
}

/// Torsions of all residues of a topology.
///
/// # Shapes
/// Values come as `[n_kinds][n_residues]` f32 in radians, NaN where a residue lacks the torsion.
#[derive(Clone, Debug)]
pub struct ResidueTorsions {
    kinds: Vec<TorsionKind>,
    n_residues: usize,
    /// Where in the values each torsion belongs.
    places: Vec<usize>,
    torsions: Torsions,
}

impl ResidueTorsions {
    /// Finds the torsions of these kinds in `topology`.
    ///
    /// # Errors
    /// None that a topology made by `molio` can cause.
    pub fn new(topology: &Topology, kinds: &[TorsionKind]) -> Result<Self> {
        let backbone = Backbone::new(topology);
        let n_residues = topology.n_residues();
        let mut places = Vec::new();
        let mut groups = Vec::new();
        for (row, &kind) in kinds.iter().enumerate() {
            for residue in 0..n_residues {
                if let Some(group) = torsion_atoms(topology, &backbone, residue, kind) {
                    places.push(row * n_residues + residue);
                    groups.push(group);
                }
            }
        }
        Ok(Self {
            kinds: kinds.to_vec(),
            n_residues,
            places,
            torsions: Torsions::new(topology.n_atoms(), groups)?,
        })
    }

    /// The kinds, in the order of the rows.
    pub fn kinds(&self) -> &[TorsionKind] {
        &self.kinds
    }

    /// Number of residues of the topology.
    pub fn n_residues(&self) -> usize {
        self.n_residues
    }

    /// The torsions that exist, without the gaps: kind by kind, residues ascending.
    pub fn existing(&self) -> &Torsions {
        &self.torsions
    }

    /// Kind and residue of each torsion that exists, in the order of [`ResidueTorsions::existing`].
    pub fn labels(&self) -> Vec<(TorsionKind, usize)> {
        self.places
            .iter()
            .map(|place| (self.kinds[place / self.n_residues], place % self.n_residues))
            .collect()
    }

    /// The values in one frame, `[n_kinds][n_residues]`.
    ///
    /// # Errors
    /// A frame with another number of atoms.
    pub fn evaluate(&self, positions: &[[f32; 3]]) -> Result<Vec<f32>> {
        let values = self.torsions.evaluate(positions)?;
        Ok(self.spread(&values))
    }

    /// The values in every frame, `[n_frames][n_kinds][n_residues]`.
    ///
    /// # Errors
    /// A trajectory with another number of atoms.
    pub fn over(&self, trajectory: &Trajectory) -> Result<Vec<f32>> {
        if self.places.is_empty() {
            let size = self.kinds.len() * self.n_residues * trajectory.n_frames();
            return Ok(vec![f32::NAN; size]);
        }
        let values = self.torsions.over(trajectory)?;
        Ok(values
            .chunks(self.places.len())
            .flat_map(|frame| self.spread(frame))
            .collect())
    }

    fn spread(&self, values: &[f32]) -> Vec<f32> {
        let mut out = vec![f32::NAN; self.kinds.len() * self.n_residues];
        for (&place, &value) in self.places.iter().zip(values) {
            out[place] = value;
        }
        out
    }
}

/// How many of these ω (radians) are cis: within 90° of 0. NaN counts as none.
///
/// # Examples
/// ```
/// assert_eq!(metrics::backbone::cis_peptides(&[3.1, 0.2, -3.0, f32::NAN]), 1);
/// ```
pub fn cis_peptides(omega: &[f32]) -> usize {
    omega.iter().filter(|omega| omega.cos() > 0.0).count()
}

fn torsion_atoms(
    topology: &Topology,
    backbone: &Backbone,
    residue: usize,
    kind: TorsionKind,
) -> Option<[usize; 4]> {
    let own = backbone.residues[residue];
    match kind {
        TorsionKind::Phi => {
            let before = backbone.residues[backbone.previous(residue)?];
            Some([before.c?, own.n?, own.ca?, own.c?])
        }
        TorsionKind::Psi => {
            let after = backbone.residues[backbone.next(residue)?];
            Some([own.n?, own.ca?, own.c?, after.n?])
        }
        TorsionKind::Omega => {
            let after = backbone.residues[backbone.next(residue)?];
            Some([own.ca?, own.c?, after.n?, after.ca?])
        }
        TorsionKind::Chi(level) => chi_atoms(topology, residue, level),
        TorsionKind::Improper => Some([own.n?, own.ca?, own.c?, own.cb?]),
    }
}

/// Names along the side chain; where it forks, the branch that IUPAC numbers first.
const SIDE_CHAIN: [&[&str]; 8] = [
    &["N"],
    &["CA"],
    &["CB"],
    &["CG", "CG1", "OG", "OG1", "SG", "SEG"],
    &["CD", "CD1", "OD1", "ND1", "SD", "SE"],
    &["NE", "OE1", "CE"],
    &["CZ", "NZ"],
    &["NH1"],
];

fn chi_atoms(topology: &Topology, residue: usize, level: u8) -> Option<[usize; 4]> {
    let first = usize::from(level).checked_sub(1)?;
    let names = SIDE_CHAIN.get(first..first + 4)?;
    let atom = |names: &[&str]| names.iter().find_map(|name| topology.find(residue, name));
    // rings continue past χ₂, and isoleucine in CHARMM's names has a CD on CG1
    let name = topology.residues()[residue].name.as_str();
    let ring = topology.find(residue, "CD2").is_some() || name == "PRO" || name.starts_with("HI");
    if first >= 2 && (ring || topology.find(residue, "CG").is_none()) {
        return None;
    }
    Some([
        atom(names[0])?,
        atom(names[1])?,
        atom(names[2])?,
        atom(names[3])?,
    ])
}
