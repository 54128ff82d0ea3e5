//! What can go wrong, and where.

use std::fmt;
use std::path::{Path, PathBuf};

/// The result of an operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Where in a file something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// The file as a whole, or its header.
    File,
    /// Line of a text file, from 1.
    Line(usize),
    /// Frame of a trajectory, from 0.
    Frame(usize),
    /// Byte offset of a binary file.
    Byte(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => Ok(()),
            Self::Line(line) => write!(f, ", line {line}"),
            Self::Frame(frame) => write!(f, ", frame {frame}"),
            Self::Byte(byte) => write!(f, ", byte {byte}"),
        }
    }
}

/// An error of this crate. Messages name the file, the place, what was expected and what was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused to open, read or write a file.
    #[error("{path}{place}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// How far it had been read or written.
        place: Place,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file ended inside a record.
    #[error("{path}{place}: the file ends inside {what}", path = path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Where.
        place: Place,
        /// The record that is not whole.
        what: &'static str,
    },
    /// A file's content is not what its format prescribes.
    #[error("{path}{place}: expected {expected}, found {found}", path = path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where.
        place: Place,
        /// What should stand there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// Two things that must have the same number of atoms do not.
    #[error("{path}{place}: expected {expected} atoms, found {found}", path = path.display())]
    AtomCount {
        /// The file, or a description of the in-memory source.
        path: PathBuf,
        /// Where.
        place: Place,
        /// Atoms of the topology, or of the frames before.
        expected: usize,
        /// Atoms here.
        found: usize,
    },
    /// A coordinate is NaN or infinite.
    #[error("{path}{place}: atom {atom} has the coordinate {value}", path = path.display())]
    NotFinite {
        /// The file, or a description of the in-memory source.
        path: PathBuf,
        /// Where.
        place: Place,
        /// Atom index from 0.
        atom: usize,
        /// The offending number.
        value: f32,
    },
    /// The file name's extension is that of no known format, or of one that lacks this ability.
    #[error("{path}: cannot {action} this format; known: {known}", path = path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// "read frames from", "write frames to", "read a topology from".
        action: &'static str,
        /// Extensions that would do.
        known: &'static str,
    },
    /// Bonds, residues or chains refer to atoms that do not exist.
    #[error("topology: {what} refers to atom {index}, but there are {n_atoms} atoms")]
    Topology {
        /// What holds the reference.
        what: &'static str,
        /// The reference.
        index: usize,
        /// Number of atoms.
        n_atoms: usize,
    },
    /// A selection of atoms that makes no sense; the message points at the place.
    #[error("selection: expected {expected}, found {found}\n{}", pointer(text, *column))]
    Selection {
        /// The whole selection.
        text: String,
        /// Where it stops making sense, in characters from 0.
        column: usize,
        /// What could stand there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// A selection that no atom fits, where some are needed.
    #[error("{path}: none of the {n_atoms} atoms fits the selection `{selection}`", path = path.display())]
    EmptySelection {
        /// The selection.
        selection: String,
        /// The file, or a description of the in-memory source.
        path: PathBuf,
        /// Atoms there are.
        n_atoms: usize,
    },
    /// An argument or a setting has a value that nothing can be done with.
    #[error("{what}: expected {expected}, found {found}")]
    Argument {
        /// The argument or setting.
        what: &'static str,
        /// What would do.
        expected: String,
        /// What was given.
        found: String,
    },
}

/// `text` with a caret under its character `column`; of a long text only the surroundings.
fn pointer(text: &str, column: usize) -> String {
    const AROUND: usize = 60;
    let skipped = column.saturating_sub(AROUND);
    let shown = text.chars().skip(skipped).take(2 * AROUND);
    let line: String = shown
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    format!("  {line}\n  {}^", " ".repeat(column - skipped))
}

impl Error {
    /// Wraps an error of the operating system, telling apart a file that ends too early.
    pub fn io(path: &Path, place: Place, what: &'static str, source: std::io::Error) -> Self {
        let path = path.to_owned();
        if source.kind() == std::io::ErrorKind::UnexpectedEof {
            Self::Truncated { path, place, what }
        } else {
            Self::Io {
                path,
                place,
                source,
            }
        }
    }

    /// Shorthand for [`Error::Argument`].
    pub fn argument(
        what: &'static str,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self::Argument {
            what,
            expected: expected.into(),
            found: found.into(),
        }
    }

    /// Shorthand for [`Error::Malformed`].
    pub fn malformed(
        path: &Path,
        place: Place,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self::Malformed {
            path: path.to_owned(),
            place,
            expected: expected.into(),
            found: found.into(),
        }
    }
}
