//! What training makes small: a list of named, weighted terms.

use crate::{Autoencoder, BoxError, Standardisation};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};

/// One term of the loss.
///
/// An implementor guarantees that the value is a scalar tensor, differentiable by candle, and the
/// same function in training and validation; randomness comes only from [`LossContext::seed`].
///
/// # Examples
/// A pull of the latent codes towards the origin:
/// ```
/// use autoencoder::{BoxError, LossContext, LossTerm};
/// use candle_core::Tensor;
/// struct SmallCodes;
/// impl LossTerm for SmallCodes {
///     fn name(&self) -> &str { "small_codes" }
///     fn evaluate(&self, context: &LossContext<'_>) -> Result<Tensor, BoxError> {
///         Ok(context.latent.sqr()?.mean_all()?)
///     }
/// }
/// ```
pub trait LossTerm: Send + Sync {
    /// Name in logs: lower case, no blanks, no commas.
    fn name(&self) -> &str;

    /// The value for a batch: a tensor without axes.
    ///
    /// # Errors
    /// Whatever keeps it from being computed; training stops with it.
    fn evaluate(&self, context: &LossContext<'_>) -> Result<Tensor, BoxError>;

    /// Everything that decides the value besides batch and seed, as text. It goes into checkpoints, and a run
    /// is not continued with other settings.
    fn settings(&self) -> String {
        String::new()
    }
}

/// What a loss term sees of a batch.
pub struct LossContext<'a> {
    /// The network, to decode interpolations or to encode again.
    pub model: &'a dyn Autoencoder,
    /// The frames, `(batch, n_atoms, 3)`, standardised.
    pub positions: &'a Tensor,
    /// Their codes, `(batch, latent)`.
    pub latent: &'a Tensor,
    /// The decoded codes, `(batch, n_atoms, 3)`, standardised.
    pub decoded: &'a Tensor,
    /// How to get back to nm.
    pub standardisation: Standardisation,
    /// For random choices: differs from step to step in training, from batch to batch in
    /// validation, where it is the same in every epoch so that epochs compare.
    pub seed: u64,
    /// Whether the parameters will follow this value.
    pub training: bool,
}

/// How strongly a term counts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// A factor.
    Fixed(f64),
    /// The factor that gives the term's gradient this share of the norm that the fixed terms'
    /// gradient has, averaged over steps with the given memory (0: each step anew). For terms whose
    /// scale falls by orders of magnitude during training, as energies do. The factor changes from epoch
    /// to epoch, so terms of this kind have no say in which epoch is the best: the fixed ones decide.
    GradientShare {
        /// Norm of this term's gradient over that of the fixed terms.
        share: f64,
        /// Part of the old factor that a step keeps, 0 to below 1.
        memory: f64,
    },
}

/// A term and its weight.
pub struct WeightedTerm {
    /// What is computed.
    pub term: Box<dyn LossTerm>,
    /// How strongly it counts.
    pub weight: Weight,
}

impl WeightedTerm {
    /// A term with a fixed factor.
    pub fn fixed(term: impl LossTerm + 'static, factor: f64) -> Self {
        Self {
            term: Box::new(term),
            weight: Weight::Fixed(factor),
        }
    }
}

/// Mean squared difference of input and decoded positions, in standardised units.
///
/// Times std² it is the mean square per coordinate in nm²; an RMSD without superposition is
/// `std · √(3 · value)`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reconstruction;

impl LossTerm for Reconstruction {
    fn name(&self) -> &str {
        "mse"
    }

    fn evaluate(&self, context: &LossContext<'_>) -> Result<Tensor, BoxError> {
        Ok((context.positions - context.decoded)?.sqr()?.mean_all()?)
    }
}
