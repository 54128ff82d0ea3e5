//! What is asked of the oracle in a round: candidates, gate, selection, backmapping, answers.

use super::super::sampled::{Sampled, finite_frames};
use super::super::store::{read_frames, read_json, write_frames, write_json, write_labels};
use super::super::{Ending, Event, RoundCoverage, Stage, check_labels};
use super::{Halt, Stages, labels_name};
use crate::{Error, Implausible, Label, Result, coverage};
use molio::Trajectory;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Distances of that many candidates are kept for histograms.
const KEPT_DISTANCES: usize = 10_000;

/// `gate.json`
#[derive(Serialize, Deserialize)]
struct Gated {
    kept: Vec<usize>,
    implausible: BTreeMap<Implausible, usize>,
}

impl Stages<'_, '_> {
    /// Gate, selection, backmapping and the oracle.
    pub(super) fn ask_about_candidates(&mut self, labels: &[Label]) -> Result<(), Halt> {
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
        if frames.n_frames() == 0 {
            return Err(Halt::Ending(Ending::NothingToAsk));
        }
        self.summary.n_asked = frames.n_frames();
        self.summary.nanoseconds =
            frames.n_frames() as f64 * self.campaign.parts.oracle.nanoseconds_per_frame();
        self.ask(&frames)
    }

    /// The sample of the accepted model, or a new one of it if that was used by a rejected round.
    fn candidates(&mut self) -> Result<Trajectory, Halt> {
        let campaign = self.campaign;
        let Some((round, attempt)) = self.before.followed(campaign.config.follow_rejected) else {
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
            let spare = campaign
                .parts
                .backmapper
                .map_or(0, |_| campaign.config.n_spare);
            let budget = stages.affordable()? + spare;
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
            let n_asked = stages.affordable()?.min(made.indices.len());
            let mut asked = Trajectory::new(made.frames.n_atoms());
            for index in 0..n_asked {
                asked.push(&made.frames.frame(index)).map_err(Error::from)?;
            }
            let indices = &made.indices[..n_asked];
            write_json(&stages.folder.join("backmapped.json"), &indices)?;
            Ok(write_frames(&path, &asked)?)
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
}
