//! Superposition of CLN025 frames, and RMSDs of all their pairs.

#![allow(missing_docs)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use foldscape_benches::cln025;
use metrics::rmsd::PairwiseRmsd;
use molio::{CentredFrames, superpose};
use std::hint::black_box;

const FRAMES: usize = 200;

fn superposition(criterion: &mut Criterion) {
    let (topology, trajectory) = cln025(FRAMES).unwrap();
    let n_atoms = topology.n_atoms();
    let (first, last) = (trajectory.positions(0), trajectory.positions(FRAMES - 1));
    let mut group = criterion.benchmark_group("geometry");
    group.bench_function("superpose, 166 atoms", |bencher| {
        bencher.iter(|| superpose(black_box(last), black_box(first), None).unwrap());
    });
    let frames = CentredFrames::from_positions(n_atoms, trajectory.all_positions()).unwrap();
    group.throughput(Throughput::Elements(FRAMES as u64));
    group.bench_function("RMSD of 200 frames to one, 166 atoms", |bencher| {
        bencher.iter(|| -> f64 { (0..FRAMES).map(|frame| frames.rmsd(frame, 0)).sum() });
    });
    group.throughput(Throughput::Elements((FRAMES * (FRAMES - 1) / 2) as u64));
    group.bench_function("RMSD matrix of 200 frames, 166 atoms", |bencher| {
        bencher.iter(|| {
            PairwiseRmsd::new(black_box(&trajectory), None)
                .unwrap()
                .matrix()
        });
    });
    group.finish();
}

criterion_group!(benches, superposition);
criterion_main!(benches);
