//! Residues in internal coordinates: how each atom stands to those placed before it.
//!
//! Heavy atoms: bond lengths and angles of R. A. Engh and R. Huber, Acta Cryst. A47, 392 (1991),
//! 10.1107/S0108767391001071, as listed in their table 3. Torsion angles between branches follow from
//! them: cos Δ = (cos γ − cos α cos β) / (sin α sin β), with γ the angle between the branches and α, β those
//! to the bond before. Where an imidazole, indole or pyrrolidine ring is over-determined, its closing
//! bond takes up the difference (below 0.002 nm). The two puckers of proline are those of least deviation
//! from the same table at χ1 = ±30°.
//!
//! Hydrogens: lengths and angles at equilibrium in ff14SB (J. A. Maier et al., J. Chem. Theory Comput.
//! 11, 3696 (2015), 10.1021/acs.jctc.5b00255). Names are those of PDB version 3.

mod forms;
mod residues;
mod rotamers;

pub use forms::ResidueForm;
pub(crate) use rotamers::rotamers;

/// One kind of residue with all hydrogens that any of its forms has.
#[derive(Debug)]
pub(crate) struct ResidueTemplate {
    /// Heavy atoms beyond N, CA, C, O, in an order in which each has its references before it.
    pub(crate) heavy: &'static [HeavyRule],
    pub(crate) hydrogens: &'static [HydrogenRule],
    /// Bonds that close rings.
    pub(crate) closures: &'static [[&'static str; 2]],
}

/// Where a heavy atom is.
#[derive(Debug)]
pub(crate) struct HeavyRule {
    pub(crate) name: &'static str,
    /// The atom it is bonded to, that atom's neighbour, and a third one that the torsion starts from.
    pub(crate) references: [&'static str; 3],
    pub(crate) length_angstrom: f64,
    pub(crate) angle_degrees: f64,
    pub(crate) torsion: TorsionRule,
}

/// The torsion angle third–second–parent–atom, degrees.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TorsionRule {
    Fixed(f64),
    /// χ of this index, from 0, and what to add to it.
    Chi(usize, f64),
}

/// The hydrogens on one heavy atom.
#[derive(Debug)]
pub(crate) struct HydrogenRule {
    pub(crate) parent: &'static str,
    pub(crate) names: &'static [&'static str],
    pub(crate) shape: Shape,
}

/// How the bonds of a hydrogen's heavy atom are arranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Towards the corners of a tetrahedron; a single hydrogen at the end of a chain can turn.
    Tetrahedral,
    /// In the plane of its neighbours, at the end of a chain in that of this atom.
    Planar,
    /// In the plane as well, and turnable by 180°: phenols and carboxylic acids.
    PlanarTurnable,
}

impl ResidueTemplate {
    /// How many side-chain torsion angles it has.
    pub(crate) fn n_chi(&self) -> usize {
        let chi = |rule: &HeavyRule| match rule.torsion {
            TorsionRule::Chi(index, _) => index + 1,
            TorsionRule::Fixed(_) => 0,
        };
        self.heavy.iter().map(chi).max().unwrap_or(0)
    }
}
