//! The numbers of a comparison, as they are printed.

use std::collections::BTreeMap;

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
    /// Principal components of the distances in which TICA looked: a tenth of the lagged pairs at most.
    pub directions: usize,
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

/// A number of one ensemble with its uncertainty.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Standard error by block bootstrap; `null` without resamples.
    pub error: Option<f64>,
}

/// RMSD to the native structure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NativeEntry {
    /// Wasserstein-1 distance of the distributions, nm.
    #[serde(flatten)]
    pub entry: Entry,
    /// Mean RMSD of the reference, nm.
    pub reference: Estimate,
    /// Mean RMSD of the model, nm.
    pub model: Estimate,
}

/// A macrostate of the reference's Markov model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MacrostateEntry {
    /// Weighted share of the reference's frames.
    pub reference: Estimate,
    /// Weighted share of the model's frames.
    pub model: Estimate,
    /// |model − reference|.
    pub difference: Entry,
    /// Stationary probability in the Markov model of the reference.
    pub stationary: Estimate,
    /// Mean RMSD of the reference's frames to the native structure, nm; `null` without one.
    pub rmsd_to_native: Option<f64>,
}

/// Shares of the residues of all frames.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RamachandranShares {
    /// Favored residues.
    pub favored: Estimate,
    /// Allowed residues.
    pub allowed: Estimate,
    /// Outliers.
    pub outlier: Estimate,
}

/// φ and ψ of all residues together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RamachandranEntries {
    /// Jensen–Shannon divergence on 36 × 36 bins around both circles, nats.
    pub jensen_shannon: Entry,
    /// |model − reference| of the share of outliers (Top8000).
    pub outliers: Entry,
    /// Top8000 classes of the reference.
    pub reference: RamachandranShares,
    /// Top8000 classes of the model.
    pub model: RamachandranShares,
}

/// Markov state model of the reference, and where the model's frames lie in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MsmEntries {
    /// k-means clusters in the first TICs.
    pub n_microstates: usize,
    /// Clusters of the largest connected set.
    pub n_connected: usize,
    /// Lag time in frames after the stride.
    pub lag: usize,
    /// Share of the reference's frames outside the connected set: in no macrostate.
    pub outside_reference: f64,
    /// The same of the model's.
    pub outside_model: f64,
    /// Implied timescales of the reference in frames after the stride, the slowest first.
    pub timescales: Vec<Estimate>,
    /// Total variation distance of the populations of the macrostates: the share of frames that
    /// would have to change their macrostate.
    pub populations: Entry,
    /// The macrostate of lowest mean RMSD to the native structure; `null` without one.
    pub native: Option<usize>,
    /// Macrostates by falling stationary probability.
    pub macrostates: Vec<MacrostateEntry>,
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
    /// RMSD of the CA atoms to the native structure, nm; `null` without one.
    pub rmsd_to_native: Option<NativeEntry>,
    /// Markov state model; `null` where the reference determines none.
    pub msm: Option<MsmEntries>,
    /// Why there is no Markov state model.
    pub msm_undetermined: Option<String>,
    /// φ/ψ; `null` unless both sides have their backbones.
    pub ramachandran: Option<RamachandranEntries>,
    /// Values per frame that the user brought, by name, in their own unit.
    pub columns: BTreeMap<String, Distance>,
}
