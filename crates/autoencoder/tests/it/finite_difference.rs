//! One harness for gradients: backward passes against central differences in f64.

use candle_core::{Device, Result, Tensor, Var};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Normal-ish numbers, the same at every call with the same seed.
pub(crate) fn random(shape: &[usize], seed: u64) -> Tensor {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let n: usize = shape.iter().product();
    let values: Vec<f64> = (0..n)
        .map(|_| (0..4).map(|_| rng.random_range(-0.9..0.9)).sum())
        .collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

/// Compares the gradient of `Σ r·f(inputs)`, r random, with central differences in every input.
///
/// At most 60 elements of each input are varied, spread evenly.
pub(crate) fn check(inputs: &[Tensor], f: impl Fn(&[Tensor]) -> Result<Tensor>) {
    let vars: Vec<Var> = inputs
        .iter()
        .map(|t| Var::from_tensor(t).unwrap())
        .collect();
    let tensors: Vec<Tensor> = vars.iter().map(|v| v.as_tensor().clone()).collect();
    let shape = f(&tensors).unwrap().dims().to_vec();
    let weights = random(&shape, 99);
    let loss = |inputs: &[Tensor]| {
        let y = f(inputs).unwrap();
        (y * &weights).unwrap().sum_all().unwrap()
    };
    let gradients = loss(&tensors).backward().unwrap();
    for (index, var) in vars.iter().enumerate() {
        let gradient = gradients.get(var).expect("no gradient reached an input");
        assert_eq!(gradient.dims(), var.dims());
        let gradient = gradient.flatten_all().unwrap().to_vec1::<f64>().unwrap();
        let values = inputs[index]
            .flatten_all()
            .unwrap()
            .to_vec1::<f64>()
            .unwrap();
        let scale = gradient.iter().fold(1e-3, |a: f64, g| a.max(g.abs()));
        for at in (0..values.len()).step_by(values.len().div_ceil(60)) {
            let h = 1e-5;
            let shifted = |step: f64| {
                let mut moved = values.clone();
                moved[at] += step;
                let mut inputs = inputs.to_vec();
                inputs[index] = Tensor::from_vec(moved, var.shape(), &Device::Cpu).unwrap();
                loss(&inputs).to_scalar::<f64>().unwrap()
            };
            let numeric = (shifted(h) - shifted(-h)) / (2.0 * h);
            assert!(
                (numeric - gradient[at]).abs() < 1e-6 * scale,
                "input {index}, element {at}: backward {}, differences {numeric}",
                gradient[at],
            );
        }
    }
}
