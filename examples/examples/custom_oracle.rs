//! A campaign whose oracle, model and judge are written here: a particle learns of the second well.
//! `custom_oracle [folder]`; killed and started again, it goes on.

#![allow(clippy::print_stdout)]

use active_learning::{
    Attempt, BoxError, Budget, Campaign, CampaignConfig, FarthestFirst, Fit, Judge, Label, Measure,
    Model, Oracle, Parts, Space,
};
use dynamics::random::{philox, uniform};
use molio::{Frame, Trajectory};
use std::sync::{Arc, atomic::AtomicBool};
use std::{error::Error, path::Path};

/// The truth: U = 4 (x² − 1)² in units of kT.
struct DoubleWell;

impl Oracle for DoubleWell {
    fn label(&self, frames: &Trajectory) -> Result<Vec<Label>, BoxError> {
        let label = |i| {
            let mut frame = Frame::from_positions(frames.positions(i).to_vec());
            let x = frame.positions[0][0];
            frame.forces = Some(vec![[-16.0 * x * (x * x - 1.0), 0.0, 0.0]]);
            Label {
                frame,
                ..Label::default()
            }
        };
        Ok((0..frames.n_frames()).map(label).collect())
    }
}

/// The model: force by the nearest label, energy by steps between labels, sampled by Metropolis.
struct Table;

impl Model for Table {
    fn fit(&self, fit: &Fit<'_>) -> Result<(), BoxError> {
        let row = |l: &Label| Some([l.frame.positions[0][0], l.frame.forces.as_ref()?[0][0]]);
        let mut rows: Vec<[f32; 2]> = fit.labels.iter().filter_map(row).collect();
        rows.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let lines: Vec<String> = rows.iter().map(|[x, f]| format!("{x} {f}")).collect();
        Ok(std::fs::write(
            fit.folder.join("table.txt"),
            lines.join("\n"),
        )?)
    }
    fn propose(&self, folder: &Path, n: usize, seed: u64) -> Result<Trajectory, BoxError> {
        let text = std::fs::read_to_string(folder.join("table.txt"))?;
        let numbers = text
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<Vec<f32>, _>>()?;
        let force = |x: f32| {
            let near = numbers
                .chunks(2)
                .min_by(|a, b| (a[0] - x).abs().total_cmp(&(b[0] - x).abs()));
            near.map_or(0.0, |row| row[1] - 10.0 * (x - row[0])) // a spring beyond the last label
        };
        let (mut x, mut frames) = (-1.0_f32, Vec::new());
        for step in 0..50 * n as u32 {
            let [a, b, ..] = philox([step, 0, 0, 0], seed);
            let dx = uniform(a) as f32 - 0.5;
            if uniform(b) < f64::from(dx * force(x + dx / 2.0)).exp() {
                x += dx;
            }
            if step % 50 == 0 {
                frames.push([x, 0.0, 0.0]);
            }
        }
        Ok(Trajectory::from_positions(1, frames)?)
    }
}

/// What is known of the truth: both wells are equally full.
struct Halves;

impl Judge for Halves {
    fn measure(&self, sample: &Trajectory) -> Result<Vec<Measure>, BoxError> {
        let n_right = sample.all_positions().iter().filter(|x| x[0] > 0.0).count();
        let value = (n_right as f64 / sample.n_frames() as f64 - 0.5).abs();
        Ok(vec![Measure {
            name: "imbalance".into(),
            value,
            error: Some(0.05),
            guarded: true,
        }])
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let scratch = std::env::temp_dir().join(format!("double-well-{}", std::process::id()));
    let folder = std::env::args().nth(1).map_or(scratch, Into::into);
    let start = (0..50)
        .map(|i| [-1.3 + 0.01 * i as f32, 0.0, 0.0])
        .collect();
    let base = DoubleWell
        .label(&Trajectory::from_positions(1, start)?)
        .map_err(|e| e.to_string())?;
    let space = Space::Features(Arc::new(|x: &[[f32; 3]]| Ok(vec![x[0][0]])));
    let selector = FarthestFirst {
        space: space.clone(),
        min_distance: 0.01,
    };
    let parts = Parts {
        model: &Table,
        gate: None,
        selector: &selector,
        backmapper: None,
        oracle: &DoubleWell,
        judge: &Halves,
        space,
    };
    let config = CampaignConfig {
        n_rounds: 8,
        n_samples: 2000,
        n_selected: 5,
        n_spare: 0,
        oracle_batch: 5,
        budget: Budget {
            frames: Some(40),
            ..Budget::default()
        },
        attempts: vec![Attempt {
            warm_start: false,
            oracle_weight: 1.0,
        }],
        follow_rejected: false,
        tolerance: 2.0,
        seed: 1,
        parts: Default::default(),
    };
    let campaign = Campaign::new(config, parts, &base, &folder)?;
    let summary = campaign.run(&AtomicBool::new(false), &mut |_| {})?;
    for round in &summary.rounds {
        let imbalance = round
            .attempts
            .last()
            .map_or(f64::NAN, |a| a.measures[0].value);
        println!(
            "round {}: {} frames asked, imbalance {imbalance:.3}, {}",
            round.round,
            round.n_asked,
            if round.accepted.is_some() {
                "accepted"
            } else {
                "rejected"
            },
        );
    }
    println!(
        "everything that entered and left each round: {}",
        folder.display()
    );
    Ok(())
}
