//! One line an epoch, as CSV and as JSON lines.

use crate::checkpoint::{io, write_text};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Name and mean value of a loss term over an epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TermValue {
    /// The term's name.
    pub name: String,
    /// Its mean over frames, without its factor.
    pub value: f64,
}

/// What is logged of an epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Epoch from 0.
    pub epoch: usize,
    /// Optimiser steps done when it ended.
    pub step: usize,
    /// Learning rate of its last step.
    pub learning_rate: f64,
    /// Sum of all terms times their factors over the training frames.
    pub train: f64,
    /// The same function of the validation frames, in evaluation mode; the training frames' value
    /// where there are none.
    pub validation: f64,
    /// Each term over the training frames.
    pub train_terms: Vec<TermValue>,
    /// Each term over the validation frames.
    pub validation_terms: Vec<TermValue>,
    /// Mean norm of the gradient before clipping.
    pub gradient_norm: f64,
    /// Seconds of training (of this process's part of the epoch).
    pub train_seconds: f64,
    /// Seconds of validation.
    pub validation_seconds: f64,
    /// Training frames a second.
    pub frames_per_second: f64,
}

/// The two log files of a run.
pub(crate) struct Log {
    csv: PathBuf,
    jsonl: PathBuf,
    terms: Vec<String>,
}

impl Log {
    /// Opens the logs and drops lines of epochs that will be done again.
    pub(crate) fn open(folder: &Path, terms: Vec<String>, epochs_done: usize) -> Result<Self> {
        let log = Self {
            csv: folder.join("log.csv"),
            jsonl: folder.join("log.jsonl"),
            terms,
        };
        let read = |path: &Path| match fs::read_to_string(path) {
            Ok(text) => Ok(text),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            Err(e) => Err(io(path, e)),
        };
        let mut csv = log.header() + "\n";
        for line in read(&log.csv)?.lines().skip(1) {
            let epoch = line.split(',').next().and_then(|e| e.parse::<usize>().ok());
            if epoch.is_some_and(|epoch| epoch < epochs_done) {
                csv += line;
                csv.push('\n');
            }
        }
        let mut jsonl = String::new();
        for line in read(&log.jsonl)?.lines() {
            let record: Option<serde_json::Value> = serde_json::from_str(line).ok();
            let epoch = record.and_then(|r| r["epoch"].as_u64());
            if epoch.is_some_and(|epoch| epoch < epochs_done as u64) {
                jsonl += line;
                jsonl.push('\n');
            }
        }
        write_text(&log.csv, &csv)?;
        write_text(&log.jsonl, &jsonl)?;
        Ok(log)
    }

    /// Appends an epoch to both files.
    pub(crate) fn append(&self, record: &EpochRecord) -> Result<()> {
        let mut line = format!(
            "{},{},{},{},{},{},{},{},{}",
            record.epoch,
            record.step,
            record.learning_rate,
            record.train,
            record.validation,
            record.gradient_norm,
            record.train_seconds,
            record.validation_seconds,
            record.frames_per_second
        );
        for terms in [&record.train_terms, &record.validation_terms] {
            for name in &self.terms {
                line.push(',');
                if let Some(term) = terms.iter().find(|t| t.name == *name) {
                    line += &term.value.to_string();
                }
            }
        }
        append(&self.csv, &line)?;
        let json = serde_json::to_string(record)
            .map_err(|e| Error::setting("log", "numbers that JSON can hold", e))?;
        append(&self.jsonl, &json)
    }

    fn header(&self) -> String {
        let mut header = "epoch,step,learning_rate,train,validation,gradient_norm,train_seconds,\
                          validation_seconds,frames_per_second"
            .to_owned();
        for part in ["train", "validation"] {
            for name in &self.terms {
                header += &format!(",{part}_{name}");
            }
        }
        header
    }
}

fn append(path: &Path, line: &str) -> Result<()> {
    OpenOptions::new()
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()))
        .map_err(|source| io(path, source))
}
