//! Sizes, shapes and reproducibility of the networks.

use autoencoder::{
    Autoencoder, Conv1d, Conv1dConfig, FoldingNet, FoldingNetConfig, ModelConfig, Parameters,
};
use candle_core::{DType, Device, Tensor, Var};

fn positions(batch: usize, n_atoms: usize, seed: u64) -> Tensor {
    let t = crate::finite_difference::random(&[batch, n_atoms, 3], seed);
    t.to_dtype(DType::F32).unwrap()
}

fn values(t: &Tensor) -> Vec<f32> {
    t.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn conv1d_has_the_published_number_of_parameters() {
    let config = Conv1dConfig {
        initial_length: Some(26),
        ..Conv1dConfig::default()
    };
    let mut parameters = Parameters::new(1, &Device::Cpu);
    Conv1d::new(&config, 2145, &mut parameters).unwrap();
    assert_eq!(parameters.count(), 404_225);
    let too_long = Conv1d::new(&config, 26 * 128 + 1, &mut Parameters::new(1, &Device::Cpu));
    assert!(too_long.is_err());
}

#[test]
fn foldingnet_has_the_published_number_of_parameters() {
    let mut parameters = Parameters::new(1, &Device::Cpu);
    FoldingNet::new(&FoldingNetConfig::default(), 2145, &mut parameters).unwrap();
    assert_eq!(parameters.count_under("encoder."), 679_106);
    assert_eq!(parameters.count_under("decoder."), 9_759_102);
    assert_eq!(parameters.count(), 10_438_208);
}

#[test]
fn any_protein_and_latent_size() {
    for n_atoms in [1, 10, 50, 64, 131] {
        for (latent, residual_blocks) in [(2, 0), (5, 1)] {
            let config = Conv1dConfig {
                latent,
                residual_blocks,
                init_channels: 8,
                ..Conv1dConfig::default()
            };
            let mut parameters = Parameters::new(3, &Device::Cpu);
            let model = Conv1d::new(&config, n_atoms, &mut parameters).unwrap();
            for training in [true, false] {
                parameters.set_training(training);
                let z = model.encode(&positions(1, n_atoms, 1)).unwrap();
                assert_eq!(z.dims(), [1, latent]);
                let x = model.decode(&z).unwrap();
                assert_eq!(x.dims(), [1, n_atoms, 3]);
                assert!(values(&x).iter().all(|v| v.is_finite()));
            }
        }
    }
    for n_atoms in [1, 10, 50, 131] {
        let config = FoldingNetConfig {
            latent: 3,
            ..FoldingNetConfig::default()
        };
        let model =
            FoldingNet::new(&config, n_atoms, &mut Parameters::new(3, &Device::Cpu)).unwrap();
        let z = model.encode(&positions(2, n_atoms, 1)).unwrap();
        assert_eq!(z.dims(), [2, 3]);
        let x = model.decode(&z).unwrap();
        assert_eq!(x.dims(), [2, n_atoms, 3]);
        assert!(values(&x).iter().all(|v| v.is_finite()));
    }
}

#[test]
fn a_seed_makes_the_same_model_and_another_another() {
    let output = |seed| {
        let mut parameters = Parameters::new(seed, &Device::Cpu);
        let model = Conv1d::new(&Conv1dConfig::default(), 50, &mut parameters).unwrap();
        values(
            &model
                .decode(&model.encode(&positions(2, 50, 1)).unwrap())
                .unwrap(),
        )
    };
    assert_eq!(output(7), output(7));
    assert_ne!(output(7), output(8));
}

#[test]
fn evaluation_treats_frames_alone_and_leaves_the_statistics() {
    let mut parameters = Parameters::new(5, &Device::Cpu);
    let model = Conv1d::new(&Conv1dConfig::default(), 70, &mut parameters).unwrap();
    let batch = positions(4, 70, 2);
    parameters.set_training(true);
    for _ in 0..3 {
        model.encode(&batch).unwrap();
    }
    parameters.set_training(false);
    let before = parameters.to_tensors().unwrap();
    let moved = values(&before["encoder.0.norm.running_mean"]);
    assert!(
        moved.iter().any(|&m| m != 0.0),
        "training moves the statistics"
    );
    let together = model.encode(&batch).unwrap();
    for frame in 0..4 {
        let alone = model.encode(&batch.narrow(0, frame, 1).unwrap()).unwrap();
        let expected = values(&together.narrow(0, frame, 1).unwrap());
        for (a, b) in values(&alone).iter().zip(&expected) {
            assert!((a - b).abs() < 1e-6);
        }
    }
    let after = parameters.to_tensors().unwrap();
    for (name, tensor) in &before {
        assert_eq!(values(tensor), values(&after[name]), "{name}");
    }
}

/// Gradients of whole networks, each parameter's along itself. FoldingNet has maxima over neighbours that
/// change with what is before them: its differences need smaller steps.
#[test]
fn gradients_of_whole_networks() {
    let conv1d = Conv1dConfig {
        init_channels: 6,
        depth: 1,
        residual_blocks: 1,
        ..Conv1dConfig::default()
    };
    let foldingnet = FoldingNetConfig::default();
    for (model, n_atoms, sizes) in [
        (ModelConfig::Conv1d(conv1d), 60, [3e-4, 1e-4]),
        (ModelConfig::FoldingNet(foldingnet), 16, [1e-4, 1e-5]),
    ] {
        let mut parameters = Parameters::new(4, &Device::Cpu);
        let network = model.build(n_atoms, &mut parameters).unwrap();
        parameters.set_training(true);
        let (x, weights) = (positions(4, n_atoms, 8), positions(4, n_atoms, 9));
        let latent = Var::from_tensor(&network.encode(&x).unwrap().detach()).unwrap();
        let loss = || {
            let whole = network.decode(&network.encode(&x).unwrap()).unwrap();
            let half = network.decode(latent.as_tensor()).unwrap();
            let terms = (whole + half).unwrap();
            (terms * &weights).unwrap().mean_all().unwrap()
        };
        let value = || {
            let whole = network.decode(&network.encode(&x).unwrap()).unwrap();
            let half = network.decode(latent.as_tensor()).unwrap();
            let terms = values(&((whole + half).unwrap() * &weights).unwrap());
            // the mean in f64: in f32 it would drown the differences
            terms.iter().map(|&x| f64::from(x)).sum::<f64>() / terms.len() as f64
        };
        let tensor = loss();
        let gradients = tensor.backward().unwrap();
        // the same graph gives the same gradients as often as it is asked: adaptive weights do so
        let again = tensor.backward().unwrap();
        let variables = parameters.variables().chain([("latent", &latent)]);
        let mut compared = 0;
        for (name, var) in variables {
            let Some(gradient) = gradients.get(var) else {
                assert!(name.ends_with("bias"), "{name} has no gradient");
                continue;
            };
            assert_eq!(values(gradient), values(again.get(var).unwrap()), "{name}");
            let norm = values(gradient).iter().map(|g| g * g).sum::<f32>().sqrt();
            if norm < 1e-3 {
                continue;
            }
            let before = var.as_tensor().copy().unwrap();
            let shifted = |by: f64| {
                let moved = (&before + (gradient * by).unwrap()).unwrap();
                var.set(&moved).unwrap();
                value()
            };
            let found = sizes.map(|size| {
                let step = size / f64::from(norm);
                (shifted(step) - shifted(-step)) / (2.0 * step)
            });
            var.set(&before).unwrap();
            let expected = f64::from(norm * norm);
            // over more there are bends, over less the rounding of f32: a right gradient agrees with one
            let tolerance = 0.1 * expected + 1e-3 * f64::from(norm);
            assert!(
                found
                    .iter()
                    .any(|found| (found - expected).abs() < tolerance),
                "{name}: {found:?} {expected}"
            );
            compared += 1;
        }
        assert!(compared > 10, "{compared} parameters with a gradient");
    }
}
