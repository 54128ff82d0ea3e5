//! Attempts at a model in a round: fit, sample, measure.

use super::super::Stage;
use super::super::sampled::finite_frames;
use super::super::store::{read_frames, read_json, sync_folder, write_frames, write_json};
use super::{Halt, Stages};
use crate::{Error, Fit, Label, Measure, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// `fit.json`
#[derive(Serialize, Deserialize)]
struct Fitted {
    warm_start_from: Option<(usize, usize)>,
    oracle_weight: f64,
    n_labels: usize,
    seed: u64,
}

impl Stages<'_, '_> {
    /// Fits, samples and measures.
    pub(super) fn attempt(&mut self, index: usize, labels: &[Label]) -> Result<Vec<Measure>, Halt> {
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
    pub(super) fn propose(
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
