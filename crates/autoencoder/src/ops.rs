//! Differentiable operations that candle lacks, gets wrong, or is slow at.
//!
//! Everything is *channel-last*: a batch of sequences or point clouds is `(batch, length, channels)`,
//! so positions `(batch, n_atoms, 3)` enter and leave without a permutation, a convolution of any
//! kernel size is one matrix product on an overlapping view of its input, and a point's features are
//! contiguous for neighbour search.
//!
//! Each operation is a candle custom operation with its own backward pass, in f32 and f64, on the
//! CPU. Gradients are of first order: a backward pass is not itself differentiable. On a CUDA tensor
//! every operation ends in candle's error "no cuda implementation for …" until kernels exist.
//!
//! candle 0.11's own `conv1d` gives wrong kernel gradients for batches over one, `conv_transpose1d`
//! has no backward pass, `max` hands every tie the full gradient and `relu'(0)` is 1: do not mix
//! them in.

mod activation;
mod batch_norm;
mod convolution;
pub(crate) mod cpu;
pub(crate) mod flow;
mod folding;
mod neighbours;
mod pooling;
pub(crate) mod storage;

pub use activation::{add_bias, relu};
pub use batch_norm::{BatchStatistics, batch_norm_eval, batch_norm_train};
pub use convolution::{conv_transpose1d, conv1d, linear};
pub use folding::folding_conv;
pub use neighbours::{local_covariance, nearest_neighbours, neighbour_max};
pub use pooling::max_over_points;
