//! CGSchNet against PyTorch, in turn on the same cores: training steps and simulation.
//!
//! ```text
//! cargo run --release -p foldscape-benches --bin coarse -- \
//!     [--work train|simulate] [--config majewski] [--beads 10] [--batch 256] [--repeats 10] [--steps 20] \
//!     [--walls yes|no] [--peer-batch 256] [--python PYTHON]
//! ```
//! `train`: one step on `batch` frames, without the optimiser on our side (AdamW of 2·10⁵ numbers).
//! `simulate`: `steps` BAOAB steps of `batch` replicas a repeat, springs along the chain as the prior; with
//! `--walls yes` also torchmd's r⁻⁶ between all beads that no spring joins. The peer takes `peer-batch` replicas
//! at a time, all if not told: large proteins are faster in smaller parts.
//! PYTHON is an interpreter with PyTorch; without it only our own time is measured. Threads: set
//! RAYON_NUM_THREADS (2 if unset); the peer gets the same number. Reported are the least times.

use cg_potential::{
    CgPotential, ForceModel, Network, NetworkConfig, PairInteraction, PairTerm, Priors,
};
use dynamics::{Integrator, Replica, Simulation, SimulationConfig};
use foldscape_benches::{Peer, Result, Seconds, least, processor_seconds, report};
use std::process::Command;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Options {
    work: String,
    config: String,
    beads: usize,
    batch: usize,
    repeats: usize,
    steps: u64,
    walls: bool,
    peer_batch: Option<usize>,
    python: Option<String>,
    threads: usize,
}

/// 4 ε of 2,229 kcal/mol·Å⁶ (torchmd-cg's usual prior), kJ/mol·nm⁶.
const WALL: f64 = 4.0 * 2229.0 * 4.184e-6;

fn main() -> Result<()> {
    let options = options()?;
    let config = NetworkConfig::named(&options.config)?;
    let types: Vec<u32> = [4, 4, 5, 8, 6, 13, 2, 13, 7, 4]
        .into_iter()
        .cycle()
        .take(options.beads)
        .collect();
    let frames = compact_chains(options.beads, options.batch.min(32));
    let mut peer = match &options.python {
        Some(python) => Some(CoarsePeer::start(
            python, &options, &config, &types, &frames,
        )?),
        None => None,
    };
    let frames: Vec<_> = frames.iter().cycle().take(options.batch).cloned().collect();
    let mut network = Network::new(config, &types, 1)?;
    // untrained weights of full size push beads apart
    for tensor in network.tensors().to_vec() {
        if tensor.name.starts_with("head") {
            network.parameters_mut()[tensor.range]
                .iter_mut()
                .for_each(|x| *x *= 0.1);
        }
    }
    let mut work = Ours::new(&options, network, &frames)?;
    let (mut our_times, mut peer_times) = (Vec::new(), Vec::new());
    // the first of each is warm-up
    for repeat in 0..=options.repeats {
        let seconds = work.repeat()?;
        let theirs = peer
            .as_mut()
            .map(|peer| peer.repeat(options.steps))
            .transpose()?;
        if repeat > 0 {
            our_times.push(seconds);
            peer_times.extend(theirs);
        }
    }
    let units = match &work {
        Ours::Training { .. } => 1.0,
        Ours::Simulation { .. } => (options.batch as u64 * options.steps) as f64,
    };
    report(&format!(
        "{} {}: {} beads, batch {}, {} threads",
        options.work, options.config, options.beads, options.batch, options.threads
    ));
    let line = |name: &str, times: Seconds| {
        let rate = units / times.wall;
        report(&format!(
            "{name:8} wall {:9.5} s   cpu {:9.5} s   {rate:10.1} {}/s",
            times.wall,
            times.cpu,
            if units > 1.0 {
                "replica-steps"
            } else {
                "training steps"
            }
        ));
    };
    let mine = least(&our_times);
    line("ours", mine);
    if !peer_times.is_empty() {
        let theirs = least(&peer_times);
        line("PyTorch", theirs);
        let (wall, cpu) = (theirs.wall / mine.wall, theirs.cpu / mine.cpu);
        report(&format!("ratio    wall {wall:9.2}     cpu {cpu:9.2}"));
    }
    Ok(())
}

enum Ours {
    Training {
        network: Box<Network>,
        positions: Vec<[f32; 3]>,
        targets: Vec<[f32; 3]>,
        weights: Vec<[f32; 3]>,
        gradient: Vec<f32>,
    },
    Simulation {
        simulation: Box<Simulation<CgPotential>>,
        steps: u64,
    },
}

impl Ours {
    fn new(options: &Options, network: Network, frames: &[Vec<[f32; 3]>]) -> Result<Self> {
        if options.work == "train" {
            let positions = frames.concat();
            return Ok(Self::Training {
                targets: positions
                    .iter()
                    .map(|x| x.map(|x| 100.0 * (50.0 * x).sin()))
                    .collect(),
                weights: vec![[1.0 / (3 * positions.len()) as f32; 3]; positions.len()],
                gradient: vec![0.0; network.parameters().len()],
                network: Box::new(network),
                positions,
            });
        }
        let spring = |i: usize| PairInteraction {
            beads: [i - 1, i],
            term: PairTerm::Harmonic {
                length: 0.38,
                k: 20_000.0,
            },
        };
        let mut pairs: Vec<_> = (1..options.beads).map(spring).collect();
        if options.walls {
            let wall = |beads| PairInteraction {
                beads,
                term: PairTerm::Repulsion {
                    coefficient: WALL,
                    power: 6,
                },
            };
            let apart = |i: usize| (i + 2..options.beads).map(move |j| wall([i, j]));
            pairs.extend((0..options.beads).flat_map(apart));
        }
        let priors = Priors::new(options.beads, pairs, vec![], vec![])?;
        let config = SimulationConfig {
            masses: vec![12.0; options.beads],
            replicas: Replica::numbered(&vec![300.0; options.batch]),
            integrator: Integrator::Baoab { friction: 1.0 },
            time_step: 0.002,
            constraints: Vec::new(),
            constraint_tolerance: 1e-6,
            seed: 1,
        };
        let mut simulation = Simulation::new(CgPotential::new(&network, priors)?, config, frames)?;
        simulation.draw_velocities()?;
        Ok(Self::Simulation {
            simulation: Box::new(simulation),
            steps: options.steps,
        })
    }

    fn repeat(&mut self) -> Result<Seconds> {
        let (wall, cpu) = (Instant::now(), processor_seconds()?);
        match self {
            Self::Training {
                network,
                positions,
                targets,
                weights,
                gradient,
            } => {
                gradient.fill(0.0);
                let loss = network.force_loss(positions, targets, weights, gradient);
                if !loss.is_finite() {
                    return Err(format!("loss {loss}").into());
                }
            }
            Self::Simulation { simulation, steps } => {
                simulation.advance(*steps)?;
                if let Some(fault) = simulation.faults().first() {
                    return Err(fault.to_string().into());
                }
            }
        }
        Ok(Seconds {
            wall: wall.elapsed().as_secs_f64(),
            cpu: processor_seconds()? - cpu,
        })
    }
}

/// Self-avoiding walks of 0.38 nm steps, as dense as proteins are.
fn compact_chains(beads: usize, n_frames: usize) -> Vec<Vec<[f32; 3]>> {
    let mut state = 1u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    };
    // a sphere of 0.13 nm³ a residue
    let radius = (0.13 * beads as f32 * 3.0 / (4.0 * std::f32::consts::PI)).cbrt() + 0.2;
    let mut chains = Vec::new();
    while chains.len() < n_frames {
        let mut chain = vec![[0.0_f32; 3]];
        let mut tries = 0;
        while chain.len() < beads && tries < 200_000 {
            tries += 1;
            let step = [uniform(), uniform(), uniform()];
            let length = step.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-3);
            let last = chain[chain.len() - 1];
            let next: [f32; 3] = std::array::from_fn(|k| last[k] + 0.38 * step[k] / length);
            let square =
                |a: &[f32; 3], b: &[f32; 3]| (0..3).map(|k| (a[k] - b[k]).powi(2)).sum::<f32>();
            let free = chain[..chain.len() - 1]
                .iter()
                .all(|x| square(x, &next) > 0.4 * 0.4);
            if free && square(&next, &[0.0; 3]) < radius * radius {
                chain.push(next);
            } else if tries % 400 == 0 {
                // a dead end: go back a little
                chain.truncate(chain.len().saturating_sub(8).max(1));
            }
        }
        if chain.len() == beads {
            chains.push(chain);
        }
    }
    chains
}

fn options() -> Result<Options> {
    let mut options = Options {
        work: "simulate".to_owned(),
        config: "majewski".to_owned(),
        beads: 10,
        batch: 256,
        repeats: 10,
        steps: 20,
        walls: false,
        peer_batch: None,
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
            "--work" if value == "train" || value == "simulate" => options.work = value,
            "--config" => options.config = value,
            "--beads" => options.beads = value.parse()?,
            "--batch" => options.batch = value.parse()?,
            "--repeats" => options.repeats = value.parse()?,
            "--steps" => options.steps = value.parse()?,
            "--walls" if value == "yes" || value == "no" => options.walls = value == "yes",
            "--peer-batch" => options.peer_batch = Some(value.parse()?),
            "--python" => options.python = Some(value),
            _ => return Err(format!("unknown option {name} {value}").into()),
        }
    }
    Ok(options)
}

/// `peers/coarse.py`, and the file that tells it what to do.
struct CoarsePeer {
    peer: Peer,
    case: std::path::PathBuf,
}

impl CoarsePeer {
    fn start(
        python: &str,
        options: &Options,
        config: &NetworkConfig,
        types: &[u32],
        frames: &[Vec<[f32; 3]>],
    ) -> Result<Self> {
        let case = serde_json::json!({
            "config": config,
            "types": types,
            "frames": frames,
            "wall": if options.walls { WALL } else { 0.0 },
            "at_once": options.peer_batch.unwrap_or(options.batch),
        });
        let path = std::env::temp_dir().join(format!("coarse-{}.json", std::process::id()));
        std::fs::write(&path, case.to_string())?;
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/coarse.py");
        let peer = Peer::start(
            Command::new(python)
                .arg(script)
                .arg(&options.work)
                .args([options.batch, options.threads].map(|n| n.to_string()))
                .arg(&path),
        )?;
        Ok(Self { peer, case: path })
    }

    fn repeat(&mut self, steps: u64) -> Result<Seconds> {
        self.peer.repeat(&steps.to_string())
    }
}

impl Drop for CoarsePeer {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.case);
    }
}
