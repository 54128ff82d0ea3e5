//! Kernels on rows of numbers, compiled for several instruction sets; all of the crate's unsafe code.

mod activation;
mod buffer;
mod convolution;
mod pairs;
mod product;
mod tabulated;
mod vector;

pub(crate) use activation::{
    activate, activate_pairs, activate_pairs_back, activate_slope, add_scaled, multiply,
};
pub(crate) use buffer::{Buffer, STRIDE};
pub(crate) use convolution::{
    Convolution, apply_envelope, convolve, convolve_back, convolve_rate, convolve_rate_back,
};
pub(crate) use pairs::{PairConstants, PairForm, PairGroup, add_pairs};
pub(crate) use product::{Packed, add_column_sums, add_transposed_product};
pub(crate) use tabulated::{TabulatedPair, convolve_tabulated, convolve_tabulated_back};
pub(crate) use vector::InstructionSet;
