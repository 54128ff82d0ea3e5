//! The numbers of a comparison, as they are printed.

use serde::{Deserialize, Serialize};

/// One number with its uncertainty and what two halves of the reference give.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Model against reference.
    pub value: f64,
    /// Standard error by block bootstrap; `null` without resamples.
    pub error: Option<f64>,
    /// The first half of the reference against the second: what no model can be asked to beat.
    pub baseline: f64,
}

impl Entry {
    /// Whether the value is no further from the baseline than twice its error.
    pub fn within_baseline(&self) -> bool {
        self.value <= self.baseline + 2.0 * self.error.unwrap_or(0.0)
    }
}

/// Frames that went in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frames {
    /// Frames of the reference, after the stride, without rejected ones.
    pub reference: usize,
    /// Frames of the model, after the stride, without rejected ones.
    pub model: usize,
    /// Frames of the model that were not finite or had come apart.
    pub rejected: usize,
    /// The same of the reference.
    pub rejected_reference: usize,
}

/// Distance in the plane of the two slowest coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlaneEntry {
    /// The corrected distance.
    #[serde(flatten)]
    pub entry: Entry,
    /// By the recipe of the published benchmark; `null` where its densities are undefined.
    pub ucsc: Option<f64>,
}

/// Slow coordinates; distances in the unit of a kinetic map (dimensionless).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TicaEntries {
    /// Eigenvalues of the reference at the lag time.
    pub eigenvalues: Vec<f64>,
    /// Wasserstein-1 in the plane of TIC 1 and TIC 2; `null` if there is only one.
    pub w1_2d: Option<PlaneEntry>,
    /// Wasserstein-1 along each of the first TICs.
    pub w1_1d: Vec<Entry>,
    /// KL(reference ‖ model) in nats on 30 × 30 bins, shares of the model raised to 10⁻⁶.
    pub kl_2d: Option<Entry>,
}

/// A Wasserstein-1 distance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distance {
    /// In the unit of the quantity: nm, or rad.
    pub w1: Entry,
}

/// A root-mean-square difference.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Over all pairs, of probabilities.
    pub rmsd: Entry,
}

/// All numbers of a comparison, in the order in which they are printed as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// What went in.
    pub frames: Frames,
    /// Slow coordinates.
    pub tica: TicaEntries,
    /// Distances of consecutive CA atoms, nm.
    pub bond: Option<Distance>,
    /// Angles of three consecutive CA atoms, rad.
    pub angle: Option<Distance>,
    /// Dihedrals of four consecutive CA atoms, rad, around the circle.
    pub dihedral: Option<Distance>,
    /// Radius of gyration of the CA atoms, nm.
    pub rg: Distance,
    /// Distance of the first and last CA of each chain, nm.
    pub end_to_end: Option<Distance>,
    /// Probabilities of CA–CA distances below the cutoff.
    pub contacts: Option<Difference>,
    /// Distribution of the RMSD to the native structure (Wasserstein-1, nm); `null` without one.
    pub rmsd_to_native: Option<Distance>,
}
