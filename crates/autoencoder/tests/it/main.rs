//! Integration tests of autoencoder.

mod finite_difference;
mod models;
mod ops_fixtures;
mod ops_gradients;
