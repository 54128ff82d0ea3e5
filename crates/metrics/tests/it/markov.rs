//! Markov models and k-means against deeptime, and on cases worked out by hand.

use crate::distribution_golden::{golden, numbers};
use metrics::Error;
use metrics::kmeans::{KMeans, KMeansConfig};
use metrics::msm::{
    Counting, Discrete, MarkovModel, Resampled, TransitionCounts, implied_timescales,
};
use proptest::prelude::*;
use serde_json::Value;

fn states(value: &Value) -> Vec<Vec<u32>> {
    let trajectories = value.as_array().unwrap().iter();
    trajectories
        .map(|t| numbers(t).iter().map(|&s| s as u32).collect())
        .collect()
}

fn discrete(trajectories: &[Vec<u32>], n_states: usize) -> Discrete<'_> {
    Discrete {
        trajectories,
        weights: None,
        n_states,
    }
}

fn assert_close(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        let scale = e.abs().max(1.0);
        assert!(
            (f - e).abs() <= tolerance * scale,
            "{what} {i}: {f}, expected {e}"
        );
    }
}

#[test]
fn counts_matrix_timescales_and_distribution_are_those_of_deeptime() {
    let golden = golden("msm.json");
    let trajectories = states(&golden["trajectories"]);
    let lag = golden["lag"].as_u64().unwrap() as usize;
    let discrete = discrete(&trajectories, 6);
    let counts = TransitionCounts::new(&discrete, lag, Counting::Sliding).unwrap();
    assert_eq!(counts.matrix(), numbers(&golden["counts"]));
    let effective = TransitionCounts::new(&discrete, lag, Counting::Effective).unwrap();
    let expected = numbers(&golden["effective_counts"]);
    assert_close("effective counts", effective.matrix(), &expected, 1e-9);

    let model = MarkovModel::of_all(&counts).unwrap();
    let expected = numbers(&golden["transition_matrix"]);
    assert_close("matrix", model.transition_matrix(), &expected, 1e-8);
    assert_close(
        "π",
        model.stationary(),
        &numbers(&golden["stationary"]),
        1e-8,
    );
    let timescales = numbers(&golden["timescales"]);
    assert_close("timescales", &model.timescales(), &timescales, 1e-6);
    for i in 0..6 {
        let row = &model.transition_matrix()[6 * i..6 * i + 6];
        assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-14);
        for (j, p) in row.iter().enumerate() {
            let back = model.stationary()[j] * model.transition_matrix()[6 * j + i];
            assert!(
                (model.stationary()[i] * p - back).abs() < 1e-15,
                "detailed balance"
            );
        }
    }
}

#[test]
fn macrostates_are_those_of_deeptime() {
    let golden = golden("msm.json");
    let trajectories = states(&golden["trajectories"]);
    let counts = TransitionCounts::new(&discrete(&trajectories, 6), 2, Counting::Sliding).unwrap();
    let model = MarkovModel::new(&counts).unwrap();
    let macrostates = model.macrostates(3).unwrap();
    let expected = numbers(&golden["pcca_memberships"]);
    // The order of macrostates is arbitrary there and by population here.
    let theirs = numbers(&golden["pcca_assignments"]);
    let mut place = [0; 3];
    for (mine, theirs) in macrostates.assignments().iter().zip(&theirs) {
        place[*mine] = *theirs as usize;
    }
    for (state, row) in macrostates.memberships().chunks_exact(3).enumerate() {
        for (mine, chi) in row.iter().enumerate() {
            // deeptime ends its search at a tolerance of 1e-4.
            assert!((chi - expected[3 * state + place[mine]]).abs() < 1e-3);
        }
        assert_eq!(
            place[macrostates.assignments()[state]],
            theirs[state] as usize
        );
    }
    let populations = macrostates.populations();
    assert!(populations.is_sorted_by(|a, b| a >= b));
    assert!((populations.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert_eq!(model.macrostates(1).unwrap().populations().len(), 1);
    assert!(matches!(model.macrostates(7), Err(Error::TooFew { .. })));
}

#[test]
fn what_is_not_connected_is_dropped_and_told_or_refused() {
    let golden = golden("msm.json");
    let trajectories = states(&golden["apart"]);
    let counts = TransitionCounts::new(&discrete(&trajectories, 9), 1, Counting::Sliding).unwrap();
    let model = MarkovModel::new(&counts).unwrap();
    let kept: Vec<usize> = numbers(&golden["apart_states"])
        .iter()
        .map(|&s| s as usize)
        .collect();
    assert_eq!(model.states(), kept);
    assert_eq!(model.dropped().states, [3, 4, 5, 6, 7, 8]);
    assert!(model.dropped().count_share > 0.0 && model.dropped().count_share < 0.5);
    let expected = numbers(&golden["apart_stationary"]);
    assert_close("π", model.stationary(), &expected, 1e-8);
    let message = MarkovModel::of_all(&counts).unwrap_err().to_string();
    assert!(
        message.contains("6 of 9") && message.contains("3, 4, 5"),
        "{message}"
    );
    let macrostates = model.macrostates(2).unwrap();
    assert!(macrostates.of_state(3).is_none() && macrostates.of_state(0).is_some());
}

#[test]
fn a_walk_without_return_has_no_model() {
    let trajectories = [(0..50).collect::<Vec<u32>>()];
    let counts = TransitionCounts::new(&discrete(&trajectories, 50), 1, Counting::Sliding).unwrap();
    let error = MarkovModel::new(&counts).unwrap_err();
    assert!(matches!(error, Error::Undetermined { .. }), "{error}");
    // One absorbing state is a model of one state that never relaxes.
    let trajectories = [vec![0, 1, 1, 1]];
    let counts = TransitionCounts::new(&discrete(&trajectories, 2), 1, Counting::Sliding).unwrap();
    let model = MarkovModel::new(&counts);
    match model {
        Ok(model) => assert_eq!((model.states(), model.stationary()), (&[1][..], &[1.0][..])),
        Err(error) => assert!(matches!(error, Error::Undetermined { .. })),
    }
}

#[test]
fn wrong_input_is_refused() {
    let sliding = |trajectories: &[Vec<u32>], n, lag| {
        TransitionCounts::new(&discrete(trajectories, n), lag, Counting::Sliding)
    };
    assert!(sliding(&[vec![0, 1]], 1, 1).is_err());
    assert!(sliding(&[vec![0, 1]], 2, 0).is_err());
    assert!(sliding(&[vec![0, 1]], 2, 2).is_err());
    assert!(sliding(&[vec![0, 1]], usize::MAX, 1).is_err());
    assert!(TransitionCounts::from_matrix(2, 1, vec![1.0, -1.0, 0.0, 1.0]).is_err());
    let (weights, trajectories) = ([vec![1.0]], [vec![0, 1]]);
    let weighted = Discrete {
        weights: Some(&weights),
        ..discrete(&trajectories, 2)
    };
    assert!(TransitionCounts::new(&weighted, 1, Counting::Sliding).is_err());
}

#[test]
fn weights_of_transitions_are_repetitions() {
    // The second replica thrice as likely as the first.
    let trajectories = [vec![0, 1, 0, 0, 1, 1, 0], vec![1, 1, 0, 1, 0, 0]];
    let weights = [vec![1.0; 7], vec![3.0; 6]];
    let weighted = Discrete {
        weights: Some(&weights),
        ..discrete(&trajectories, 2)
    };
    let repeated = [&trajectories[..], &trajectories[1..], &trajectories[1..]].concat();
    assert_eq!(
        TransitionCounts::new(&weighted, 1, Counting::Sliding).unwrap(),
        TransitionCounts::new(&discrete(&repeated, 2), 1, Counting::Sliding).unwrap()
    );
}

/// A two-state chain with switching probabilities a and b: π₀ = b/(a+b), t = −1/ln(1−a−b).
fn switching(n: usize, a: f64, b: f64, seed: u64) -> Vec<u32> {
    use rand::{Rng, SeedableRng};
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let mut state = 0;
    let mut step = || {
        let leave = random.random::<f64>() < if state == 0 { a } else { b };
        state = if leave { 1 - state } else { state };
        state
    };
    (0..n).map(|_| step()).collect()
}

#[test]
fn errors_by_block_bootstrap_are_the_spread_of_independent_runs() {
    let (a, b) = (0.02, 0.06);
    let model_of = |trajectories: &[Vec<u32>]| {
        let counts = TransitionCounts::new(&discrete(trajectories, 2), 1, Counting::Sliding);
        MarkovModel::new(&counts.unwrap()).unwrap()
    };
    let runs: Vec<MarkovModel> = (0..40)
        .map(|seed| model_of(&[switching(20_000, a, b, seed)]))
        .collect();
    let spread = |of: &dyn Fn(&MarkovModel) -> f64| {
        let values: Vec<f64> = runs.iter().map(of).collect();
        metrics::bootstrap::standard_error(&values).unwrap()
    };
    let trajectories = [switching(20_000, a, b, 99)];
    let discrete = discrete(&trajectories, 2);
    let model = model_of(&trajectories);
    let resampled = Resampled::new(&discrete, &model, 200, 100, 5).unwrap();
    assert_eq!(resampled.n_failed(), 0);
    let errors = [
        (
            resampled.stationary_errors()[0],
            spread(&|m| m.stationary()[0]),
        ),
        (
            resampled.timescale_errors()[0],
            spread(&|m| m.timescales()[0]),
        ),
        (
            resampled.free_energy_errors()[1],
            spread(&|m| -m.stationary()[1].ln()),
        ),
    ];
    for (error, spread) in errors {
        let ratio = error.unwrap() / spread;
        assert!((0.5..2.0).contains(&ratio), "{error:?} {spread}");
    }
    let off = (model.stationary()[0] - 0.75).abs();
    assert!(
        off < 4.0 * resampled.stationary_errors()[0].unwrap(),
        "{off}"
    );
    let macrostates = model.macrostates(2).unwrap();
    assert!(resampled.population_errors(&macrostates)[0].unwrap() > 0.0);

    let exact = -1.0 / (1.0 - a - b).ln();
    for at in implied_timescales(&discrete, &[1, 3, 6], 1, 200, 50, 1).unwrap() {
        let off = (at.values[0] - exact).abs();
        assert!(
            off < 4.0 * at.errors[0].unwrap(),
            "lag {}: {at:?}, exact {exact}",
            at.lag
        );
        assert_eq!(at.n_connected, 2);
    }
}

#[test]
fn the_native_macrostate_is_the_one_closest_to_the_native_structure() {
    let trajectories = [switching(2000, 0.02, 0.06, 1)];
    let counts = TransitionCounts::new(&discrete(&trajectories, 2), 1, Counting::Sliding).unwrap();
    let macrostates = MarkovModel::new(&counts).unwrap().macrostates(2).unwrap();
    let rmsd: Vec<f64> = trajectories[0]
        .iter()
        .map(|&s| if s == 1 { 0.1 } else { 0.5 })
        .collect();
    let native = macrostates
        .native(&trajectories[0], &rmsd, None)
        .unwrap()
        .unwrap();
    assert_eq!(Some(native.index), macrostates.of_state(1));
    assert!((native.mean[native.index] - 0.1).abs() < 1e-12);
    assert!(native.deviation[native.index] < 1e-6);
    assert!(macrostates.native(&[], &[], None).unwrap().is_none());
}

#[test]
fn clusters_are_those_of_deeptime() {
    let golden = golden("msm.json");
    let rows = numbers(&golden["blobs"]);
    let clusters = KMeans::fit(2, &rows, None, &KMeansConfig::new(4)).unwrap();
    assert!(clusters.converged());
    let mut found: Vec<[f64; 2]> = clusters
        .centres()
        .chunks_exact(2)
        .map(|c| [c[0], c[1]])
        .collect();
    found.sort_by_key(|c| ((c[1] * 10.0).round() as i64, (c[0] * 10.0).round() as i64));
    let mut expected = numbers(&golden["blob_centres"]);
    let mut theirs: Vec<[f64; 2]> = expected.chunks_exact(2).map(|c| [c[0], c[1]]).collect();
    theirs.sort_by_key(|c| ((c[1] * 10.0).round() as i64, (c[0] * 10.0).round() as i64));
    expected = theirs.concat();
    assert_close("centres", &found.concat(), &expected, 1e-9);
    let inertia = golden["blob_inertia"].as_f64().unwrap();
    assert!((clusters.inertia().abs() - inertia.abs()).abs() < 1e-9 * inertia.abs());
}

#[test]
fn clusters_do_not_depend_on_the_number_of_threads() {
    let rows: Vec<f64> = (0..30_000)
        .map(|i| ((i * 7919) % 10_007) as f64 * 1e-3)
        .collect();
    let fit = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| KMeans::fit(3, &rows, None, &KMeansConfig::new(17)).unwrap())
    };
    assert_eq!(fit(1), fit(3));
}

#[test]
fn clustering_refuses_what_it_cannot_do() {
    let fit = |rows: &[f64], weights: Option<&[f64]>, k| {
        KMeans::fit(1, rows, weights, &KMeansConfig::new(k))
    };
    assert!(matches!(
        fit(&[1.0, 1.0, 1.0], None, 2),
        Err(Error::TooFew { found: 1, .. })
    ));
    assert!(fit(&[1.0, f64::NAN], None, 1).is_err());
    assert!(fit(&[1.0, 2.0], None, 0).is_err());
    assert!(fit(&[], None, 1).is_err());
    assert!(KMeans::fit(0, &[], None, &KMeansConfig::new(1)).is_err());
    assert!(KMeans::from_centres(0, vec![]).is_err());
    // A frame of weight zero is no centre.
    let clusters = fit(&[1.0, 2.0, 50.0], Some(&[1.0, 1.0, 0.0]), 2).unwrap();
    assert!(clusters.centres().iter().all(|&c| c < 3.0));
    assert!(fit(&[1.0, 2.0, 50.0], Some(&[1.0, 1.0, 0.0]), 3).is_err());
}

proptest! {
    #[test]
    fn any_trajectory_gives_a_reversible_model_or_an_error(
        states in prop::collection::vec(0u32..6, 2..200),
        lag in 1usize..4,
        n_macro in 1usize..4,
    ) {
        let trajectories = [states];
        let Ok(counts) = TransitionCounts::new(&discrete(&trajectories, 6), lag, Counting::Sliding)
        else { return Ok(()); };
        prop_assert!(TransitionCounts::new(&discrete(&trajectories, 6), lag, Counting::Effective).is_ok());
        let Ok(model) = MarkovModel::new(&counts) else { return Ok(()); };
        let n = model.states().len();
        prop_assert_eq!(n + model.dropped().states.len(), 6);
        prop_assert!((model.stationary().iter().sum::<f64>() - 1.0).abs() < 1e-12);
        for i in 0..n {
            let row = &model.transition_matrix()[n * i..n * (i + 1)];
            prop_assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            for j in 0..n {
                let forward = model.stationary()[i] * row[j];
                let back = model.stationary()[j] * model.transition_matrix()[n * j + i];
                prop_assert!((forward - back).abs() < 1e-14);
            }
        }
        prop_assert!((model.eigenvalues()[0] - 1.0).abs() < 1e-9 || n > 1);
        if let Ok(macrostates) = model.macrostates(n_macro) {
            for row in macrostates.memberships().chunks_exact(n_macro) {
                prop_assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-9);
                prop_assert!(row.iter().all(|x| (0.0..=1.0).contains(x)));
            }
        }
    }
}
