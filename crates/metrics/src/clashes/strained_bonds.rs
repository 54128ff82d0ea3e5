//! Bonds far from their ideal length.

use crate::Result;
use crate::backbone::Backbone;
use crate::error::Error;
use crate::geometry::Distances;
use molio::Topology;

/// The length a bond should have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BondTarget {
    /// The bonded atoms.
    pub atoms: [usize; 2],
    /// Ideal length in nm.
    pub length: f64,
    /// Deviation beyond which the bond is strained; nm.
    pub tolerance: f64,
}

impl BondTarget {
    /// A harmonic bond ½ k (r − r₀)² that is strained above the energy `energy`.
    ///
    /// `k` in kJ/mol/nm², `energy` in kJ/mol (5 kT at 300 K is 12.5).
    pub fn harmonic(atoms: [usize; 2], length: f64, k: f64, energy: f64) -> Self {
        Self {
            atoms,
            length,
            tolerance: (2.0 * energy / k).sqrt(),
        }
    }
}

/// Counts strained bonds: |r − r₀| above the tolerance, or r not finite.
#[derive(Clone, Debug)]
pub struct StrainedBonds {
    targets: Vec<BondTarget>,
    distances: Distances,
}

/// Ideal lengths and standard deviations of backbone bonds in nm.
const ENGH_HUBER: [(&str, f64, f64); 5] = [
    ("N-CA", 0.1458, 0.0019),
    ("CA-C", 0.1525, 0.0021),
    ("C-N", 0.1329, 0.0014),
    ("C-O", 0.1231, 0.0020),
    ("CA-CB", 0.1530, 0.0020),
];

impl StrainedBonds {
    /// Bonds with these targets, in frames of `n_atoms` atoms.
    ///
    /// # Errors
    /// An index that is not that of an atom, or a length or tolerance that is not positive.
    pub fn new(n_atoms: usize, targets: Vec<BondTarget>) -> Result<Self> {
        if let Some(bad) = targets
            .iter()
            .find(|t| !(t.length > 0.0 && t.tolerance > 0.0))
        {
            return Err(Error::Argument {
                what: "ideal bond",
                expected: "a positive length and tolerance",
                found: format!("{bad:?}"),
            });
        }
        let distances = Distances::new(n_atoms, targets.iter().map(|t| t.atoms).collect())?;
        Ok(Self { targets, distances })
    }

    /// N–CA, CA–C, C–O, CA–CB and peptide bonds of `topology`, strained beyond `n_sigma` standard
    /// deviations of crystal structures of small molecules; validation takes 4.
    ///
    /// # Errors
    /// An `n_sigma` that is not positive.
    ///
    /// # References
    /// Engh, Huber, Acta Cryst. A 1991, 10.1107/S0108767391001071 (one value for all residues here).
    pub fn backbone(topology: &Topology, n_sigma: f64) -> Result<Self> {
        let backbone = Backbone::new(topology);
        let mut targets = Vec::new();
        for (index, own) in backbone.residues.iter().enumerate() {
            let next_n = backbone
                .next(index)
                .and_then(|next| backbone.residues[next].n);
            let pairs = [
                (own.n, own.ca),
                (own.ca, own.c),
                (own.c, next_n),
                (own.c, own.o),
                (own.ca, own.cb),
            ];
            for ((a, b), (_, length, sigma)) in pairs.into_iter().zip(ENGH_HUBER) {
                if let (Some(a), Some(b)) = (a, b) {
                    targets.push(BondTarget {
                        atoms: [a, b],
                        length,
                        tolerance: n_sigma * sigma,
                    });
                }
            }
        }
        Self::new(topology.n_atoms(), targets)
    }

    /// The bonds looked at.
    pub fn targets(&self) -> &[BondTarget] {
        &self.targets
    }

    /// The strained bonds of one frame, as indices of [`StrainedBonds::targets`].
    ///
    /// # Errors
    /// A frame with another number of atoms.
    pub fn evaluate(&self, positions: &[[f32; 3]]) -> Result<Vec<usize>> {
        let lengths = self.distances.evaluate(positions)?;
        let relaxed =
            |target: &BondTarget, r: f32| (f64::from(r) - target.length).abs() <= target.tolerance;
        Ok((0..lengths.len())
            .filter(|&bond| !relaxed(&self.targets[bond], lengths[bond]))
            .collect())
    }
}
