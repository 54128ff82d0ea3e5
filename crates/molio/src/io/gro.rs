//! GROMACS GRO: fixed columns for names, and as many decimals as the file chooses.

mod reader;
mod topology;
mod writer;

pub(crate) use reader::Reader;
pub(crate) use topology::read_topology;
pub(crate) use writer::Writer;
