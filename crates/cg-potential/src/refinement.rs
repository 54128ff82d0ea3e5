//! Refinement by relative entropy: what a model visits and the data do not is raised, and the reverse.

mod config;
mod state;

pub use config::{RefinementConfig, RefinementLadder};

use crate::trainer::AdamW;
use crate::{CgPotential, Error, ForceModel, Network, Result, TrainingSet};
use dynamics::random::{Purpose, counter, philox, uniform};
use dynamics::{BOLTZMANN, Integrator, Replica, ReplicaExchange, Simulation, SimulationConfig};
use state::Header;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// One iteration's figures.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RefinementRecord {
    /// From 0.
    pub iteration: usize,
    /// Mean energy (network and priors, kJ/mol) of the model's frames less that of the data's: it
    /// fluctuates about 0 once the model's ensemble is the data's.
    pub energy_gap: f64,
    /// Mean square of the residual forces, (kJ/mol/nm)².
    pub force_loss: f64,
    /// Norm of the gradient.
    pub gradient_norm: f64,
    /// Replicas that blew up and were put back onto data.
    pub faults: usize,
}

/// Lowers the relative entropy of the data's ensemble to the model's, S = ∫ p ln(p/q), whose gradient is
/// β (⟨∂U/∂θ⟩ of the data − ⟨∂U/∂θ⟩ of the model), with replicas that go on from step to step of the
/// optimiser (persistent contrastive divergence); the force loss stays in, times (β ℓ)².
///
/// Force matching fixes slopes where data are; a free energy between two basins is an integral of slopes
/// over the frames between them, of which there are few, and where there are none the network says
/// anything. The ensemble's gradient weighs just these mistakes. It needs data that are an ensemble: frames
/// in equilibrium at the temperature of the set.
///
/// # References
/// M. S. Shell, J. Chem. Phys. 129, 144108 (2008), 10.1063/1.2992060; S. Thaler, M. Stupp, J. Zavadlav,
/// J. Chem. Phys. 157, 244103 (2022), 10.1063/5.0124538.
pub struct Refinement<'a> {
    config: RefinementConfig,
    network: &'a mut Network,
    set: TrainingSet<'a>,
    targets: Vec<[f32; 3]>,
    /// Sums of the weights of the training frames up to each.
    cumulative: Vec<f64>,
    simulation: Simulation<CgPotential>,
    exchange: Option<ReplicaExchange>,
    optimiser: AdamW,
    average: Vec<f32>,
    iteration: usize,
    /// Faults whose replicas were put back.
    handled: usize,
    header: Header,
    folder: PathBuf,
}

/// Iterations between states on disk: some seconds.
const SAVE_EVERY: usize = 10;

impl<'a> Refinement<'a> {
    /// A refinement in `folder` towards the ensemble of the training frames, each with its weight (without
    /// `weights`, all alike): replicas on training frames, spread evenly, or what was left there by the
    /// same refinement of the same network. One that was killed and made again gives the same parameters,
    /// bit for bit, as one that was not.
    ///
    /// # Errors
    /// [`Error::Setting`], [`Error::Length`] and [`Error::Simulation`] for what does not fit;
    /// [`Error::OtherRun`], [`Error::Io`] and [`Error::File`] for the folder.
    pub fn new(
        config: RefinementConfig,
        network: &'a mut Network,
        set: TrainingSet<'a>,
        weights: Option<&[f64]>,
        folder: &Path,
    ) -> Result<Self> {
        config.validate(set.temperature)?;
        let cumulative = cumulative(&set, weights)?;
        if network.bead_types().len() != set.data.n_beads() {
            return Err(Error::Length {
                what: "beads of the network",
                expected: set.data.n_beads(),
                found: network.bead_types().len(),
            });
        }
        let n_beads = set.data.n_beads();
        let settings = SimulationConfig {
            masses: vec![config.mass; n_beads],
            replicas: Replica::numbered(&config.temperatures(set.temperature)),
            integrator: Integrator::Baoab {
                friction: config.friction,
            },
            time_step: config.time_step,
            constraints: Vec::new(),
            constraint_tolerance: 1e-6,
            seed: config.seed,
        };
        let starts: Vec<_> = (0..config.replicas)
            .map(|r| (r as f64 + 0.5) / config.replicas as f64)
            .map(|share| {
                set.data
                    .positions_of(&[set.split.train[at_share(&cumulative, share)]])
            })
            .collect();
        let potential = CgPotential::new(network, set.priors.clone())?;
        let mut simulation = Simulation::new(potential, settings, &starts)?;
        simulation.draw_velocities()?;
        let exchange = match config.exchange {
            Some(_) => Some(ReplicaExchange::new(&simulation)?),
            None => None,
        };
        let targets = set.data.delta_forces(set.priors)?;
        let n = network.parameters().len();
        let mut refinement = Self {
            header: Header::default(),
            folder: folder.to_owned(),
            optimiser: AdamW::new(n, &crate::TrainerConfig::default()),
            average: network.parameters().to_vec(),
            config,
            network,
            set,
            targets,
            cumulative,
            simulation,
            exchange,
            iteration: 0,
            handled: 0,
        };
        refinement.header = Header::new(&refinement);
        refinement.restore()?;
        Ok(refinement)
    }

    /// Iterations that are done.
    pub fn iterations_done(&self) -> usize {
        self.iteration
    }

    /// Goes on until all iterations are done or `stop` is raised; whether all are done. The network then has
    /// the averaged parameters.
    ///
    /// # Errors
    /// [`Error::Simulation`], [`Error::NotFinite`], [`Error::Io`].
    pub fn run(
        &mut self,
        stop: &AtomicBool,
        on_record: &mut dyn FnMut(&RefinementRecord),
    ) -> Result<bool> {
        while self.iteration < self.config.iterations {
            if stop.load(Ordering::Relaxed) {
                self.save()?;
                return Ok(false);
            }
            let record = self.iterate()?;
            if self.iteration.is_multiple_of(SAVE_EVERY) || self.iteration == self.config.iterations
            {
                self.save()?;
            }
            on_record(&record);
        }
        self.network.parameters_mut().copy_from_slice(&self.average);
        Ok(true)
    }

    fn iterate(&mut self) -> Result<RefinementRecord> {
        let potential = CgPotential::new(self.network, self.set.priors.clone())?;
        self.simulation.replace_potential(potential)?;
        let (sampled, faults) = self.sample()?;
        let frames = self.batch();
        let data = self.set.data.positions_of(&frames);
        let n = self.set.data.n_beads();
        let beta = 1.0 / (BOLTZMANN * self.set.temperature);
        let mut gradient = vec![0.0; self.network.parameters().len()];
        let mut mean = |positions: &[[f32; 3]], sign: f64| {
            let count = positions.len() / n;
            let scales = vec![(sign * beta / count as f64) as f32; count];
            let energies = self
                .network
                .energy_gradient(positions, &scales, &mut gradient);
            let priors = self.set.priors;
            let of_priors = positions
                .chunks_exact(n)
                .map(|x| priors.energy_forces(x, &mut vec![[0.0; 3]; n]));
            (energies.iter().sum::<f64>() + of_priors.sum::<f64>()) / count as f64
        };
        let energy_gap = -mean(&data, 1.0) + mean(&sampled, -1.0);
        let targets: Vec<[f32; 3]> = frames
            .iter()
            .flat_map(|f| self.targets[f * n..(f + 1) * n].iter().copied())
            .collect();
        let per_value = 1.0 / (3 * data.len()) as f64;
        let weight = (beta * self.config.length).powi(2) * per_value;
        let weights = vec![[weight as f32; 3]; data.len()];
        let loss = self
            .network
            .force_loss(&data, &targets, &weights, &mut gradient);
        let norm = gradient
            .iter()
            .map(|&g| f64::from(g).powi(2))
            .sum::<f64>()
            .sqrt();
        if !(norm.is_finite() && energy_gap.is_finite()) {
            return Err(Error::NotFinite {
                what: "gradient of the relative entropy".to_owned(),
                value: norm,
                epoch: 0,
                step: self.iteration,
                frames,
            });
        }
        let done = self.iteration as f64 / self.config.iterations as f64;
        let rate = self.config.learning_rate * (1.0 - 0.9 * done);
        let step = self.iteration;
        self.optimiser
            .step(self.network.parameters_mut(), &gradient, rate, 1.0, step);
        let memory = self
            .config
            .average
            .min((1.0 + step as f64) / (10.0 + step as f64));
        for (a, &p) in self.average.iter_mut().zip(self.network.parameters()) {
            *a = (memory * f64::from(*a) + (1.0 - memory) * f64::from(p)) as f32;
        }
        self.iteration += 1;
        Ok(RefinementRecord {
            iteration: step,
            energy_gap,
            force_loss: loss / weight * per_value,
            gradient_norm: norm,
            faults,
        })
    }

    /// The model's frames of one iteration, and how many replicas blew up.
    fn sample(&mut self) -> Result<(Vec<[f32; 3]>, usize)> {
        let mut sampled = Vec::new();
        let mut faults = 0;
        for _ in 0..self.config.samples {
            self.simulation
                .advance(self.config.steps / self.config.samples as u64)?;
            for fault in self
                .simulation
                .faults()
                .to_vec()
                .into_iter()
                .skip(self.handled)
            {
                let draw = uniform(
                    philox(
                        counter(Purpose::Jitter, fault.replica as u32, 1, fault.step),
                        self.config.seed,
                    )[0],
                );
                let frame = self.set.split.train[at_share(&self.cumulative, draw)];
                self.simulation
                    .reseed(fault.replica, &self.set.data.positions_of(&[frame]))?;
                faults += 1;
            }
            self.handled = self.simulation.faults().len();
            for replica in 0..self.config.replicas {
                let here = self.simulation.temperature(replica) == self.set.temperature;
                if here && !self.simulation.is_frozen(replica) {
                    sampled.extend(self.simulation.frame(replica).positions);
                }
            }
            if let Some(exchange) = &mut self.exchange {
                exchange.exchange(&mut self.simulation)?;
            }
        }
        Ok((sampled, faults))
    }

    /// Training frames of this iteration: other ones each time, spread over all.
    fn batch(&self) -> Vec<usize> {
        let train = &self.set.split.train;
        let wanted = self.config.batch_size.min(train.len());
        let at = |i: usize| counter(Purpose::Jitter, i as u32, 2, self.iteration as u64);
        (0..wanted)
            .map(|i| {
                let within = uniform(philox(at(i), self.config.seed)[0]);
                train[at_share(&self.cumulative, (i as f64 + within) / wanted as f64)]
            })
            .collect()
    }
}

/// Sums of `weights`, or of ones, up to each training frame.
fn cumulative(set: &TrainingSet<'_>, weights: Option<&[f64]>) -> Result<Vec<f64>> {
    let n = set.split.train.len();
    if let Some(weights) = weights
        && weights.len() != n
    {
        return Err(Error::Length {
            what: "weights of training frames",
            expected: n,
            found: weights.len(),
        });
    }
    let weight = |i: usize| weights.map_or(1.0, |weights| weights[i]);
    if let Some(bad) = (0..n).map(weight).find(|w| !(w.is_finite() && *w >= 0.0)) {
        return Err(Error::setting(
            "weight of a training frame",
            "0 or more",
            bad,
        ));
    }
    let mut sum = 0.0;
    let sums: Vec<f64> = (0..n)
        .map(|i| {
            sum += weight(i);
            sum
        })
        .collect();
    if sum <= 0.0 {
        return Err(Error::setting("split", "a training frame that counts", sum));
    }
    Ok(sums)
}

/// The frame at `share`, from 0 to 1, of all weight.
fn at_share(cumulative: &[f64], share: f64) -> usize {
    let last = cumulative.len() - 1;
    let weight = share * cumulative[last];
    cumulative.partition_point(|&sum| sum <= weight).min(last)
}
