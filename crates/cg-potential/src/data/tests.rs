use super::*;
use crate::{PairInteraction, PairTerm};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

fn frames(n: usize) -> ForceData {
    let mut data = ForceData::new(2);
    for i in 0..n {
        data.push(
            &[[0.0; 3], [0.4 + 0.001 * i as f32, 0.0, 0.0]],
            &[[1.0; 3]; 2],
            None,
        )
        .unwrap();
    }
    data
}

#[test]
fn series_end_where_they_are_ended() {
    let mut data = frames(3);
    data.end_series();
    data.end_series();
    assert_eq!((data.series().len(), &data.series()[0]), (1, &(0..3)));
    data.push(&[[0.0; 3]; 2], &[[0.0; 3]; 2], None).unwrap();
    assert_eq!(data.series(), [0..3, 3..4]);
    assert!(ForceData::new(2).series().is_empty());
}

#[test]
fn labels_that_make_no_sense_are_refused() {
    let mut data = frames(1);
    let x = [[0.0f32; 3]; 2];
    assert!(data.push(&x[..1], &x, None).is_err());
    assert!(data.push(&[[f32::NAN; 3]; 2], &x, None).is_err());
    assert!(data.push(&x, &[[f32::INFINITY; 3]; 2], None).is_err());
    assert!(data.push(&x, &x, Some(&[[1.0; 3]; 2])).is_err());
    let mut data = ForceData::new(2);
    assert!(data.push(&x, &x, Some(&x)).is_err());
    data.push(&x, &x, Some(&[[1.0; 3]; 2])).unwrap();
    assert!(data.push(&x, &x, None).is_err());
    assert_eq!(data.n_frames(), 1);
}

#[test]
fn certain_labels_count_more() {
    let mut data = ForceData::new(1);
    for error in [1.0, 2.0] {
        data.push(&[[0.0; 3]], &[[0.0; 3]], Some(&[[error; 3]]))
            .unwrap();
    }
    let weights = data.weights();
    assert!((weights[0][0] / weights[1][0] - 4.0).abs() < 1e-6);
    assert!((weights[0][0] + weights[1][0] - 2.0).abs() < 1e-6);
}

#[test]
fn splits_are_blocks_with_gaps() {
    let mut data = frames(100);
    data.end_series();
    data.push(&[[0.0; 3]; 2], &[[0.0; 3]; 2], None).unwrap();
    let config = SplitConfig {
        validation: 0.2,
        test: 0.1,
        blocks: 10,
        gap: 2,
        seed: 4,
    };
    let split = data.split(&config).unwrap();
    let mut use_of = vec![' '; 101];
    for (kind, frames) in [
        ('t', &split.train),
        ('v', &split.validation),
        ('x', &split.test),
    ] {
        for &frame in frames {
            assert_eq!(use_of[frame], ' ');
            use_of[frame] = kind;
        }
    }
    for pair in (0..98).map(|i| [use_of[i], use_of[i + 1]]) {
        assert!(pair[0] == pair[1] || pair.contains(&' '), "{use_of:?}");
    }
    assert!(!split.validation.is_empty() && !split.test.is_empty());
    assert_eq!(split, data.split(&config).unwrap());
    let greedy = SplitConfig {
        validation: 0.6,
        test: 0.4,
        ..config
    };
    assert!(data.split(&greedy).is_err());
    assert!(frames(1).split(&config).is_err());
}

#[test]
fn delta_forces_are_what_the_priors_leave() {
    let data = frames(3);
    let term = PairTerm::Harmonic {
        length: 0.4,
        k: 1000.0,
    };
    let pair = PairInteraction {
        beads: [0, 1],
        term,
    };
    let priors = Priors::new(2, vec![pair], vec![], vec![]).unwrap();
    let deltas = data.delta_forces(&priors).unwrap();
    // stretched by 0.002 nm: 2 kJ/mol/nm on the first bead along x
    assert!((deltas[4][0] + 1.0).abs() < 1e-3 && (deltas[5][0] - 3.0).abs() < 1e-3);
    let other = Priors::new(3, vec![], vec![], vec![]).unwrap();
    assert!(data.delta_forces(&other).is_err());
}

/// Three beads with smooth forces, noise of variance `noise`², in random poses.
fn noisy(n_frames: usize, noise: f64) -> ForceData {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let mut data = ForceData::new(3);
    for _ in 0..n_frames {
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let [a, b, c] = std::array::from_fn(|_| 0.05 * normal());
        let flat = [
            [0.0, 0.0, 0.0],
            [0.4 + a, 0.0, 0.0],
            [0.2 + b, 0.4 + c, 0.0],
        ];
        let pull = [
            [-300.0 * a, 0.0, 0.0],
            [300.0 * a, 20.0 * b, 0.0],
            [0.0, -200.0 * c, 0.0],
        ];
        let eta: Vec<f64> = (0..9).map(|_| noise * normal()).collect();
        let turn = rng.random::<f64>() * 6.0;
        let (sin, cos) = turn.sin_cos();
        let rotate = |v: [f64; 3]| [cos * v[0] - sin * v[1], sin * v[0] + cos * v[1], v[2]];
        let x: Vec<[f32; 3]> = flat.iter().map(|&v| rotate(v).map(|x| x as f32)).collect();
        let f: Vec<[f32; 3]> = pull
            .iter()
            .enumerate()
            .map(|(i, p)| rotate(std::array::from_fn(|k| p[k] + eta[3 * i + k])).map(|f| f as f32))
            .collect();
        data.push(&x, &f, None).unwrap();
    }
    data
}

#[test]
fn the_noise_that_was_added_is_found() {
    let config = NoiseFloorConfig {
        window: 0,
        ..NoiseFloorConfig::default()
    };
    let data = noisy(4000, 5.0);
    let found = data.noise_floor(data.forces(), &config).unwrap();
    let deviation = (found.floor - 25.0) / found.standard_error;
    assert!(
        deviation.abs() < 4.0 && found.standard_error < 1.0,
        "{found:?}"
    );
    assert!(
        found.mean_square > 1.8 * found.floor && found.neighbour_bound > 20.0,
        "{found:?}"
    );
    let silent = noisy(4000, 0.0);
    let none = silent.noise_floor(silent.forces(), &config).unwrap();
    assert!(none.floor < 0.05 * none.mean_square, "{none:?}");
}

#[test]
fn estimates_need_neighbours() {
    let data = noisy(30, 1.0);
    let all = NoiseFloorConfig::default();
    // all frames of the one trajectory are within the window
    assert!(data.noise_floor(data.forces(), &all).is_err());
    assert!(data.noise_floor(&data.forces()[1..], &all).is_err());
    let one = NoiseFloorConfig {
        neighbours: 1,
        ..all
    };
    assert!(data.noise_floor(data.forces(), &one).is_err());
}
