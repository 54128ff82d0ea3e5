//! Settings of a training run.

use crate::optimiser::AdamWConfig;
use crate::schedule::Schedule;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Settings of a training run.
///
/// Learning rate, weight decay and patience by default as in molearn 2.0.4 (DOI 10.21105/joss.05523),
/// batch size as in its examples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainerConfig {
    /// Passes over the training frames, at most. A finished run can be continued with more.
    pub epochs: usize,
    /// Frames a step.
    pub batch_size: usize,
    /// Full learning rate.
    pub learning_rate: f64,
    /// The optimiser's other settings.
    pub optimiser: AdamWConfig,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// Gradients of a larger norm (over all parameters together) are scaled down to this.
    pub clip_norm: Option<f64>,
    /// Epochs without a better validation loss before training stops; `None`: never.
    pub patience: Option<usize>,
    /// Seed of initial parameters, order of frames, and loss terms.
    pub seed: u64,
}

impl Default for TrainerConfig {
    fn default() -> Self {
        Self {
            epochs: 100,
            batch_size: 8,
            learning_rate: 1e-3,
            optimiser: AdamWConfig::default(),
            schedule: Schedule::default(),
            clip_norm: None,
            patience: Some(16),
            seed: 0,
        }
    }
}

impl TrainerConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::Setting`] for the first that makes no sense.
    pub fn validate(&self) -> Result<()> {
        self.schedule.validate()?;
        if self.batch_size == 0 {
            return Err(Error::setting("batch_size", "at least 1", 0));
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return Err(Error::setting(
                "learning_rate",
                "above 0",
                self.learning_rate,
            ));
        }
        match self.clip_norm {
            Some(norm) if !(norm.is_finite() && norm > 0.0) => {
                Err(Error::setting("clip_norm", "above 0", norm))
            }
            _ => Ok(()),
        }
    }
}
