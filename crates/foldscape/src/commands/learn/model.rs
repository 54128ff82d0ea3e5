//! The coarse-grained model as what a campaign learns.

use super::config::{Config, Counted, CountedTerms, SimulationConfig};
use super::data::Data;
use super::ensemble;
use super::sample::{SIMULATION_REPORT, Sampler};
use crate::commands::cg::committee::load_members;
use crate::commands::cg::config::NetworkChoice;
use crate::commands::cg::labels::mean_square;
use crate::commands::cg::{starts, train};
use active_learning::{BoxError, Fit, Label, Model};
use anyhow::{Context, Result, bail};
use cg_potential::{
    BeadGraph, CgModel, EnergyTarget, ForceData, ForceSplit, ForceTrainer, Network, PriorFit,
    Priors, RefinementConfig, TrainerConfig, TrainingOutcome, TrainingSet,
};
use molio::{Topology, Trajectory};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Force matching and simulation of a network over priors.
pub(super) struct Learner<'a> {
    config: &'a Config,
    data: &'a Data,
    choice: NetworkChoice,
    /// Networks besides the model's own.
    members: usize,
    stop: &'a AtomicBool,
}

/// The model in a folder, and those of its committee.
pub(super) fn model_file(folder: &Path, member: usize) -> PathBuf {
    if member == 0 {
        folder.join("model.safetensors")
    } else {
        folder.join(format!("member-{member}/model.safetensors"))
    }
}

impl<'a> Learner<'a> {
    pub(super) fn new(
        config: &'a Config,
        data: &'a Data,
        members: usize,
        stop: &'a AtomicBool,
    ) -> Result<Self> {
        Ok(Self {
            choice: config.network()?,
            config,
            data,
            members,
            stop,
        })
    }

    fn beads(&self) -> &Topology {
        self.data.maps.positions.beads()
    }

    fn fit_all(&self, fit: &Fit<'_>) -> Result<()> {
        let n_base = self.data.base.len();
        let split = self.split(fit.labels.len())?;
        let priors = self.priors(fit.labels)?;
        let base = force_data(&fit.labels[..n_base], None)?;
        let noise = mean_square(&base.delta_forces(&priors)?);
        let errors = |(label, &weight): (&Label, &f64)| self.errors(label, weight, noise);
        let errors: Vec<_> = fit.labels.iter().zip(fit.weights).map(errors).collect();
        let mut data = force_data(fit.labels, Some(&errors))?;
        if self
            .config
            .training
            .energy
            .is_some_and(|energy| energy.toward == EnergyTarget::Labels)
        {
            data.set_energies(energies(fit.labels)?)?;
        }
        let starts = self.spread(fit.labels)?;
        if self.config.labels.prior_frames > 0 {
            data.set_unlabelled(self.of_the_priors(&priors, &starts, fit.seed)?)?;
        }
        for member in 0..=self.members {
            let path = model_file(fit.folder, member);
            self.fit_one(fit, member, &data, &split, &priors, noise, &path)?;
        }
        starts.write(fit.folder.join(STARTS), self.beads())?;
        Ok(())
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "what one member shares with the others"
    )]
    fn fit_one(
        &self,
        fit: &Fit<'_>,
        member: usize,
        data: &ForceData,
        split: &ForceSplit,
        priors: &Priors,
        noise: f64,
        path: &Path,
    ) -> Result<()> {
        if path.exists() {
            return Ok(());
        }
        let folder = path.parent().context("a model without a folder")?;
        // 32 bits, which every format of numbers holds exactly
        let seed = (fit.seed.wrapping_add(member as u64)) & 0xFFFF_FFFF;
        let mut network = self.choice.network(self.beads(), seed)?;
        let mut description = self.choice.description(seed)?;
        if let Some(start) = fit.start_from {
            let before = CgModel::load(&model_file(start, member))?;
            network
                .parameters_mut()
                .copy_from_slice(before.network.parameters());
            description.push_str(" going on");
        }
        let temperature = self.config.system.temperature;
        let set = TrainingSet {
            data,
            split,
            priors,
            temperature,
        };
        let config = TrainerConfig {
            seed,
            ..self.config.training.clone()
        };
        let mut trainer =
            ForceTrainer::new(config.clone(), &mut network, &description, set, folder)?;
        let outcome = train::follow(&mut trainer, &config, noise, self.stop)?;
        if outcome == TrainingOutcome::Interrupted {
            bail!("stopped");
        }
        trainer.restore_best()?;
        let best = trainer.best();
        let mut model = CgModel::new(network, priors.clone(), self.beads().clone(), temperature)?;
        model.notes = serde_json::json!({
            "validation_loss": best.map(|(_, loss)| loss),
            "labels": data.n_frames(),
        });
        if let Some(refinement) = self.config.refinement.as_ref().filter(|_| fit.n_new > 0) {
            model.network = self.refine(refinement, &model, fit, folder)?;
            model.notes["refinement"] = serde_json::to_value(refinement)?;
        }
        model.save(path)?;
        Ok(())
    }

    /// Positions (nm) of about `labels.prior_frames` frames of the priors without a network, at all temperatures of the
    /// campaign's simulations.
    fn of_the_priors(
        &self,
        priors: &Priors,
        starts: &Trajectory,
        seed: u64,
    ) -> Result<Vec<[f32; 3]>> {
        let mut silent = self.choice.network(self.beads(), 0)?;
        silent.parameters_mut().fill(0.0);
        let temperature = self.config.system.temperature;
        let model = CgModel::new(silent, priors.clone(), self.beads().clone(), temperature)?;
        let plain = &self.config.simulation;
        let per_replica = self.config.labels.prior_frames.div_ceil(plain.replicas) as u64;
        // the first third is not used
        let skip = plain.save * per_replica.div_ceil(2);
        let simulation = SimulationConfig {
            steps: skip + plain.save * per_replica,
            skip,
            ..plain.clone()
        };
        let sampler = Sampler {
            config: &simulation,
            temperature,
            stop: self.stop,
        };
        let (sample, explored, _) = sampler.sample(&[model], starts, usize::MAX, seed ^ 0x5052)?;
        Ok([sample.all_positions(), explored.all_positions()].concat())
    }

    /// Refines a model towards the ensemble of all that is known.
    fn refine(
        &self,
        config: &RefinementConfig,
        model: &CgModel,
        fit: &Fit<'_>,
        folder: &Path,
    ) -> Result<Network> {
        let data = force_data(fit.labels, None)?;
        let split = ForceSplit {
            train: (0..fit.labels.len()).collect(),
            ..ForceSplit::default()
        };
        let weights = self.ensemble(fit.labels)?;
        let set = TrainingSet {
            data: &data,
            split: &split,
            priors: &model.priors,
            temperature: model.temperature,
        };
        let config = RefinementConfig {
            seed: config.seed ^ (fit.seed & 0xFFFF_FFFF),
            ..config.clone()
        };
        train::refine(&config, model, set, Some(&weights), folder, self.stop)
    }

    /// Frames of the base set by blocks of time; of the oracle's answers every n-th for validation.
    fn split(&self, n_labels: usize) -> Result<ForceSplit> {
        let config = &self.config.base.split;
        let mut plain = ForceData::new(self.beads().n_atoms());
        let mut frames = self.data.base.iter();
        for &length in &self.data.series {
            for label in frames.by_ref().take(length) {
                let forces = label.frame.forces.as_deref().unwrap_or_default();
                plain.push(&label.frame.positions, forces, None)?;
            }
            plain.end_series();
        }
        let mut split = plain.split(config)?;
        let every = (1.0 / config.validation.max(1e-9)).round() as usize;
        // labels of one simulation resemble each other, so they stay together
        let together = self.config.records_per_answer();
        for (place, label) in (self.data.base.len()..n_labels).enumerate() {
            if (place / together) % every.max(2) == 1 && config.validation > 0.0 {
                split.validation.push(label);
            } else {
                split.train.push(label);
            }
        }
        Ok(split)
    }

    /// Of the base set, and of the answers as far as they count.
    fn priors(&self, labels: &[Label]) -> Result<Priors> {
        let graph = BeadGraph::new(self.beads())?;
        let frames: Vec<[f32; 3]> = labels
            .iter()
            .flat_map(|label| label.frame.positions.iter().copied())
            .collect();
        let (n_base, n_beads) = (self.data.base.len(), self.beads().n_atoms());
        let (prior, temperature) = (&self.config.prior, self.config.system.temperature);
        let fit = |counted: Counted| -> Result<Priors> {
            let fit = match counted {
                Counted::None => {
                    PriorFit::new(prior, &graph, &frames[..n_base * n_beads], temperature)
                }
                Counted::Once => {
                    let mut counts = vec![1.0; labels.len()];
                    counts[n_base..].fill(1.0 / self.config.records_per_answer() as f64);
                    PriorFit::counted(prior, &graph, &frames, &counts, temperature)
                }
                Counted::Ensemble => {
                    let counts = self.ensemble(labels)?;
                    PriorFit::counted(prior, &graph, &frames, &counts, temperature)
                }
                Counted::All => PriorFit::new(prior, &graph, &frames, temperature),
            };
            Ok(fit?.priors)
        };
        if labels.len() == n_base {
            return fit(Counted::None);
        }
        let CountedTerms {
            pairs,
            angles,
            dihedrals,
        } = self.config.labels.priors;
        let ways = BTreeSet::from([pairs, angles, dihedrals]);
        let fits = ways.into_iter().map(|counted| Ok((counted, fit(counted)?)));
        let fits: BTreeMap<Counted, Priors> = fits.collect::<Result<_>>()?;
        Ok(Priors::new(
            n_beads,
            fits[&pairs].pairs().to_vec(),
            fits[&angles].angles().to_vec(),
            fits[&dihedrals].dihedrals().to_vec(),
        )?)
    }

    /// What each label counts in the ensemble that `labels.base_share` speaks of.
    fn ensemble(&self, labels: &[Label]) -> Result<Vec<f64>> {
        let share = self.config.labels.base_share;
        let share = share.context("labels.base_share is not set")?;
        let basin = self
            .data
            .native
            .as_deref()
            .zip(self.config.base.max_rmsd_nm);
        let inside = ensemble::inside(labels, self.data.base.len(), basin)?;
        Ok(ensemble::weights(&inside, share))
    }

    /// The standard error by which a label counts. A single force has the noise of the base set; a mean
    /// force its own, but no less than the mean of `most_weight` single ones has.
    fn errors(&self, label: &Label, weight: f64, noise: f64) -> Vec<[f32; 3]> {
        let scale = weight.max(1e-6).sqrt().recip();
        let single = (noise.sqrt() * scale) as f32;
        let least = noise / self.config.labels.most_weight;
        let mean = |error: f32| ((f64::from(error).powi(2) + least).sqrt() * scale) as f32;
        match &label.force_errors {
            Some(errors) => errors.iter().map(|e| e.map(mean)).collect(),
            None => vec![[single; 3]; label.frame.n_atoms()],
        }
    }

    /// A start for each replica, as far from each other as known frames are.
    fn spread(&self, labels: &[Label]) -> Result<Trajectory> {
        let known = self.known(labels);
        let chosen = starts::k_centres(&known, self.config.simulation.replicas.min(known.len()))?;
        let starts = chosen.iter().flat_map(|&index| known[index].clone());
        Ok(Trajectory::from_positions(
            self.beads().n_atoms(),
            starts.collect(),
        )?)
    }

    /// Frames that simulations may start from.
    fn known(&self, labels: &[Label]) -> Vec<Vec<[f32; 3]>> {
        let stride = labels.len().div_ceil(MOST_STARTS).max(1);
        let frames = labels.iter().step_by(stride);
        frames.map(|label| label.frame.positions.clone()).collect()
    }
}

/// Frames that simulations begin with, in a model's folder.
const STARTS: &str = "starts.trr";

/// Frames of the hotter replicas of an exchange, in a model's folder.
const EXPLORED: &str = "explored.trr";

/// Frames among which starts are chosen, at most.
const MOST_STARTS: usize = 20_000;

impl Model for Learner<'_> {
    fn fit(&self, fit: &Fit<'_>) -> Result<(), BoxError> {
        Ok(self.fit_all(fit)?)
    }

    fn propose(&self, folder: &Path, n_frames: usize, seed: u64) -> Result<Trajectory, BoxError> {
        let starts = Trajectory::read(folder.join(STARTS))?;
        let sampler = Sampler {
            config: &self.config.simulation,
            temperature: self.config.system.temperature,
            stop: self.stop,
        };
        let files: Vec<PathBuf> = (0..self.config.simulation.members)
            .map(|member| model_file(folder, member))
            .collect();
        let models = load_members(&files)?;
        let (sample, explored, report) = sampler.sample(&models, &starts, n_frames, seed)?;
        if explored.n_frames() > 0 {
            explored.write(folder.join(EXPLORED), self.beads())?;
        }
        let path = folder.join(SIMULATION_REPORT);
        dynamics::write_atomically(&path, &serde_json::to_vec(&report)?)?;
        Ok(sample)
    }

    /// Hotter replicas go where those of the campaign's temperature do not, and the model knows least.
    fn explored(&self, folder: &Path) -> Result<Option<Trajectory>, BoxError> {
        let path = folder.join(EXPLORED);
        Ok(match path.exists() {
            true => Some(Trajectory::read(path)?),
            false => None,
        })
    }
}

/// Of all labels, kJ/mol.
fn energies(labels: &[Label]) -> Result<Vec<f64>> {
    let energy = |(index, label): (usize, &Label)| {
        let missing = || {
            format!("training.energy: label {index} has no energy; did the campaign begin without?")
        };
        label.energy.with_context(missing)
    };
    labels.iter().enumerate().map(energy).collect()
}

fn force_data(labels: &[Label], errors: Option<&[Vec<[f32; 3]>]>) -> Result<ForceData> {
    let mut data = ForceData::new(labels.first().map_or(0, |l| l.frame.n_atoms()));
    for (index, label) in labels.iter().enumerate() {
        let forces = label.frame.forces.as_deref().unwrap_or_default();
        let errors = errors.map(|errors| &errors[index][..]);
        data.push(&label.frame.positions, forces, errors)?;
    }
    Ok(data)
}
