//! The demo's coarse-grained model: force matching, then a small campaign of active learning.
//!
//! Both are run as a user would run them, by configuration files that stay beside their results.

use super::bundled;
use super::simulate::{LABEL_TEMPERATURE, Run};
use crate::commands::cg::{config::Config as ModelConfig, train};
use crate::commands::learn::{self, Learned, config::Config as CampaignConfig};
use anyhow::{Context, Result};
use metrics::report::Report;
use serde::Serialize;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// CA atoms of CLN025 at [`LABEL_TEMPERATURE`], from a replica exchange that folds and unfolds;
/// `cln025-reference.json` tells how it was made.
const REFERENCE: &[u8] = include_bytes!("../../../data/cln025-reference.xtc");
const REFERENCE_TOPOLOGY: &[u8] = include_bytes!("../../../data/cln025-reference.pdb");

/// How much the campaign may do.
pub(super) struct Effort {
    pub(super) rounds: usize,
    /// Frames that the oracle is asked in a round.
    pub(super) frames: usize,
    /// Steps of each of the model's replicas.
    pub(super) steps: u64,
}

/// What the report and the table show.
pub(super) struct Coarse {
    pub(super) cg: CgSummary,
    pub(super) active_learning: LearnSummary,
    pub(super) report: Report,
}

/// `cg` of `summary.json`: of the model that the campaign ends with, but for the training of the first one.
#[derive(Clone, Serialize)]
pub(super) struct CgSummary {
    beads: usize,
    frames: usize,
    parameters: usize,
    /// (kJ/mol/nm)², on held-out blocks of time: what force matching leaves, of what the priors leave,
    /// beside the noise of the forces, which no model can go below.
    force_mse: f64,
    force_mse_priors: f64,
    noise_floor: f64,
    training_frames_per_s: f64,
    replica_steps_per_s: Option<f64>,
    faults: Option<usize>,
    /// Distances from the reference, in nm and rad, by name.
    measures: std::collections::BTreeMap<String, f64>,
}

/// `active_learning` of `summary.json`: of the base model, then after each round.
#[derive(Clone, Serialize)]
pub(super) struct LearnSummary {
    tica_w1: Vec<Option<f64>>,
    tica_w1_ucsc: Vec<Option<f64>>,
    dihedral_w1: Vec<Option<f64>>,
    coverage_radius_nm: Vec<Option<f64>>,
    oracle_frames: usize,
    oracle_nanoseconds: f64,
    seconds: f64,
}

/// Force matching and a campaign in `out`, from frames with forces that the simulation left there.
pub(super) fn run(
    out: &Path,
    simulation: &Run,
    effort: &Effort,
    seed: u64,
    stop: &AtomicBool,
) -> Result<Coarse> {
    bundled(out, "cln025.pdb", super::DEMO_TOPOLOGY)?;
    bundled(out, "cln025-reference.xtc", REFERENCE)?;
    bundled(out, "cln025-reference.pdb", REFERENCE_TOPOLOGY)?;
    let labelled = toml::Value::from(
        simulation
            .labelled
            .iter()
            .map(|path| format!("frames/{path}"))
            .collect::<Vec<_>>(),
    );
    let path = file(out, "cg.toml", &model_text(&labelled, seed))?;
    let model = ModelConfig::read(&path)?;
    let trained = train::train(&model, stop)?;
    let path = file(out, "learn.toml", &campaign_text(&labelled, effort, seed))?;
    let Learned {
        outcome,
        model,
        brief,
    } = learn::learn(&CampaignConfig::read(&path)?, stop)?;
    let kept = out.join("cg-model.safetensors");
    std::fs::copy(&model, &kept).with_context(|| kept.display().to_string())?;
    let model = cg_potential::CgModel::load(&kept)?;
    let last = outcome.last_accepted();
    Ok(Coarse {
        cg: CgSummary {
            beads: trained.beads,
            frames: trained.frames,
            parameters: model.network.parameters().len(),
            force_mse: trained.validation_loss.unwrap_or(f64::NAN),
            force_mse_priors: trained.prior_only_loss,
            noise_floor: trained.noise_floor,
            training_frames_per_s: trained.frames_per_second,
            replica_steps_per_s: last.and_then(|attempt| attempt.replica_steps_per_s),
            faults: last.and_then(|attempt| attempt.faults),
            measures: last
                .iter()
                .flat_map(|attempt| &attempt.measures)
                .map(|measure| (measure.name.clone(), measure.value))
                .collect(),
        },
        active_learning: LearnSummary {
            tica_w1: outcome.tica_w1,
            tica_w1_ucsc: outcome.tica_w1_ucsc,
            dihedral_w1: outcome.dihedral_w1,
            coverage_radius_nm: outcome.coverage_radius_nm,
            oracle_frames: outcome.oracle_frames,
            oracle_nanoseconds: outcome.oracle_nanoseconds,
            seconds: outcome.seconds,
        },
        report: brief,
    })
}

fn file(out: &Path, name: &str, text: &str) -> Result<std::path::PathBuf> {
    let path = out.join(name);
    std::fs::write(&path, text).with_context(|| path.display().to_string())?;
    Ok(path)
}

/// Settings that both configurations share.
const TRAINING: &str = r#"
[network]
name = "ucsc"
hidden = 64
layers = 2

[training]
epochs = 12
batch_size = 64
learning_rate = 1e-3
schedule = { decay = { kind = "cosine", floor = 0.02 } }
average = 0.998

[prior]
angles = "quartic"
repulsion = { wall = "r12", exclude_bonds = 1 }
"#;

fn model_text(labelled: &toml::Value, seed: u64) -> String {
    format!(
        r#"# foldscape cg train cg.toml
[data]
trajectories = {labelled}
topology = "frames/start.pdb"
temperature = {LABEL_TEMPERATURE:?}
split = {{ seed = {seed} }}

[output]
folder = "cg"
{TRAINING}"#
    )
}

fn campaign_text(labelled: &toml::Value, effort: &Effort, seed: u64) -> String {
    let Effort {
        rounds,
        frames,
        steps,
    } = effort;
    let save = 100.min(*steps);
    let skip = steps / 4;
    format!(
        r#"# foldscape learn learn.toml
folder = "campaign"
seed = {seed}

[system]
structure = "frames/start.pdb"
native = "cln025.pdb"
temperature = {LABEL_TEMPERATURE:?}
solvent = "gbn2"

[base]
trajectories = {labelled}

[labels]
priors = {{ pairs = "all", angles = "all", dihedrals = "none" }}

[reference]
trajectories = ["cln025-reference.xtc"]
topology = "cln025-reference.pdb"
lag = 10
resamples = 30
{TRAINING}
[simulation]
replicas = 32
steps = {steps}
skip = {skip}
save = {save}
time_step = 0.004
exchange = {{ hottest = 500, rungs = 4, every = 250 }}

[selection]
method = "farthest-first"
frames = {frames}

[oracle]
kind = "free"
equilibration_ps = 2
tether = 150
release_ps = 1
length_ps = 10
save_ps = 0.2
batch = {frames}

[rounds]
rounds = {rounds}
tolerance = 2
follow_rejected = true
attempts = [{{ warm_start = false, oracle_weight = 1.0 }}]
"#
    )
}

impl CgSummary {
    /// The table on the terminal.
    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        vec![(
            "coarse-grained model",
            format!(
                "{} beads, {} frames; held-out force error {:.0}, priors alone {:.0}, noise at most {:.0} (kJ/mol/nm)²",
                self.beads, self.frames, self.force_mse, self.force_mse_priors, self.noise_floor
            ),
        )]
    }
}

impl LearnSummary {
    /// The table on the terminal.
    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        let list = |values: &[Option<f64>]| {
            let texts = values
                .iter()
                .map(|value| value.map_or("–".to_owned(), |value| format!("{value:.3}")));
            texts.collect::<Vec<_>>().join(" → ")
        };
        vec![
            (
                "active learning",
                format!(
                    "{} frames asked, {:.2} ns, {:.0} s",
                    self.oracle_frames, self.oracle_nanoseconds, self.seconds
                ),
            ),
            ("TICA W1 to the reference", list(&self.tica_w1)),
            ("dihedral W1 / rad", list(&self.dihedral_w1)),
            ("covering radius / nm", list(&self.coverage_radius_nm)),
        ]
    }
}
