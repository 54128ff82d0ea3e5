//! What can go wrong, and where.

use crate::InstructionSet;
use std::path::{Path, PathBuf};

/// The result of an operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of this crate. Messages name the term and its index, or the conformer and its atoms.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused to read a file.
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
    /// A file asks for a force, or for an option of one, that this engine does not have.
    #[error("{path}, line {line}: {force} is not supported: {detail}", path = path.display())]
    UnsupportedForce {
        /// The file.
        path: PathBuf,
        /// Line from 1; 0 for the file as a whole.
        line: usize,
        /// Name of the force.
        force: String,
        /// Its expression, or the option that is not known.
        detail: String,
    },
    /// No residue template of the force field has the atoms and bonds of a residue.
    #[error("no template for residue {residue} with atoms {atoms}: {reason}")]
    NoTemplate {
        /// Name, number, chain and index of the residue.
        residue: String,
        /// Names of its atoms.
        atoms: String,
        /// The nearest template, and what is missing or too much.
        reason: String,
    },
    /// Several templates with different parameters fit a residue.
    #[error("residue {residue} fits several templates: {templates}; name one of them")]
    AmbiguousTemplate {
        /// Name, number, chain and index of the residue.
        residue: String,
        /// Names of the templates.
        templates: String,
    },
    /// A force has no parameters for an atom.
    #[error("{force} has no {what} for atom {atom}, type {atom_type}")]
    MissingParameters {
        /// Name of the force.
        force: &'static str,
        /// Which parameter.
        what: String,
        /// Residue and name of the atom.
        atom: String,
        /// Its type.
        atom_type: String,
    },
    /// Options that do not go together, or not with this force field or structure.
    #[error("cannot build the system: {0}")]
    Options(String),
    /// A term of a [`System`](crate::System) refers to an atom that does not exist.
    #[error("{term} {index}: refers to atom {atom}, but the system has {n_atoms} atoms")]
    AtomIndex {
        /// The kind of term, e.g. "bond".
        term: &'static str,
        /// Index of the term in its array.
        index: usize,
        /// The atom referred to.
        atom: usize,
        /// Number of atoms of the system.
        n_atoms: usize,
    },
    /// A term of a [`System`](crate::System) names the same atom twice.
    #[error("{term} {index}: refers to atom {atom} twice")]
    RepeatedAtom {
        /// The kind of term.
        term: &'static str,
        /// Index of the term in its array.
        index: usize,
        /// The atom.
        atom: usize,
    },
    /// A parameter lies outside what its formula allows.
    #[error("{term} {index}: {parameter} = {value}, expected {expected}")]
    Parameter {
        /// The kind of term.
        term: &'static str,
        /// Index of the term in its array.
        index: usize,
        /// Name of the parameter.
        parameter: &'static str,
        /// Its value.
        value: f64,
        /// What would be allowed, e.g. "a finite number".
        expected: &'static str,
    },
    /// An array with one entry an atom has another length.
    #[error("{what}: expected {expected} entries, one an atom, found {found}")]
    Length {
        /// The array.
        what: &'static str,
        /// Number of atoms.
        expected: usize,
        /// Entries found.
        found: usize,
    },
    /// Two exceptions of the non-bonded term are for the same pair of atoms.
    #[error("{term} {index}: the pair {atoms:?} has an entry already")]
    DuplicatePair {
        /// The kind of term.
        term: &'static str,
        /// Index of the second entry.
        index: usize,
        /// The pair.
        atoms: [usize; 2],
    },
    /// A coordinate is NaN or infinite.
    #[error("conformer {conformer}: atom {atom} has the coordinate {value}")]
    Position {
        /// Index of the conformer in its batch.
        conformer: usize,
        /// The atom.
        atom: usize,
        /// The coordinate.
        value: f32,
    },
    /// An energy or force is not finite.
    #[error(
        "conformer {conformer}: energy or forces are not finite; its closest atoms, {first} and {second}, are {distance} nm apart",
        first = atoms[0], second = atoms[1]
    )]
    Energy {
        /// Index of the conformer in its batch.
        conformer: usize,
        /// The closest pair of atoms.
        atoms: [usize; 2],
        /// Their distance, nm.
        distance: f64,
    },
    /// The processor lacks the instructions asked for.
    #[error("this processor has no {asked}; the best it has is {best}")]
    InstructionSet {
        /// What was asked for.
        asked: InstructionSet,
        /// What the processor has.
        best: InstructionSet,
    },
    /// CUDA was asked for where there is none.
    #[error("CUDA is not available: {reason}")]
    NoCuda {
        /// What is missing, and how to get it.
        reason: String,
    },
    /// A GPU has too little memory.
    #[error(
        "{bytes} bytes do not fit into the memory of {device}: {available} of {total} are free"
    )]
    CudaMemory {
        /// The GPU.
        device: String,
        /// What was to be allocated.
        bytes: usize,
        /// Bytes that are free.
        available: usize,
        /// Bytes that it has.
        total: usize,
    },
    /// CUDA refused to do something, or a kernel failed.
    #[error("CUDA, {operation}: {message}")]
    Cuda {
        /// What was to be done.
        operation: &'static str,
        /// What the driver said.
        message: String,
    },
    /// The engine's threads could not be started.
    #[error("starting threads: {source}")]
    Threads {
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
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
            found: shorten(found.into()),
        }
    }
}

/// Keeps what a hostile file says out of the message beyond the first 200 characters.
fn shorten(text: String) -> String {
    if text.chars().count() <= 200 {
        return text;
    }
    let mut short: String = text.chars().take(200).collect();
    short.push('…');
    short
}
