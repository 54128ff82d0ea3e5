//! Times distribution metrics; `benches/peers/distribution.py` runs it beside deeptime and POT.
//!
//! usage: distribution FOLDER; reads the arrays that the script wrote there and prints one JSON
//! object of seconds (the least of several runs) and of the results, for the script to compare.

#![allow(clippy::print_stdout)]

use metrics::kmeans::{KMeans, KMeansConfig};
use metrics::msm::{Counting, Discrete, MarkovModel, TransitionCounts};
use metrics::tica::{Tica, TicaConfig, TicaEstimator};
use metrics::wasserstein::transport;
use serde_json::json;
use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args()
        .nth(1)
        .ok_or("usage: distribution FOLDER")?;
    let folder = Path::new(&folder);
    let setup: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("setup.json"))?)?;
    let number = |name: &str| setup[name].as_u64().unwrap_or_default() as usize;

    let features = f64s(&folder.join("features.bin"))?;
    let (tica_s, tica) = least(3, || -> metrics::Result<Tica> {
        let mut estimator =
            TicaEstimator::new(number("n_features"), TicaConfig::new(number("lag")))?;
        estimator.add(&features, None)?;
        estimator.fit()
    });
    let tica = tica?;
    let single: Vec<f32> = features.iter().map(|&x| x as f32).collect();
    let (tica_f32_s, _) = least(3, || -> metrics::Result<Tica> {
        let mut estimator =
            TicaEstimator::new(number("n_features"), TicaConfig::new(number("lag")))?;
        estimator.add(&single, None)?;
        estimator.fit()
    });
    let (project_s, _) = least(3, || tica.project(&features));

    let n = number("grid");
    let points: Vec<[f64; 2]> = (0..n * n)
        .map(|k| [(k / n) as f64, (k % n) as f64])
        .collect();
    let mut transports = Vec::new();
    for name in ["histograms", "dense"] {
        let masses = f64s(&folder.join(format!("{name}.bin")))?;
        let (p, q) = masses.split_at(n * n);
        let (seconds, cost) = least(3, || transport(&points, p, q));
        transports.push(json!({"seconds": seconds, "cost": cost?}));
    }

    let plane = f64s(&folder.join("plane.bin"))?;
    let (seed_s, start) = least(1, || {
        let config = KMeansConfig {
            max_iterations: 0,
            ..KMeansConfig::new(number("n_clusters"))
        };
        KMeans::fit(number("n_plane"), &plane, None, &config)
    });
    let start = start?;
    let config = KMeansConfig {
        max_iterations: number("rounds"),
        tolerance: 0.0,
        ..KMeansConfig::new(number("n_clusters"))
    };
    let (kmeans_s, clusters) = least(2, || KMeans::fit(number("n_plane"), &plane, None, &config));
    let clusters = clusters?;
    let (assign_s, _) = least(3, || start.assign(&plane));

    let states: Vec<u32> = std::fs::read(folder.join("states.bin"))?
        .chunks_exact(4)
        .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect();
    let trajectories = [states];
    let discrete = Discrete {
        trajectories: &trajectories,
        weights: None,
        n_states: number("n_states"),
    };
    let (counts_s, counts) = least(5, || {
        TransitionCounts::new(&discrete, number("msm_lag"), Counting::Sliding)
    });
    let counts = counts?;
    let (model_s, model) = least(3, || MarkovModel::new(&counts));
    let model = model?;
    let (pcca_s, _) = least(3, || model.macrostates(5));
    println!(
        "{}",
        json!({
            "tica": tica_s, "tica_f32": tica_f32_s, "project": project_s,
            "eigenvalues": tica.eigenvalues()[..5],
            "transport": transports[0], "transport_dense": transports[1],
            "kmeans_seeding": seed_s, "kmeans": kmeans_s - seed_s,
            "inertia": clusters.inertia(), "assign": assign_s,
            "counts": counts_s, "model": model_s, "pcca": pcca_s,
            "timescales": model.timescales()[..4],
        })
    );
    Ok(())
}

fn f64s(path: &Path) -> Result<Vec<f64>, Box<dyn Error>> {
    let bytes = std::fs::read(path)?;
    let (chunks, _) = bytes.as_chunks::<8>();
    Ok(chunks.iter().map(|&b| f64::from_le_bytes(b)).collect())
}

fn least<T>(runs: usize, mut work: impl FnMut() -> T) -> (f64, T) {
    let (mut least, mut result) = (f64::INFINITY, None);
    for _ in 0..runs.max(1) {
        let start = Instant::now();
        result = Some(black_box(work()));
        least = least.min(start.elapsed().as_secs_f64());
    }
    (least, result.unwrap_or_else(work))
}
