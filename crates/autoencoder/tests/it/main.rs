//! Integration tests of autoencoder.

mod finite_difference;
mod ops_fixtures;
mod ops_gradients;
