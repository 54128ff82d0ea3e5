//! A training step of each network on heavy atoms of CLN025, batch 8.

#![allow(missing_docs)]

use autoencoder::{
    AdamW, AdamWConfig, Conv1dConfig, FoldingNetConfig, ModelConfig, Parameters, Result,
};
use candle_core::{Device, Tensor};
use criterion::{Criterion, criterion_group, criterion_main};
use foldscape_benches::cln025;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: usize = 8;

fn training_step(criterion: &mut Criterion) {
    let (topology, trajectory) = cln025(BATCH).unwrap();
    let heavy = molio::Selection::parse("heavy").unwrap();
    let atoms = heavy.indices(&topology);
    // about 1 nm across: near to the numbers of standardised positions
    let values: Vec<f32> = (0..BATCH)
        .flat_map(|frame| atoms.iter().map(move |&atom| (frame, atom)))
        .flat_map(|(frame, atom)| trajectory.positions(frame)[atom])
        .collect();
    let positions = Tensor::from_vec(values, (BATCH, atoms.len(), 3), &Device::Cpu).unwrap();
    let mut group = criterion.benchmark_group("autoencoder");
    group.sample_size(20);
    for (name, config) in [
        ("Conv1d step", ModelConfig::Conv1d(Conv1dConfig::default())),
        (
            "FoldingNet step",
            ModelConfig::FoldingNet(FoldingNetConfig::default()),
        ),
    ] {
        let mut parameters = Parameters::new(1, &Device::Cpu);
        let model = config.build(atoms.len(), &mut parameters).unwrap();
        parameters.set_training(true);
        let optimiser = AdamW::new(AdamWConfig::default(), &parameters).unwrap();
        let mut steps = 0;
        let mut step = || -> Result<f32> {
            let decoded = model.decode(&model.encode(&positions)?)?;
            let loss = (&positions - decoded)?.sqr()?.mean_all()?;
            let gradients = loss.backward()?;
            optimiser.step(&parameters, &gradients, 1e-3, 1.0, steps)?;
            steps += 1;
            Ok(loss.to_scalar::<f32>()?)
        };
        group.bench_function(name, |bencher| {
            // in the pool, as the trainer does it
            bencher.iter(|| rayon::scope(|_| step()).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, training_step);
criterion_main!(benches);
