//! Time of one training step, ours and PyTorch's for the same layers, step by step in turn.
//!
//! ```text
//! cargo run --release -p foldscape-benches --bin training -- \
//!     [--model conv1d|foldingnet] [--atoms 2145] [--batch 8] [--steps 5] [--python PYTHON]
//! ```
//! PYTHON is an interpreter with PyTorch; without it only our own time is measured. Threads: set
//! RAYON_NUM_THREADS (2 if unset); the peer gets the same number.

use autoencoder::{
    AdamW, AdamWConfig, Autoencoder, Conv1dConfig, FoldingNetConfig, ModelConfig, Parameters,
};
use candle_core::{Device, Tensor};
use foldscape_benches::{Peer, Result, Seconds, least, processor_seconds, report};
use std::process::Command;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Options {
    model: String,
    atoms: usize,
    batch: usize,
    steps: usize,
    python: Option<String>,
    threads: usize,
}

fn main() -> Result<()> {
    let options = options()?;
    let mut ours = Ours::new(&options)?;
    let mut peer = match &options.python {
        Some(python) => Some(start_peer(python, &options)?),
        None => None,
    };
    let (mut our_times, mut peer_times) = (Vec::new(), Vec::new());
    // the first step of each is warm-up
    for step in 0..=options.steps {
        // in the pool, as the trainer does it
        let seconds = rayon::scope(|_| ours.step())?;
        if step > 0 {
            our_times.push(seconds);
        }
        if let Some(peer) = &mut peer {
            let seconds = peer.repeat("step")?;
            if step > 0 {
                peer_times.push(seconds);
            }
        }
    }
    let Options {
        model,
        atoms,
        batch,
        threads,
        ..
    } = &options;
    report(&format!(
        "{model}, {atoms} atoms, batch {batch}, {threads} threads"
    ));
    let mine = least(&our_times);
    report(&format!(
        "ours     wall {:8.4} s   cpu {:8.4} s",
        mine.wall, mine.cpu
    ));
    if peer.is_some() {
        let theirs = least(&peer_times);
        report(&format!(
            "PyTorch  wall {:8.4} s   cpu {:8.4} s",
            theirs.wall, theirs.cpu
        ));
        let (wall, cpu) = (mine.wall / theirs.wall, mine.cpu / theirs.cpu);
        report(&format!("ratio    wall {wall:8.3}     cpu {cpu:8.3}"));
    }
    Ok(())
}

fn options() -> Result<Options> {
    let mut options = Options {
        model: "foldingnet".to_owned(),
        atoms: 2145,
        batch: 8,
        steps: 5,
        python: None,
        threads: 2,
    };
    match std::env::var("RAYON_NUM_THREADS") {
        Ok(threads) => options.threads = threads.parse()?,
        Err(_) => rayon::ThreadPoolBuilder::new()
            .num_threads(options.threads)
            .build_global()?,
    }
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or("an option without a value")?;
        match name.as_str() {
            "--model" => options.model = value,
            "--atoms" => options.atoms = value.parse()?,
            "--batch" => options.batch = value.parse()?,
            "--steps" => options.steps = value.parse()?,
            "--python" => options.python = Some(value),
            _ => return Err(format!("unknown option {name}").into()),
        }
    }
    Ok(options)
}

struct Ours {
    model: Box<dyn Autoencoder>,
    parameters: Parameters,
    optimiser: AdamW,
    positions: Tensor,
    steps: usize,
}

impl Ours {
    fn new(options: &Options) -> Result<Self> {
        let config = match options.model.as_str() {
            "conv1d" => ModelConfig::Conv1d(Conv1dConfig::default()),
            "foldingnet" => ModelConfig::FoldingNet(FoldingNetConfig::default()),
            other => return Err(format!("unknown model {other}").into()),
        };
        let mut parameters = Parameters::new(1, &Device::Cpu);
        let model = config.build(options.atoms, &mut parameters)?;
        parameters.set_training(true);
        let optimiser = AdamW::new(AdamWConfig::default(), &parameters)?;
        // a random walk, as a chain of atoms is
        let mut state = 1u64;
        let mut walk = [0.0f32; 3];
        let mut values = Vec::new();
        for _ in 0..options.batch * options.atoms {
            for x in &mut walk {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                *x = 0.98 * *x + (state >> 40) as f32 / (1u32 << 24) as f32 - 0.5;
            }
            values.extend(walk);
        }
        let shape = (options.batch, options.atoms, 3);
        let positions = Tensor::from_vec(values, shape, &Device::Cpu)?;
        Ok(Self {
            model,
            parameters,
            optimiser,
            positions,
            steps: 0,
        })
    }

    fn step(&mut self) -> Result<Seconds> {
        let (wall, cpu) = (Instant::now(), processor_seconds()?);
        let decoded = self.model.decode(&self.model.encode(&self.positions)?)?;
        let loss = (&self.positions - decoded)?.sqr()?.mean_all()?;
        let gradients = loss.backward()?;
        self.optimiser
            .step(&self.parameters, &gradients, 1e-3, 1.0, self.steps)?;
        self.steps += 1;
        let loss = loss.to_scalar::<f32>()?;
        if !loss.is_finite() {
            return Err(format!("loss {loss}").into());
        }
        Ok(Seconds {
            wall: wall.elapsed().as_secs_f64(),
            cpu: processor_seconds()? - cpu,
        })
    }
}

/// `peers/training.py`, which does one step for each line that it is sent.
fn start_peer(python: &str, options: &Options) -> Result<Peer> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/training.py");
    let sizes = [options.atoms, options.batch, options.threads].map(|n| n.to_string());
    Peer::start(
        Command::new(python)
            .arg(script)
            .arg(&options.model)
            .args(sizes),
    )
}
