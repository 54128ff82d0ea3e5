//! Generative autoencoders of protein conformations: models, losses, training, latent maps.

pub mod ops;
