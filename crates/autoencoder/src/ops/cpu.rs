//! Kernels on slices: what the custom operations call. The only unsafe code of the crate is the call
//! of the matrix product in [`matmul`].

pub(crate) mod convolution;
pub(crate) mod folding;
pub(crate) mod matmul;
pub(crate) mod neighbours;
pub(crate) mod norm;
mod winograd;
