//! What can go wrong, and where.

use crate::InstructionSet;

/// The result of an operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of this crate. Messages name the term and its index, or the conformer and its atoms.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
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
    /// The engine's threads could not be started.
    #[error("starting threads: {source}")]
    Threads {
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
