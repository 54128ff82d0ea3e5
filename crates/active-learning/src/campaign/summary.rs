//! What became of a campaign, and what it tells while it runs.

use super::{Attempt, Verdict};
use crate::{Implausible, Measure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a campaign is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stage {
    /// The accepted model proposes candidates anew, after a rejected round.
    Simulate,
    /// Implausible candidates are put aside.
    Gate,
    /// Candidates are chosen, and their coverage measured.
    Select,
    /// Atoms are put on the beads of the chosen.
    Backmap,
    /// The oracle labels them.
    Ask,
    /// A model is fitted.
    Fit,
    /// The fitted model is sampled.
    Sample,
    /// The sample is measured.
    Measure,
}

/// Something that happened; for progress displays.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A stage begins.
    Began {
        /// Of which round.
        round: usize,
        /// Which stage.
        stage: Stage,
    },
    /// The oracle answered about some frames.
    Asked {
        /// In which round.
        round: usize,
        /// Frames labelled so far in this round.
        done: usize,
        /// Frames to be labelled in this round.
        total: usize,
    },
    /// An attempt at fitting was judged.
    Judged {
        /// In which round.
        round: usize,
        /// Which attempt.
        attempt: usize,
        /// The verdict.
        verdict: &'a Verdict,
    },
    /// A round has ended; all rounds so far.
    Ended {
        /// The whole campaign until now.
        summary: &'a Summary,
    },
}

/// Why a campaign ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ending {
    /// All rounds are done.
    Finished,
    /// The budget is spent.
    BudgetSpent,
    /// No candidate was plausible and worth asking about, or none of those that were could be given atoms.
    NothingToAsk,
    /// It was asked to stop; the same campaign goes on when it is run again.
    Interrupted,
}

/// One attempt at fitting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttemptSummary {
    /// How it was fitted.
    pub attempt: Attempt,
    /// What the judge found.
    pub measures: Vec<Measure>,
    /// Whether it was accepted.
    pub verdict: Verdict,
}

/// Covering of the plausible candidates by the training set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RoundCoverage {
    /// Largest distance of a candidate to the nearest training frame; `None` where there are no candidates.
    pub radius_before: Option<f64>,
    /// The same once the selected frames are counted as known.
    pub radius_after: Option<f64>,
    /// Distances before, of up to 10,000 evenly spaced candidates.
    pub distances_before: Vec<f32>,
    /// Distances after, of the same candidates.
    pub distances_after: Vec<f32>,
}

/// One round.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RoundSummary {
    /// Its number; 0 is the base model, which asks nothing.
    pub round: usize,
    /// Candidates, those that were not finite included.
    pub n_candidates: usize,
    /// Candidates that the gate kept out, by cause.
    pub implausible: BTreeMap<Implausible, usize>,
    /// Indices of the chosen candidates, in the order of choice.
    pub selected: Vec<usize>,
    /// How many of them could be given atoms.
    pub n_asked: usize,
    /// Labels that the oracle returned, and that were kept.
    pub n_labels: usize,
    /// Those that were not: by the gate's word a bond between beads is broken there, as where a peptide bond
    /// turned from trans to cis in the oracle's simulation.
    #[serde(default)]
    pub n_broken_labels: usize,
    /// Simulated time that they took, ns.
    pub nanoseconds: f64,
    /// Coverage of the candidates.
    pub coverage: RoundCoverage,
    /// The attempts at fitting, in order.
    pub attempts: Vec<AttemptSummary>,
    /// The accepted one; `None` if the model before stays.
    pub accepted: Option<usize>,
    /// Wall time by stage, s.
    pub seconds: BTreeMap<Stage, f64>,
}

/// A whole campaign, as far as it got.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Labels of the base set.
    pub n_base: usize,
    /// Rounds that have ended, the base model first.
    pub rounds: Vec<RoundSummary>,
    /// Why it ended; `None` while it runs.
    pub ending: Option<Ending>,
}

impl Summary {
    /// Frames that the oracle was asked about.
    pub fn oracle_frames(&self) -> usize {
        self.rounds.iter().map(|round| round.n_asked).sum()
    }

    /// Round and attempt of the model whose frames are the next round's candidates: the one trained last if
    /// rejected ones are followed, else the accepted one.
    pub fn followed(&self, rejected: bool) -> Option<(usize, usize)> {
        let last = self.rounds.last().filter(|_| rejected);
        let newest = last.and_then(|r| Some((r.round, r.attempts.len().checked_sub(1)?)));
        newest.or_else(|| self.accepted_at(usize::MAX))
    }

    /// Round and attempt of the model that is accepted at the end of round `round`.
    pub fn accepted_at(&self, round: usize) -> Option<(usize, usize)> {
        let rounds = self.rounds.iter().rev();
        rounds
            .filter(|r| r.round <= round)
            .find_map(|r| r.accepted.map(|attempt| (r.round, attempt)))
    }
}
