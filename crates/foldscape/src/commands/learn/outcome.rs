//! What a campaign came to, as JSON and as a table.

use super::config::Config;
use super::sample::{SIMULATION_REPORT, SimulationReport};
use super::watch;
use active_learning::{Implausible, Measure, RoundSummary, Summary};
use anyhow::Result;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// `outcome.json`, and what `--json` prints.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Outcome {
    /// TICA W1 of the accepted model: of the base model, then after each round.
    pub(crate) tica_w1: Vec<Option<f64>>,
    /// The same by the published recipe.
    pub(crate) tica_w1_ucsc: Vec<Option<f64>>,
    pub(crate) dihedral_w1: Vec<Option<f64>>,
    /// Largest distance (nm) of a candidate to the nearest training frame, of each round before it asks, and of
    /// the last round's candidates after.
    pub(crate) coverage_radius_nm: Vec<Option<f64>>,
    pub(crate) oracle_frames: usize,
    pub(crate) oracle_nanoseconds: f64,
    base_frames: usize,
    rounds: Vec<Round>,
    /// Why it ended; none while it runs.
    ending: Option<String>,
    /// Wall time, s, over all starts.
    pub(crate) seconds: f64,
    /// The same by stage.
    seconds_by_stage: BTreeMap<String, f64>,
    folder: String,
}

#[derive(Clone, Debug, Serialize)]
struct Round {
    round: usize,
    candidates: usize,
    implausible: BTreeMap<Implausible, usize>,
    selected: usize,
    /// Of those, frames that could be given atoms.
    asked: usize,
    labels: usize,
    /// Labels that were left out: a peptide bond turned over in the oracle's simulation.
    broken_labels: usize,
    coverage_radius_before_nm: Option<f64>,
    coverage_radius_after_nm: Option<f64>,
    accepted: Option<usize>,
    rejected_attempts: usize,
    attempts: Vec<AttemptResult>,
    seconds: BTreeMap<String, f64>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct AttemptResult {
    warm_start: bool,
    oracle_weight: f64,
    accepted: bool,
    /// Guarded measures that got worse beyond their errors.
    worsened: Vec<String>,
    pub(crate) measures: Vec<Measure>,
    /// Replicas that blew up while it was sampled, and began anew.
    pub(crate) faults: Option<usize>,
    pub(crate) replica_steps_per_s: Option<f64>,
}

impl Outcome {
    pub(super) fn new(config: &Config, summary: &Summary) -> Result<Self> {
        let radius = |round: &RoundSummary| round.coverage.radius_before;
        let asking = || summary.rounds.iter().filter(|round| round.round > 0);
        let mut coverage: Vec<Option<f64>> = asking().map(radius).collect();
        coverage.extend(
            asking()
                .next_back()
                .map(|round| round.coverage.radius_after),
        );
        let mut seconds_by_stage = BTreeMap::new();
        for (stage, seconds) in summary.rounds.iter().flat_map(|round| &round.seconds) {
            *seconds_by_stage
                .entry(watch::name(*stage).to_owned())
                .or_default() += seconds;
        }
        let rounds = summary.rounds.iter().map(|round| Round::new(config, round));
        Ok(Self {
            tica_w1: course(summary, "tica_w1"),
            tica_w1_ucsc: course(summary, "tica_w1_ucsc"),
            dihedral_w1: course(summary, "dihedral_w1"),
            coverage_radius_nm: coverage,
            oracle_frames: summary.oracle_frames(),
            oracle_nanoseconds: summary.rounds.iter().map(|round| round.nanoseconds).sum(),
            base_frames: summary.n_base,
            rounds: rounds.collect::<Result<_>>()?,
            ending: match summary.ending {
                Some(ending) => serde_json::to_value(ending)?.as_str().map(str::to_owned),
                None => None,
            },
            seconds: seconds_by_stage.values().sum(),
            seconds_by_stage,
            folder: config.folder.display().to_string(),
        })
    }

    /// The model that it ended with.
    pub(crate) fn last_accepted(&self) -> Option<&AttemptResult> {
        let rounds = self.rounds.iter().rev();
        rounds
            .into_iter()
            .find_map(|round| round.attempts.get(round.accepted?))
    }

    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        Ok(dynamics::write_atomically(
            &folder.join("outcome.json"),
            &text,
        )?)
    }

    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        let list = |values: &[Option<f64>]| {
            let texts = values
                .iter()
                .map(|value| value.map_or("–".to_owned(), |value| format!("{value:.4}")));
            texts.collect::<Vec<_>>().join(" → ")
        };
        let rejected: usize = self
            .rounds
            .iter()
            .map(|round| round.rejected_attempts)
            .sum();
        vec![
            ("ended", self.ending.clone().unwrap_or_default()),
            ("TICA W1", list(&self.tica_w1)),
            ("TICA W1, published recipe", list(&self.tica_w1_ucsc)),
            ("dihedral W1 / rad", list(&self.dihedral_w1)),
            ("covering radius / nm", list(&self.coverage_radius_nm)),
            (
                "asked of the oracle",
                format!(
                    "{} frames, {:.3} ns",
                    self.oracle_frames, self.oracle_nanoseconds
                ),
            ),
            ("rejected attempts", rejected.to_string()),
            ("time", format!("{:.0} s", self.seconds)),
            ("folder", self.folder.clone()),
        ]
    }
}

impl Round {
    fn new(config: &Config, round: &RoundSummary) -> Result<Self> {
        let attempts = round.attempts.iter().enumerate();
        let attempts = attempts.map(|(index, attempt)| {
            let folder = format!("round-{:03}/attempt-{index}/model", round.round);
            let path = config.folder.join(folder).join(SIMULATION_REPORT);
            let simulated: Option<SimulationReport> = if path.exists() {
                Some(serde_json::from_slice(&std::fs::read(&path)?)?)
            } else {
                None
            };
            let worsened = attempt.verdict.worsened.iter();
            Ok(AttemptResult {
                warm_start: attempt.attempt.warm_start,
                oracle_weight: attempt.attempt.oracle_weight,
                accepted: attempt.verdict.accepted(),
                worsened: worsened.map(|worse| worse.name.clone()).collect(),
                measures: attempt.measures.clone(),
                faults: simulated.as_ref().map(|report| report.faults),
                replica_steps_per_s: simulated.map(|report| report.replica_steps_per_s),
            })
        });
        let attempts: Vec<AttemptResult> = attempts.collect::<Result<_>>()?;
        let seconds = round.seconds.iter();
        Ok(Self {
            round: round.round,
            candidates: round.n_candidates,
            implausible: round.implausible.clone(),
            selected: round.selected.len(),
            asked: round.n_asked,
            labels: round.n_labels,
            broken_labels: round.n_broken_labels,
            coverage_radius_before_nm: round.coverage.radius_before,
            coverage_radius_after_nm: round.coverage.radius_after,
            accepted: round.accepted,
            rejected_attempts: attempts.iter().filter(|attempt| !attempt.accepted).count(),
            attempts,
            seconds: seconds
                .map(|(stage, seconds)| (watch::name(*stage).to_owned(), *seconds))
                .collect(),
        })
    }
}

/// A measure of the accepted model after each round.
fn course(summary: &Summary, name: &str) -> Vec<Option<f64>> {
    let of = |round: &RoundSummary| {
        let (round, attempt) = summary.accepted_at(round.round)?;
        let measures = &summary.rounds.get(round)?.attempts.get(attempt)?.measures;
        let found = measures.iter().find(|measure| measure.name == name)?;
        Some(found.value)
    };
    summary.rounds.iter().map(of).collect()
}
