//! Hydrogen bonds by distance and angle.

use crate::Result;
use crate::error::{Error, check_length};
use crate::geometry::{CellGrid, angle, map_frames};
use molio::{Element, Topology, Trajectory};
use std::collections::BTreeMap;

/// When three atoms make a hydrogen bond.
///
/// The default is H···A < 0.25 nm and D–H···A > 120°: Baker & Hubbard, Prog. Biophys. Mol. Biol. 1984,
/// 10.1016/0079-6107(84)90007-5.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BakerHubbardConfig {
    /// Greatest distance H···A in nm.
    pub distance: f32,
    /// Least angle D–H···A in radians.
    pub angle: f64,
    /// Whether water takes part.
    pub include_water: bool,
}

impl Default for BakerHubbardConfig {
    fn default() -> Self {
        Self {
            distance: 0.25,
            angle: 120f64.to_radians(),
            include_water: false,
        }
    }
}

/// Donor, hydrogen and acceptor of a hydrogen bond, by atom index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HydrogenBond {
    /// N or O that the hydrogen is bonded to.
    pub donor: usize,
    /// The hydrogen.
    pub hydrogen: usize,
    /// N or O that it points to.
    pub acceptor: usize,
}

/// Finds hydrogen bonds D–H···A with D, A ∈ {N, O}, D ≠ A.
#[derive(Clone, Debug)]
pub struct BakerHubbard {
    config: BakerHubbardConfig,
    n_atoms: usize,
    /// Donor and hydrogen.
    donors: Vec<[usize; 2]>,
    acceptors: Vec<usize>,
}

impl BakerHubbard {
    /// Donors and acceptors of `topology`, from its elements and bonds.
    ///
    /// # Errors
    /// A topology with hydrogens but without a single bond, in which no donor can be known; or a
    /// distance that is not positive.
    pub fn new(topology: &Topology, config: BakerHubbardConfig) -> Result<Self> {
        if !(config.distance > 0.0 && config.distance.is_finite() && config.angle.is_finite()) {
            return Err(Error::Argument {
                what: "hydrogen bonds",
                expected: "a positive distance and a finite angle",
                found: format!("{config:?}"),
            });
        }
        let element = |atom: usize| topology.atoms()[atom].element;
        let has_hydrogen = topology
            .atoms()
            .iter()
            .any(|a| a.element == Element::HYDROGEN);
        if has_hydrogen && topology.bonds().is_empty() {
            return Err(Error::Undetermined {
                what: "hydrogen-bond donors",
                reason: "the topology has hydrogens but no bonds".to_owned(),
            });
        }
        let takes_part = |atom: usize| {
            [Element::NITROGEN, Element::OXYGEN].contains(&element(atom))
                && (config.include_water || !is_water(&topology.residue_of(atom).name))
        };
        let mut donors: Vec<[usize; 2]> = topology
            .bonds()
            .iter()
            .flat_map(|&[a, b]| [[a, b], [b, a]])
            .filter(|&[donor, h]| takes_part(donor) && element(h) == Element::HYDROGEN)
            .collect();
        donors.sort_unstable();
        Ok(Self {
            config,
            n_atoms: topology.n_atoms(),
            donors,
            acceptors: (0..topology.n_atoms())
                .filter(|&atom| takes_part(atom))
                .collect(),
        })
    }

    /// The hydrogen bonds of one frame, sorted.
    ///
    /// # Errors
    /// A frame with another number of atoms, or a coordinate that is not finite.
    pub fn evaluate(&self, positions: &[[f32; 3]]) -> Result<Vec<HydrogenBond>> {
        check_length("positions", self.n_atoms, positions.len())?;
        // acceptors first, then hydrogens
        let n_acceptors = self.acceptors.len();
        let hydrogens = self.donors.iter().map(|&[_, h]| h);
        let points: Vec<[f32; 3]> = self
            .acceptors
            .iter()
            .copied()
            .chain(hydrogens)
            .map(|atom| positions[atom])
            .collect();
        let grid = CellGrid::new(&points, self.config.distance)?;
        let mut bonds = Vec::new();
        for (index, &[donor, hydrogen]) in self.donors.iter().enumerate() {
            grid.for_each_near(n_acceptors + index, |near, _| {
                let Some(&acceptor) = self.acceptors.get(near) else {
                    return;
                };
                let at = |atom: usize| positions[atom];
                if acceptor != donor
                    && angle(at(donor), at(hydrogen), at(acceptor)) > self.config.angle
                {
                    bonds.push(HydrogenBond {
                        donor,
                        hydrogen,
                        acceptor,
                    });
                }
            });
        }
        bonds.sort_unstable();
        Ok(bonds)
    }

    /// Every hydrogen bond that occurs in `trajectory`, with the fraction of frames that have it.
    ///
    /// # Errors
    /// As [`BakerHubbard::evaluate`], of the first frame that has one.
    pub fn frequencies(&self, trajectory: &Trajectory) -> Result<BTreeMap<HydrogenBond, f64>> {
        let mut counts = BTreeMap::new();
        for bonds in map_frames(trajectory, |positions| self.evaluate(positions)) {
            for bond in bonds? {
                *counts.entry(bond).or_insert(0.0) += 1.0;
            }
        }
        let n_frames = trajectory.n_frames() as f64;
        for count in counts.values_mut() {
            *count /= n_frames;
        }
        Ok(counts)
    }
}

fn is_water(residue: &str) -> bool {
    matches!(
        residue,
        "HOH"
            | "WAT"
            | "SOL"
            | "H2O"
            | "TIP"
            | "TIP3"
            | "TIP4"
            | "TIP5"
            | "SPC"
            | "OPC"
            | "T3P"
            | "T4P"
    )
}
