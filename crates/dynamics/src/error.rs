//! What can go wrong in a simulation.

use crate::BoxError;
use std::path::PathBuf;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting that makes no sense.
    #[error("{what} is {found}, expected {expected}")]
    Setting {
        /// Which setting.
        what: &'static str,
        /// What would have been right.
        expected: String,
        /// What was given.
        found: String,
    },
    /// Constraints that positions could not be brought to satisfy.
    #[error("constraints of replica {replica} do not converge from its start")]
    Constraints {
        /// Index of the replica.
        replica: usize,
    },
    /// Start positions, or the energy or forces there, that are not finite.
    #[error("replica {replica} starts with {what} that is not finite")]
    NonFinite {
        /// Index of the replica.
        replica: usize,
        /// Position, energy or force.
        what: &'static str,
    },
    /// The potential could not be evaluated; the simulation can go on once it can.
    #[error("the potential could not be evaluated: {0}")]
    Potential(#[source] BoxError),
    /// A checkpoint was asked for between an error of the potential and the next successful advance.
    #[error("replicas are at different steps after an error of the potential; advance first")]
    Unfinished,
    /// Bytes that are not a checkpoint, or not all of one.
    #[error("not a usable checkpoint: {what} (expected {expected}, found {found})")]
    Checkpoint {
        /// Which part is wrong.
        what: &'static str,
        /// What was expected there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A file that could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
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
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
