//! What can go wrong.

use std::path::PathBuf;

/// The result of an operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of a type that this crate does not know: from a user's loss term or data source.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is outside what it may be.
    #[error("{setting}: expected {expected}, found {found}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// What it may be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A tensor operation failed: shapes, types, memory, or a device without a kernel.
    #[error("tensor operation: {0}")]
    Tensor(#[from] candle_core::Error),
    /// A file could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A checkpoint is not one, or not of this model.
    #[error("{path}: expected {expected}, found {found}", path = path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The folder holds a run with other settings.
    #[error(
        "{folder} holds a run with {setting} = {before}, now it is {now}: choose another folder, \
         or go back to the settings of that run",
        folder = folder.display()
    )]
    OtherRun {
        /// The run's folder.
        folder: PathBuf,
        /// Path of the first setting that differs, as `trainer.batch_size`.
        setting: String,
        /// Its value in the folder.
        before: String,
        /// Its value now.
        now: String,
    },
    /// The loss, or a gradient, is NaN or infinite.
    #[error("{what} is {value} in epoch {epoch}, step {step}, frames {frames:?}")]
    NotFinite {
        /// Which number.
        what: String,
        /// Its value.
        value: f64,
        /// Epoch from 0.
        epoch: usize,
        /// Optimiser steps before this one.
        step: usize,
        /// Frame indices of the batch.
        frames: Vec<usize>,
    },
    /// A loss term of the caller failed.
    #[error("loss term {term}: {source}")]
    LossTerm {
        /// Its name.
        term: String,
        /// Why.
        source: BoxError,
    },
    /// The caller's frames could not be had.
    #[error("frames: {0}")]
    Frames(BoxError),
    /// There is no way between two points of a map.
    #[error(
        "no path from cell {from:?} to cell {to:?}: the map's finite scores do not connect them"
    )]
    NoPath {
        /// Row and column of the start.
        from: [usize; 2],
        /// Row and column of the end.
        to: [usize; 2],
    },
}

impl Error {
    // numbers and texts alike, as the caller has them
    #[allow(clippy::needless_pass_by_value)]
    pub(crate) fn setting(
        setting: &'static str,
        expected: impl Into<String>,
        found: impl ToString,
    ) -> Self {
        Self::Setting {
            setting,
            expected: expected.into(),
            found: found.to_string(),
        }
    }
}
