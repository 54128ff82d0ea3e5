//! `foldscape cg`: coarse-grained models.

mod balance;
mod checkpoint;
pub(crate) mod committee;
pub(crate) mod config;
mod extras;
pub(crate) mod labels;
mod map;
mod page;
mod simulate;
pub(crate) mod starts;
pub(crate) mod train;
mod variance;

use anyhow::Result;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Project all-atom positions and forces onto beads.
    Map(map::Arguments),
    /// Train a coarse-grained model by force matching; run again to resume.
    Train(train::Arguments),
    /// Simulate many replicas of a coarse-grained model; run again to resume.
    Simulate(simulate::Arguments),
    /// How much the forces of a committee's members differ in frames of beads.
    Variance(variance::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.command {
        Command::Map(arguments) => map::run(arguments),
        Command::Train(arguments) => train::run(arguments),
        Command::Simulate(arguments) => simulate::run(arguments),
        Command::Variance(arguments) => variance::run(arguments),
    }
}
