//! Integration tests of autoencoder.

mod finite_difference;
mod fixture;
mod latent;
mod models;
mod ops_fixtures;
mod ops_gradients;
mod training;
