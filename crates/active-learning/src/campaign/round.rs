//! One round, stage by stage; each stage is skipped where its files are there.

use super::sampled::{Sampled, finite_frames};
use super::store::{
    read_frames, read_json, read_labels, sync_folder, write_frames, write_json, write_labels,
};
use super::{
    AttemptSummary, Campaign, Ending, Event, RoundCoverage, RoundSummary, Stage, Summary, Verdict,
    check_labels,
};
use crate::{BoxError, Error, Fit, Implausible, Label, Measure, Result, coverage};
use dynamics::random::philox;
use molio::Trajectory;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Distances of that many candidates are kept for histograms.
const KEPT_DISTANCES: usize = 10_000;

pub(super) enum Progress {
    Done(Box<RoundSummary>),
    Ended(Ending),
}

/// `gate.json`
#[derive(Serialize, Deserialize)]
struct Gated {
    kept: Vec<usize>,
    implausible: BTreeMap<Implausible, usize>,
}

/// `fit.json`
#[derive(Serialize, Deserialize)]
struct Fitted {
    warm_start_from: Option<(usize, usize)>,
    oracle_weight: f64,
    n_labels: usize,
    seed: u64,
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

    /// Gate, selection, backmapping and the oracle.
    fn ask_about_candidates(&mut self, labels: &[Label]) -> Result<(), Halt> {
        let n_beads = self.campaign.n_beads;
        let mut known = Trajectory::new(n_beads);
        for label in labels {
            known.push(&label.frame).map_err(Error::from)?;
        }
        let candidates = self.candidates()?;
        let gated = self.gate(&candidates)?;
        self.summary.implausible = gated.implausible;
        let mut plausible = Trajectory::new(n_beads);
        for &index in &gated.kept {
            plausible
                .push(&candidates.frame(index))
                .map_err(Error::from)?;
        }
        let selected = self.select(&plausible, &gated.kept, &known)?;
        let frames = self.backmap(&selected)?;
        self.summary.n_asked = frames.n_frames();
        self.summary.nanoseconds =
            frames.n_frames() as f64 * self.campaign.parts.oracle.nanoseconds_per_frame();
        self.ask(&frames)
    }

    /// The sample of the accepted model, or a new one of it if that was used by a rejected round.
    fn candidates(&mut self) -> Result<Trajectory, Halt> {
        let campaign = self.campaign;
        let Some((round, attempt)) = self.followed() else {
            return Err(Halt::Ending(Ending::NothingToAsk));
        };
        let (path, counts) = if round + 1 == self.round {
            let path = campaign.sample_file(round, attempt);
            let counts = path.with_extension("json");
            (path, counts)
        } else {
            let path = self.folder.join("candidates.trr");
            let counts = path.with_extension("json");
            let model = campaign.model_folder(round, attempt);
            self.propose(Stage::Simulate, 0, &model, &path)?;
            (path, counts)
        };
        let explored = self.explored(&campaign.model_folder(round, attempt))?;
        let mut candidates = read_frames(&path, campaign.n_beads)?;
        let mut counts: Sampled = read_json(&counts)?;
        counts.n_not_finite += explored.n_not_finite;
        if explored.n_frames > 0 {
            let explored = read_frames(&self.explored_file(), campaign.n_beads)?;
            for index in 0..explored.n_frames() {
                candidates
                    .push(&explored.frame(index))
                    .map_err(Error::from)?;
            }
        }
        self.summary.n_candidates = candidates.n_frames() + counts.n_not_finite;
        if counts.n_not_finite > 0 {
            let cause = Implausible::NotFinite;
            self.summary.implausible.insert(cause, counts.n_not_finite);
        }
        Ok(candidates)
    }

    /// Round and attempt of the model whose frames are candidates.
    fn followed(&self) -> Option<(usize, usize)> {
        let newest = || {
            let round = self.round.checked_sub(1)?;
            let attempt = self
                .before
                .rounds
                .get(round)?
                .attempts
                .len()
                .checked_sub(1)?;
            let sample = self.campaign.sample_file(round, attempt);
            sample.exists().then_some((round, attempt))
        };
        let follow = self.campaign.config.follow_rejected;
        let newest = if follow { newest() } else { None };
        newest.or_else(|| self.before.accepted_at(self.round))
    }

    fn explored_file(&self) -> PathBuf {
        self.folder.join("explored.trr")
    }

    /// Writes what else the model in `model` has seen.
    fn explored(&mut self, model: &Path) -> Result<Sampled, Halt> {
        let campaign = self.campaign;
        let path = self.explored_file();
        let counts = path.with_extension("json");
        if !counts.exists() {
            let explored = campaign.parts.model.explored(model);
            let explored = explored.map_err(|error| self.failed("model", error))?;
            let explored = explored.unwrap_or_else(|| Trajectory::new(campaign.n_beads));
            let (frames, sampled) = finite_frames(&explored, campaign.n_beads)?;
            write_frames(&path, &frames)?;
            write_json(&counts, &sampled)?;
        }
        Ok(read_json(&counts)?)
    }

    fn gate(&mut self, candidates: &Trajectory) -> Result<Gated, Halt> {
        let path = self.folder.join("gate.json");
        let earlier = std::mem::take(&mut self.summary.implausible);
        self.stage(Stage::Gate, &path, |stages| {
            let mut gated = Gated {
                kept: Vec::new(),
                implausible: earlier,
            };
            for index in 0..candidates.n_frames() {
                let gate = stages.campaign.parts.gate;
                match gate.and_then(|gate| gate.check(candidates.positions(index))) {
                    None => gated.kept.push(index),
                    Some(cause) => *gated.implausible.entry(cause).or_default() += 1,
                }
            }
            Ok(write_json(&path, &gated)?)
        })?;
        Ok(read_json(&path)?)
    }

    fn select(
        &mut self,
        plausible: &Trajectory,
        kept: &[usize],
        known: &Trajectory,
    ) -> Result<Trajectory, Halt> {
        let campaign = self.campaign;
        let n_beads = campaign.n_beads;
        let path = self.folder.join("selected.trr");
        self.stage(Stage::Select, &path, |stages| {
            let budget = stages.affordable()?;
            let selector = campaign.parts.selector;
            let chosen = selector
                .select(plausible, known, budget)
                .map_err(|error| stages.failed("selector", error))?;
            stages.check_choice(&chosen, plausible.n_frames(), budget)?;
            let mut selected = Trajectory::new(n_beads);
            for &index in &chosen {
                selected
                    .push(&plausible.frame(index))
                    .map_err(Error::from)?;
            }
            let coverage = stages.coverage(plausible, known, &selected)?;
            let indices: Vec<usize> = chosen.iter().map(|&index| kept[index]).collect();
            write_json(&stages.folder.join("coverage.json"), &coverage)?;
            write_json(&stages.folder.join("selection.json"), &indices)?;
            Ok(write_frames(&path, &selected)?)
        })?;
        self.summary.coverage = read_json(&self.folder.join("coverage.json"))?;
        self.summary.selected = read_json(&self.folder.join("selection.json"))?;
        let selected = read_frames(&path, n_beads)?;
        if selected.n_frames() == 0 {
            return Err(Halt::Ending(Ending::NothingToAsk));
        }
        Ok(selected)
    }

    /// How many frames the budget still allows in this round.
    fn affordable(&self) -> Result<usize, Halt> {
        let config = &self.campaign.config;
        let mut affordable = config.n_selected;
        if let Some(frames) = config.budget.frames {
            affordable = affordable.min(frames.saturating_sub(self.before.oracle_frames()));
        }
        let per_frame = self.campaign.parts.oracle.nanoseconds_per_frame();
        if let Some(nanoseconds) = config.budget.nanoseconds {
            if per_frame.is_nan() || per_frame <= 0.0 {
                let what = "nanoseconds a frame of an oracle with a budget in nanoseconds";
                return Err(Error::setting(what, "positive", per_frame).into());
            }
            let spent: f64 = self.before.rounds.iter().map(|r| r.nanoseconds).sum();
            let left = ((nanoseconds - spent) / per_frame * (1.0 + 1e-12)).max(0.0);
            affordable = affordable.min(left as usize);
        }
        if let Some(seconds) = config.budget.seconds {
            let rounds = self.before.rounds.iter();
            let spent: f64 = rounds.flat_map(|r| r.seconds.values()).sum();
            if spent >= seconds {
                affordable = 0;
            }
        }
        if affordable == 0 {
            return Err(Halt::Ending(Ending::BudgetSpent));
        }
        Ok(affordable)
    }

    fn check_choice(&self, chosen: &[usize], n: usize, budget: usize) -> Result<(), Halt> {
        let mut sorted = chosen.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let known = sorted.last().is_none_or(|&last| last < n);
        if chosen.len() > budget || sorted.len() != chosen.len() || !known {
            let expected = format!("at most {budget} different indices below {n}");
            let found = format!("{chosen:?}");
            return Err(Error::setting("the selector's choice", expected, found).into());
        }
        Ok(())
    }

    fn coverage(
        &self,
        plausible: &Trajectory,
        known: &Trajectory,
        selected: &Trajectory,
    ) -> Result<RoundCoverage> {
        let space = &self.campaign.parts.space;
        let before = coverage(space, plausible, known)?.distances;
        let by_selected = coverage(space, plausible, selected)?.distances;
        let after: Vec<f64> = before
            .iter()
            .zip(&by_selected)
            .map(|(a, b)| a.min(*b))
            .collect();
        let radius = |d: &[f64]| d.iter().copied().reduce(f64::max);
        let stride = before.len().div_ceil(KEPT_DISTANCES).max(1);
        let kept = |d: &[f64]| d.iter().step_by(stride).map(|d| *d as f32).collect();
        Ok(RoundCoverage {
            radius_before: radius(&before),
            radius_after: radius(&after),
            distances_before: kept(&before),
            distances_after: kept(&after),
        })
    }

    fn backmap(&mut self, selected: &Trajectory) -> Result<Trajectory, Halt> {
        let Some(backmapper) = self.campaign.parts.backmapper else {
            return Ok(selected.clone());
        };
        let path = self.folder.join("backmapped.trr");
        self.stage(Stage::Backmap, &path, |stages| {
            let made = backmapper
                .backmap(selected)
                .map_err(|error| stages.failed("backmapper", error))?;
            let ascending = made.indices.windows(2).all(|pair| pair[0] < pair[1]);
            let known = made
                .indices
                .last()
                .is_none_or(|&last| last < selected.n_frames());
            if made.indices.len() != made.frames.n_frames() || !ascending || !known {
                let what = "indices of backmapped frames";
                let expected = format!(
                    "{} ascending ones below {}",
                    made.frames.n_frames(),
                    selected.n_frames()
                );
                let found = format!("{:?}", made.indices);
                return Err(Error::setting(what, expected, found).into());
            }
            write_json(&stages.folder.join("backmapped.json"), &made.indices)?;
            Ok(write_frames(&path, &made.frames)?)
        })?;
        Ok(read_frames(&path, selected.n_atoms())?)
    }

    fn ask(&mut self, frames: &Trajectory) -> Result<(), Halt> {
        let n = frames.n_frames();
        let size = self.campaign.config.oracle_batch;
        let n_beads = self.campaign.n_beads;
        for batch in 0..n.div_ceil(size) {
            let path = self.folder.join(labels_name(batch));
            let end = n.min((batch + 1) * size);
            self.stage(Stage::Ask, &path, |stages| {
                let mut asked = Trajectory::new(frames.n_atoms());
                for index in batch * size..end {
                    asked.push(&frames.frame(index)).map_err(Error::from)?;
                }
                let oracle = stages.campaign.parts.oracle;
                let mut labels = oracle
                    .label(&asked)
                    .map_err(|error| stages.failed("oracle", error))?;
                for label in &mut labels {
                    // times of an oracle's own clock mean nothing here
                    (label.frame.time, label.frame.step) = (None, None);
                    (label.frame.velocities, label.frame.cell) = (None, None);
                }
                check_labels(&labels, n_beads)
                    .map_err(|found| stages.failed("oracle", found.into()))?;
                Ok(write_labels(&path, n_beads, &labels)?)
            })?;
            let (round, done) = (self.round, end);
            (self.observe)(&Event::Asked {
                round,
                done,
                total: n,
            });
        }
        Ok(())
    }

    /// Fits, samples and measures.
    fn attempt(&mut self, index: usize, labels: &[Label]) -> Result<Vec<Measure>, Halt> {
        let campaign = self.campaign;
        let attempt = campaign.config.attempts[index];
        let folder = campaign.attempt_folder(self.round, index);
        let model = campaign.model_folder(self.round, index);
        let fit_file = folder.join("fit.json");
        let n_new = self.summary.n_labels;
        self.stage(Stage::Fit, &fit_file, |stages| {
            std::fs::create_dir_all(&model).map_err(Error::file(&model))?;
            let accepted = stages.before.accepted_at(stages.round);
            let start = accepted.filter(|_| attempt.warm_start);
            let start_from = start.map(|(round, index)| campaign.model_folder(round, index));
            let weights: Vec<f64> = (0..labels.len())
                .map(|label| {
                    if label < campaign.base.len() {
                        1.0
                    } else {
                        attempt.oracle_weight
                    }
                })
                .collect();
            let seed = campaign.seed(stages.round, index, Stage::Fit);
            let fit = Fit {
                labels,
                weights: &weights,
                n_new,
                start_from: start_from.as_deref(),
                seed,
                folder: &model,
            };
            let fitted = campaign.parts.model.fit(&fit);
            fitted.map_err(|error| stages.failed("model", error))?;
            sync_files(&model)?;
            let fitted = Fitted {
                warm_start_from: start,
                oracle_weight: attempt.oracle_weight,
                n_labels: labels.len(),
                seed,
            };
            Ok(write_json(&fit_file, &fitted)?)
        })?;
        let sample = campaign.sample_file(self.round, index);
        self.propose(Stage::Sample, index, &model, &sample)?;
        let path = folder.join("measures.json");
        self.stage(Stage::Measure, &path, |stages| {
            let sample = read_frames(&sample, campaign.n_beads)?;
            // nothing can be said of a model that proposes nothing, so every guarded measure is missing
            let measures = if sample.n_frames() == 0 {
                Vec::new()
            } else {
                let judge = campaign.parts.judge;
                judge
                    .measure(&sample)
                    .map_err(|error| stages.failed("judge", error))?
            };
            let finite = measures.into_iter().filter(|m| m.value.is_finite());
            Ok(write_json(&path, &finite.collect::<Vec<Measure>>())?)
        })?;
        Ok(read_json(&path)?)
    }

    /// Writes what the model in `model` proposes, and how many frames were not finite, beside it.
    fn propose(
        &mut self,
        stage: Stage,
        attempt: usize,
        model: &Path,
        path: &Path,
    ) -> Result<(), Halt> {
        let campaign = self.campaign;
        self.stage(stage, path, |stages| {
            let seed = campaign.seed(stages.round, attempt, stage);
            let n = campaign.config.n_samples;
            let proposed = campaign.parts.model.propose(model, n, seed);
            let proposed = proposed.map_err(|error| stages.failed("model", error))?;
            let (frames, counts) = finite_frames(&proposed, campaign.n_beads)?;
            write_json(&path.with_extension("json"), &counts)?;
            Ok(write_frames(path, &frames)?)
        })
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

/// Makes the files that a fit left last through a power failure.
fn sync_files(folder: &Path) -> Result<()> {
    for entry in std::fs::read_dir(folder).map_err(Error::file(folder))? {
        let path = entry.map_err(Error::file(folder))?.path();
        if path.is_dir() {
            sync_files(&path)?;
        } else {
            let synced = std::fs::File::open(&path).and_then(|file| file.sync_all());
            synced.map_err(Error::file(&path))?;
        }
    }
    sync_folder(folder)
}
