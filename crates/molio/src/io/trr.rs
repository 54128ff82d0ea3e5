//! GROMACS TRR: positions, velocities and forces at full precision, each where the frame has it.

mod header;
mod reader;
mod writer;

pub(crate) use reader::Reader;
pub(crate) use writer::Writer;
