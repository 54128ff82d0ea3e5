//! What the demo found, and its short form in `summary.json`.

use super::coarse::{CgSummary, Coarse, LearnSummary};
use super::energies::{Energies, PhysicsSummary};
use super::simulate::SimulationSummary;
use autoencoder::EpochRecord;
use serde::Serialize;

/// Everything that the table and the report show.
pub(super) struct Findings {
    /// What was trained on, for people.
    pub(super) system: String,
    pub(super) n_atoms: usize,
    pub(super) model: &'static str,
    pub(super) n_parameters: usize,
    pub(super) epochs: Vec<EpochRecord>,
    /// For every frame: its latent code.
    pub(super) codes: Vec<[f64; 2]>,
    /// For every frame: what colours it.
    pub(super) scale: Scale,
    /// The simulation that the frames come from, if this program ran it.
    pub(super) simulation: Option<SimulationSummary>,
    /// Energies with and without the force field in training, and the held-out RMSD (Å) without.
    pub(super) without: Option<(Energies, f64)>,
    /// What distances are measured from, for people: the crystal structure, or the first frame of other data.
    pub(super) reference: &'static str,
    /// For every frame: RMSD of its CA atoms (or of all, where there are none) to the reference, nm.
    pub(super) rmsd_to_reference: Vec<f64>,
    /// Frames that no training saw.
    pub(super) held_out: Vec<usize>,
    /// For every held-out frame: RMSD between input and decoded frame after superposition, nm.
    pub(super) rmsd: Vec<f64>,
    /// The same for a principal component analysis with as many components.
    pub(super) rmsd_pca: Vec<f64>,
    /// A held-out frame and its decoded form, superposed: the trace of the backbone, nm.
    pub(super) overlay: [Vec<[f32; 3]>; 2],
    /// RMSD of the overlay's pair, nm.
    pub(super) overlay_rmsd: f64,
    /// Codes along the decoded path.
    pub(super) path: Vec<[f64; 2]>,
    /// For every point of the path: RMSD to the data frames at its two ends, that nearest the reference and that
    /// farthest from it, nm.
    pub(super) path_rmsd: [Vec<f64>; 2],
    /// The decoded path as PDB text.
    pub(super) path_pdb: Vec<u8>,
    /// The coarse-grained model and its campaign, of frames that this program simulated.
    pub(super) coarse: Option<Coarse>,
    pub(super) seconds: f64,
}

/// One number a frame.
pub(super) enum Scale {
    /// K
    Temperature(Vec<f64>),
    /// ps
    Time(Vec<f64>),
    /// Its place in the file.
    Frame(Vec<f64>),
}

/// The figures that scripts read.
#[derive(Serialize)]
pub(super) struct Summary {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) simulation: Option<SimulationSummary>,
    /// CA atoms of the simulated frames against the crystal structure: of the built peptide as its first frame has
    /// it, of the frame nearest and of the frame farthest.
    #[serde(skip_serializing_if = "Option::is_none")]
    rmsd_to_native_angstrom: Option<[f64; 3]>,
    pub(super) autoencoder: AutoencoderSummary,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) physics: Option<PhysicsSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cg: Option<CgSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) active_learning: Option<LearnSummary>,
    /// Of the whole demo.
    seconds: f64,
}

#[derive(Serialize)]
pub(super) struct AutoencoderSummary {
    frames: usize,
    held_out_frames: usize,
    atoms: usize,
    parameters: usize,
    epochs: usize,
    rmsd_angstrom: f64,
    rmsd_pca_angstrom: f64,
    /// Standard error of the mean difference (PCA minus model), from blocks of neighbouring held-out frames.
    rmsd_gain_angstrom: f64,
    rmsd_gain_error_angstrom: f64,
    latent_extent: [f64; 2],
    seconds_per_epoch: f64,
    frames_per_second: f64,
    seconds: f64,
}

impl Findings {
    pub(super) fn summary(&self) -> Summary {
        let gains: Vec<f64> = self
            .rmsd_pca
            .iter()
            .zip(&self.rmsd)
            .map(|(pca, model)| 10.0 * (pca - model))
            .collect();
        let seconds: f64 = self
            .epochs
            .iter()
            .map(|epoch| epoch.train_seconds + epoch.validation_seconds)
            .sum();
        let n_epochs = self.epochs.len().max(1) as f64;
        Summary {
            simulation: self.simulation.clone(),
            rmsd_to_native_angstrom: self.simulation.as_ref().map(|_| {
                let values = &self.rmsd_to_reference;
                let [least, most] =
                    [f64::min, f64::max].map(|of| values.iter().copied().fold(values[0], of));
                [values[0], least, most].map(|nm| 10.0 * nm)
            }),
            physics: self
                .without
                .as_ref()
                .map(|(energies, rmsd)| energies.summary(*rmsd)),
            cg: self.coarse.as_ref().map(|coarse| coarse.cg.clone()),
            active_learning: self
                .coarse
                .as_ref()
                .map(|coarse| coarse.active_learning.clone()),
            seconds: self.seconds,
            autoencoder: AutoencoderSummary {
                frames: self.codes.len(),
                held_out_frames: self.held_out.len(),
                atoms: self.n_atoms,
                parameters: self.n_parameters,
                epochs: self.epochs.len(),
                rmsd_angstrom: 10.0 * mean(&self.rmsd),
                rmsd_pca_angstrom: 10.0 * mean(&self.rmsd_pca),
                rmsd_gain_angstrom: mean(&gains),
                rmsd_gain_error_angstrom: block_error(&gains),
                latent_extent: [0, 1].map(|axis| extent(self.codes.iter().map(|code| code[axis]))),
                seconds_per_epoch: seconds / n_epochs,
                frames_per_second: self
                    .epochs
                    .iter()
                    .map(|epoch| epoch.frames_per_second)
                    .sum::<f64>()
                    / n_epochs,
                seconds,
            },
        }
    }
}

impl Summary {
    /// The table on the terminal.
    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = self.autoencoder.rows();
        if let Some(physics) = &self.physics {
            rows.extend(physics.rows());
        }
        if let Some(simulation) = &self.simulation {
            let speed = format!("{:.0} ns/day over all replicas", simulation.ns_per_day);
            rows.push(("simulation", speed));
        }
        if let Some([first, least, most]) = self.rmsd_to_native_angstrom {
            let text =
                format!("{first:.1} Å at the start, {least:.1} to {most:.1} Å in all frames");
            rows.push(("CA RMSD to the crystal structure", text));
        }
        if let Some(cg) = &self.cg {
            rows.extend(cg.rows());
        }
        if let Some(learning) = &self.active_learning {
            rows.extend(learning.rows());
        }
        rows.push(("whole demo", format!("{:.0} s", self.seconds)));
        rows
    }
}

impl AutoencoderSummary {
    fn rows(&self) -> Vec<(&'static str, String)> {
        vec![
            (
                "held-out RMSD",
                format!(
                    "{:.2} Å, mean of {} frames, after superposition",
                    self.rmsd_angstrom, self.held_out_frames
                ),
            ),
            (
                "same, PCA with 2 components",
                format!("{:.2} Å", self.rmsd_pca_angstrom),
            ),
            (
                "gain over PCA",
                format!(
                    "{:.2} ± {:.2} Å (standard error over blocks of time)",
                    self.rmsd_gain_angstrom, self.rmsd_gain_error_angstrom
                ),
            ),
            (
                "latent extent",
                format!(
                    "{:.2} × {:.2}",
                    self.latent_extent[0], self.latent_extent[1]
                ),
            ),
            ("time per epoch", format!("{:.2} s", self.seconds_per_epoch)),
            (
                "training speed",
                format!("{:.0} frames/s", self.frames_per_second),
            ),
            (
                "epochs",
                format!("{} in {:.0} s", self.epochs, self.seconds),
            ),
        ]
    }
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn extent(values: impl Iterator<Item = f64>) -> f64 {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    if high >= low { high - low } else { 0.0 }
}

/// Standard error of the mean from the means of ten blocks of neighbours, since neighbours resemble each other.
fn block_error(values: &[f64]) -> f64 {
    let n_blocks = 10.min(values.len());
    if n_blocks < 2 {
        return f64::NAN;
    }
    let means: Vec<f64> = (0..n_blocks)
        .map(|block| {
            mean(&values[block * values.len() / n_blocks..(block + 1) * values.len() / n_blocks])
        })
        .collect();
    let centre = mean(&means);
    let variance = means.iter().map(|m| (m - centre).powi(2)).sum::<f64>() / (n_blocks - 1) as f64;
    (variance / n_blocks as f64).sqrt()
}
