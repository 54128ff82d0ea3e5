//! The differentiable energy: gradients through a decoder, clamps, masks, errors.

use super::energy_random::{Random, system};
use super::energy_support::reference;
use candle_core::{DType, Device, Tensor, Var};
use forcefield_gpu::system::BornModel;
use forcefield_gpu::{EnergyOp, EnergyOpConfig, Engine, EngineConfig, Nonfinite, System};
use std::sync::Arc;

const N_ATOMS: usize = 10;
const LATENT: usize = 2;
const BATCH: usize = 3;

fn operation(system: &System, config: EnergyOpConfig) -> EnergyOp {
    let engine = Engine::new(system, EngineConfig::default()).unwrap();
    EnergyOp::new(Arc::new(engine), config).unwrap()
}

fn tensor(values: &[f64], shape: &[usize]) -> Tensor {
    let values: Vec<f32> = values.iter().map(|&x| x as f32).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

/// x = z W + x₀, L = Σ E²/2: the gradient by W against finite differences of the reference's energies.
#[test]
fn gradient_through_a_decoder() {
    let (system, start) = system(5, N_ATOMS, BornModel::Obc2);
    let mut random = Random(6);
    let mut numbers =
        |n: usize, size: f64| -> Vec<f64> { (0..n).map(|_| random.between(-size, size)).collect() };
    let latent = numbers(BATCH * LATENT, 1.0);
    let weights = numbers(LATENT * N_ATOMS * 3, 0.005);
    let loss = |weights: &[f64]| -> f64 {
        (0..BATCH)
            .map(|b| {
                let positions: Vec<[f64; 3]> = (0..N_ATOMS)
                    .map(|atom| {
                        std::array::from_fn(|axis| {
                            let column = 3 * atom + axis;
                            let step = |k: usize| {
                                latent[b * LATENT + k] * weights[k * N_ATOMS * 3 + column]
                            };
                            start[atom][axis] + (0..LATENT).map(step).sum::<f64>()
                        })
                    })
                    .collect();
                0.5 * reference(&system, &positions).0.total().powi(2)
            })
            .sum()
    };

    let variable = Var::from_tensor(&tensor(&weights, &[LATENT, N_ATOMS * 3])).unwrap();
    let flat: Vec<f64> = start.iter().flatten().copied().collect();
    let positions = tensor(&latent, &[BATCH, LATENT])
        .matmul(&variable)
        .unwrap()
        .broadcast_add(&tensor(&flat, &[1, N_ATOMS * 3]))
        .unwrap()
        .reshape((BATCH, N_ATOMS, 3))
        .unwrap();
    let energies = operation(&system, EnergyOpConfig::default())
        .energies(&positions)
        .unwrap();
    assert!(energies.masked.is_empty());
    let total = (energies.energies.sqr().unwrap() * 0.5)
        .unwrap()
        .sum_all()
        .unwrap();
    let found: f32 = total.to_scalar().unwrap();
    assert!((f64::from(found) / loss(&weights) - 1.0).abs() < 1e-5);
    let gradients = total.backward().unwrap();
    let gradient: Vec<f32> = gradients
        .get(&variable)
        .unwrap()
        .flatten_all()
        .unwrap()
        .to_vec1()
        .unwrap();

    let step = 1e-6;
    let largest = gradient.iter().fold(0.0f32, |m, g| m.max(g.abs()));
    for k in 0..weights.len() {
        let mut moved = weights.clone();
        moved[k] += step;
        let above = loss(&moved);
        moved[k] -= 2.0 * step;
        let expected = (above - loss(&moved)) / (2.0 * step);
        let error = (f64::from(gradient[k]) - expected).abs();
        assert!(
            error < 1e-4 * f64::from(largest),
            "{k}: {} {expected}",
            gradient[k]
        );
    }
}

/// Energies and the gradient of their sum.
fn energies_and_gradient(
    operation: &EnergyOp,
    positions: &[f64],
    batch: usize,
) -> (Vec<f32>, Vec<f32>, Vec<usize>) {
    let variable = Var::from_tensor(&tensor(positions, &[batch, N_ATOMS, 3])).unwrap();
    let result = operation.energies(&variable).unwrap();
    let gradients = result.energies.sum_all().unwrap().backward().unwrap();
    let gradient = gradients
        .get(&variable)
        .unwrap()
        .flatten_all()
        .unwrap()
        .to_vec1()
        .unwrap();
    (result.energies.to_vec1().unwrap(), gradient, result.masked)
}

#[test]
fn clamps_and_masks() {
    let (system, start) = system(8, N_ATOMS, BornModel::Gbn2);
    let sound: Vec<f64> = start.iter().flatten().copied().collect();
    let mut squeezed = sound.clone();
    squeezed[27] = sound[0] + 0.01;
    squeezed[28..30].copy_from_slice(&sound[1..3]);
    let mut overlapping = sound.clone();
    overlapping[27..30].copy_from_slice(&sound[0..3]);
    let all = [sound, squeezed, overlapping].concat();

    let mask = EnergyOpConfig {
        nonfinite: Nonfinite::Mask,
        ..EnergyOpConfig::default()
    };
    let (energies, gradient, masked) = energies_and_gradient(&operation(&system, mask), &all, 3);
    assert_eq!(masked, [2]);
    assert!(energies[2] == 0.0 && gradient[60..].iter().all(|&g| g == 0.0));
    assert!(energies[1] > 1e6 && gradient[30..60].iter().any(|&g| g.abs() > 1e6));

    let clamped = EnergyOpConfig {
        force_clamp: Some(1e4),
        ..mask
    };
    let (same, bounded, _) = energies_and_gradient(&operation(&system, clamped), &all, 3);
    assert_eq!(same, energies);
    for (bounded, free) in bounded.iter().zip(&gradient) {
        assert_eq!(*bounded, free.clamp(-1e4, 1e4));
    }

    let clamped = EnergyOpConfig {
        energy_clamp: Some(1e5),
        ..mask
    };
    let (bounded, flat, _) = energies_and_gradient(&operation(&system, clamped), &all, 3);
    assert_eq!(bounded, [energies[0], 1e5, 0.0]);
    assert_eq!(flat[..30], gradient[..30]);
    assert!(flat[30..].iter().all(|&g| g == 0.0));

    let strict = operation(&system, EnergyOpConfig::default());
    let message = strict
        .energies(&tensor(&all, &[3, N_ATOMS, 3]))
        .unwrap_err()
        .to_string();
    assert!(message.contains("conformer 2"), "{message}");
}

#[test]
fn wrong_input_is_refused() {
    let (system, _) = system(8, N_ATOMS, BornModel::Hct);
    let operation = operation(&system, EnergyOpConfig::default());
    for shape in [[2, N_ATOMS + 1, 3], [2, N_ATOMS, 2]] {
        let zeros = Tensor::zeros(&shape[..], DType::F32, &Device::Cpu).unwrap();
        assert!(operation.energies(&zeros).is_err());
    }
    let doubles = Tensor::zeros((2, N_ATOMS, 3), DType::F64, &Device::Cpu).unwrap();
    assert!(
        operation
            .energies(&doubles)
            .unwrap_err()
            .to_string()
            .contains("f32")
    );
    let engine = Arc::new(Engine::new(&system, EngineConfig::default()).unwrap());
    let config = EnergyOpConfig {
        force_clamp: Some(-1.0),
        ..EnergyOpConfig::default()
    };
    assert!(EnergyOp::new(engine, config).is_err());
}
