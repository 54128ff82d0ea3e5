//! PDB files: fixed columns, one atom a line.
//!
//! Topologies and frames come from one column reader of our own: it reads what MD programs write (residues
//! without a chain identifier, numbers that wrapped around or went hexadecimal, short lines) and is meant for
//! ensembles. pdbtbx, a model of crystallographers' files, is what its tests are compared with.
//!
//! - **Models.** A frame ends at `ENDMDL`, `END`, the next `MODEL` or the end of the file. The first
//!   frame makes the topology; later ones must have as many atoms.
//! - **Alternative locations.** One per residue: that with the highest mean occupancy, the first of
//!   equals; atoms without one stay ([`super::altloc`]).
//! - **Chains** take the identifier in column 22, else the segment in columns 73 to 76. A new one
//!   starts where it changes and after `TER`.
//! - **Numbers beyond the columns** are read as hybrid-36 and hexadecimal. Serial numbers only matter to
//!   `CONECT`, which is matched by text; serials that occur twice (wrapped, `*****`) bond nothing.
//! - **Cell.** `CRYST1` holds until the next one; edges of 0 or all of 1 Å mean there is none.

mod columns;
mod hybrid36;
mod models;
mod reader;
mod topology;
mod writer;

pub(crate) use reader::Reader;
pub(crate) use topology::read_topology;
pub(crate) use writer::Writer;
