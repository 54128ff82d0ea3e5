//! Integration tests of forcefield-gpu.

#[cfg(any(feature = "cuda", feature = "emulation"))]
mod cuda_kernels;
#[cfg(feature = "cuda")]
mod device;
mod distribution;
#[cfg(feature = "emulation")]
mod emulated;
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
