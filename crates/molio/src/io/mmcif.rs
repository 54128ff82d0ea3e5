//! mmCIF: the `atom_site` table and the cell.
//!
//! Topology and frames come from one streaming reader of the table, with the policies of PDB files
//! (models, alternative locations). pdbtbx, whose reader keeps the whole file in memory and orders
//! atoms its own way, serves as a second opinion in tests. A chain goes by its author's identifier; a new
//! one starts where `label_asym_id` changes, so ligands and water are chains of their own. Bonds are not
//! in the table.

mod reader;
mod table;
mod topology;
mod writer;

pub(crate) use reader::Reader;
pub(crate) use topology::read_topology;
pub(crate) use writer::Writer;
