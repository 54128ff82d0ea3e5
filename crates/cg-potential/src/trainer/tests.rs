use super::*;
use crate::{PairInteraction, PairTerm, SplitConfig};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::fs;

/// E = Σ_k θ_k (r − 0.4)^(k+2) of one distance: linear in its parameters, so the least loss is known.
#[derive(Clone)]
pub(super) struct Polynomial(pub(super) Vec<f32>);

impl Polynomial {
    /// dE/dr by parameter, and the unit vector from the first to the second bead.
    fn basis(&self, x: &[[f32; 3]]) -> (Vec<f64>, [f64; 3]) {
        let bond: [f64; 3] = std::array::from_fn(|i| f64::from(x[1][i]) - f64::from(x[0][i]));
        let r = bond.iter().map(|b| b * b).sum::<f64>().sqrt();
        let u = 10.0 * (r - 0.4);
        let slopes = (0..self.0.len()).map(|k| (k as f64 + 2.0) * u.powi(k as i32 + 1));
        (slopes.collect(), bond.map(|b| b / r))
    }
}

impl ForceModel for Polynomial {
    fn n_beads(&self) -> usize {
        2
    }
    fn parameters(&self) -> &[f32] {
        &self.0
    }
    fn parameters_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }
    fn energies_forces(&self, positions: &[[f32; 3]], forces: &mut [[f32; 3]]) -> Vec<f64> {
        let frames = positions.chunks(2).zip(forces.chunks_mut(2));
        frames
            .map(|(x, f)| {
                let (slopes, axis) = self.basis(x);
                let pull: f64 = slopes
                    .iter()
                    .zip(&self.0)
                    .map(|(s, &p)| s * f64::from(p))
                    .sum();
                f[0] = axis.map(|a| (pull * a) as f32);
                f[1] = axis.map(|a| (-pull * a) as f32);
                self.energy_gradient(x, &[0.0], &mut vec![0.0; self.0.len()])[0]
            })
            .collect()
    }
    fn force_loss(
        &self,
        positions: &[[f32; 3]],
        targets: &[[f32; 3]],
        weights: &[[f32; 3]],
        gradient: &mut [f32],
    ) -> f64 {
        let mut loss = 0.0;
        let mut forces = vec![[0.0; 3]; positions.len()];
        self.energies_forces(positions, &mut forces);
        for (frame, x) in positions.chunks(2).enumerate() {
            let (slopes, axis) = self.basis(x);
            for (bead, sign) in [(0, 1.0), (1, -1.0)] {
                for i in 0..3 {
                    let at = 2 * frame + bead;
                    let residual = f64::from(forces[at][i]) - f64::from(targets[at][i]);
                    let w = f64::from(weights[at][i]);
                    loss += w * residual * residual;
                    for (g, s) in gradient.iter_mut().zip(&slopes) {
                        *g += (2.0 * w * residual * sign * axis[i] * s) as f32;
                    }
                }
            }
        }
        loss
    }
    fn energy_gradient(
        &self,
        positions: &[[f32; 3]],
        scales: &[f32],
        gradient: &mut [f32],
    ) -> Vec<f64> {
        let frames = positions.chunks(2).zip(scales);
        frames
            .map(|(x, &scale)| {
                let (slopes, _) = self.basis(x);
                // (k + 2) u^(k+1) is the slope of u^(k+2)/10, and u half the slope of u²
                let u = slopes[0] / 2.0;
                let terms = (0..self.0.len()).map(|k| u.powi(k as i32 + 2) / 10.0);
                let mut energy = 0.0;
                for ((g, &p), term) in gradient.iter_mut().zip(&self.0).zip(terms) {
                    *g += scale * term as f32;
                    energy += f64::from(p) * term;
                }
                energy
            })
            .collect()
    }
}

/// Forces of θ = (30, −8) about a spring prior, with noise.
pub(super) struct Setup {
    pub(super) data: ForceData,
    pub(super) split: ForceSplit,
    pub(super) priors: Priors,
}

pub(super) const TRUTH: [f32; 2] = [30.0, -8.0];

pub(super) fn setup(noise: f32) -> Setup {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let term = PairTerm::Harmonic {
        length: 0.4,
        k: 500.0,
    };
    let priors = Priors::new(
        2,
        vec![PairInteraction {
            beads: [0, 1],
            term,
        }],
        vec![],
        vec![],
    )
    .unwrap();
    let mut data = ForceData::new(2);
    for _ in 0..400 {
        let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
        let x = [
            [0.0, 0.0, 0.0],
            [0.4 + 0.05 * normal(), 0.05 * normal(), 0.05 * normal()],
        ];
        let mut f = [[0.0; 3]; 2];
        Polynomial(TRUTH.to_vec()).energies_forces(&x, &mut f);
        priors.energy_forces(&x, &mut f);
        f.as_flattened_mut()
            .iter_mut()
            .for_each(|f| *f += noise * normal());
        data.push(&x, &f, None).unwrap();
    }
    let split = data
        .split(&SplitConfig {
            blocks: 10,
            ..SplitConfig::default()
        })
        .unwrap();
    Setup {
        data,
        split,
        priors,
    }
}

impl Setup {
    pub(super) fn set(&self) -> TrainingSet<'_> {
        TrainingSet {
            data: &self.data,
            split: &self.split,
            priors: &self.priors,
            temperature: 300.0,
        }
    }
}

pub(super) fn config() -> TrainerConfig {
    TrainerConfig {
        epochs: 30,
        batch_size: 50,
        learning_rate: 0.5,
        patience: None,
        schedule: Schedule {
            warmup_steps: 5,
            decay: Decay::Exponential { factor: 0.9 },
        },
        ..TrainerConfig::default()
    }
}

#[test]
fn what_the_priors_leave_is_learned_down_to_the_noise() {
    let setup = setup(2.0);
    let folder = tempfile::tempdir().unwrap();
    let mut model = Polynomial(vec![0.0; 2]);
    let long = TrainerConfig {
        epochs: 60,
        learning_rate: 2.0,
        ..config()
    };
    let mut trainer =
        ForceTrainer::new(long, &mut model, "polynomial", setup.set(), folder.path()).unwrap();
    let mut records = Vec::new();
    let outcome = trainer
        .run(&AtomicBool::new(false), &mut |event| {
            if let TrainingEvent::Epoch { record, .. } = event {
                records.push((*record).clone());
            }
        })
        .unwrap();
    assert_eq!((outcome, records.len()), (TrainingOutcome::Finished, 60));
    let last = &records[59];
    // noise of variance 4 on every component
    assert!(
        records[0].train > 3.0 * last.train && (last.train - 4.0).abs() < 0.5,
        "{last:?}"
    );
    trainer.restore_best().unwrap();
    assert!(
        (model.0[0] - TRUTH[0]).abs() < 1.5 && (model.0[1] - TRUTH[1]).abs() < 1.5,
        "{:?}",
        model.0
    );
    let lines = fs::read_to_string(folder.path().join("log.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 60);
}

/// Everything on at once.
fn full_config() -> TrainerConfig {
    TrainerConfig {
        epochs: 4,
        average: Some(0.9),
        clip_norm: Some(50.0),
        weight_decay: 0.01,
        denoising: Some(DenoisingConfig {
            sigma: 0.02,
            weight: 0.1,
        }),
        decoys: Some(DecoyConfig {
            sigma: 0.3,
            share: 0.2,
            weight: 0.05,
        }),
        ..config()
    }
}

#[test]
fn a_run_stopped_at_any_step_goes_on_bit_for_bit() {
    let setup = setup(2.0);
    let whole = tempfile::tempdir().unwrap();
    let mut model = Polynomial(vec![0.0; 3]);
    ForceTrainer::new(full_config(), &mut model, "p", setup.set(), whole.path())
        .unwrap()
        .run(&AtomicBool::new(false), &mut |_| {})
        .unwrap();
    let parts = tempfile::tempdir().unwrap();
    let mut again = Polynomial(vec![0.0; 3]);
    for _ in 0..100 {
        // every attempt starts from parameters that must not matter, and is stopped after three steps
        again.0.fill(if parts.path().join(LAST).exists() {
            9.0
        } else {
            0.0
        });
        let stop = AtomicBool::new(false);
        let mut steps = 0;
        let mut trainer =
            ForceTrainer::new(full_config(), &mut again, "p", setup.set(), parts.path()).unwrap();
        let outcome = trainer.run(&stop, &mut |event| {
            if let TrainingEvent::Step { .. } = event {
                steps += 1;
                stop.store(steps == 3, Ordering::Relaxed);
            }
        });
        if outcome.unwrap() == TrainingOutcome::Finished {
            break;
        }
    }
    assert_eq!(model.0, again.0);
    for name in [LAST, BEST] {
        let [a, b] = [&whole, &parts].map(|f| Checkpoint::read(&f.path().join(name)).unwrap());
        assert_eq!(
            (a.parameters, a.average, a.first, a.second),
            (b.parameters, b.average, b.first, b.second)
        );
        assert_eq!(a.header, b.header);
    }
}

#[test]
fn a_killed_run_repeats_its_epoch() {
    let setup = setup(2.0);
    let folder = tempfile::tempdir().unwrap();
    let mut model = Polynomial(vec![0.0; 3]);
    let two = TrainerConfig {
        epochs: 2,
        ..full_config()
    };
    ForceTrainer::new(two, &mut model, "p", setup.set(), folder.path())
        .unwrap()
        .run(&AtomicBool::new(false), &mut |_| {})
        .unwrap();
    // killed after writing a line of the third epoch, before its checkpoint
    let log = folder.path().join("log.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    let third = text
        .lines()
        .last()
        .unwrap()
        .replace("\"epoch\":1", "\"epoch\":2");
    fs::write(&log, format!("{text}{third}\n{{\"epo")).unwrap();
    let mut model = Polynomial(vec![0.0; 3]);
    let mut trainer =
        ForceTrainer::new(full_config(), &mut model, "p", setup.set(), folder.path()).unwrap();
    assert_eq!(trainer.epochs_done(), 2);
    trainer.run(&AtomicBool::new(false), &mut |_| {}).unwrap();
    assert_eq!(fs::read_to_string(&log).unwrap().lines().count(), 4);
    let mut straight = Polynomial(vec![0.0; 3]);
    let other = tempfile::tempdir().unwrap();
    ForceTrainer::new(full_config(), &mut straight, "p", setup.set(), other.path())
        .unwrap()
        .run(&AtomicBool::new(false), &mut |_| {})
        .unwrap();
    assert_eq!(model.0, straight.0);
}

#[test]
fn another_run_in_the_folder_is_refused() {
    let setup = setup(2.0);
    let folder = tempfile::tempdir().unwrap();
    let mut model = Polynomial(vec![0.0; 2]);
    let short = TrainerConfig {
        epochs: 1,
        ..config()
    };
    ForceTrainer::new(short.clone(), &mut model, "p", setup.set(), folder.path())
        .unwrap()
        .run(&AtomicBool::new(false), &mut |_| {})
        .unwrap();
    let mut refuse = |config: TrainerConfig, name: &str, set: TrainingSet<'_>| {
        let error = ForceTrainer::new(config, &mut model, name, set, folder.path()).err();
        assert!(matches!(error, Some(Error::OtherRun { .. })), "{error:?}");
    };
    refuse(TrainerConfig { seed: 1, ..short }, "p", setup.set());
    refuse(short.clone(), "q", setup.set());
    refuse(
        short.clone(),
        "p",
        TrainingSet {
            temperature: 350.0,
            ..setup.set()
        },
    );
    let other = super::tests::setup(1.0);
    refuse(short.clone(), "p", other.set());
    assert!(ForceTrainer::new(config(), &mut model, "p", setup.set(), folder.path()).is_ok());
    fs::write(folder.path().join(LAST), b"{}").unwrap();
    let error = ForceTrainer::new(short, &mut model, "p", setup.set(), folder.path()).err();
    assert!(matches!(error, Some(Error::File { .. })), "{error:?}");
}

#[test]
fn patience_runs_out_and_nonsense_is_refused() {
    let setup = setup(2.0);
    let folder = tempfile::tempdir().unwrap();
    let mut model = Polynomial(TRUTH.to_vec());
    let impatient = TrainerConfig {
        epochs: 500,
        patience: Some(3),
        learning_rate: 1e-12,
        ..config()
    };
    let mut trainer =
        ForceTrainer::new(impatient, &mut model, "p", setup.set(), folder.path()).unwrap();
    let outcome = trainer.run(&AtomicBool::new(false), &mut |_| {}).unwrap();
    assert_eq!(outcome, TrainingOutcome::StoppedEarly);
    for broken in [
        TrainerConfig {
            batch_size: 0,
            ..config()
        },
        TrainerConfig {
            learning_rate: f64::NAN,
            ..config()
        },
        TrainerConfig {
            average: Some(1.0),
            ..config()
        },
        TrainerConfig {
            clip_norm: Some(0.0),
            ..config()
        },
        TrainerConfig {
            beta2: 1.0,
            ..config()
        },
    ] {
        assert!(broken.validate().is_err(), "{broken:?}");
    }
    let mut broken = Polynomial(vec![f32::NAN; 2]);
    let folder = tempfile::tempdir().unwrap();
    let mut trainer =
        ForceTrainer::new(config(), &mut broken, "p", setup.set(), folder.path()).unwrap();
    let error = trainer.run(&AtomicBool::new(false), &mut |_| {});
    assert!(matches!(error, Err(Error::NotFinite { .. })), "{error:?}");
}
