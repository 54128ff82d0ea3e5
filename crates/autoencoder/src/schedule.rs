//! How the learning rate changes during training.
//!
//! `cg-potential` has its own: the two crates never depend on each other, and what both depend on (frames,
//! dynamics) knows nothing of learning.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// Warm-up, then a decay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schedule {
    /// Steps over which the rate grows linearly to its full value; 0 for none.
    pub warmup_steps: usize,
    /// What follows.
    pub decay: Decay,
}

/// How the rate falls after the warm-up. Floors are fractions of the full rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Decay {
    /// It does not.
    #[default]
    Constant,
    /// `floor + (1 − floor)(1 + cos πt)/2`, t from 0 to 1 over the planned steps.
    Cosine {
        /// Where it ends.
        floor: f64,
    },
    /// Times `factor` whenever the validation loss has not improved for `patience` epochs.
    Plateau {
        /// Below 1.
        factor: f64,
        /// Epochs to wait.
        patience: usize,
        /// Where it ends.
        floor: f64,
    },
}

impl Schedule {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::Setting`] for a floor outside [0, 1] or a plateau factor outside (0, 1).
    pub fn validate(&self) -> Result<()> {
        let (floor, factor) = match self.decay {
            Decay::Constant => return Ok(()),
            Decay::Cosine { floor } => (floor, 0.5),
            Decay::Plateau { factor, floor, .. } => (floor, factor),
        };
        if !(0.0..=1.0).contains(&floor) {
            return Err(Error::setting("schedule floor", "0 to 1", floor));
        }
        if !(factor > 0.0 && factor < 1.0) {
            return Err(Error::setting("plateau factor", "above 0, below 1", factor));
        }
        Ok(())
    }

    /// Factor on the full rate at `step` (from 0) of `planned`, after `reductions` plateaus.
    pub fn factor(&self, step: usize, planned: usize, reductions: u32) -> f64 {
        if step < self.warmup_steps {
            return (step + 1) as f64 / self.warmup_steps as f64;
        }
        match self.decay {
            Decay::Constant => 1.0,
            Decay::Cosine { floor } => {
                let span = planned.saturating_sub(self.warmup_steps).max(1);
                let t = ((step - self.warmup_steps) as f64 / span as f64).min(1.0);
                floor + (1.0 - floor) * 0.5 * (1.0 + (PI * t).cos())
            }
            Decay::Plateau { factor, floor, .. } => factor.powi(reductions as i32).max(floor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warm_up_then_cosine() {
        let schedule = Schedule {
            warmup_steps: 4,
            decay: Decay::Cosine { floor: 0.1 },
        };
        let factors: Vec<f64> = (0..5).map(|step| schedule.factor(step, 14, 0)).collect();
        assert_eq!(factors, [0.25, 0.5, 0.75, 1.0, 1.0]);
        assert!((schedule.factor(9, 14, 0) - 0.55).abs() < 1e-12);
        assert!((schedule.factor(50, 14, 0) - 0.1).abs() < 1e-12);
    }

    #[test]
    fn plateaus_reduce_to_the_floor() {
        let decay = Decay::Plateau {
            factor: 0.5,
            patience: 3,
            floor: 0.2,
        };
        let schedule = Schedule {
            warmup_steps: 0,
            decay,
        };
        schedule.validate().unwrap();
        let factors: Vec<f64> = (0..4).map(|n| schedule.factor(100, 0, n)).collect();
        assert_eq!(factors, [1.0, 0.5, 0.25, 0.2]);
    }

    #[test]
    fn impossible_settings_are_refused() {
        for decay in [
            Decay::Cosine { floor: 1.5 },
            Decay::Plateau {
                factor: 1.0,
                patience: 1,
                floor: 0.0,
            },
            Decay::Plateau {
                factor: f64::NAN,
                patience: 1,
                floor: 0.0,
            },
        ] {
            assert!(
                Schedule {
                    warmup_steps: 0,
                    decay
                }
                .validate()
                .is_err()
            );
        }
    }
}
