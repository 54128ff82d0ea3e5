//! Molecular dynamics as an oracle.

mod launch;
mod sampling;
mod tether;

pub use launch::{MdSetup, OracleSimulation, Phase, SharedPotential};

use crate::vector::checksum;
use crate::{BoxError, Error, Label, Oracle, Result};
use dynamics::Propagator;
use molio::{Frame, Trajectory};
use serde::{Deserialize, Serialize};

/// What an [`MdOracle`] brings back from its simulations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// Labels along a free simulation: positions with the force at that moment.
    Free,
    /// Both: the mean force where the frame was, over the last half of the equilibration, then labels along
    /// a free simulation. A model that invents a well is told there what it costs; a released frame is out
    /// of it before the first label.
    MeanForceThenFree,
    /// One label a frame: the force averaged while the beads stay where they are, with its standard
    /// error. An estimate of the mean force, of which single forces are noisy samples.
    MeanForce,
}

/// How an [`MdOracle`] simulates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MdOracleConfig {
    /// What it brings back.
    pub sampling: Sampling,
    /// Heat before that, for side chains and peptide planes to leave what a backmapper guessed.
    #[serde(default)]
    pub annealing: Option<Annealing>,
    /// Steps with the beads held, for the other atoms to relax; nothing is recorded, but with
    /// [`Sampling::MeanForceThenFree`] in the second half.
    pub equilibration_steps: u64,
    /// Free sampling: steps after the beads are released before the first label; 0 to record from
    /// where the frame was. Mean forces: none.
    pub release_steps: u64,
    /// Steps between recorded forces.
    pub every: u64,
    /// Recorded forces a frame.
    pub n_records: usize,
    /// Mean forces: blocks of successive records whose means give the standard error. They should be
    /// longer than forces stay correlated.
    pub n_blocks: usize,
    /// Time step, ps; only to count simulated time.
    pub time_step: f64,
}

/// Simulation in stages from a high temperature down to the oracle's, before anything is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annealing {
    /// The first stage's temperature over the oracle's; every stage has the same ratio to the next.
    pub factor: f64,
    /// Steps of all stages together.
    pub steps: u64,
    /// Whether the beads stay where they are.
    ///
    /// Held, only what is hidden from them relaxes: in CLN025 mean forces between 60 and 140 ps after a relaxed
    /// backmapping still differed from those after 3 ps by 140 kJ/mol/nm, four times their statistical errors.
    /// Free, they wander into basins that the model may not know of, and what is recorded is around where they
    /// came to: a model that never proposes a basin is never corrected there otherwise.
    #[serde(default = "held")]
    pub held: bool,
}

fn held() -> bool {
    true
}

/// Stages of [`Annealing`].
const STAGES: u64 = 4;

impl MdOracleConfig {
    fn validate(&self) -> Result<()> {
        for (what, value) in [("n_records", self.n_records as u64), ("every", self.every)] {
            if value == 0 {
                return Err(Error::setting(what, "at least 1", value));
            }
        }
        let averaged = match self.sampling {
            Sampling::MeanForce => Some(self.n_records),
            Sampling::MeanForceThenFree => Some(self.held().n_records),
            Sampling::Free => None,
        };
        if let Some(n_records) = averaged
            && !(2..=n_records).contains(&self.n_blocks)
        {
            let expected = format!("2 to {n_records} (recorded forces)");
            return Err(Error::setting("n_blocks", expected, self.n_blocks));
        }
        if let Some(Annealing { factor, .. }) = self.annealing
            && !(1.0..=10.0).contains(&factor)
        {
            return Err(Error::setting("annealing.factor", "1 to 10", factor));
        }
        if !(self.time_step > 0.0 && self.time_step.is_finite()) {
            return Err(Error::setting("time_step", "positive", self.time_step));
        }
        Ok(())
    }

    /// Simulated time that one frame takes, ns.
    fn nanoseconds(&self) -> f64 {
        let release = match self.sampling {
            Sampling::Free | Sampling::MeanForceThenFree => self.release_steps,
            Sampling::MeanForce => 0,
        };
        let annealing = self.annealing.map_or(0, |annealing| annealing.steps);
        let steps =
            annealing + self.equilibration_steps + release + self.every * self.n_records as u64;
        steps as f64 * self.time_step * 1e-3
    }

    /// What is recorded while beads that will be released are still held: every other step, as a bond's
    /// force changes within a few femtoseconds, in the second half.
    fn held(&self) -> Self {
        Self {
            every: HELD_EVERY,
            n_records: (self.equilibration_steps / 2 / HELD_EVERY) as usize,
            ..self.clone()
        }
    }
}

/// Steps between forces while beads that will be released are held.
const HELD_EVERY: u64 = 2;

/// Makes the replicas of one batch: starts (nm), what is held, and a seed.
pub type LaunchFunction<P> =
    dyn Fn(&[Vec<[f32; 3]>], Phase, u64) -> Result<P, BoxError> + Send + Sync;

/// Projects positions and forces of all atoms on beads.
pub type ProjectFunction = dyn Fn(&Frame) -> Result<Frame, BoxError> + Send + Sync;

/// An oracle that runs short simulations, all frames of a batch side by side.
///
/// First the beads are held and everything else relaxes, at will after [`Annealing`]. Then either they are released, and positions
/// and forces are recorded along the way, or they stay, and forces are averaged: the negative gradient
/// of the free energy at these bead positions is the mean of the projected force over the others.
/// A replica that stops moving (a propagator freezes one that blew up) is left out from there on.
///
/// With [`MdOracle::of_potential`] any potential will do; with [`MdOracle::new`] any propagator.
///
/// # Examples
/// Mean forces of a bead on a spring to a second atom, which is averaged over:
/// ```
/// use active_learning::{MdOracle, MdOracleConfig, MdSetup, Oracle, Sampling};
/// use dynamics::{BoxError, Potential};
/// use molio::Trajectory;
/// use std::sync::Arc;
///
/// /// ½·100·|x₁ − x₀|² + ½·100·|x₁|²: on average x₁ is at x₀/2, so the mean force on x₀ is −50 x₀
/// struct Springs;
/// impl Potential for Springs {
///     fn n_atoms(&self) -> usize {
///         2
///     }
///     fn energy_forces(&self, x: &[[f32; 3]], f: &mut [[f32; 3]]) -> Result<f64, BoxError> {
///         for k in 0..3 {
///             f[0][k] = 100.0 * (x[1][k] - x[0][k]);
///             f[1][k] = -f[0][k] - 100.0 * x[1][k];
///         }
///         Ok(0.0)
///     }
/// }
///
/// let setup = MdSetup {
///     masses: vec![12.0; 2],
///     constraints: Vec::new(),
///     bead_atoms: vec![0],
///     temperature: 300.0,
///     friction: 10.0,
///     time_step: 0.01,
///     tether: None,
/// };
/// let config = MdOracleConfig {
///     sampling: Sampling::MeanForce,
///     annealing: None,
///     equilibration_steps: 100,
///     release_steps: 0,
///     every: 10,
///     n_records: 2000,
///     n_blocks: 20,
///     time_step: 0.01,
/// };
/// let oracle = MdOracle::of_potential(Arc::new(Springs), setup, Box::new(|x| Ok(x.select(&[0]))), config)?;
/// let labels = oracle.label(&Trajectory::from_positions(2, vec![[1.0, 0.0, 0.0]; 2])?)?;
/// let (force, error) = (labels[0].frame.forces.as_ref().unwrap()[0][0], labels[0].force_errors.as_ref().unwrap()[0][0]);
/// assert!((force + 50.0).abs() < 5.0 * error && error < 2.0, "{force} ± {error}");
/// # Ok::<(), BoxError>(())
/// ```
pub struct MdOracle<P> {
    config: MdOracleConfig,
    launch: Box<LaunchFunction<P>>,
    project: Box<ProjectFunction>,
}

impl<P: Propagator> MdOracle<P> {
    /// An oracle over propagators that `launch` makes and beads that `project` makes of all atoms.
    ///
    /// # Errors
    /// [`Error::Setting`] for numbers that make no sense.
    pub fn new(
        config: MdOracleConfig,
        launch: Box<LaunchFunction<P>>,
        project: Box<ProjectFunction>,
    ) -> Result<Self> {
        config.validate()?;
        Ok(Self {
            config,
            launch,
            project,
        })
    }
}

impl<P: Propagator> MdOracle<P> {
    /// The starts after [`Annealing`], if there is any.
    fn annealed(
        &self,
        mut starts: Vec<Vec<[f32; 3]>>,
        seed: u64,
    ) -> Result<Vec<Vec<[f32; 3]>>, BoxError> {
        let Some(Annealing {
            factor,
            steps,
            held,
        }) = self.config.annealing
        else {
            return Ok(starts);
        };
        for stage in 0..STAGES {
            let left = (STAGES - stage) as f64 / STAGES as f64;
            let factor = factor.powf(left);
            let heat = Phase::Heated { factor, held };
            let mut heated = (self.launch)(&starts, heat, seed ^ (stage + 1))?;
            heated.advance(steps / STAGES)?;
            starts = positions(&heated)?;
        }
        Ok(starts)
    }
}

/// Of every replica, nm.
fn positions<P: Propagator>(propagator: &P) -> Result<Vec<Vec<[f32; 3]>>, BoxError> {
    (0..propagator.n_replicas())
        .map(|replica| Ok(propagator.frame(replica)?.positions))
        .collect()
}

impl<P: Propagator> Oracle for MdOracle<P> {
    fn label(&self, frames: &Trajectory) -> Result<Vec<Label>, BoxError> {
        if frames.n_frames() == 0 {
            return Ok(Vec::new());
        }
        let starts: Vec<Vec<[f32; 3]>> = (0..frames.n_frames())
            .map(|index| frames.positions(index).to_vec())
            .collect();
        // another batch, other noise
        let seed = u64::from(checksum(&[], frames.all_positions()));
        let starts = self.annealed(starts, seed)?;
        let mut held = (self.launch)(&starts, Phase::Held, seed)?;
        let config = &self.config;
        let equilibration = config.equilibration_steps;
        let (held, means) = match config.sampling {
            Sampling::MeanForce => {
                held.advance(equilibration)?;
                let labels = sampling::mean_forces(&mut held, config, &self.project)?;
                return Ok(labels.into_iter().flatten().collect());
            }
            Sampling::MeanForceThenFree => {
                held.advance(equilibration - equilibration / 2)?;
                let labels = sampling::mean_forces(&mut held, &config.held(), &self.project)?;
                (held, labels)
            }
            Sampling::Free => {
                held.advance(equilibration)?;
                let none = vec![None; held.n_replicas()];
                (held, none)
            }
        };
        let mut free = (self.launch)(&positions(&held)?, Phase::Free, seed ^ u64::MAX)?;
        let along = sampling::along_the_way(&mut free, config, &self.project)?;
        let answers = means.into_iter().zip(along);
        Ok(answers
            .flat_map(|(mean, along)| mean.into_iter().chain(along))
            .collect())
    }

    fn nanoseconds_per_frame(&self) -> f64 {
        self.config.nanoseconds()
    }
}
