//! Sizes, shapes and reproducibility of the networks.

use autoencoder::{Autoencoder, Conv1d, Conv1dConfig, FoldingNet, FoldingNetConfig, Parameters};
use candle_core::{DType, Device, Tensor};

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
