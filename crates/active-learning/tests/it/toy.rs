//! A campaign that takes milliseconds: beads in a double well, a model that is a table.

use active_learning::{
    Attempt, Backmapped, Backmapper, BoxError, Budget, Campaign, CampaignConfig, Event,
    FarthestFirst, Fit, Gate, Implausible, Judge, Label, Measure, Model, Oracle, Parts, Selector,
    Space, Summary,
};
use dynamics::random::{philox, uniform};
use molio::{Frame, Trajectory};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Force of the potential (x² − 1)² along x.
pub(crate) fn force(x: f32) -> f32 {
    -4.0 * x * (x * x - 1.0)
}

pub(crate) fn label(x: f32) -> Label {
    Label {
        frame: Frame {
            forces: Some(vec![[force(x), 0.0, 0.0]]),
            ..Frame::from_positions(vec![[x, 0.0, 0.0]])
        },
        force_errors: Some(vec![[0.1; 3]]),
        energy: None,
    }
}

/// The position along x is the only distance that means anything here.
pub(crate) fn along_x() -> Space {
    Space::Features(Arc::new(|x: &[[f32; 3]]| Ok(vec![x[0][0]])))
}

/// Proposes uniformly within the range of known positions and a bit beyond.
pub(crate) struct Range {
    pub(crate) pause: Duration,
}

impl Model for Range {
    fn fit(&self, fit: &Fit<'_>) -> Result<(), BoxError> {
        std::thread::sleep(self.pause);
        let xs = fit.labels.iter().map(|l| l.frame.positions[0][0]);
        let least = xs.clone().fold(f32::INFINITY, f32::min);
        let most = xs.fold(f32::NEG_INFINITY, f32::max);
        let weight: f64 = fit.weights.iter().sum();
        let warm = fit.start_from.is_some();
        let text = format!("{least} {most} {weight} {warm} {}", fit.seed);
        Ok(std::fs::write(fit.folder.join("range.txt"), text)?)
    }

    fn propose(&self, folder: &Path, n_frames: usize, seed: u64) -> Result<Trajectory, BoxError> {
        std::thread::sleep(self.pause);
        let text = std::fs::read_to_string(folder.join("range.txt"))?;
        let mut words = text.split(' ');
        let mut next = || -> Result<f32, BoxError> { Ok(words.next().unwrap_or("").parse()?) };
        let (least, most) = (next()? - 0.3, next()? + 0.3);
        let position = |i: usize| {
            let u = uniform(philox([i as u32, 0, 0, 0], seed)[0]) as f32;
            let x = if i % 10 == 9 {
                f32::NAN
            } else {
                least + u * (most - least)
            };
            [x, 0.0, 0.0]
        };
        Ok(Trajectory::from_positions(
            1,
            (0..n_frames).map(position).collect(),
        )?)
    }
}

pub(crate) struct Fence;

impl Gate for Fence {
    fn check(&self, positions: &[[f32; 3]]) -> Option<Implausible> {
        (positions[0][0].abs() > 2.0).then_some(Implausible::Exploded)
    }
}

/// Two atoms around each bead; the tenth frame of a batch cannot be rebuilt.
pub(crate) struct Twins;

impl Backmapper for Twins {
    fn backmap(&self, beads: &Trajectory) -> Result<Backmapped, BoxError> {
        let indices: Vec<usize> = (0..beads.n_frames()).filter(|i| i % 10 != 9).collect();
        let atoms = indices.iter().flat_map(|&i| {
            let [x, y, z] = beads.positions(i)[0];
            [[x, y, z - 0.25], [x, y, z + 0.25]]
        });
        Ok(Backmapped {
            frames: Trajectory::from_positions(2, atoms.collect())?,
            indices,
        })
    }
}

/// Labels the centre of the two atoms and a point beside it.
pub(crate) struct DoubleWell {
    pub(crate) pause: Duration,
}

impl Oracle for DoubleWell {
    fn label(&self, frames: &Trajectory) -> Result<Vec<Label>, BoxError> {
        std::thread::sleep(self.pause);
        let xs = (0..frames.n_frames()).map(|i| frames.positions(i)[0][0]);
        Ok(xs.flat_map(|x| [label(x), label(x + 0.01)]).collect())
    }

    fn nanoseconds_per_frame(&self) -> f64 {
        0.5
    }
}

/// How far the sample falls short of covering −1.5 to 1.5, and its mean.
pub(crate) struct Span;

impl Judge for Span {
    fn measure(&self, sample: &Trajectory) -> Result<Vec<Measure>, BoxError> {
        let xs = || sample.all_positions().iter().map(|x| f64::from(x[0]));
        let most = xs().fold(f64::NEG_INFINITY, f64::max);
        let mean = xs().sum::<f64>() / sample.n_frames() as f64;
        Ok(vec![
            Measure {
                name: "shortfall".into(),
                value: (1.5 - most).max(0.0),
                error: Some(0.01),
                guarded: true,
            },
            Measure {
                name: "mean".into(),
                value: mean.abs(),
                error: None,
                guarded: false,
            },
        ])
    }
}

pub(crate) fn config() -> CampaignConfig {
    CampaignConfig {
        n_rounds: 4,
        n_samples: 60,
        n_selected: 12,
        n_spare: 0,
        oracle_batch: 5,
        budget: Budget::default(),
        attempts: vec![
            Attempt {
                warm_start: true,
                oracle_weight: 1.0,
            },
            Attempt {
                warm_start: false,
                oracle_weight: 2.0,
            },
        ],
        follow_rejected: false,
        tolerance: 1.0,
        seed: 11,
        parts: [("well".into(), "double".into())].into(),
    }
}

pub(crate) fn base() -> Vec<Label> {
    (0..20).map(|i| label(-1.0 + 0.02 * i as f32)).collect()
}

pub(crate) fn selector() -> FarthestFirst {
    FarthestFirst {
        space: along_x(),
        min_distance: 1e-4,
    }
}

/// Parts without a gate and without a backmapper.
pub(crate) fn parts<'a>(
    model: &'a dyn Model,
    selector: &'a dyn Selector,
    oracle: &'a dyn Oracle,
    judge: &'a dyn Judge,
) -> Parts<'a> {
    Parts {
        model,
        gate: None,
        selector,
        backmapper: None,
        oracle,
        judge,
        space: along_x(),
    }
}

/// Runs the campaign; parts that work pause for `pause`.
pub(crate) fn run(
    config: CampaignConfig,
    folder: &Path,
    pause: Duration,
    observe: &mut dyn FnMut(&Event<'_>),
) -> active_learning::Result<Summary> {
    let (model, oracle) = (Range { pause }, DoubleWell { pause });
    let (selector, base) = (selector(), base());
    let parts = Parts {
        model: &model,
        gate: Some(&Fence),
        selector: &selector,
        backmapper: Some(&Twins),
        oracle: &oracle,
        judge: &Span,
        space: along_x(),
    };
    Campaign::new(config, parts, &base, folder)?.run(&AtomicBool::new(false), observe)
}
