//! Atoms that overlap, and bonds that are stretched.

mod exclusions;
mod strained_bonds;

pub use strained_bonds::{BondTarget, StrainedBonds};

use crate::Result;
use crate::error::{Error, check_length};
use crate::geometry::CellGrid;
use crate::surface_area::van_der_waals_radius;
use exclusions::Exclusions;
use molio::{Element, Topology};

/// When two atoms clash.
///
/// The default is an overlap of van der Waals spheres of 0.04 nm, as MolProbity has it (Chen et al.,
/// Acta Cryst. D 2010, 10.1107/S0907444909042073), and 0.06 nm more between partners of a possible
/// hydrogen bond.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClashConfig {
    /// Overlap from which atoms clash; nm.
    pub overlap: f32,
    /// How much more overlap N and O, and hydrogens on them and N and O, may have; nm.
    pub hydrogen_bond_allowance: f32,
}

impl Default for ClashConfig {
    fn default() -> Self {
        Self {
            overlap: 0.04,
            hydrogen_bond_allowance: 0.06,
        }
    }
}

/// Two atoms that overlap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clash {
    /// The atoms, the lower index first.
    pub atoms: [usize; 2],
    /// Their distance in nm.
    pub distance: f32,
    /// r₁ + r₂ − distance, in nm.
    pub overlap: f32,
}

/// Finds atoms that overlap though they are more than three bonds apart.
///
/// Radii are [`van_der_waals_radius`]. Where a residue has no bonds in the topology, its atoms are
/// taken as bonded to each other, and its C and O to the N, H and CA of the next one; two S closer
/// than 0.25 nm are a disulfide.
#[derive(Clone, Debug)]
pub struct Clashes {
    config: ClashConfig,
    radii: Vec<f32>,
    kinds: Vec<Kind>,
    exclusions: Exclusions,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// N or O.
    Polar,
    /// H on N or O.
    PolarHydrogen,
    Sulphur,
    Other,
}

impl Clashes {
    /// The pairs of `topology` that may clash.
    ///
    /// # Errors
    /// An overlap or allowance that is not finite.
    pub fn new(topology: &Topology, config: ClashConfig) -> Result<Self> {
        if !(config.overlap.is_finite() && config.hydrogen_bond_allowance.is_finite()) {
            return Err(Error::Argument {
                what: "clashes",
                expected: "a finite overlap and allowance",
                found: format!("{config:?}"),
            });
        }
        let neighbours = topology.neighbours();
        let polar = |atom: usize| {
            [Element::NITROGEN, Element::OXYGEN].contains(&topology.atoms()[atom].element)
        };
        let kind = |atom: usize| match topology.atoms()[atom].element {
            Element::HYDROGEN if neighbours[atom].iter().any(|&a| polar(a)) => Kind::PolarHydrogen,
            Element::SULPHUR => Kind::Sulphur,
            _ if polar(atom) => Kind::Polar,
            _ => Kind::Other,
        };
        let atoms = topology.atoms();
        Ok(Self {
            config,
            radii: atoms
                .iter()
                .map(|a| van_der_waals_radius(a.element))
                .collect(),
            kinds: (0..topology.n_atoms()).map(kind).collect(),
            exclusions: Exclusions::new(topology, &neighbours),
        })
    }

    /// The clashes of one frame, sorted by atoms.
    ///
    /// # Errors
    /// A frame with another number of atoms, or a coordinate that is not finite.
    pub fn evaluate(&self, positions: &[[f32; 3]]) -> Result<Vec<Clash>> {
        check_length("positions", self.radii.len(), positions.len())?;
        let largest = self.radii.iter().copied().fold(0.0, f32::max);
        let reach = (2.0 * largest - self.config.overlap).max(1e-3);
        let mut clashes = Vec::new();
        CellGrid::new(positions, reach)?.for_each_pair(|i, j, r2| {
            let distance = r2.sqrt();
            let overlap = self.radii[i] + self.radii[j] - distance;
            if overlap < self.least_overlap(i, j) || self.exclusions.contains(i, j) {
                return;
            }
            let sulphur = self.kinds[i] == Kind::Sulphur && self.kinds[j] == Kind::Sulphur;
            if !(sulphur && distance < 0.25) {
                clashes.push(Clash {
                    atoms: [i, j],
                    distance,
                    overlap,
                });
            }
        });
        clashes.sort_unstable_by_key(|clash| clash.atoms);
        Ok(clashes)
    }

    fn least_overlap(&self, i: usize, j: usize) -> f32 {
        let partners = matches!(
            (self.kinds[i], self.kinds[j]),
            (Kind::Polar, Kind::Polar | Kind::PolarHydrogen) | (Kind::PolarHydrogen, Kind::Polar)
        );
        if partners {
            self.config.overlap + self.config.hydrogen_bond_allowance
        } else {
            self.config.overlap
        }
    }
}
