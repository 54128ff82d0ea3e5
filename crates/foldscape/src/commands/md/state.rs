//! What a stopped run leaves for the next start.

use crate::commands::replicas::Mark;
use crate::sealed::Seal;
use anyhow::{Result, ensure};
use dynamics::ReplicaExchange;
use serde::{Deserialize, Serialize};
use std::path::Path;

const SEAL: Seal = Seal {
    magic: b"FOLDMD\0\x01",
    command: "md",
};

/// Names and values of what must not change between starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Settings(pub(super) Vec<(String, String)>);

/// A checkpoint.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) settings: Settings,
    /// One for each trajectory.
    pub(super) trajectories: Vec<Mark>,
    pub(super) table: Mark,
    pub(super) exchange: Option<ReplicaExchange>,
    /// Seconds spent on the steps so far.
    pub(super) seconds: f64,
    /// The state of the simulation, see [`dynamics::Simulation::checkpoint`].
    pub(super) simulation: Vec<u8>,
}

impl State {
    /// Replaces the checkpoint; at any time there is a whole one.
    pub(super) fn save(&self, path: &Path) -> Result<()> {
        SEAL.save(path, self)
    }

    /// The checkpoint of an earlier start, if there is one.
    pub(super) fn load(path: &Path) -> Result<Option<Self>> {
        SEAL.load(path)
    }
}

impl Settings {
    /// Fails with the name of the first setting that differs from `earlier`.
    pub(super) fn check(&self, earlier: &Self, checkpoint: &Path) -> Result<()> {
        for ((name, now), (_, then)) in self.0.iter().zip(&earlier.0) {
            ensure!(
                now == then,
                "{name} was {then:?} when {} was written and is {now:?} now; \
                 give the same settings to go on, or remove that file to begin anew",
                checkpoint.display()
            );
        }
        ensure!(
            self.0.len() == earlier.0.len(),
            "{}: written by another version of foldscape",
            checkpoint.display()
        );
        Ok(())
    }
}
