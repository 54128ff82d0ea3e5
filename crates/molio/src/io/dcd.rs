//! DCD: the trajectories of CHARMM, NAMD, X-PLOR and OpenMM.
//!
//! The file is a series of Fortran records, each between two byte counts. Which program wrote it is
//! only known from traces: the bytes' order and the width of the counts from the first record, CHARMM's
//! extensions (cell, fourth dimension) from a version number that X-PLOR leaves at zero, and the
//! meaning of the six numbers of the cell from that version and from what is possible ([`cell`]).
//! Lengths are in Å, the time step in CHARMM's AKMA unit.

mod cell;
mod header;
mod reader;
mod writer;

pub(crate) use reader::Reader;
pub(crate) use writer::Writer;

/// ps in a time unit of CHARMM: √(Da·Å²/(kcal/mol)), with the digits that CHARMM and NAMD use.
pub(crate) const AKMA: f64 = 0.048_888_21;
