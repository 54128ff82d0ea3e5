//! Distances between distributions against scipy and POT, and their properties.

use crate::distribution_golden::{assert_close, golden, number, numbers};
use metrics::density::GaussianKde;
use metrics::divergence::{jensen_shannon, kullback_leibler};
use metrics::histogram::Bins;
use metrics::wasserstein::{
    published, sliced_wasserstein, transport, wasserstein_1d, wasserstein_2d, wasserstein_circular,
};
use proptest::prelude::*;
use serde_json::Value;
use std::f64::consts::{PI, TAU};

fn cloud(value: &Value) -> Vec<[f64; 2]> {
    numbers(value)
        .chunks_exact(2)
        .map(|p| [p[0], p[1]])
        .collect()
}

#[test]
fn line_and_circle_are_those_of_scipy_and_pot() {
    let data = golden("transport.json");
    let n = |key: &str| numbers(&data[key]);
    let (u, v) = (n("u"), n("v"));
    let (uw, vw) = (n("u_weights"), n("v_weights"));
    let plain = wasserstein_1d(&u, None, &v, None).unwrap();
    let weighted = wasserstein_1d(&u, Some(&uw), &v, Some(&vw)).unwrap();
    let (a, b) = (n("a"), n("b"));
    let (aw, bw) = (n("a_weights"), n("b_weights"));
    let circular = wasserstein_circular(&a, None, &b, None).unwrap();
    let circular_weighted = wasserstein_circular(&a, Some(&aw), &b, Some(&bw)).unwrap();
    assert_close(
        &[plain, weighted, circular, circular_weighted],
        &["w1", "w1_weighted", "circular", "circular_weighted"].map(|key| number(&data[key])),
        1e-9,
    );
}

#[test]
fn transport_on_a_grid_is_that_of_pot() {
    let data = golden("transport.json");
    let n = data["grid_n"].as_u64().unwrap() as usize;
    let points: Vec<[f64; 2]> = (0..n * n)
        .map(|k| [(k / n) as f64 / n as f64, (k % n) as f64 / n as f64])
        .collect();
    let (a, b) = (
        numbers(&data["grid_masses"][0]),
        numbers(&data["grid_masses"][1]),
    );
    let cost = transport(&points, &a, &b).unwrap();
    assert!((cost - number(&data["grid_cost"])).abs() < 1e-9);
    let back = transport(&points, &b, &a).unwrap();
    assert!((cost - back).abs() < 1e-9);

    let js = jensen_shannon(&a, &b).unwrap();
    assert!((js - number(&data["jensen_shannon"])).abs() < 1e-9);
    let kl = kullback_leibler(&a, &b, 1e-6).unwrap();
    assert!((kl - number(&data["kullback_leibler"])).abs() < 1e-9);
}

#[test]
fn the_published_recipe_is_that_of_scipy_and_pot() {
    let data = golden("transport.json");
    let n = |key: &str| numbers(&data[key]);
    let kde = GaussianKde::new(1, &n("u"), Some(&n("u_weights"))).unwrap();
    assert_close(
        &kde.evaluate(&n("kde_points")).unwrap(),
        &n("kde_1d"),
        1e-12,
    );

    let line = published::wasserstein_1d(&n("u"), None, &n("v"), None).unwrap();
    let line_weighted = published::wasserstein_1d(
        &n("u"),
        Some(&n("u_weights")),
        &n("v"),
        Some(&n("v_weights")),
    )
    .unwrap();
    let (u, v) = (cloud(&data["cloud_u"]), cloud(&data["cloud_v"]));
    let plane = published::wasserstein_2d(&u, None, &v, None).unwrap();
    let weights = n("cloud_v_weights");
    let plane_weighted = published::wasserstein_2d(&u, None, &v, Some(&weights)).unwrap();
    assert_close(
        &[line, line_weighted, plane, plane_weighted],
        &[
            "published_1d",
            "published_1d_weighted",
            "published_2d",
            "published_2d_weighted",
        ]
        .map(|key| number(&data[key])),
        1e-6,
    );
}

#[test]
fn a_shift_of_a_cloud_is_its_distance_in_the_plane() {
    let data = golden("transport.json");
    let u = cloud(&data["cloud_u"]);
    // Whole cells: then binning changes nothing, and the distance is the shift.
    let spread = |axis: usize| {
        let mut x: Vec<f64> = u.iter().map(|p| p[axis]).collect();
        x.sort_by(f64::total_cmp);
        x[(0.99 * 399.0f64).round() as usize] - x[(0.01 * 399.0f64).round() as usize]
    };
    let moved: Vec<[f64; 2]> = u.iter().map(|p| [p[0] + 3.0, p[1] + 4.0]).collect();
    let distance = wasserstein_2d(&u, None, &moved, None, 40).unwrap();
    let cell = ((spread(0) + 3.0) / 40.0).hypot((spread(1) + 4.0) / 40.0);
    assert!((distance - 5.0).abs() < cell, "{distance}");
    assert_eq!(wasserstein_2d(&u, None, &u, None, 40).unwrap(), 0.0);
}

#[test]
fn one_outlying_frame_leaves_the_plane_distance_sharp() {
    // The published 25 × 25 grid over the joint range becomes useless (defect 6 of 7.4).
    let data = golden("transport.json");
    let (u, v) = (cloud(&data["cloud_u"]), cloud(&data["cloud_v"]));
    let without = wasserstein_2d(&u, None, &v, None, 30).unwrap();
    let mut outlier = v;
    outlier.push([1000.0, 0.0]);
    let with = wasserstein_2d(&u, None, &outlier, None, 30).unwrap();
    // One frame of 251 moves by a thousand, and nothing else changes by more than a cell.
    let expected = without * 250.0 / 251.0 + 1000.0 / 251.0;
    assert!((with - expected).abs() < 0.1, "{with} {expected}");
}

#[test]
fn sliced_distance_of_a_shift_is_the_mean_of_its_projections() {
    let u: Vec<f64> = (0..90).map(|i| f64::from(i).sin()).collect();
    let v: Vec<f64> = u
        .chunks_exact(3)
        .flat_map(|p| [p[0] + 2.0, p[1], p[2]])
        .collect();
    let distance = sliced_wasserstein(3, &u, None, &v, None, 4000, 1).unwrap();
    // The mean of |cos θ| over the sphere is a half.
    assert!((distance - 1.0).abs() < 0.03, "{distance}");
    let again = sliced_wasserstein(3, &u, None, &v, None, 4000, 1).unwrap();
    assert_eq!(distance, again);
}

#[test]
fn periodic_bins_join_at_their_ends() {
    let bins = Bins::around_the_circle(36).unwrap();
    let turned = |angle: f64| {
        bins.shares(&[(angle + PI).rem_euclid(TAU) - PI], None)
            .unwrap()
    };
    assert_eq!(turned(PI + 0.01), turned(-PI + 0.01));
    assert_eq!(
        jensen_shannon(&turned(3.0), &turned(0.0)).unwrap(),
        2f64.ln()
    );
}

#[test]
fn impossible_input_is_an_error() {
    assert!(wasserstein_1d(&[], None, &[1.0], None).is_err());
    assert!(wasserstein_1d(&[f64::NAN], None, &[1.0], None).is_err());
    assert!(wasserstein_1d(&[1.0], Some(&[0.0]), &[1.0], None).is_err());
    assert!(wasserstein_1d(&[1.0], Some(&[1.0, 2.0]), &[1.0], None).is_err());
    assert!(transport(&[[0.0, 0.0]], &[-1.0], &[1.0]).is_err());
    assert!(wasserstein_2d(&[[0.0, f64::INFINITY]], None, &[[0.0, 0.0]], None, 10).is_err());
    assert!(published::wasserstein_2d(&[[0.0, 0.0]; 5], None, &[[0.0, 0.0]; 5], None).is_err());
    assert!(kullback_leibler(&[1.0], &[1.0], 0.0).is_err());
    assert!(jensen_shannon(&[1.0], &[1.0, 2.0]).is_err());
}

proptest! {
    /// Transport between points on a line is the one-dimensional distance: simplex against sorting.
    #[test]
    fn the_simplex_agrees_with_sorting(
        masses in proptest::collection::vec((0.0f64..1.0, 0.0f64..1.0), 2..40),
        seed in 0u64..1000,
    ) {
        let x: Vec<f64> = (0..masses.len())
            .map(|i| ((i as u64 * 7919 + seed * 104_729) % 1009) as f64 / 100.0)
            .collect();
        let a: Vec<f64> = masses.iter().map(|m| m.0 + 1e-3).collect();
        let b: Vec<f64> = masses.iter().map(|m| m.1 + 1e-3).collect();
        let points: Vec<[f64; 2]> = x.iter().map(|&x| [0.6 * x, 0.8 * x]).collect();
        let plane = transport(&points, &a, &b).unwrap();
        let line = wasserstein_1d(&x, Some(&a), &x, Some(&b)).unwrap();
        prop_assert!((plane - line).abs() < 1e-9 * (1.0 + line));
    }

    /// Turning both samples does not change the distance around the circle, and cutting the circle
    /// open can only make it longer.
    #[test]
    fn the_circle_has_no_seam(
        u in proptest::collection::vec(-PI..PI, 1..30),
        v in proptest::collection::vec(-PI..PI, 1..30),
        turn in -PI..PI,
    ) {
        let turned = |x: &[f64]| x.iter().map(|a| a + turn).collect::<Vec<_>>();
        let distance = wasserstein_circular(&u, None, &v, None).unwrap();
        let again = wasserstein_circular(&turned(&u), None, &turned(&v), None).unwrap();
        prop_assert!((distance - again).abs() < 1e-9);
        let line = wasserstein_1d(&u, None, &v, None).unwrap();
        prop_assert!(distance <= line + 1e-12 && distance <= PI);
    }
}
