//! Integration tests of forcefield-gpu.

mod distribution;
mod energy_golden;
#[cfg(feature = "candle")]
mod energy_op;
mod energy_properties;
mod energy_random;
mod energy_support;
mod prmtop;
mod system_data;
mod system_errors;
mod system_golden;
mod system_support;
