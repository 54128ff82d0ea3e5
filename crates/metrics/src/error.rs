//! What can go wrong, and where.

use std::path::{Path, PathBuf};

/// The result of an operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of a user's own implementation of one of this crate's traits.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An array has another length than what it belongs to.
    #[error("{what}: expected {expected} values, found {found}")]
    Length {
        /// The array.
        what: &'static str,
        /// The length that would fit.
        expected: usize,
        /// Its length.
        found: usize,
    },
    /// There are too few values (frames, samples, clusters) for what was asked.
    #[error("{what}: need at least {needed}, found {found}")]
    TooFew {
        /// What there is too little of.
        what: &'static str,
        /// The least number that would do.
        needed: usize,
        /// The number there is.
        found: usize,
    },
    /// A number is NaN or infinite where only finite numbers have a meaning.
    #[error("{what}, entry {index}: {value} is not finite")]
    NotFinite {
        /// The array.
        what: &'static str,
        /// Which entry.
        index: usize,
        /// The offending number.
        value: f64,
    },
    /// An argument lies outside the values that have a meaning.
    #[error("{what}: expected {expected}, found {found}")]
    Argument {
        /// The argument.
        what: &'static str,
        /// The values that have a meaning.
        expected: &'static str,
        /// The value given.
        found: String,
    },
    /// Data from which the quantity cannot be determined (a singular covariance, a disconnected
    /// set of states).
    #[error("{what} cannot be determined: {reason}")]
    Undetermined {
        /// The quantity.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// The figure could not be drawn.
    #[error("drawing a figure: {0}")]
    Drawing(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The operating system refused to read or write a file.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file's content is not what its format prescribes.
    #[error("{path}, line {line}: expected {expected}, found {found}", path = path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line from 1; 0 for the file as a whole.
        line: usize,
        /// What should stand there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// An index refers to an atom that does not exist.
    #[error("{what} refers to atom {index}, but there are {n_atoms} atoms")]
    AtomIndex {
        /// What holds the index.
        what: &'static str,
        /// The index.
        index: usize,
        /// Number of atoms.
        n_atoms: usize,
    },
    /// Structures could not be superposed.
    #[error(transparent)]
    Superposition(#[from] molio::Error),
}

impl Error {
    /// Wraps an error of the operating system.
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }

    /// Shorthand for [`Error::Malformed`].
    pub(crate) fn malformed(
        path: &Path,
        line: usize,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self::Malformed {
            path: path.to_owned(),
            line,
            expected: expected.into(),
            found: found.into(),
        }
    }
}

/// [`Error::Length`] unless both lengths agree.
pub(crate) fn check_length(what: &'static str, expected: usize, found: usize) -> Result<()> {
    if expected == found {
        Ok(())
    } else {
        Err(Error::Length {
            what,
            expected,
            found,
        })
    }
}

/// [`Error::NotFinite`] unless every value is a finite number.
pub(crate) fn check_finite(what: &'static str, values: &[f64]) -> Result<()> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => Err(Error::NotFinite {
            what,
            index,
            value: values[index],
        }),
    }
}

/// [`Error::TooFew`] unless there are as many as needed.
pub(crate) fn check_count(what: &'static str, needed: usize, found: usize) -> Result<()> {
    if found >= needed {
        Ok(())
    } else {
        Err(Error::TooFew {
            what,
            needed,
            found,
        })
    }
}

/// [`Error::AtomIndex`] unless every index is that of an atom.
pub(crate) fn check_indices(
    what: &'static str,
    n_atoms: usize,
    indices: impl IntoIterator<Item = usize>,
) -> Result<()> {
    match indices.into_iter().find(|&index| index >= n_atoms) {
        None => Ok(()),
        Some(index) => Err(Error::AtomIndex {
            what,
            index,
            n_atoms,
        }),
    }
}
