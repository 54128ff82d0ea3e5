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
    /// Replicas over a ladder of temperatures, which trade them after every sample; the model's frames are those at
    /// the set's. Without it a replica stays in its basin for longer than a refinement lasts, and the heights of
    /// basins are not seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange: Option<RefinementLadder>,
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

/// Temperatures of a refinement's replicas.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefinementLadder {
    /// Of the highest rung, K.
    pub hottest: f64,
    /// Number of temperatures, in geometric progression from the set's.
    pub rungs: usize,
}

impl RefinementConfig {
    /// The temperature of each replica, rungs in turn, K.
    pub(super) fn temperatures(&self, coldest: f64) -> Vec<f64> {
        let (hottest, rungs) = self
            .exchange
            .map_or((coldest, 1), |ladder| (ladder.hottest, ladder.rungs));
        let temperature = |replica: usize| match replica % rungs {
            0 => coldest,
            rung => coldest * (hottest / coldest).powf(rung as f64 / (rungs - 1) as f64),
        };
        (0..self.replicas).map(temperature).collect()
    }
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
            exchange: None,
            batch_size: 512,
            learning_rate: 2e-4,
            length: 0.01,
            average: 0.98,
            seed: 0,
        }
    }
}

impl RefinementConfig {
    /// Whether a refinement at `temperature` (K) can be done as this says.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub fn validate(&self, temperature: f64) -> Result<()> {
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
        if let Some(RefinementLadder { hottest, rungs }) = self.exchange {
            if rungs < 2 || !self.replicas.is_multiple_of(rungs) {
                let expected = format!(
                    "at least 2 rungs over which {} replicas spread evenly",
                    self.replicas
                );
                return Err(Error::setting("refinement.exchange.rungs", expected, rungs));
            }
            if !(hottest.is_finite() && hottest > temperature) {
                let expected = format!("more than {temperature} K");
                return Err(Error::setting(
                    "refinement.exchange.hottest",
                    expected,
                    hottest,
                ));
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
