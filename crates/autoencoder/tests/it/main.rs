//! Integration tests of autoencoder.
