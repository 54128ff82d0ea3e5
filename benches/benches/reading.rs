//! Reading 200 frames of CLN025 from each binary format.

#![allow(missing_docs)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use foldscape_benches::{Result, cln025, cln025_file};
use molio::{Frame, Topology, Trajectory};
use std::path::Path;

const FRAMES: usize = 200;

fn reading(criterion: &mut Criterion) {
    let (topology, trajectory) = cln025(FRAMES).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("reading");
    group.bench_function("topology from PDB", |bencher| {
        bencher.iter(|| molio::read_topology(cln025_file("pdb")).unwrap());
    });
    group.throughput(Throughput::Elements(FRAMES as u64));
    for extension in ["xtc", "trr", "dcd", "npz", "pdb"] {
        let path = folder.path().join("frames").with_extension(extension);
        write(&path, &topology, &trajectory).unwrap();
        group.bench_function(extension, |bencher| {
            bencher.iter(|| {
                let n_frames = count(&path).unwrap();
                assert_eq!(n_frames, FRAMES);
            });
        });
    }
    group.finish();
}

fn write(path: &Path, topology: &Topology, trajectory: &Trajectory) -> Result<()> {
    let mut writer = molio::create(path, topology)?;
    for index in 0..trajectory.n_frames() {
        writer.write_frame(&trajectory.frame(index))?;
    }
    Ok(writer.finish()?)
}

fn count(path: &Path) -> Result<usize> {
    let mut reader = molio::open(path)?;
    let (mut frame, mut n_frames) = (Frame::default(), 0);
    while reader.read_frame(&mut frame)? {
        n_frames += 1;
    }
    Ok(n_frames)
}

criterion_group!(benches, reading);
criterion_main!(benches);
