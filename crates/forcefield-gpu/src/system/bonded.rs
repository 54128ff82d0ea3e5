//! Terms over atoms that are joined by bonds.

use serde::{Deserialize, Serialize};

/// ½ k (r − length)².
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HarmonicBond {
    /// The two atoms.
    pub atoms: [usize; 2],
    /// Length of least energy, nm.
    pub length: f64,
    /// Force constant, kJ/mol/nm².
    pub k: f64,
}

/// ½ k (θ − angle)².
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HarmonicAngle {
    /// The three atoms; the second is the vertex.
    pub atoms: [usize; 3],
    /// Angle of least energy, rad.
    pub angle: f64,
    /// Force constant, kJ/mol/rad².
    pub k: f64,
}

/// k (1 + cos(periodicity · φ − phase)), φ = 0 for cis.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PeriodicTorsion {
    /// The four atoms; φ is the dihedral angle about the second and third.
    pub atoms: [usize; 4],
    /// Periods in a full turn, at least 1.
    pub periodicity: u32,
    /// Phase, rad.
    pub phase: f64,
    /// Half the height of the barrier, kJ/mol.
    pub k: f64,
}

/// Σₙ coefficients\[n\] cosⁿ(φ − π): zero is trans, the polymer convention.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RyckaertBellemansTorsion {
    /// The four atoms.
    pub atoms: [usize; 4],
    /// C₀ … C₅, kJ/mol.
    pub coefficients: [f64; 6],
}

/// Energy correction maps and the pairs of torsions they apply to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cmap {
    /// The maps.
    pub grids: Vec<CmapGrid>,
    /// Where they apply.
    pub torsions: Vec<CmapTorsion>,
}

/// A periodic map of energies over two torsion angles, interpolated by bicubic patches as OpenMM does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CmapGrid {
    /// Points along each axis; neighbours are 2π/size apart.
    pub size: usize,
    /// Energies, kJ/mol, `[size][size]`, entry `i + size·j` at φ = 2π i/size, ψ = 2π j/size.
    pub energies: Vec<f64>,
}

/// One use of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CmapTorsion {
    /// Index into [`Cmap::grids`].
    pub grid: usize,
    /// Atoms of the first torsion.
    pub phi: [usize; 4],
    /// Atoms of the second torsion.
    pub psi: [usize; 4],
}
