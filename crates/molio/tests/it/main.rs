//! Integration tests of molio.

mod bonds;
mod build;
mod ca_trace;
mod dataset;
mod golden_structures;
mod io_bad_input;
mod io_common;
mod io_golden;
mod io_pdb;
mod io_round_trip;
mod io_second_opinions;
mod io_topologies;
mod prepare;
mod real_structures;
mod selection;
