//! The loop, and its state on disk.

mod config;
mod round;
mod sampled;
mod store;
mod summary;
mod verdict;

pub use config::{Attempt, Budget, CampaignConfig};
pub use store::unnamed_beads;
pub use summary::{AttemptSummary, Ending, Event, RoundCoverage, RoundSummary, Stage, Summary};
pub use verdict::{Verdict, Worsened};

use crate::{Backmapper, Error, Gate, Judge, Label, Model, Oracle, Result, Selector, Space};
use round::Progress;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// The replaceable parts of a campaign.
pub struct Parts<'a> {
    /// What is learned.
    pub model: &'a dyn Model,
    /// What keeps implausible candidates from the oracle; without it only those that are not finite.
    pub gate: Option<&'a dyn Gate>,
    /// What chooses.
    pub selector: &'a dyn Selector,
    /// What puts atoms on beads; without it the oracle is given the chosen frames themselves.
    pub backmapper: Option<&'a dyn Backmapper>,
    /// What knows the truth.
    pub oracle: &'a dyn Oracle,
    /// What measures.
    pub judge: &'a dyn Judge,
    /// What distance means where coverage is reported.
    pub space: Space,
}

/// A campaign of active learning in a folder.
///
/// # Folder
/// | file | holds |
/// |---|---|
/// | `campaign.json` | the configuration, and a checksum of the base set |
/// | `round-RRR/gate.json`, `selection.json`, `coverage.json` | what was kept, chosen, and why |
/// | `round-RRR/candidates.trr` | candidates, where they are not the sample of the round before |
/// | `round-RRR/selected.trr`, `backmapped.trr`, `backmapped.json` | what the oracle was given |
/// | `round-RRR/labels-NNN.trr`, `labels-NNN-errors.npy` | what it answered, batch by batch |
/// | `round-RRR/attempt-N/model/` | what the model's fit left |
/// | `round-RRR/attempt-N/fit.json`, `sample.trr`, `sample.json`, `measures.json` | how it was fitted, what it proposes, how good that is |
/// | `round-RRR/verdict.json` | the round's summary |
/// | `round-RRR/timings.json` | wall time by stage |
/// | `summary.json` | all rounds |
///
/// Each file is written under another name, synced and renamed. A stage whose files are there is not
/// done again, so a campaign that is killed goes on where it was, and ends as if it had not been, except
/// for the timings.
pub struct Campaign<'a> {
    config: CampaignConfig,
    parts: Parts<'a>,
    base: &'a [Label],
    n_beads: usize,
    folder: PathBuf,
    /// Held while this lives, so that no two programs write to one folder.
    _lock: File,
}

/// What `campaign.json` holds.
#[derive(Serialize, Deserialize)]
struct Beginning {
    config: serde_json::Value,
    base: BaseSet,
}

#[derive(PartialEq, Serialize, Deserialize)]
struct BaseSet {
    n_labels: usize,
    n_beads: usize,
    checksum: u32,
}

impl<'a> Campaign<'a> {
    /// Begins a campaign in `folder`, or goes on with the one that is there.
    ///
    /// # Errors
    /// [`Error::Setting`] for a configuration or base set that makes no sense; [`Error::Changed`] for
    /// another configuration or base set than the folder's; [`Error::State`] if another program runs
    /// the campaign at this moment; [`Error::File`].
    pub fn new(
        config: CampaignConfig,
        parts: Parts<'a>,
        base: &'a [Label],
        folder: &Path,
    ) -> Result<Self> {
        config.validate()?;
        let n_beads = base.first().map_or(0, |label| label.frame.n_atoms());
        if n_beads == 0 {
            let found = format!("{} labels", base.len());
            return Err(Error::setting("the base set", "labels with beads", found));
        }
        check_labels(base, n_beads).map_err(|found| {
            let expected = format!("finite positions and forces of {n_beads} beads");
            Error::setting("a label of the base set", expected, found)
        })?;
        std::fs::create_dir_all(folder).map_err(Error::file(folder))?;
        let lock = lock(folder)?;
        begin(&config, base, n_beads, &folder.join("campaign.json"))?;
        Ok(Self {
            config,
            parts,
            base,
            n_beads,
            folder: folder.to_owned(),
            _lock: lock,
        })
    }

    /// Runs until the rounds are done, the budget is spent, or `stop` is raised, which it looks at
    /// between stages and between batches of the oracle.
    ///
    /// # Errors
    /// [`Error::Part`] if a part fails; what is done by then stays, and the campaign can go on.
    pub fn run(&self, stop: &AtomicBool, observe: &mut dyn FnMut(&Event<'_>)) -> Result<Summary> {
        let mut summary = Summary {
            n_base: self.base.len(),
            ..Summary::default()
        };
        let mut labels = self.base.to_vec();
        let mut ending = Ending::Finished;
        for round in 0..=self.config.n_rounds {
            match self.round(round, &summary, &mut labels, stop, observe)? {
                Progress::Done(done) => summary.rounds.push(*done),
                Progress::Ended(why) => {
                    ending = why;
                    break;
                }
            }
            store::write_json(&self.folder.join("summary.json"), &summary)?;
            observe(&Event::Ended { summary: &summary });
        }
        if ending != Ending::Interrupted {
            summary.ending = Some(ending);
            store::write_json(&self.folder.join("summary.json"), &summary)?;
            observe(&Event::Ended { summary: &summary });
        } else {
            summary.ending = Some(ending);
        }
        Ok(summary)
    }

    /// Where the files of a round are.
    pub fn round_folder(&self, round: usize) -> PathBuf {
        self.folder.join(format!("round-{round:03}"))
    }

    /// Where the model of an attempt is.
    pub fn model_folder(&self, round: usize, attempt: usize) -> PathBuf {
        self.attempt_folder(round, attempt).join("model")
    }

    /// Where the sample of an attempt is, a TRR file.
    pub fn sample_file(&self, round: usize, attempt: usize) -> PathBuf {
        self.attempt_folder(round, attempt).join("sample.trr")
    }

    fn attempt_folder(&self, round: usize, attempt: usize) -> PathBuf {
        self.round_folder(round).join(format!("attempt-{attempt}"))
    }
}

fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let file = File::create(&path).map_err(Error::file(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            let found = "one that runs the campaign now";
            Err(Error::state(&path, "no other program", found))
        }
        Err(std::fs::TryLockError::Error(source)) => Err(Error::file(&path)(source)),
    }
}

/// Writes down how the campaign began, or compares with what was written down then.
fn begin(config: &CampaignConfig, base: &[Label], n_beads: usize, path: &Path) -> Result<()> {
    let as_text = |error: serde_json::Error| Error::state(path, "a configuration", error);
    let now = Beginning {
        config: serde_json::to_value(config).map_err(as_text)?,
        base: BaseSet {
            n_labels: base.len(),
            n_beads,
            checksum: checksum(base),
        },
    };
    if !path.exists() {
        return store::write_json(path, &now);
    }
    let began: serde_json::Value = store::read_json(path)?;
    // both through the same text, which rounds numbers alike
    let text = serde_json::to_string(&now).map_err(as_text)?;
    let now: serde_json::Value = serde_json::from_str(&text).map_err(as_text)?;
    match config::first_difference(&began, &now) {
        None => Ok(()),
        Some((setting, began, now)) => Err(Error::Changed {
            path: path.to_owned(),
            setting,
            began,
            now,
        }),
    }
}

fn checksum(labels: &[Label]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for label in labels {
        let forces = label.frame.forces.as_deref().unwrap_or_default();
        let errors = label.force_errors.as_deref().unwrap_or_default();
        for vectors in [&label.frame.positions, forces, errors] {
            for x in vectors.as_flattened() {
                hasher.update(&x.to_le_bytes());
            }
        }
        if let Some(energy) = label.energy {
            hasher.update(&energy.to_le_bytes());
        }
    }
    hasher.finalize()
}

/// What is wrong with the first label that is.
fn check_labels(labels: &[Label], n_beads: usize) -> Result<(), String> {
    for (index, label) in labels.iter().enumerate() {
        let wrong = |what: &str| Err(format!("{what} in label {index}"));
        let Some(forces) = &label.frame.forces else {
            return wrong("no forces");
        };
        let errors = label.force_errors.as_deref();
        for vectors in [Some(&label.frame.positions[..]), Some(forces), errors]
            .into_iter()
            .flatten()
        {
            if vectors.len() != n_beads {
                return wrong(&format!("{} beads", vectors.len()));
            }
            if vectors.iter().flatten().any(|x| !x.is_finite()) {
                return wrong("a number that is not finite");
            }
        }
        if label.energy.is_some_and(|energy| !energy.is_finite()) {
            return wrong("an energy that is not finite");
        }
        if errors.is_some_and(|errors| errors.iter().flatten().any(|&e| e < 0.0)) {
            return wrong("a negative error");
        }
    }
    Ok(())
}
