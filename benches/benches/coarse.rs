//! CGSchNet on the CA beads of CLN025: energies and forces in simulation, and the gradient in training.

#![allow(missing_docs)]

use cg_potential::{CgPotential, ForceModel, Network, NetworkConfig, Priors};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dynamics::{Batch, Potential};
use foldscape_benches::cln025;
use std::hint::black_box;

const FRAMES: usize = 32;

fn network(criterion: &mut Criterion) {
    let (topology, trajectory) = cln025(FRAMES).unwrap();
    let alphas: Vec<usize> = (0..topology.n_atoms())
        .filter(|&atom| topology.atoms()[atom].name == "CA")
        .collect();
    let n_beads = alphas.len();
    let positions: Vec<[f32; 3]> = (0..FRAMES)
        .flat_map(|frame| alphas.iter().map(move |&atom| (frame, atom)))
        .map(|(frame, atom)| trajectory.positions(frame)[atom])
        .collect();
    let types = [4, 4, 5, 8, 6, 13, 2, 13, 7, 4];
    let network = Network::new(NetworkConfig::named("ucsc").unwrap(), &types, 1).unwrap();

    let priors = Priors::new(n_beads, vec![], vec![], vec![]).unwrap();
    let potential = CgPotential::new(&network, priors).unwrap();
    let mut batch = Batch::from_positions(n_beads, &positions);
    let mut group = criterion.benchmark_group("coarse");
    group.throughput(Throughput::Elements(FRAMES as u64));
    group.bench_function("forces, 32 replicas of 10 beads", |bencher| {
        bencher.iter(|| {
            potential
                .energy_forces_batch(black_box(&mut batch))
                .unwrap()
        });
    });

    let targets = vec![[1.0; 3]; positions.len()];
    let weights = vec![[1.0 / (3 * positions.len()) as f32; 3]; positions.len()];
    let mut gradient = vec![0.0; network.parameters().len()];
    group.bench_function("gradient of the force loss, 32 frames", |bencher| {
        bencher.iter(|| {
            gradient.fill(0.0);
            network.force_loss(black_box(&positions), &targets, &weights, &mut gradient)
        });
    });
    group.finish();
}

criterion_group!(benches, network);
criterion_main!(benches);
