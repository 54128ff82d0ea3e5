//! One round, stage by stage; each stage is skipped where its files are there.

mod asking;
mod trying;

use super::store::{read_json, read_labels, write_json};
use super::{AttemptSummary, Campaign, Ending, Event, RoundSummary, Stage, Summary, Verdict};
use crate::{BoxError, Error, Implausible, Label, Measure, Result};
use dynamics::random::philox;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

pub(super) enum Progress {
    Done(Box<RoundSummary>),
    Ended(Ending),
}

/// Ends the round early from within.
enum Halt {
    Error(Error),
    Ending(Ending),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Campaign<'_> {
    /// Does, or reads back, round `round`; its labels are added to `labels`.
    pub(super) fn round(
        &self,
        round: usize,
        before: &Summary,
        labels: &mut Vec<Label>,
        stop: &AtomicBool,
        observe: &mut dyn FnMut(&Event<'_>),
    ) -> Result<Progress> {
        let folder = self.round_folder(round);
        let verdict = folder.join("verdict.json");
        if verdict.exists() {
            let mut done: RoundSummary = read_json(&verdict)?;
            labels.extend(self.unbroken(self.stored_labels(&folder)?));
            done.seconds = timings(&folder)?;
            return Ok(Progress::Done(Box::new(done)));
        }
        let mut stages = Stages {
            campaign: self,
            round,
            before,
            folder: &folder,
            stop,
            observe,
            summary: RoundSummary {
                round,
                ..RoundSummary::default()
            },
        };
        match stages.run(labels) {
            Ok(()) => {}
            Err(Halt::Ending(ending)) => return Ok(Progress::Ended(ending)),
            Err(Halt::Error(error)) => return Err(error),
        }
        let mut done = stages.summary;
        write_json(&verdict, &done)?;
        done.seconds = timings(&folder)?;
        Ok(Progress::Done(Box::new(done)))
    }

    /// The labels of all batches that are on disk.
    fn stored_labels(&self, folder: &Path) -> Result<Vec<Label>> {
        let mut labels = Vec::new();
        for batch in 0.. {
            let path = folder.join(labels_name(batch));
            if !path.exists() {
                break;
            }
            labels.extend(read_labels(&path, self.n_beads)?);
        }
        Ok(labels)
    }

    /// Labels without those that the gate calls broken. Real simulations are right about all else that a
    /// gate judges by the frames that are known.
    fn unbroken(&self, mut labels: Vec<Label>) -> Vec<Label> {
        if let Some(gate) = self.parts.gate {
            let broken = Some(Implausible::BrokenBond);
            labels.retain(|label| gate.check(&label.frame.positions) != broken);
        }
        labels
    }

    /// A seed for each use.
    fn seed(&self, round: usize, attempt: usize, stage: Stage) -> u64 {
        let words = philox(
            [round as u32, attempt as u32, stage as u32, 0x414C],
            self.config.seed,
        );
        u64::from(words[0]) | u64::from(words[1]) << 32
    }
}

struct Stages<'a, 'b> {
    campaign: &'a Campaign<'a>,
    round: usize,
    before: &'a Summary,
    folder: &'a Path,
    stop: &'a AtomicBool,
    observe: &'b mut dyn FnMut(&Event<'_>),
    summary: RoundSummary,
}

impl Stages<'_, '_> {
    fn run(&mut self, labels: &mut Vec<Label>) -> Result<(), Halt> {
        if self.round > 0 {
            self.ask_about_candidates(labels)?;
            let all = self.campaign.stored_labels(self.folder)?;
            let n_all = all.len();
            let new = self.campaign.unbroken(all);
            self.summary.n_labels = new.len();
            self.summary.n_broken_labels = n_all - new.len();
            labels.extend(new);
        }
        let rounds = self.before.rounds.iter().rev();
        let accepted: Vec<Vec<Measure>> = rounds
            .filter(|round| round.round < self.round)
            .filter_map(|round| round.attempts.get(round.accepted?))
            .map(|attempt| attempt.measures.clone())
            .collect();
        let accepted: Vec<&[Measure]> = accepted.iter().map(Vec::as_slice).collect();
        // the base model has nothing to be compared with, and nothing of the oracle's to weigh
        let attempts = &self.campaign.config.attempts;
        let attempts = if self.round == 0 {
            &attempts[..1]
        } else {
            &attempts[..]
        };
        for (index, &attempt) in attempts.iter().enumerate() {
            let measures = self.attempt(index, labels)?;
            let tolerance = self.campaign.config.tolerance;
            let verdict = Verdict::new(&accepted, &measures, tolerance);
            (self.observe)(&Event::Judged {
                round: self.round,
                attempt: index,
                verdict: &verdict,
            });
            let accepted = verdict.accepted();
            self.summary.attempts.push(AttemptSummary {
                attempt,
                measures,
                verdict,
            });
            if accepted {
                self.summary.accepted = Some(index);
                break;
            }
        }
        Ok(())
    }

    /// Runs `work` unless the file that it ends with is there, and notes how long it took.
    fn stage(
        &mut self,
        stage: Stage,
        file: &Path,
        work: impl FnOnce(&mut Self) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        if file.exists() {
            return Ok(());
        }
        if self.stop.load(Ordering::SeqCst) {
            return Err(Halt::Ending(Ending::Interrupted));
        }
        let round = self.round;
        (self.observe)(&Event::Began { round, stage });
        let clock = Instant::now();
        work(self)?;
        let mut seconds = timings(self.folder)?;
        *seconds.entry(stage).or_default() += clock.elapsed().as_secs_f64();
        Ok(write_json(&self.folder.join("timings.json"), &seconds)?)
    }

    fn failed(&self, part: &'static str, source: BoxError) -> Error {
        Error::Part {
            part,
            round: self.round,
            source,
        }
    }
}

fn labels_name(batch: usize) -> String {
    format!("labels-{batch:03}.trr")
}

fn timings(folder: &Path) -> Result<BTreeMap<Stage, f64>> {
    let path = folder.join("timings.json");
    if path.exists() {
        read_json(&path)
    } else {
        Ok(BTreeMap::new())
    }
}
