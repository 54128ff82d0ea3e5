//! One JSON line an epoch.

use super::checkpoint::{io, publish};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What is logged of an epoch. Losses in kJ²/mol²/nm².
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Epoch from 0.
    pub epoch: usize,
    /// Optimiser steps done when it ended.
    pub step: usize,
    /// Learning rate of its last step.
    pub learning_rate: f64,
    /// Mean loss of the training frames while parameters moved, without denoising and decoys.
    pub train: f64,
    /// Loss of the validation frames; the training loss where there are none.
    pub validation: f64,
    /// Standard deviation of what energies of the validation frames are off, kJ/mol, with an energy term;
    /// of the parameters in training, not of averaged ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy_deviation: Option<f64>,
    /// Mean norm of the gradient before clipping.
    pub gradient_norm: f64,
    /// Seconds of training (of this process's part of the epoch).
    pub train_seconds: f64,
    /// Seconds of validation.
    pub validation_seconds: f64,
    /// Training frames a second.
    pub frames_per_second: f64,
}

pub(super) struct Log {
    path: PathBuf,
}

impl Log {
    /// Opens the log and drops lines of epochs that will be done again.
    pub(super) fn open(folder: &Path, epochs_done: usize) -> Result<Self> {
        let path = folder.join("log.jsonl");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == ErrorKind::NotFound => String::new(),
            Err(e) => return Err(io(&path, e)),
        };
        let mut kept = String::new();
        for line in text.lines() {
            let record: Option<EpochRecord> = serde_json::from_str(line).ok();
            if record.is_some_and(|record| record.epoch < epochs_done) {
                kept += line;
                kept.push('\n');
            }
        }
        publish(&path, kept.as_bytes())?;
        Ok(Self { path })
    }

    pub(super) fn append(&self, record: &EpochRecord) -> Result<()> {
        let line = serde_json::to_string(record)
            .map_err(|e| Error::setting("log", "numbers that JSON can hold", e))?;
        OpenOptions::new()
            .append(true)
            .open(&self.path)
            .and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()))
            .map_err(|source| io(&self.path, source))
    }
}
