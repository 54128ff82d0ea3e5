//! Maps, paths, principal components, generation.

use crate::fixture::Chain;
use autoencoder::{
    Conv1dConfig, Error, FrameSource, Generator, LatentMap, ModelConfig, Pca, Reconstruction,
    Search, Trainer, TrainerConfig, WeightedTerm, encode_frames, reconstruction_rmsd,
    shortest_path, straight_line,
};
use candle_core::Device;
use std::sync::atomic::AtomicBool;

fn unit_map(columns: usize, rows: usize) -> LatentMap {
    let corner = vec![(columns - 1) as f32, (rows - 1) as f32];
    LatentMap::around(&[vec![0.0, 0.0], corner], [0, 1], [columns, rows], 0.0).unwrap()
}

#[test]
fn a_flat_map_gives_the_straight_way() {
    let map = unit_map(9, 9);
    for search in [Search::Dijkstra, Search::AStar] {
        let path = shortest_path(&map, &[3.0; 81], &[0.1, 0.2], &[7.9, 8.0], 1.0, search).unwrap();
        assert_eq!(path.points[0], [0.1, 0.2]);
        assert_eq!(path.points[path.points.len() - 1], [7.9, 8.0]);
        assert_eq!(path.cells.len(), 9);
        assert!(
            (path.cost - 8.0 * 2f64.sqrt()).abs() < 1e-9,
            "{}",
            path.cost
        );
    }
}

#[test]
fn both_searches_find_equally_cheap_ways_round_a_hill() {
    let map = unit_map(21, 17);
    let scores: Vec<f64> = map
        .points()
        .iter()
        .map(|p| {
            let (x, y) = (f64::from(p[0]) - 10.0, f64::from(p[1]) - 8.0);
            -50.0 + 30.0 * (-(x * x + y * y) / 20.0).exp() + (3.0 * x + y).sin()
        })
        .collect();
    let find =
        |search| shortest_path(&map, &scores, &[0.0, 8.0], &[20.0, 8.0], 0.3, search).unwrap();
    let (dijkstra, a_star) = (find(Search::Dijkstra), find(Search::AStar));
    assert!((dijkstra.cost - a_star.cost).abs() < 1e-9 * dijkstra.cost);
    let furthest = a_star
        .points
        .iter()
        .map(|p| (p[1] - 8.0).abs())
        .fold(0.0, f32::max);
    assert!(furthest > 3.0, "the way leads round the hill");
    let straight =
        shortest_path(&map, &scores, &[0.0, 8.0], &[20.0, 8.0], 1e6, Search::AStar).unwrap();
    assert!(straight.cells.iter().all(|cell| cell[0] == 8));
}

#[test]
fn walls_are_walked_round_or_reported() {
    let map = unit_map(5, 5);
    let mut scores = vec![0.0; 25];
    for row in 0..4 {
        scores[row * 5 + 2] = f64::NAN;
    }
    let path = shortest_path(&map, &scores, &[0.0, 0.0], &[4.0, 0.0], 1.0, Search::AStar).unwrap();
    assert!(path.cells.contains(&[4, 2]));
    scores[4 * 5 + 2] = f64::INFINITY;
    let closed = shortest_path(&map, &scores, &[0.0, 0.0], &[4.0, 0.0], 1.0, Search::AStar);
    assert!(matches!(
        closed,
        Err(Error::NoPath {
            from: [0, 0],
            to: [0, 4]
        })
    ));
    assert!(
        shortest_path(
            &map,
            &scores[1..],
            &[0.0, 0.0],
            &[4.0, 0.0],
            1.0,
            Search::AStar
        )
        .is_err()
    );
    assert!(shortest_path(&map, &scores, &[-2.0, 0.0], &[4.0, 0.0], 1.0, Search::AStar).is_err());
}

#[test]
fn a_path_within_one_cell_keeps_both_ends() {
    let map = unit_map(3, 3);
    let path = shortest_path(
        &map,
        &[0.0; 9],
        &[0.1, 0.0],
        &[0.2, 0.0],
        1.0,
        Search::AStar,
    )
    .unwrap();
    assert_eq!(path.points, [vec![0.1, 0.0], vec![0.2, 0.0]]);
    assert_eq!(
        straight_line(&[0.0], &[1.0], 3).unwrap(),
        [[0.0], [0.5], [1.0]]
    );
}

#[test]
fn two_components_hold_a_motion_with_two_degrees_of_freedom() {
    let chain = Chain::new(15, 60);
    let set = chain.training_set();
    let pca = Pca::new(&chain, &set.split.train, 2, &Device::Cpu).unwrap();
    assert!(pca.explained() > 1.0 - 1e-6, "{}", pca.explained());
    assert!(pca.variances()[0] >= pca.variances()[1]);
    let indices = &set.split.validation;
    let rmsds = reconstruction_rmsd(&pca, &chain, indices, 1.5, 4, &Device::Cpu).unwrap();
    assert_eq!(rmsds.len(), indices.len());
    assert!(rmsds.iter().all(|&r| r < 1e-3), "{rmsds:?}");
    // one component misses a degree of freedom
    let one = Pca::new(&chain, &set.split.train, 1, &Device::Cpu).unwrap();
    assert!(one.explained() < 0.999);
    let codes = encode_frames(&pca, &chain, &set.split.train, 8, &Device::Cpu).unwrap();
    for component in 0..2 {
        let values = || codes.iter().map(|code| f64::from(code[component]));
        let mean = values().sum::<f64>() / codes.len() as f64;
        let variance = values().map(|v| v * v).sum::<f64>() / codes.len() as f64;
        assert!(mean.abs() < 1e-4);
        assert!((variance / pca.variances()[component] - 1.0).abs() < 1e-3);
    }
    assert!(Pca::new(&chain, &[0, 1], 2, &Device::Cpu).is_err());
}

#[test]
fn a_generator_decodes_interpolates_and_encodes_in_nm() {
    let chain = Chain::new(15, 30);
    let folder = tempfile::tempdir().unwrap();
    let model = ModelConfig::Conv1d(Conv1dConfig {
        init_channels: 8,
        depth: 1,
        ..Conv1dConfig::default()
    });
    let config = TrainerConfig {
        epochs: 30,
        patience: None,
        ..TrainerConfig::default()
    };
    let terms = vec![WeightedTerm::fixed(Reconstruction, 1.0)];
    let data = chain.training_set();
    let scale = data.standardisation;
    let mut trainer =
        Trainer::new(config, &model, terms, data, folder.path(), &Device::Cpu).unwrap();
    trainer.run(&AtomicBool::new(false), &mut |_| {}).unwrap();
    let generator = Generator::load(&folder.path().join("last.safetensors"), &Device::Cpu).unwrap();
    assert_eq!(generator.topology().n_atoms(), 15);
    let mut values = Vec::new();
    chain.standardised(&[3, 8], &mut values).unwrap();
    let nm = |v: &f32| (f64::from(*v) * scale.std + scale.mean) as f32;
    let positions: Vec<[f32; 3]> = values
        .chunks_exact(3)
        .map(|x| [nm(&x[0]), nm(&x[1]), nm(&x[2])])
        .collect();
    let codes = encode_frames(trainer.model(), &chain, &[3, 8], 2, &Device::Cpu).unwrap();
    for (frame, code) in codes.iter().enumerate() {
        let found = generator.encode(&positions[frame * 15..][..15]).unwrap();
        for (a, b) in found.iter().zip(code) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }
    let path = generator
        .interpolate(&positions[..15], &positions[15..], 5)
        .unwrap();
    assert_eq!((path.n_frames(), path.n_atoms()), (5, 15));
    let end = generator.decode(&codes[1..]).unwrap();
    for (a, b) in path
        .positions(4)
        .iter()
        .flatten()
        .zip(end.positions(0).iter().flatten())
    {
        assert!((a - b).abs() < 1e-4);
    }
    let map = LatentMap::around(&codes, [1, 0], [4, 3], 0.1).unwrap();
    let mut calls = 0;
    let scores = map
        .scan(generator.model(), &Device::Cpu, &mut |positions| {
            calls += 1;
            Ok(f64::from(positions[0]))
        })
        .unwrap();
    assert_eq!((scores.len(), calls), (12, 12));
    assert!(generator.encode(&positions[..14]).is_err());
    assert_eq!(trainer.model().n_atoms(), 15);
}
