//! What can go wrong, and where.

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
}
