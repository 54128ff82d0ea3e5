//! Networks against PyTorch and against differences.

use cg_potential::{ForceModel, Network, NetworkConfig};
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Fixture {
    pub(crate) cases: Vec<Case>,
}

#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    config: NetworkConfig,
    types: Vec<u32>,
    seed: u64,
    pub(crate) positions: Vec<[f64; 3]>,
    targets: Vec<[f64; 3]>,
    weights: Vec<[f64; 3]>,
    pub(crate) energies: Vec<f64>,
    pub(crate) forces: Vec<[f64; 3]>,
    loss: f64,
    tensors: Vec<TensorCase>,
}

#[derive(Deserialize)]
struct TensorCase {
    name: String,
    shape: Vec<usize>,
    values: Option<Vec<f64>>,
    gradient_norm: f64,
    gradient_shadow: f64,
}

/// The generator that the fixture's script draws from.
struct Uniform(u64);

impl Uniform {
    fn draw(&mut self) -> f64 {
        self.0 = (1_664_525 * self.0 + 1_013_904_223) % (1 << 32);
        self.0 as f64 / f64::from(1_u32 << 31) - 1.0
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let text = include_str!("../data/network/network.json");
    serde_json::from_str::<Fixture>(text).unwrap().cases
}

impl Case {
    pub(crate) fn network(&self) -> (Network, impl FnMut() -> f64 + use<>) {
        let mut random = Uniform(self.seed);
        let mut given = self.tensors.iter();
        let network = Network::from_tensors(self.config.clone(), &self.types, |name, shape| {
            let case = given.next().unwrap();
            assert_eq!((name, shape), (&case.name[..], &case.shape[..]));
            if let Some(values) = &case.values {
                return Ok(values.iter().map(|&x| x as f32).collect());
            }
            let bound = if name == "embedding" {
                1.0
            } else if let [outputs, inputs] = shape {
                (6.0 / (inputs + outputs) as f64).sqrt()
            } else {
                0.1
            };
            let n = shape.iter().product();
            Ok((0..n).map(|_| (bound * random.draw()) as f32).collect())
        })
        .unwrap();
        // positions, targets and weights were drawn next; skip to the shadows
        let drawn = self.draws_of_frames();
        for _ in 0..drawn {
            random.draw();
        }
        (network, move || random.draw())
    }

    /// Draws until the frames were found: none is rejected twice over, so count by replaying.
    fn draws_of_frames(&self) -> usize {
        let mut random = Uniform(self.seed);
        let parameters: usize = self
            .tensors
            .iter()
            .filter(|t| t.values.is_none())
            .map(|t| t.shape.iter().product::<usize>())
            .sum();
        for _ in 0..parameters {
            random.draw();
        }
        let n = self.types.len();
        let mut found = 0;
        let mut drawn = 0;
        while found < self.energies.len() {
            let steps: Vec<f64> = (0..3 * (n - 1)).map(|_| random.draw()).collect();
            drawn += steps.len();
            let norm = steps[..3].iter().map(|x| x * x).sum::<f64>().sqrt();
            let second = self.positions[found * n + 1];
            let same = (0..3).all(|k| (0.38 * steps[k] / norm - second[k]).abs() < 1e-6);
            found += usize::from(same);
        }
        drawn + 6 * n * self.energies.len()
    }

    fn check_gradient(
        &self,
        network: &Network,
        mut draw: impl FnMut() -> f64,
        gradient: &[f64],
        tolerance: f64,
    ) {
        let largest = self
            .tensors
            .iter()
            .map(|t| t.gradient_norm)
            .fold(0.0, f64::max);
        for (tensor, case) in network.tensors().iter().zip(&self.tensors) {
            let gradient = &gradient[tensor.range.clone()];
            let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
            let shadow: f64 = gradient.iter().map(|g| g * draw()).sum();
            let scale = tolerance * (case.gradient_norm + 1e-3 * largest);
            for (found, expected) in [(norm, case.gradient_norm), (shadow, case.gradient_shadow)] {
                assert!(
                    (found - expected).abs() < scale,
                    "{}: gradient over {}: {found}, expected {expected} within {scale}",
                    self.name,
                    case.name
                );
            }
        }
    }
}

fn largest(forces: &[[f64; 3]]) -> f64 {
    forces
        .as_flattened()
        .iter()
        .fold(0.0, |m, f| f.abs().max(m))
}

#[test]
fn configurations_are_those_of_the_fixture() {
    for case in cases() {
        if NetworkConfig::NAMES.contains(&&case.name[..]) {
            assert_eq!(case.config, NetworkConfig::named(&case.name).unwrap());
        }
    }
    assert!(NetworkConfig::named("painn").is_err());
}

#[test]
fn definition_agrees_with_pytorch() {
    for case in cases() {
        let (network, draw) = case.network();
        let (energies, forces) = network.reference_energies_forces(&case.positions);
        for (found, expected) in energies.iter().zip(&case.energies) {
            assert!(
                (found - expected).abs() < 1e-9 * expected.abs().max(1.0),
                "{}",
                case.name
            );
        }
        let scale = 1e-9 * largest(&case.forces);
        for (found, expected) in forces.as_flattened().iter().zip(case.forces.as_flattened()) {
            assert!(
                (found - expected).abs() < scale,
                "{}: {found} {expected}",
                case.name
            );
        }
        let (loss, gradient) =
            network.reference_force_loss(&case.positions, &case.targets, &case.weights);
        assert!((loss - case.loss).abs() < 1e-9 * case.loss, "{}", case.name);
        case.check_gradient(&network, draw, &gradient, 1e-8);
    }
}

fn as_f32(x: &[[f64; 3]]) -> Vec<[f32; 3]> {
    x.iter().map(|x| x.map(|x| x as f32)).collect()
}

#[test]
fn kernels_agree_with_pytorch() {
    for case in cases() {
        let (network, draw) = case.network();
        let positions = as_f32(&case.positions);
        let mut forces = vec![[0.0; 3]; positions.len()];
        let energies = network.energies_forces(&positions, &mut forces);
        for (found, expected) in energies.iter().zip(&case.energies) {
            assert!(
                (found - expected).abs() < 1e-5 * expected.abs().max(1.0),
                "{}: {found} {expected}",
                case.name
            );
        }
        let scale = 1e-5 * largest(&case.forces);
        for (found, expected) in forces.as_flattened().iter().zip(case.forces.as_flattened()) {
            assert!(
                (f64::from(*found) - expected).abs() < scale,
                "{}: {found} {expected}",
                case.name
            );
        }
        let mut gradient = vec![0.0; network.parameters().len()];
        let loss = network.force_loss(
            &positions,
            &as_f32(&case.targets),
            &as_f32(&case.weights),
            &mut gradient,
        );
        assert!(
            (loss - case.loss).abs() < 1e-5 * case.loss,
            "{}: {loss} {}",
            case.name,
            case.loss
        );
        let gradient: Vec<f64> = gradient.into_iter().map(f64::from).collect();
        case.check_gradient(&network, draw, &gradient, 2e-5);
    }
}

#[test]
fn energy_gradients_agree_with_the_definition() {
    for case in cases() {
        let (network, _) = case.network();
        let n_frames = case.positions.len() / network.bead_types().len();
        let scales: Vec<f64> = (0..n_frames).map(|f| 0.5 - 0.3 * f as f64).collect();
        let expected = network.reference_energy_gradient(&case.positions, &scales);
        // the definition's own gradient against differences of its energies
        let weighted = |network: &Network| -> f64 {
            let (energies, _) = network.reference_energies_forces(&case.positions);
            energies.iter().zip(&scales).map(|(e, s)| e * s).sum()
        };
        let step = 1e-3_f32;
        let n = expected.len();
        for parameter in [0, n / 7, n / 3, n / 2, 2 * n / 3, n - 2, n - 1] {
            let (mut up, mut down) = (network.clone(), network.clone());
            let start = network.parameters()[parameter];
            up.parameters_mut()[parameter] = start + step;
            down.parameters_mut()[parameter] = start - step;
            let width =
                f64::from(up.parameters()[parameter]) - f64::from(down.parameters()[parameter]);
            let slope = (weighted(&up) - weighted(&down)) / width;
            assert!(
                (slope - expected[parameter]).abs() < 1e-4 * expected[parameter].abs().max(1.0),
                "{}, parameter {parameter}: {slope} {}",
                case.name,
                expected[parameter]
            );
        }
        let mut gradient = vec![0.0; n];
        let scales: Vec<f32> = scales.iter().map(|&s| s as f32).collect();
        let energies = network.energy_gradient(&as_f32(&case.positions), &scales, &mut gradient);
        for (found, expected) in energies.iter().zip(&case.energies) {
            assert!((found - expected).abs() < 1e-5 * expected.abs().max(1.0));
        }
        let scale = expected.iter().fold(0.0_f64, |m, g| m.max(g.abs()));
        for (parameter, (found, expected)) in gradient.iter().zip(&expected).enumerate() {
            assert!(
                (f64::from(*found) - expected).abs() < 2e-5 * scale,
                "{}, parameter {parameter}: {found} {expected}",
                case.name
            );
        }
    }
}
