//! XYZ: a count, a comment, and a line of symbol and position (Å) for each atom; the cell and other
//! columns where the comment has them in extended XYZ (`Lattice="…" Properties=species:S:1:pos:R:3`).

mod comment;
mod reader;
mod writer;

pub(crate) use reader::{Reader, read_topology};
pub(crate) use writer::Writer;
