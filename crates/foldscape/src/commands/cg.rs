//! `foldscape cg`: coarse-grained models.

mod config;
mod labels;
mod map;
mod train;

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
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.command {
        Command::Map(arguments) => map::run(arguments),
        Command::Train(arguments) => train::run(arguments),
    }
}
