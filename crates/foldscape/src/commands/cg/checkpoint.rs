//! What a stopped simulation leaves for the next start.

use crate::commands::replicas::Mark;
use crate::sealed::Seal;
use anyhow::{Result, ensure};
use dynamics::ReplicaExchange;
use serde::{Deserialize, Serialize};
use std::path::Path;

const SEAL: Seal = Seal {
    magic: b"FOLDCG\0\x02",
    command: "cg simulate",
};

/// A checkpoint.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct State {
    /// Names and values of what must not change between starts.
    pub(super) settings: Vec<(String, String)>,
    /// One for each trajectory.
    pub(super) marks: Vec<Mark>,
    pub(super) table: Mark,
    pub(super) exchange: Option<ReplicaExchange>,
    /// See [`dynamics::Simulation::checkpoint`].
    pub(super) simulation: Vec<u8>,
}

impl State {
    /// Replaces the checkpoint; at any time there is a whole one.
    pub(super) fn save(&self, path: &Path) -> Result<()> {
        SEAL.save(path, self)
    }

    /// The checkpoint of an earlier start with the same settings, if there is one.
    pub(super) fn load(path: &Path, settings: &[(String, String)]) -> Result<Option<Self>> {
        let name = path.display();
        let Some(state) = SEAL.load::<Self>(path)? else {
            return Ok(None);
        };
        for ((what, now), (_, then)) in settings.iter().zip(&state.settings) {
            ensure!(
                now == then,
                "{what} was {then} when {name} was written and is {now} now; \
                 give the same settings to go on, or remove that file to begin anew"
            );
        }
        Ok(Some(state))
    }
}
