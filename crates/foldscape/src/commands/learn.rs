//! `foldscape learn`: active learning of a coarse-grained model.

pub(crate) mod config;
mod data;
mod ensemble;
mod judge;
mod model;
mod oracle;
pub(crate) mod outcome;
mod outliers;
mod report;
mod sample;
mod selector;
mod slow;
mod watch;

use crate::{interrupt, output};
use active_learning::{
    Campaign, CampaignConfig, ChainGate, ChainLimits, Ending, Error, Gate, Parts, Space, Summary,
};
use anyhow::{Result, bail};
use config::Config;
use config::Method;
use data::Data;
use judge::EnsembleJudge;
use metrics::report::Report;
use model::Learner;
use molio::Trajectory;
use outcome::Outcome;
use report::Story;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use watch::Watch;

/// Rounds of: simulate the model, keep implausible frames out, choose, put atoms on, ask short all-atom
/// simulations, train anew, measure, accept or reject. All of it is in the folder that the configuration
/// names; the same command goes on with it, whatever stopped it.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Configuration file (TOML).
    config: PathBuf,
    /// Folder of the campaign, instead of the one that the file names.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut config = Config::read(&arguments.config)?;
    if let Some(out) = &arguments.out {
        config.folder.clone_from(out);
    }
    let stop = interrupt::flag()?;
    let Learned { outcome, .. } = learn(&config, &stop)?;
    if arguments.json {
        return output::json(&outcome);
    }
    output::table(&outcome.rows())
}

/// What a campaign came to.
pub(crate) struct Learned {
    pub(crate) outcome: Outcome,
    /// The accepted model.
    pub(crate) model: PathBuf,
    /// The main part of the campaign's report.
    pub(crate) brief: Report,
}

/// A whole campaign, or what is left of it.
pub(crate) fn learn(config: &Config, stop: &AtomicBool) -> Result<Learned> {
    let data = Data::new(config, stop)?;
    let members = match config.selection.method {
        Method::Committee => config.selection.members,
        _ => 0,
    };
    let members = members.max(config.simulation.members - 1);
    let learner = Learner::new(config, &data, members, stop)?;
    let judge = EnsembleJudge::new(&data, config.reference.as_ref());
    let gate = gate(config, &data)?;
    let selector = selector::selector(config, &data)?;
    let backmapper = oracle::backmapper(config, &data)?;
    let oracle = oracle::oracle(config, &data)?;
    let parts = Parts {
        model: &learner,
        gate: gate.as_ref().map(|gate| gate as &dyn Gate),
        selector: selector.as_ref(),
        backmapper: Some(&backmapper),
        oracle: &oracle,
        judge: &judge,
        space: Space::Rmsd,
    };
    let campaign = Campaign::new(campaign(config)?, parts, &data.base, &config.folder)?;
    let mut watch = Watch::new(config.rounds.rounds);
    let mut failed = None;
    let summary = campaign.run(stop, &mut |event| {
        let done = watch.observe(event, &mut |summary: &Summary| {
            Story::new(config, &data, &judge, summary).write()?;
            Outcome::new(config, summary)?.write(&config.folder)
        });
        if let Err(error) = done {
            failed.get_or_insert(error);
        }
    });
    let stopped = stop.load(Ordering::SeqCst);
    let summary = match summary {
        Ok(summary) if summary.ending == Some(Ending::Interrupted) => None,
        // a part that heard of Ctrl-C says so by an error
        Err(Error::Part { .. }) if stopped => None,
        other => Some(other?),
    };
    let Some(summary) = summary else {
        bail!(
            "stopped; the same command goes on from {}",
            config.folder.display()
        );
    };
    if let Some(error) = failed {
        return Err(error);
    }
    let last = summary.rounds.len().saturating_sub(1);
    let Some((round, attempt)) = summary.accepted_at(last) else {
        bail!("{}: no model was accepted", config.folder.display());
    };
    let folder = config
        .folder
        .join(format!("round-{round:03}/attempt-{attempt}/model"));
    Ok(Learned {
        outcome: Outcome::new(config, &summary)?,
        model: model::model_file(&folder, 0),
        brief: Story::new(config, &data, &judge, &summary).brief()?,
    })
}

fn campaign(config: &Config) -> Result<CampaignConfig> {
    let rounds = &config.rounds;
    Ok(CampaignConfig {
        n_rounds: rounds.rounds,
        n_samples: config.n_samples(),
        n_selected: config.selection.frames,
        n_spare: config.selection.spare,
        oracle_batch: config.oracle.batch,
        budget: rounds.budget,
        attempts: rounds.attempts.clone(),
        follow_rejected: rounds.follow_rejected,
        tolerance: rounds.tolerance,
        seed: config.seed,
        parts: config.sections().clone(),
    })
}

/// For chains of one bead a residue.
fn gate(config: &Config, data: &Data) -> Result<Option<ChainGate>> {
    let beads = data.maps.positions.beads();
    if beads.n_atoms() != beads.n_residues() {
        return Ok(None);
    }
    let known = data.base_frames()?;
    let limits = ChainLimits {
        bond: config.gate.bond.unwrap_or_else(|| bonds(&known)),
        clash: config.gate.clash,
        mirror_evidence: config.gate.mirror_evidence,
    };
    Ok(Some(ChainGate::new(limits, &known)?))
}

/// Least and largest distance of neighbours in the known frames, widened by what thermal motion may add, nm.
fn bonds(known: &Trajectory) -> [f64; 2] {
    const MARGIN: f64 = 0.02;
    let frames = (0..known.n_frames()).flat_map(|frame| known.positions(frame).windows(2));
    let [least, most] = frames.fold([f64::INFINITY, 0.0], |[least, most]: [f64; 2], pair| {
        let squares = (0..3).map(|k| f64::from(pair[1][k] - pair[0][k]).powi(2));
        let length = squares.sum::<f64>().sqrt();
        [least.min(length), most.max(length)]
    });
    [(least - MARGIN).max(0.0), most + MARGIN]
}
