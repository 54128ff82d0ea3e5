//! What a comparison is asked for.

use super::{BackboneTorsions, Column};
use crate::error::{Error, Result};

/// What a comparison is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparisonConfig {
    /// Lag time of TICA in frames after the stride.
    pub lag: usize,
    /// Every how many frames one is used.
    pub stride: usize,
    /// Every how many frames one was read by whoever read them: for the report, which counts both.
    pub read_stride: usize,
    /// Number of bootstrap resamples; 0 for no errors.
    pub n_resamples: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
    /// CA–CA distance below which a pair is in contact, nm.
    pub contact_cutoff: f64,
    /// CA–CA bond length from which a frame is rejected as having come apart, nm.
    pub longest_bond: f64,
    /// CA atoms whose distances are the features of TICA, at most; evenly spaced if there are more.
    pub tica_residues: usize,
    /// TICs that are compared one by one, at most.
    pub n_components: usize,
    /// Native structure (nm): all atoms of the topology, or its CA atoms.
    pub native: Option<Vec<[f32; 3]>>,
    /// Where the native structure came from, for the report.
    pub native_source: String,
    /// What reference and model are, for the report: their files, say.
    pub sources: [String; 2],
    /// k-means clusters of the Markov state model, at most; one for every ten frames if that is less.
    pub n_microstates: usize,
    /// Macrostates, at most.
    pub n_macrostates: usize,
    /// Lag time of the Markov state model in frames after the stride; that of TICA without it.
    pub msm_lag: Option<usize>,
    /// φ and ψ of both sides.
    pub torsions: Option<[BackboneTorsions; 2]>,
    /// The user's own values per frame.
    pub columns: Vec<Column>,
}

impl ComparisonConfig {
    /// The published suite's contact cutoff (1.5 nm), 100 resamples, bonds up to 1 nm, distances of
    /// 40 residues, three TICs, no native structure; 100 microstates in ten TICs and five macrostates
    /// as there, at the lag time of TICA.
    pub fn new(lag: usize) -> Self {
        Self {
            lag,
            stride: 1,
            read_stride: 1,
            n_resamples: 100,
            seed: 0,
            contact_cutoff: 1.5,
            longest_bond: 1.0,
            tica_residues: 40,
            n_components: 3,
            native: None,
            native_source: "given".to_owned(),
            sources: [String::new(), String::new()],
            n_microstates: 100,
            n_macrostates: 5,
            msm_lag: None,
            torsions: None,
            columns: Vec::new(),
        }
    }
}

/// An error for a setting without meaning.
pub(super) fn check_config(config: &ComparisonConfig) -> Result<()> {
    let positive = |x: f64| x > 0.0 && x.is_finite();
    let wrong = if config.lag == 0 {
        Some(("lag time in frames", "0".to_owned()))
    } else if config.stride == 0 {
        Some(("stride", "0".to_owned()))
    } else if !positive(config.contact_cutoff) {
        Some(("contact cutoff", config.contact_cutoff.to_string()))
    } else if !positive(config.longest_bond) {
        Some(("longest bond", config.longest_bond.to_string()))
    } else if config.msm_lag == Some(0) || config.n_macrostates == 0 {
        Some((
            "lag time of the Markov model and number of macrostates",
            "0".to_owned(),
        ))
    } else if config.tica_residues < 2 {
        Some((
            "residues of TICA less one",
            (config.tica_residues as i64 - 1).to_string(),
        ))
    } else {
        None
    };
    wrong.map_or(Ok(()), |(what, found)| {
        Err(Error::Argument {
            what,
            expected: "a positive number",
            found,
        })
    })
}
