//! Choosing atoms in words.

mod expression;
mod parser;
mod values;

use crate::{Result, Topology};
use expression::Expression;
use std::fmt;
use std::str::FromStr;

/// A choice of atoms by name, residue, chain, element or kind, in the language of VMD and MDAnalysis.
///
/// | words | choose |
/// |---|---|
/// | `all`, `none` | every atom, no atom |
/// | `protein`, `nucleic`, `water`, `ion` | atoms of residues of this kind, under the names that PDB, AMBER, CHARMM and GROMACS give them; caps (ACE, NME, NH2) are protein |
/// | `backbone` | N, CA, C, O of protein; with `nucleicbackbone` P, O5', C5', C3', O3' of nucleic acids |
/// | `heavy`, `hydrogen` | by element; virtual sites and beads are neither |
/// | `hetero` | residues that the file calls hetero groups |
/// | `name CA CB`, `name H*` | atoms by name; `*` and `?` stand for any letters and any one letter |
/// | `resname ALA GLY`, `chain A`, `element C N` | by residue name, chain or segment (`segid` is the same), element |
/// | `resid 10:20`, `resid -3 to 5 7 52A` | by residue number and insertion code; `10-20` is the same as `10:20`; `resid 52` is only the residue without insertion code, ranges run over codes too |
/// | `index 0:9`, `serial 1:10`, `resindex 0` | by position: atoms from 0, atoms from 1, residues from 0 |
/// | `resid > 10`, `index <= 99` | by comparison (`<`, `<=`, `>`, `>=`, `==`, `!=`) |
/// | `and`, `or`, `not`, `( )` | combine; `not` binds tightest |
///
/// Ranges include both ends. A name that is also a word of the language is put in double quotes
/// (`name "all"`), as is the empty chain identifier (`chain ""`).
///
/// **Deviation**: `a or b and c` without parentheses is an error. MDAnalysis reads it from left to right,
/// other programs let `and` bind tighter; which one was meant decides which atoms are taken.
///
/// # Examples
/// ```
/// use molio::*;
/// let mut builder = TopologyBuilder::default();
/// builder.start_residue("ALA", 1, None, false);
/// for name in ["N", "CA", "CB", "C", "O"] {
///     builder.add_atom(AtomRecord::new(name, Element::guess(name, "ALA")));
/// }
/// let topology = builder.build();
/// let selection = Selection::parse("protein and not name C*")?;
/// assert_eq!(selection.indices(&topology), [0, 4]);
///
/// let error = Selection::parse("name CA and (resid 1").unwrap_err();
/// assert!(error.to_string().ends_with(
///     "\n  name CA and (resid 1\n                      ^"
/// ));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    text: String,
    expression: Expression,
}

impl Selection {
    /// Reads a selection.
    ///
    /// # Errors
    /// [`Error::Selection`](crate::Error::Selection), which points at the character where the text stops
    /// making sense.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(Self {
            text: text.to_owned(),
            expression: parser::parse(text)?,
        })
    }

    /// The chosen atoms, ascending; none is not an error.
    pub fn indices(&self, topology: &Topology) -> Vec<usize> {
        let chosen = self.expression.evaluate(topology);
        (0..topology.n_atoms()).filter(|&i| chosen[i]).collect()
    }

    /// The text that this was read from.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Selection {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}
