//! Seconds a conformer for energies and forces of a batch, as JSON.
//!
//! `cargo run --release -p foldscape-benches --bin forcefield -- CASE.json [--threads N] [--repeats N]`
//! CASE.json: `{"system": …, "conformers": [conformer][atom][3]}`, as `benches/peers/forcefield.py`, which
//! runs this beside OpenMM, writes it. The best of the repeats, each of the whole batch.

use dynamics::Batch;
use forcefield_gpu::{Engine, EngineConfig, InstructionSet, System};
use std::io::Write;
use std::time::Instant;

type BoxError = Box<dyn std::error::Error>;

#[derive(serde::Deserialize)]
struct Case {
    system: System,
    conformers: Vec<Vec<[f32; 3]>>,
}

fn main() -> Result<(), BoxError> {
    let mut arguments = std::env::args().skip(1);
    let (mut path, mut threads, mut repeats) = (String::new(), 2, 20);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--threads" => threads = arguments.next().unwrap_or_default().parse()?,
            "--repeats" => repeats = arguments.next().unwrap_or_default().parse()?,
            _ => path = argument,
        }
    }
    let case: Case = serde_json::from_str(&std::fs::read_to_string(&path)?)?;
    let n_atoms = case.system.n_atoms();
    let mut batch = Batch::from_positions(n_atoms, &case.conformers.concat());
    let mut out = std::io::stdout();
    for instruction_set in InstructionSet::available() {
        let config = EngineConfig {
            threads: Some(threads),
            instruction_set: Some(instruction_set),
            ..EngineConfig::default()
        };
        let engine = Engine::new(&case.system, config)?;
        let mut best = f64::INFINITY;
        let mut energy = 0.0;
        for _ in 0..=repeats {
            let start = Instant::now();
            energy = engine.energies_per_term(&mut batch)?[0].total();
            best = best.min(start.elapsed().as_secs_f64());
        }
        let seconds = best / case.conformers.len() as f64;
        writeln!(
            out,
            "{{\"instructions\": \"{instruction_set}\", \"seconds\": {seconds:e}, \"energy\": {energy}}}"
        )?;
    }
    Ok(())
}
