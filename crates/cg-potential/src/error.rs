//! What can go wrong.

use std::path::PathBuf;

/// The result of an operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

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
    /// An array has another length than what it belongs to.
    #[error("{what}: expected {expected}, found {found}")]
    Length {
        /// Of what.
        what: &'static str,
        /// What would fit.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// A prior term could not be fitted to the data.
    #[error("prior {term}: expected {expected}, found {found}")]
    PriorFit {
        /// The term, with the types of its beads.
        term: String,
        /// What a fit needs, or must give.
        expected: String,
        /// What the data have, or what came out.
        found: String,
    },
    /// A frame's label cannot be learned from.
    #[error("frame {frame}: expected {expected}, found {found}")]
    Label {
        /// The frame, from 0.
        frame: usize,
        /// What would do.
        expected: String,
        /// What is there.
        found: String,
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
        /// Frames of the batch.
        frames: Vec<usize>,
    },
    /// The model could not be simulated.
    #[error(transparent)]
    Simulation(#[from] dynamics::Error),
    /// The folder holds a run with other settings.
    #[error(
        "{folder} holds a run with another {setting}, {before}, now it is {now}: choose another folder, \
         or go back to the settings of that run",
        folder = folder.display()
    )]
    OtherRun {
        /// The run's folder.
        folder: PathBuf,
        /// What differs.
        setting: &'static str,
        /// Its value in the folder.
        before: String,
        /// Its value now.
        now: String,
    },
    /// A map of forces does not fit the map of positions, or the constraints.
    #[error("force map of bead {bead}: expected {expected}, found {found}")]
    ForceMap {
        /// The bead.
        bead: usize,
        /// The condition.
        expected: String,
        /// What is there instead.
        found: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file of a network or model is not one, or not of this kind.
    #[error("{path}: {place}: expected {expected}, found {found}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Which tensor or entry.
        place: String,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
}

impl Error {
    #[expect(clippy::needless_pass_by_value, reason = "called with temporaries")]
    pub(crate) fn setting(
        setting: &'static str,
        expected: impl ToString,
        found: impl ToString,
    ) -> Self {
        Self::Setting {
            setting,
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }
}
