//! What can go wrong in a campaign.

use crate::BoxError;
use std::path::{Path, PathBuf};

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting or an argument that makes no sense.
    #[error("{what} is {found}, expected {expected}")]
    Setting {
        /// Which setting.
        what: &'static str,
        /// What would have been right.
        expected: String,
        /// What was given.
        found: String,
    },
    /// Frames that could not be read, written or compared.
    #[error(transparent)]
    Frames(#[from] molio::Error),
    /// A simulation or a minimisation that could not be set up or evaluated.
    #[error(transparent)]
    Dynamics(#[from] dynamics::Error),
    /// A replaceable part of a campaign that failed.
    #[error("round {round}: the {part} failed: {source}")]
    Part {
        /// Which part: model, oracle, selector, …
        part: &'static str,
        /// In which round.
        round: usize,
        /// Its error.
        source: BoxError,
    },
    /// A CA trace that no backbone can be built on.
    #[error("a CA trace with {found}, expected atoms apart from each other")]
    Trace {
        /// What is wrong with it.
        found: &'static str,
    },
    /// A file that could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of a campaign's folder that does not hold what a campaign writes.
    #[error("{path}: expected {expected}, found {found}")]
    State {
        /// The file.
        path: PathBuf,
        /// What belongs there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A campaign that is to go on with another configuration than it began with.
    #[error("{path}: this campaign began with {setting} = {began}, now it is {now}")]
    Changed {
        /// Where the campaign keeps its configuration.
        path: PathBuf,
        /// Which setting differs first.
        setting: String,
        /// What it was.
        began: String,
        /// What it is.
        now: String,
    },
}

impl Error {
    #[expect(clippy::needless_pass_by_value, reason = "called with temporaries")]
    pub(crate) fn setting(
        what: &'static str,
        expected: impl ToString,
        found: impl ToString,
    ) -> Self {
        Self::Setting {
            what,
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "called with temporaries")]
    pub(crate) fn state(path: &Path, expected: impl ToString, found: impl ToString) -> Self {
        Self::State {
            path: path.to_owned(),
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }

    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::File {
            path: path.to_owned(),
            source,
        }
    }
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
