//! `foldscape md`

mod run;
mod setup;
mod state;

use crate::physics::{FixedBonds, Holds, Physics};
use crate::{input::Source, output};
use anyhow::Result;
use std::path::PathBuf;

/// Replicas are written to one file each, `OUT.r000.xtc`, `OUT.r001.xtc`, …; a single one to OUT itself.
/// TRR holds velocities and forces too. `OUT.csv` has temperature and energies of every saved frame,
/// `OUT.checkpoint` what the same command needs to go on after it was stopped in whatever way.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("length").required(true).args(["steps", "time"]))]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Trajectory to write: xtc, trr or dcd.
    #[arg(value_parser = output::file())]
    out: PathBuf,
    #[command(flatten)]
    physics: Physics,
    #[command(flatten)]
    holds: Holds,
    /// Number of replicas; they start from the frames of the input in turn.
    #[arg(long, value_name = "R", default_value_t = 1)]
    replicas: usize,
    /// One temperature (K), or one for each replica; with --exchange, two are the ends of a geometric ladder.
    #[arg(long, value_name = "T", value_delimiter = ',', default_value = "300")]
    temperature: Vec<f64>,
    /// Let neighbouring temperatures try to swap every so many steps.
    #[arg(long, value_name = "STEPS")]
    exchange: Option<u64>,
    /// Time step, ps.
    #[arg(long, value_name = "PS", default_value_t = 0.004)]
    dt: f64,
    /// Number of steps, those of earlier starts included.
    #[arg(long, value_name = "N")]
    steps: Option<u64>,
    /// The same in ns.
    #[arg(long, value_name = "NS")]
    time: Option<f64>,
    /// Write a frame every so many steps.
    #[arg(long, value_name = "STEPS", default_value_t = 1000)]
    save: u64,
    /// Seed of velocities and noise.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Collision rate, 1/ps.
    #[arg(long, value_name = "RATE", default_value_t = 1.0)]
    friction: f64,
    /// How atoms move.
    #[arg(long, value_enum, default_value_t = IntegratorName::LangevinMiddle)]
    integrator: IntegratorName,
    /// Mass of hydrogens (Da), taken from the atoms they are bound to; 0 leaves masses as they are
    /// [default: 4, but 0 for a serialised System].
    #[arg(long, value_name = "MASS")]
    hmr: Option<f64>,
    /// Bonds whose lengths are fixed [default: hydrogen, but none for a serialised System, which has its own].
    #[arg(long, value_enum)]
    constraints: Option<FixedBonds>,
    /// Minimise the energy first.
    #[arg(long, visible_alias = "minimize")]
    minimise: bool,
    /// Seconds between checkpoints.
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    checkpoint_every: f64,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, clap::ValueEnum)]
enum IntegratorName {
    LangevinMiddle,
    Baoab,
    Verlet,
    Overdamped,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let report = run::simulate(arguments)?;
    if arguments.json {
        return output::json(&report);
    }
    let mut rows = vec![
        ("replicas", report.replicas.to_string()),
        ("steps", report.steps.to_string()),
        (
            "time",
            format!("{:.1} s with {}", report.seconds, report.instruction_set),
        ),
        (
            "speed",
            format!("{:.1} ns/day over all replicas", report.ns_per_day),
        ),
        ("faults", report.faults.to_string()),
        ("written", report.files.join(" ")),
    ];
    if let Some(accepted) = report.exchange_acceptance() {
        rows.push(("exchanges accepted", format!("{:.0} %", 100.0 * accepted)));
    }
    output::table(&rows)
}
