//! The `foldscape` command line: nothing here that a user of the libraries would miss.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod commands;
mod config;
mod device;
mod input;
mod interrupt;
mod matching;
mod output;
mod physics;
mod physics_loss;
mod progress;
mod sealed;
mod training;

use clap::Parser;
use std::process::ExitCode;

/// candle on the CPU is up to 3.5 times slower with glibc's allocator, which returns its pages at each free.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Learn, sample and correct protein conformational landscapes.
#[derive(Parser)]
#[command(version, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: commands::Command,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn")),
        )
        .with_writer(std::io::stderr)
        .init();
    match arguments.command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if output::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", output::in_words(&error));
            ExitCode::FAILURE
        }
    }
}
