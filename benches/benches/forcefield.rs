//! Energies and forces of a batch of CLN025 conformers, on one thread.

#![allow(missing_docs)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dynamics::Batch;
use foldscape_benches::cln025;
use forcefield_gpu::system::BornModel;
use forcefield_gpu::{Engine, EngineConfig, ForceField, SystemOptions};
use std::hint::black_box;

const CONFORMERS: usize = 64;

fn batch_energies(criterion: &mut Criterion) {
    let (topology, trajectory) = cln025(CONFORMERS).unwrap();
    let force_field = ForceField::ff14sb().unwrap();
    let mut group = criterion.benchmark_group("forcefield");
    group.throughput(Throughput::Elements(CONFORMERS as u64));
    for (name, options) in [
        ("vacuum, 64 conformers", SystemOptions::default()),
        (
            "GBn2, 64 conformers",
            SystemOptions::with_solvent(BornModel::Gbn2),
        ),
    ] {
        let system = force_field.create_system(&topology, &options).unwrap();
        let config = EngineConfig {
            threads: Some(1),
            ..EngineConfig::default()
        };
        let engine = Engine::new(&system, config).unwrap();
        let mut batch = Batch::from_positions(topology.n_atoms(), trajectory.all_positions());
        group.bench_function(name, |bencher| {
            bencher.iter(|| engine.energies_per_term(black_box(&mut batch)).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, batch_energies);
criterion_main!(benches);
