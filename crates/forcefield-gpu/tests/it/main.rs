//! Integration tests of forcefield-gpu.

mod energy_golden;
mod energy_support;
