//! Settings of refinement.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Settings of [`crate::Refinement`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RefinementConfig {
    /// Steps of the optimiser.
    pub iterations: usize,
    /// Replicas of the model that go on all the time.
    pub replicas: usize,
    /// Steps of each replica in an iteration.
    pub steps: u64,
    /// Frames taken of each replica in an iteration.
    pub samples: usize,
    /// Time step, ps.
    pub time_step: f64,
    /// Collision rate, 1/ps.
    pub friction: f64,
    /// Mass of a bead, Da.
    pub mass: f64,
    /// Training frames an iteration.
    pub batch_size: usize,
    /// Learning rate at the start; it falls linearly to a tenth.
    pub learning_rate: f64,
    /// ℓ in nm: the force loss counts times (β ℓ)².
    pub length: f64,
    /// Memory of the running average of parameters that is the result.
    pub average: f64,
    /// Seed of noise and choices.
    pub seed: u64,
}

impl Default for RefinementConfig {
    fn default() -> Self {
        Self {
            iterations: 300,
            replicas: 64,
            steps: 500,
            samples: 4,
            time_step: 0.004,
            friction: 1.0,
            mass: 12.0,
            batch_size: 512,
            learning_rate: 2e-4,
            length: 0.01,
            average: 0.98,
            seed: 0,
        }
    }
}

impl RefinementConfig {
    /// # Errors
    /// [`Error::Setting`].
    pub(super) fn validate(&self) -> Result<()> {
        let counts = [
            ("refinement.replicas", self.replicas),
            ("refinement.samples", self.samples),
            ("refinement.batch_size", self.batch_size),
        ];
        for (name, value) in counts {
            if value == 0 {
                return Err(Error::setting(name, "at least 1", value));
            }
        }
        if self.steps < self.samples as u64 {
            let expected = format!("at least {} (samples)", self.samples);
            return Err(Error::setting("refinement.steps", expected, self.steps));
        }
        let positive = [
            ("refinement.time_step", self.time_step),
            ("refinement.mass", self.mass),
            ("refinement.learning_rate", self.learning_rate),
        ];
        for (name, value) in positive {
            if !(value.is_finite() && value > 0.0) {
                return Err(Error::setting(name, "positive", value));
            }
        }
        let others = [
            ("refinement.friction", self.friction, f64::MAX),
            ("refinement.length", self.length, f64::MAX),
            ("refinement.average", self.average, 0.999_999),
        ];
        for (name, value, most) in others {
            if !(0.0..=most).contains(&value) {
                return Err(Error::setting(name, format!("from 0 to {most}"), value));
            }
        }
        Ok(())
    }
}
