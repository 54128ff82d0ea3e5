//! Learning, stopping, resuming.

use crate::fixture::Chain;
use autoencoder::{
    BoxError, Checkpoint, Conv1dConfig, Decay, Error, Event, FoldingNetConfig, LossContext,
    LossTerm, ModelConfig, Outcome, Parameters, Reconstruction, Schedule, Trainer, TrainerConfig,
    Weight, WeightedTerm,
};
use candle_core::{Device, Tensor};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

fn small_model() -> ModelConfig {
    ModelConfig::Conv1d(Conv1dConfig {
        init_channels: 6,
        depth: 2,
        ..Conv1dConfig::default()
    })
}

fn config(epochs: usize) -> TrainerConfig {
    TrainerConfig {
        epochs,
        batch_size: 4,
        learning_rate: 5e-3,
        clip_norm: Some(5.0),
        schedule: Schedule {
            warmup_steps: 3,
            decay: Decay::Plateau {
                factor: 0.5,
                patience: 2,
                floor: 0.1,
            },
        },
        ..TrainerConfig::default()
    }
}

fn terms() -> Vec<WeightedTerm> {
    vec![WeightedTerm::fixed(Reconstruction, 1.0)]
}

fn trainer<'a>(chain: &'a Chain, config: &TrainerConfig, folder: &Path) -> Trainer<'a> {
    let data = chain.training_set();
    Trainer::new(
        config.clone(),
        &small_model(),
        terms(),
        data,
        folder,
        &Device::Cpu,
    )
    .unwrap()
}

fn bits(parameters: &Parameters) -> BTreeMap<String, Vec<u32>> {
    let tensors = parameters.to_tensors().unwrap();
    let bits = |t: Tensor| {
        let values = t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        values.into_iter().map(f32::to_bits).collect()
    };
    tensors
        .into_iter()
        .map(|(name, t)| (name, bits(t)))
        .collect()
}

fn run(trainer: &mut Trainer<'_>) -> Outcome {
    trainer.run(&AtomicBool::new(false), &mut |_| {}).unwrap()
}

/// A term that uses the network on interpolated codes, and random numbers.
struct Interpolated;

impl LossTerm for Interpolated {
    fn name(&self) -> &str {
        "interpolated"
    }

    fn evaluate(&self, context: &LossContext<'_>) -> Result<Tensor, BoxError> {
        let half = context.latent.dim(0)? / 2;
        let alpha = (context.seed % 1000) as f64 / 1000.0;
        let (a, b) = (
            context.latent.narrow(0, 0, half)?,
            context.latent.narrow(0, half, half)?,
        );
        let mixed = ((a * alpha)? + (b * (1.0 - alpha))?)?;
        Ok((context.model.decode(&mixed)?.sqr()?.mean_all()? * 1e4)?)
    }
}

#[test]
fn both_models_overfit_one_batch() {
    let chain = Chain::new(12, 5);
    let folding = ModelConfig::FoldingNet(FoldingNetConfig {
        neighbours: 4,
        ..FoldingNetConfig::default()
    });
    for (model, steps, below) in [(small_model(), 400, 0.02), (folding, 30, 0.15)] {
        let folder = tempfile::tempdir().unwrap();
        let config = TrainerConfig {
            epochs: 2,
            batch_size: 4,
            learning_rate: 3e-3,
            patience: None,
            ..TrainerConfig::default()
        };
        let mut data = chain.training_set();
        data.split.validation.clear();
        // the same four frames again and again: few checkpoints for many steps
        data.split.train = [0, 1, 2, 3].repeat(steps / 2);
        let mut trainer =
            Trainer::new(config, &model, terms(), data, folder.path(), &Device::Cpu).unwrap();
        let mut losses = Vec::new();
        trainer
            .run(&AtomicBool::new(false), &mut |event| {
                if let Event::Step { loss, .. } = event {
                    losses.push(*loss);
                }
            })
            .unwrap();
        let (first, last) = (losses[0], losses[losses.len() - 1]);
        assert!(
            last < below && last < 0.2 * first,
            "{model:?}: {first} to {last}"
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_losses() {
    let chain = Chain::new(20, 22);
    let losses = |seed| {
        let folder = tempfile::tempdir().unwrap();
        let config = TrainerConfig { seed, ..config(2) };
        let mut losses = Vec::new();
        trainer(&chain, &config, folder.path())
            .run(&AtomicBool::new(false), &mut |event| {
                if let Event::Step { loss, .. } = event {
                    losses.push(loss.to_bits());
                }
            })
            .unwrap();
        losses
    };
    assert_eq!(losses(1), losses(1));
    assert_ne!(losses(1), losses(2));
}

#[test]
fn a_run_stopped_anywhere_and_resumed_equals_one_that_was_not() {
    let chain = Chain::new(20, 22);
    let config = config(5);
    let whole = tempfile::tempdir().unwrap();
    let mut uninterrupted = trainer(&chain, &config, whole.path());
    assert_eq!(run(&mut uninterrupted), Outcome::Finished);
    let expected = bits(uninterrupted.parameters());

    // 18 training frames in batches of 4: 5 steps an epoch, the stops fall inside and between epochs
    let folder = tempfile::tempdir().unwrap();
    let mut stops = [3, 5, 12, 16].into_iter().peekable();
    loop {
        let stop = AtomicBool::new(false);
        let mut trainer = trainer(&chain, &config, folder.path());
        let outcome = trainer
            .run(&stop, &mut |event| {
                if let Event::Step { epoch, batch, .. } = event {
                    let due = stops.peek().is_some_and(|&at| epoch * 5 + batch >= at);
                    if due {
                        stops.next();
                        stop.store(true, Ordering::Relaxed);
                    }
                }
            })
            .unwrap();
        if outcome == Outcome::Finished {
            assert_eq!(bits(trainer.parameters()), expected);
            break;
        }
        assert_eq!(outcome, Outcome::Interrupted);
    }
    assert!(stops.next().is_none());
    let epochs = |folder: &Path| {
        let text = std::fs::read_to_string(folder.join("log.csv")).unwrap();
        let losses = text
            .lines()
            .map(|l| l.split(',').take(6).collect::<Vec<_>>().join(","));
        losses.collect::<Vec<_>>()
    };
    assert_eq!(epochs(folder.path()), epochs(whole.path()));
    assert_eq!(epochs(folder.path()).len(), 6);
}

#[test]
fn a_killed_run_goes_on_from_its_last_epoch() {
    let chain = Chain::new(20, 22);
    let config = config(4);
    let whole = tempfile::tempdir().unwrap();
    let mut uninterrupted = trainer(&chain, &config, whole.path());
    run(&mut uninterrupted);

    let folder = tempfile::tempdir().unwrap();
    let killed = std::panic::catch_unwind(|| {
        trainer(&chain, &config, folder.path())
            .run(&AtomicBool::new(false), &mut |event| {
                if let Event::Step {
                    epoch: 2, batch: 2, ..
                } = event
                {
                    std::panic::panic_any("killed");
                }
            })
            .unwrap()
    });
    assert!(killed.is_err());
    let mut resumed = trainer(&chain, &config, folder.path());
    assert_eq!(resumed.epochs_done(), 2);
    run(&mut resumed);
    assert_eq!(bits(resumed.parameters()), bits(uninterrupted.parameters()));
    let log = |folder: &Path| std::fs::read_to_string(folder.join("log.jsonl")).unwrap();
    assert_eq!(log(folder.path()).lines().count(), 4);
}

#[test]
fn adaptive_weights_keep_their_share_and_survive_resuming() {
    let chain = Chain::new(20, 22);
    let config = config(3);
    let build = |folder: &Path| {
        let mut terms = terms();
        terms.push(WeightedTerm {
            term: Box::new(Interpolated),
            weight: Weight::GradientShare {
                share: 0.1,
                memory: 0.9,
            },
        });
        let data = chain.training_set();
        Trainer::new(
            config.clone(),
            &small_model(),
            terms,
            data,
            folder,
            &Device::Cpu,
        )
        .unwrap()
    };
    let whole = tempfile::tempdir().unwrap();
    let mut uninterrupted = build(whole.path());
    run(&mut uninterrupted);
    let folder = tempfile::tempdir().unwrap();
    let stop = AtomicBool::new(false);
    let outcome = build(folder.path()).run(&stop, &mut |event| {
        if let Event::Step {
            epoch: 1, batch: 2, ..
        } = event
        {
            stop.store(true, Ordering::Relaxed);
        }
    });
    assert_eq!(outcome.unwrap(), Outcome::Interrupted);
    let mut resumed = build(folder.path());
    run(&mut resumed);
    assert_eq!(bits(resumed.parameters()), bits(uninterrupted.parameters()));
    let header = Checkpoint::read(&folder.path().join("last.safetensors"))
        .unwrap()
        .header;
    let factor = header.progress.factors[1].0;
    assert!(
        factor > 0.0 && factor < 1e-2,
        "{factor}: the term is 10⁴ times too large"
    );
}

#[test]
fn a_checkpoint_decodes_as_the_trainer_did() {
    let chain = Chain::new(20, 22);
    let folder = tempfile::tempdir().unwrap();
    let mut trainer = trainer(&chain, &config(3), folder.path());
    run(&mut trainer);
    let latent = Tensor::new(&[[0.3f32, -0.2], [1.0, 0.5]], &Device::Cpu).unwrap();
    let decode = |model: &dyn autoencoder::Autoencoder| {
        let decoded = model.decode(&latent).unwrap();
        decoded.flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    let checkpoint = Checkpoint::read(&folder.path().join("last.safetensors")).unwrap();
    let (model, parameters) = checkpoint.build(&Device::Cpu).unwrap();
    assert_eq!(decode(model.as_ref()), decode(trainer.model()));
    assert_eq!(bits(&parameters), bits(trainer.parameters()));
    assert_eq!(checkpoint.header.data.topology, chain.topology());
    assert_eq!(checkpoint.header.data.split, chain.training_set().split);
    assert!(folder.path().join("best.safetensors").exists());
}

/// JSON parsers may be off by one in the last digit of such numbers.
#[test]
fn a_run_is_the_same_whatever_digits_its_numbers_have() {
    let chain = Chain::new(20, 22);
    for mean in [6.087169221472087e-10, 1.2345678901234567e-5, 0.1 + 0.2] {
        let folder = tempfile::tempdir().unwrap();
        let mut data = chain.training_set();
        data.standardisation.mean = mean;
        for epochs in 1..3 {
            let mut trainer = Trainer::new(
                config(epochs),
                &small_model(),
                terms(),
                data.clone(),
                folder.path(),
                &Device::Cpu,
            )
            .unwrap();
            run(&mut trainer);
        }
    }
}

#[test]
fn a_folder_with_another_run_is_refused_by_name() {
    let chain = Chain::new(20, 22);
    let folder = tempfile::tempdir().unwrap();
    run(&mut trainer(&chain, &config(1), folder.path()));
    let before = std::fs::read(folder.path().join("last.safetensors")).unwrap();
    let attempt = |config: TrainerConfig, model: &ModelConfig| {
        let data = chain.training_set();
        Trainer::new(config, model, terms(), data, folder.path(), &Device::Cpu).err()
    };
    let other = TrainerConfig {
        batch_size: 5,
        ..config(1)
    };
    match attempt(other, &small_model()) {
        Some(Error::OtherRun {
            setting,
            before,
            now,
            ..
        }) => {
            assert_eq!(
                (setting.as_str(), before.as_str(), now.as_str()),
                ("trainer.batch_size", "4", "5")
            );
        }
        other => panic!("{other:?}"),
    }
    let deeper = ModelConfig::Conv1d(Conv1dConfig::default());
    let error = attempt(config(1), &deeper).unwrap().to_string();
    assert!(error.contains("model.shipped.depth"), "{error}");
    assert_eq!(
        std::fs::read(folder.path().join("last.safetensors")).unwrap(),
        before
    );
    assert!(
        attempt(config(2), &small_model()).is_none(),
        "more epochs are no other run"
    );
}

#[test]
fn a_loss_that_is_not_a_number_names_its_place() {
    let mut chain = Chain::new(20, 22);
    chain.broken = vec![7];
    let folder = tempfile::tempdir().unwrap();
    let mut trainer = trainer(&chain, &config(2), folder.path());
    match trainer.run(&AtomicBool::new(false), &mut |_| {}) {
        Err(Error::NotFinite {
            what,
            epoch: 0,
            frames,
            ..
        }) => {
            assert_eq!(what, "loss term mse");
            assert!(frames.contains(&7));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn training_stops_when_validation_no_longer_improves() {
    let chain = Chain::new(20, 22);
    let folder = tempfile::tempdir().unwrap();
    let config = TrainerConfig {
        patience: Some(3),
        learning_rate: 1e-12,
        schedule: Schedule::default(),
        ..config(200)
    };
    let mut first = trainer(&chain, &config, folder.path());
    // the parameters stand still, but running statistics settle: improvement ends before long
    assert_eq!(run(&mut first), Outcome::StoppedEarly);
    let done = first.epochs_done();
    assert_eq!(done - 1 - first.best().unwrap().0, 3);
    let mut again = trainer(&chain, &config, folder.path());
    assert_eq!(run(&mut again), Outcome::StoppedEarly);
    assert_eq!(again.epochs_done(), done);
}

#[test]
fn a_batch_of_one_does_not_occur() {
    let chain = Chain::new(20, 11);
    let folder = tempfile::tempdir().unwrap();
    let mut sizes = Vec::new();
    trainer(&chain, &config(1), folder.path())
        .run(&AtomicBool::new(false), &mut |event| {
            if let Event::Step { n_batches, .. } = event {
                sizes.push(*n_batches);
            }
        })
        .unwrap();
    // 9 training frames in batches of 4: two batches, one frame waits for the next epoch
    assert_eq!(sizes, [2, 2]);
}

#[test]
fn a_truncated_checkpoint_is_an_error() {
    let chain = Chain::new(20, 22);
    let folder = tempfile::tempdir().unwrap();
    run(&mut trainer(&chain, &config(1), folder.path()));
    let path = folder.path().join("last.safetensors");
    let bytes = std::fs::read(&path).unwrap();
    for length in [0, 4, 100, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..length]).unwrap();
        assert!(
            matches!(Checkpoint::read(&path), Err(Error::Checkpoint { .. })),
            "{length} bytes"
        );
    }
}
