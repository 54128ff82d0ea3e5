//! Adam with decoupled weight decay on a flat vector.

use super::TrainerConfig;

/// Moments and settings.
///
/// `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`,
/// `θ ← (1 − ηλ)θ − η (m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) + ε)`, ε = 10⁻⁸.
///
/// # References
/// I. Loshchilov, F. Hutter, ICLR 2019, arXiv:1711.05101.
pub(crate) struct AdamW {
    pub(crate) first: Vec<f32>,
    pub(crate) second: Vec<f32>,
    beta1: f64,
    beta2: f64,
    weight_decay: f64,
}

const EPSILON: f64 = 1e-8;

impl AdamW {
    pub(crate) fn new(n: usize, config: &TrainerConfig) -> Self {
        Self {
            first: vec![0.0; n],
            second: vec![0.0; n],
            beta1: config.beta1,
            beta2: config.beta2,
            weight_decay: config.weight_decay,
        }
    }

    /// One step against `gradient` times `scale`, `step` counted from 0.
    pub(crate) fn step(
        &mut self,
        parameters: &mut [f32],
        gradient: &[f32],
        learning_rate: f64,
        scale: f64,
        step: usize,
    ) {
        let t = i32::try_from(step + 1).unwrap_or(i32::MAX);
        let rate = learning_rate / (1.0 - self.beta1.powi(t));
        let inverse2 = 1.0 / (1.0 - self.beta2.powi(t));
        let keep = 1.0 - learning_rate * self.weight_decay;
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((parameter, (m, v)), &g) in parameters.iter_mut().zip(moments).zip(gradient) {
            let g = scale * f64::from(g);
            let first = self.beta1 * f64::from(*m) + (1.0 - self.beta1) * g;
            let second = self.beta2 * f64::from(*v) + (1.0 - self.beta2) * g * g;
            let change = rate * first / ((second * inverse2).sqrt() + EPSILON);
            *parameter = (keep * f64::from(*parameter) - change) as f32;
            (*m, *v) = (first as f32, second as f32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gradients (1, −4) and then (3, 0.5), by PyTorch 2.15's `AdamW` with lr 0.1 and decay 0.1.
    #[test]
    fn agrees_with_pytorch() {
        let config = TrainerConfig {
            weight_decay: 0.1,
            ..TrainerConfig::default()
        };
        let mut parameters = [0.5f32, -1.5];
        let mut optimiser = AdamW::new(2, &config);
        for (step, gradient) in [[0.5f32, -2.0], [1.5, 0.25]].iter().enumerate() {
            optimiser.step(&mut parameters, gradient, 0.1, 2.0, step);
        }
        for (found, expected) in parameters.iter().zip([0.299_271_9f32, -1.313_896_5]) {
            assert!((found - expected).abs() < 2e-6, "{found} {expected}");
        }
    }
}
