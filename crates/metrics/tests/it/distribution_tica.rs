//! TICA, PCA and VAMP against deeptime and numpy.

use crate::distribution_golden::{assert_close, golden, number, numbers};
use metrics::Error;
use metrics::pca::Pca;
use metrics::tica::{Scaling, Tica, TicaConfig, TicaEstimator};
use metrics::vamp::vamp2_score;
use serde_json::Value;

fn trajectories(data: &Value) -> Vec<Vec<f64>> {
    data["trajectories"]
        .as_array()
        .unwrap()
        .iter()
        .map(numbers)
        .collect()
}

fn config(data: &Value) -> TicaConfig {
    TicaConfig::new(data["lag"].as_u64().unwrap() as usize)
}

fn fit(trajectories: &[Vec<f64>], weights: Option<&[Vec<f64>]>, config: TicaConfig) -> Tica {
    let mut estimator = TicaEstimator::new(5, config).unwrap();
    for (i, trajectory) in trajectories.iter().enumerate() {
        estimator
            .add(trajectory, weights.map(|w| w[i].as_slice()))
            .unwrap();
    }
    estimator.fit().unwrap()
}

fn assert_case(tica: &Tica, trajectories: &[Vec<f64>], case: &Value) {
    assert_close(tica.eigenvalues(), &numbers(&case["eigenvalues"]), 1e-9);
    let projection = tica.project(&trajectories[1][..40 * 5]).unwrap();
    assert_close(&projection, &numbers(&case["projection"]), 1e-6);
}

#[test]
fn eigenvalues_and_projections_are_those_of_deeptime() {
    let data = golden("tica.json");
    let trajectories = trajectories(&data);
    for (scaling, name) in [
        (Scaling::None, "None"),
        (Scaling::KineticMap, "kinetic_map"),
        (Scaling::CommuteMap, "commute_map"),
    ] {
        let config = TicaConfig {
            scaling,
            ..config(&data)
        };
        assert_case(
            &fit(&trajectories, None, config),
            &trajectories,
            &data["cases"][name],
        );
    }
}

#[test]
fn small_variances_are_cut_as_deeptime_cuts_them() {
    let data = golden("tica.json");
    let trajectories = trajectories(&data);
    let config = TicaConfig {
        epsilon: 2e-3,
        ..config(&data)
    };
    let tica = fit(&trajectories, None, config);
    assert!(
        tica.rank() < 5,
        "the cutoff must cut for this test to mean anything"
    );
    assert_case(&tica, &trajectories, &data["cases"]["truncated"]);
}

#[test]
fn weights_count_as_in_deeptime() {
    let data = golden("tica.json");
    let trajectories = trajectories(&data);
    let weights: Vec<Vec<f64>> = data["weights"]
        .as_array()
        .unwrap()
        .iter()
        .map(numbers)
        .collect();
    let tica = fit(&trajectories, Some(&weights), config(&data));
    assert_case(&tica, &trajectories, &data["cases"]["weighted"]);
}

#[test]
fn chunks_of_a_trajectory_lose_no_pair() {
    let data = golden("tica.json");
    let trajectories = trajectories(&data);
    let whole = fit(&trajectories, None, config(&data));
    let mut estimator = TicaEstimator::new(5, config(&data)).unwrap();
    for trajectory in &trajectories {
        // Chunks shorter than the lag as well.
        for chunk in trajectory.chunks(5 * 3) {
            estimator.add_chunk(chunk, None).unwrap();
        }
        estimator.end_trajectory();
    }
    assert_eq!(estimator.weight(), (700 + 450 - 2 * 7) as f64);
    let pieces = estimator.fit().unwrap();
    assert_close(pieces.eigenvalues(), whole.eigenvalues(), 1e-12);
}

#[test]
fn single_and_double_precision_rows_agree() {
    let data = golden("tica.json");
    let trajectories = trajectories(&data);
    let double = fit(&trajectories, None, config(&data));
    let mut estimator = TicaEstimator::new(5, config(&data)).unwrap();
    for trajectory in &trajectories {
        let single: Vec<f32> = trajectory.iter().map(|&x| x as f32).collect();
        estimator.add(&single, None).unwrap();
    }
    assert_close(
        estimator.fit().unwrap().eigenvalues(),
        double.eigenvalues(),
        1e-4,
    );
}

#[test]
fn vamp2_and_pca_are_those_of_the_peers() {
    let data = golden("tica.json");
    let trajectories = trajectories(&data);
    let slices: Vec<&[f64]> = trajectories.iter().map(Vec::as_slice).collect();
    let score = vamp2_score(5, &slices, 7, 1e-6).unwrap();
    assert!((score - number(&data["vamp2"])).abs() < 1e-9);
    let pca = Pca::fit(5, &trajectories.concat(), None).unwrap();
    assert_close(pca.variances(), &numbers(&data["pca_variances"]), 1e-9);
}

#[test]
fn impossible_input_is_an_error() {
    let config = TicaConfig::new(2);
    assert!(TicaEstimator::new(0, config.clone()).is_err());
    assert!(TicaEstimator::new(1, TicaConfig::new(0)).is_err());
    let mut estimator = TicaEstimator::new(2, config).unwrap();
    let nan = estimator.add(&[0.0, f64::NAN], None);
    assert!(matches!(nan, Err(Error::NotFinite { index: 1, .. })));
    assert!(matches!(
        estimator.add(&[1.0; 3], None),
        Err(Error::Length { .. })
    ));
    assert!(estimator.add(&[1.0; 4], Some(&[1.0, -1.0])).is_err());
    assert!(matches!(estimator.fit(), Err(Error::TooFew { .. })));
    estimator.add(&[1.0; 20], None).unwrap();
    assert!(
        matches!(estimator.fit(), Err(Error::Undetermined { .. })),
        "nothing varies"
    );
}
