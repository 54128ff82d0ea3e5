//! Integration tests of molio.

mod golden_structures;
mod io_bad_input;
mod io_common;
mod io_pdb;
mod io_round_trip;
mod selection;
