//! Integration tests of molio.

mod bonds;
mod dataset;
mod golden_structures;
mod io_bad_input;
mod io_common;
mod io_pdb;
mod io_round_trip;
mod real_structures;
mod selection;
