//! Comparisons of what people have: few frames, one frame, several chains, replicas that differ.

use crate::distribution_comparison::{BEADS, config, helix, topology};
use metrics::Error;
use metrics::comparison::{Comparison, ComparisonConfig, Ensemble};
use metrics::tica::{TicaConfig, TicaEstimator};
use metrics::wasserstein::wasserstein_1d;
use molio::{AtomRecord, Element, TopologyBuilder, Trajectory};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn plain(trajectories: &[Trajectory]) -> Ensemble<'_> {
    Ensemble {
        trajectories,
        weights: None,
    }
}

fn weighted<'a>(trajectories: &'a [Trajectory], weights: &'a [Vec<f64>]) -> Ensemble<'a> {
    Ensemble {
        trajectories,
        weights: Some(weights),
    }
}

/// The first `n` frames.
fn first(trajectory: &Trajectory, n: usize) -> Trajectory {
    let positions = (0..n).flat_map(|frame| trajectory.positions(frame).to_vec());
    Trajectory::from_positions(trajectory.n_atoms(), positions.collect()).unwrap()
}

#[test]
fn noise_in_few_frames_is_not_slow_when_directions_are_few() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let noise: Vec<f64> = (0..120 * 150).map(|_| random.random::<f64>()).collect();
    let slowest = |most_directions: Option<usize>| {
        let config = TicaConfig {
            most_directions,
            ..TicaConfig::new(2)
        };
        let mut estimator = TicaEstimator::new(150, config).unwrap();
        estimator.add(&noise, None).unwrap();
        let tica = estimator.fit().unwrap();
        (tica.eigenvalues()[0].abs(), tica.eigenvalues().len())
    };
    // More features than frames: any sequence can be made of them.
    assert!(slowest(None).0 > 0.999);
    let (value, n) = slowest(Some(11));
    assert!(value < 0.75 && n == 11, "{value} {n}");
}

#[test]
fn a_short_reference_is_looked_at_in_few_directions() {
    let reference = [helix(60, 0.15, 1)];
    let short = Comparison::new(
        &plain(&reference),
        &plain(&reference),
        &topology(),
        config(),
    );
    let tica = short.unwrap().summary().tica.clone();
    // 55 lagged pairs, ten of them for each direction.
    assert_eq!((tica.directions, tica.eigenvalues.len()), (5, 5));
    let reference = [helix(600, 0.15, 1)];
    let long = Comparison::new(
        &plain(&reference),
        &plain(&reference),
        &topology(),
        config(),
    );
    let tica = long.unwrap().summary().tica.clone();
    assert!(tica.directions > 5 && tica.directions <= BEADS * (BEADS - 1) / 2);
}

#[test]
fn replicas_of_different_lengths_and_of_one_frame_count_by_their_frames() {
    let long = helix(200, 0.15, 1);
    let replicas = [
        first(&long, 150),
        first(&helix(40, 0.16, 2), 1),
        helix(90, 0.15, 3),
    ];
    let model = [first(&helix(9, 0.18, 4), 1)];
    let found = Comparison::new(&plain(&replicas), &plain(&model), &topology(), config()).unwrap();
    assert_eq!(
        (
            found.summary().frames.reference,
            found.summary().frames.model
        ),
        (241, 1)
    );
    let rg = |frames: &[Trajectory]| -> Vec<f64> {
        let mut values = Vec::new();
        for trajectory in frames {
            for frame in 0..trajectory.n_frames() {
                let x = trajectory.positions(frame);
                let mean = |a: usize| x.iter().map(|p| f64::from(p[a])).sum::<f64>() / BEADS as f64;
                let square = |a: usize| {
                    x.iter()
                        .map(|p| (f64::from(p[a]) - mean(a)).powi(2))
                        .sum::<f64>()
                };
                values.push(((square(0) + square(1) + square(2)) / BEADS as f64).sqrt());
            }
        }
        values
    };
    let expected = wasserstein_1d(&rg(&replicas), None, &rg(&model), None).unwrap();
    let value = found.summary().rg.w1.value;
    assert!((value - expected).abs() < 1e-12, "{value} {expected}");
    // The report of such an ensemble can be drawn: one frame is a dot.
    assert!(found.report().unwrap().to_html().contains("<circle"));
}

#[test]
fn a_replica_without_weight_is_left_out_and_an_ensemble_without_is_an_error() {
    let reference = [helix(200, 0.15, 1)];
    let model = [helix(80, 0.15, 2), helix(50, 0.2, 3)];
    let one = [vec![1.0; 80], vec![0.0; 50]];
    let found = Comparison::new(
        &plain(&reference),
        &weighted(&model, &one),
        &topology(),
        config(),
    );
    let alone = Comparison::new(
        &plain(&reference),
        &plain(&model[..1]),
        &topology(),
        config(),
    );
    let rg = |c: Comparison| c.summary().rg.w1.value;
    assert!((rg(found.unwrap()) - rg(alone.unwrap())).abs() < 1e-12);

    for bad in [0.0, f64::NAN, -1.0] {
        let weights = [vec![bad; 80], vec![bad; 50]];
        let weighted = weighted(&model, &weights);
        let error =
            Comparison::new(&plain(&reference), &weighted, &topology(), config()).unwrap_err();
        assert!(
            matches!(error, Error::Argument { .. } | Error::NotFinite { .. }),
            "{error}"
        );
    }
}

#[test]
fn a_lag_longer_than_every_replica_is_an_error() {
    let long = ComparisonConfig {
        lag: 60,
        ..config()
    };
    let reference: Vec<Trajectory> = (0..6).map(|seed| helix(50, 0.15, seed)).collect();
    let compare = |reference: &[Trajectory], lag: ComparisonConfig| {
        Comparison::new(&plain(reference), &plain(reference), &topology(), lag).unwrap_err()
    };
    let few = [
        compare(&reference, long.clone()),
        compare(&reference[..1], long),
    ];
    assert!(
        few.iter()
            .all(|error| matches!(error, Error::TooFew { .. })),
        "{few:?}"
    );
}

#[test]
fn chains_far_apart_are_whole() {
    let mut builder = TopologyBuilder::default();
    for chain in ["A", "B"] {
        builder.start_chain(chain);
        for number in 1..=BEADS as i32 / 2 {
            builder.start_residue("ALA", number, None, false);
            builder.add_atom(AtomRecord::new("CA", Element::CARBON));
        }
    }
    let topology = builder.build();
    let apart = |seed: u64| {
        let mut trajectory = helix(200, 0.15, seed);
        for frame in 0..200 {
            let second = &mut trajectory.positions_mut(frame)[BEADS / 2..];
            second.iter_mut().for_each(|x| x[0] += 5.0);
        }
        [trajectory]
    };
    let found = Comparison::new(&plain(&apart(1)), &plain(&apart(2)), &topology, config()).unwrap();
    assert_eq!(found.summary().frames.rejected, 0);
    // Two chains of four: six bonds and two ends a frame, none across.
    assert!(found.summary().bond.unwrap().w1.value < 0.01);
    assert!(found.summary().end_to_end.unwrap().w1.value < 0.1);
}
