//! The configuration file of `foldscape learn`.

mod labels;
mod oracle;

pub(super) use labels::{Counted, CountedTerms, LabelsConfig};
pub(super) use oracle::OracleConfig;

use crate::commands::cg::config::{MapConfig, NetworkChoice};
use crate::physics::SolventModel;
use active_learning::{Attempt, BackmapConfig, Budget, ChainLimits, Sampling};
use anyhow::{Context, Result, ensure};
use cg_potential::{PriorConfig, RefinementConfig, TrainerConfig};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A whole campaign.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Folder of the campaign, relative to the configuration file.
    pub(super) folder: PathBuf,
    /// Seed of everything that is drawn.
    #[serde(default)]
    pub(super) seed: u64,
    pub(super) system: SystemConfig,
    pub(super) base: BaseConfig,
    pub(super) reference: Option<ReferenceConfig>,
    #[serde(default)]
    pub(super) map: MapConfig,
    #[serde(default)]
    pub(super) prior: PriorConfig,
    /// As for `cg train`: `name` of a published network, and any setting of it to change.
    #[serde(default)]
    network: toml::Table,
    #[serde(default)]
    pub(super) training: TrainerConfig,
    /// After force matching, moves the model's ensemble to that of the base set's basin, which has `labels.base_share`
    /// of it, and all of the oracle's free simulations that ended elsewhere. What was chosen for being far from
    /// all that is known is not an ensemble: `selection.method = "random"`.
    pub(super) refinement: Option<RefinementConfig>,
    #[serde(default)]
    pub(super) labels: LabelsConfig,
    pub(super) simulation: SimulationConfig,
    #[serde(default)]
    pub(super) gate: GateConfig,
    pub(super) selection: SelectionConfig,
    #[serde(default)]
    pub(super) backmap: BackmapConfig,
    pub(super) oracle: OracleConfig,
    pub(super) rounds: RoundsConfig,
    /// The sections as the file has them, its paths not yet joined to where it is.
    #[serde(skip)]
    as_written: BTreeMap<String, String>,
}

/// The molecule, and what the oracle knows of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SystemConfig {
    /// All atoms, with hydrogens, in the order of the trajectories.
    pub(super) structure: Option<PathBuf>,
    /// One-letter codes, for a peptide as `foldscape build` makes it.
    pub(super) sequence: Option<String>,
    /// The native structure, where it is not `structure`: only its beads count, not the order of its atoms.
    pub(super) native: Option<PathBuf>,
    /// K, of the data, the oracle and the model.
    pub(super) temperature: f64,
    /// A built-in force field, or OpenMM XML files.
    #[serde(default)]
    pub(super) force_field: Vec<String>,
    #[serde(default = "gbn2")]
    pub(super) solvent: SolventModel,
}

/// All-atom frames with forces that are known from the beginning.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BaseConfig {
    /// `*` in a name stands for anything.
    pub(super) trajectories: Vec<PathBuf>,
    /// Of frames of a replica exchange (`foldscape md --exchange`), the table beside them that has each
    /// replica's temperature at each frame: only frames of the system's temperature are taken.
    pub(super) temperatures: Option<PathBuf>,
    /// Frames of each file to leave out at its start.
    #[serde(default)]
    pub(super) skip: usize,
    /// Takes every n-th of the others.
    #[serde(default = "one")]
    pub(super) stride: usize,
    /// Only frames whose beads are within this RMSD of the native structure, nm.
    pub(super) max_rmsd_nm: Option<f64>,
    /// At most so many, evenly spaced among those that are left.
    pub(super) max_frames: Option<usize>,
    /// Frames of each trajectory between those that are held out together, to decide when to stop.
    #[serde(default)]
    pub(super) split: cg_potential::SplitConfig,
}

/// Frames that models are measured against, which nothing else sees.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReferenceConfig {
    pub(super) trajectories: Vec<PathBuf>,
    /// As for the base set.
    pub(super) temperatures: Option<PathBuf>,
    /// Topology of these frames, where it is not the system's: of the beads alone, say.
    pub(super) topology: Option<PathBuf>,
    #[serde(default)]
    pub(super) skip: usize,
    #[serde(default = "one")]
    pub(super) stride: usize,
    /// Lag time of TICA, in frames that are taken.
    pub(super) lag: usize,
    /// Bootstrap resamples for errors.
    #[serde(default = "resamples")]
    pub(super) resamples: usize,
    /// Measures that no accepted model may worsen beyond the errors.
    #[serde(default = "guarded")]
    pub(super) guarded: Vec<String>,
}

/// Simulation of the coarse-grained model.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SimulationConfig {
    pub(super) replicas: usize,
    /// Steps of each.
    pub(super) steps: u64,
    /// Steps at the start of each that are not used.
    #[serde(default)]
    pub(super) skip: u64,
    /// Steps between frames.
    pub(super) save: u64,
    /// ps
    pub(super) time_step: f64,
    /// Of BAOAB, 1/ps.
    #[serde(default = "friction")]
    pub(super) friction: f64,
    /// Of each bead, Da.
    #[serde(default = "mass")]
    pub(super) mass: f64,
    /// Networks, trained apart, whose mean moves the beads: what each makes up where there are no data mostly
    /// cancels.
    // left out where there is one, so that campaigns go on that began before there could be more
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub(super) members: usize,
    /// Replica exchange, without which each replica stays in the basin that it started from. The model is
    /// measured by frames at `system.temperature`; those of all temperatures are the next round's candidates.
    pub(super) exchange: Option<ExchangeConfig>,
}

/// A geometric ladder of temperatures from `system.temperature` upwards.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExchangeConfig {
    /// K
    pub(super) hottest: f64,
    /// Temperatures, over which the replicas are spread evenly.
    pub(super) rungs: usize,
    /// Steps between exchanges.
    pub(super) every: u64,
}

/// What counts as plausible; nothing is asked of maps with more than one bead a residue.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct GateConfig {
    /// Least and largest distance of neighbours, nm; without it those of the base set, and 0.02 nm more on both
    /// sides, which tells cis from trans peptide bonds.
    pub(super) bond: Option<[f64; 2]>,
    /// Least distance of beads three or more apart, nm.
    pub(super) clash: f64,
    /// How many times likelier the mirror image must be, as a natural logarithm.
    pub(super) mirror_evidence: f64,
    /// Residues of a rebuilt frame that may be Ramachandran outliers (Top8000).
    pub(super) outliers: usize,
}

/// Which rule chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Method {
    FarthestFirst,
    TopK,
    Random,
    Committee,
    TicaDensity,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SelectionConfig {
    pub(super) method: Method,
    /// Frames asked about in a round.
    pub(super) frames: usize,
    /// Frames chosen beyond those, in place of such as cannot be rebuilt without Ramachandran outliers.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) spare: usize,
    /// The chosen are farther than this from each other, nm (TICA: units of a component).
    #[serde(default)]
    pub(super) separation: f64,
    /// Committee: networks besides the model's own.
    #[serde(default = "two")]
    pub(super) members: usize,
    /// TICA density: which nearest known frame counts.
    #[serde(default = "ten")]
    pub(super) neighbours: usize,
    /// TICA density: lag time in frames of the base set.
    #[serde(default = "ten")]
    pub(super) lag: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoundsConfig {
    /// Rounds of asking.
    pub(super) rounds: usize,
    /// Ways to fit, tried one after the other.
    #[serde(default = "attempts")]
    pub(super) attempts: Vec<Attempt>,
    #[serde(default)]
    pub(super) budget: Budget,
    /// Whether the next round asks where a rejected model goes, rather than simulating the accepted one again.
    #[serde(default)]
    pub(super) follow_rejected: bool,
    /// Standard errors by which a guarded measure may be worse.
    #[serde(default = "tolerance")]
    pub(super) tolerance: f64,
}

impl Default for GateConfig {
    fn default() -> Self {
        let ChainLimits {
            clash,
            mirror_evidence,
            ..
        } = ChainLimits::default();
        Self {
            bond: None,
            clash,
            mirror_evidence,
            outliers: 0,
        }
    }
}

impl ReferenceConfig {
    fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let single = self.temperatures.iter_mut().chain(&mut self.topology);
        self.trajectories.iter_mut().chain(single)
    }
}

impl Config {
    /// Reads a configuration; relative paths in it are relative to its folder.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let mut config: Self = toml::from_str(&text).with_context(|| path.display().to_string())?;
        config.as_written = config.to_sections()?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let own = std::iter::once(&mut config.folder);
        let base = &mut config.base;
        let trajectories = base.trajectories.iter_mut().chain(&mut base.temperatures);
        let reference = config.reference.iter_mut().flat_map(|r| r.paths());
        for path in own
            .chain(&mut config.system.structure)
            .chain(&mut config.system.native)
            .chain(trajectories)
            .chain(reference)
        {
            *path = folder.join(&*path);
        }
        config.check().with_context(|| path.display().to_string())?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        self.network()?;
        self.training.validate()?;
        ensure!(
            self.system.structure.is_some() != self.system.sequence.is_some(),
            "system: expected either structure or sequence"
        );
        let SimulationConfig {
            replicas,
            steps,
            skip,
            save,
            members,
            ..
        } = self.simulation;
        ensure!(
            (1..=64).contains(&members),
            "simulation.members: expected 1 to 64, found {members}"
        );
        ensure!(
            replicas > 0 && save > 0 && self.frames_per_replica() > 0,
            "simulation: {replicas} replicas of {steps} steps with a frame every {save} after {skip} are no frames"
        );
        if let Some(ExchangeConfig {
            hottest,
            rungs,
            every,
        }) = self.simulation.exchange
        {
            ensure!(
                rungs > 1 && replicas.is_multiple_of(rungs) && every > 0,
                "simulation.exchange: expected at least two rungs over which {replicas} replicas are spread evenly, and \
                 steps between exchanges, found {rungs} and {every}"
            );
            ensure!(
                hottest > self.system.temperature && hottest.is_finite(),
                "simulation.exchange.hottest: expected more than system.temperature, {} K, found {hottest}",
                self.system.temperature
            );
        }
        for name in self.reference.iter().flat_map(|r| &r.guarded) {
            ensure!(
                super::judge::NAMES.contains(&name.as_str()),
                "reference.guarded: {name:?} is none of {}",
                super::judge::NAMES.join(", ")
            );
        }
        self.oracle.steps(self.system.temperature)?;
        ensure!(
            self.refinement.is_none()
                || (self.selection.method == Method::Random && self.oracle.kind == Sampling::Free),
            "refinement: expected selection.method = \"random\" and oracle.kind = \"free\", whose frames are an ensemble"
        );
        if let Some(refinement) = &self.refinement {
            refinement.validate(self.system.temperature)?;
        }
        self.labels.check(self.refinement.is_some())?;
        let committee = self.selection.method == Method::Committee;
        ensure!(
            !committee || self.selection.members > 0,
            "selection.members: a committee needs at least one network besides the model's own"
        );
        Ok(())
    }

    pub(super) fn network(&self) -> Result<NetworkChoice> {
        NetworkChoice::new(&self.network)
    }

    /// Frames that a simulation of the model gives.
    pub(super) fn n_samples(&self) -> usize {
        let rungs = self.simulation.exchange.map_or(1, |e| e.rungs);
        self.simulation.replicas / rungs * self.frames_per_replica()
    }

    fn frames_per_replica(&self) -> usize {
        let SimulationConfig {
            steps, skip, save, ..
        } = self.simulation;
        (steps / save).saturating_sub(skip / save) as usize
    }

    /// Labels that one frame brings at most.
    pub(super) fn records_per_answer(&self) -> usize {
        self.oracle.records(self.system.temperature).unwrap_or(1)
    }

    /// Each section as text, for a campaign that goes on to be compared with how it began: from whichever folder it
    /// is started, and wherever file and data have been moved together.
    pub(super) fn sections(&self) -> &BTreeMap<String, String> {
        &self.as_written
    }

    fn to_sections(&self) -> Result<BTreeMap<String, String>> {
        let value = serde_json::to_value(self)?;
        let sections = value.as_object().into_iter().flatten();
        // the folder may be moved
        let kept = sections.filter(|(name, _)| *name != "folder" && *name != "rounds");
        Ok(kept
            .map(|(name, value)| (name.clone(), value.to_string()))
            .collect())
    }
}

fn gbn2() -> SolventModel {
    SolventModel::Gbn2
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_one(n: &usize) -> bool {
    *n == 1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

fn one() -> usize {
    1
}

fn two() -> usize {
    2
}

fn ten() -> usize {
    10
}

fn resamples() -> usize {
    50
}

fn friction() -> f64 {
    1.0
}

fn mass() -> f64 {
    12.0
}

fn tolerance() -> f64 {
    1.0
}

fn guarded() -> Vec<String> {
    [
        "bond_w1",
        "angle_w1",
        "dihedral_w1",
        "end_to_end_w1",
        "rg_w1",
    ]
    .map(str::to_owned)
    .into()
}

/// From scratch, then with the oracle's labels counting less, then more.
fn attempts() -> Vec<Attempt> {
    let cold = |oracle_weight| Attempt {
        warm_start: false,
        oracle_weight,
    };
    vec![cold(1.0), cold(0.3), cold(3.0)]
}
