//! `foldscape prepare`

use crate::output;
use anyhow::{Context, Result, ensure};
use molio::{Frame, Keep, PrepareConfig, PrepareReport};
use serde::Serialize;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Structure file; of several models the first is taken.
    input: PathBuf,
    /// Structure to write.
    #[arg(value_parser = output::file())]
    output: PathBuf,
    /// pH that decides on protons where the input does not.
    #[arg(long, default_value_t = 7.0)]
    ph: f64,
    /// Keep what would be dropped: water, ions, ligands, nucleic, or residues of a name.
    #[arg(long, value_name = "WHAT", num_args = 1.., value_delimiter = ',')]
    keep: Vec<Keep>,
    /// Cap chain ends and gaps with ACE and NME instead of charging them.
    #[arg(long)]
    caps: bool,
    /// Print what was changed as one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Document {
    n_atoms: usize,
    n_residues: usize,
    #[serde(flatten)]
    report: PrepareReport,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let name = || arguments.input.display().to_string();
    let topology = molio::read_topology(&arguments.input)?;
    let mut frame = Frame::default();
    ensure!(
        molio::open(&arguments.input)?.read_frame(&mut frame)?,
        "{}: no positions",
        name()
    );
    let config = PrepareConfig {
        ph: arguments.ph,
        keep: arguments.keep.clone(),
        caps: arguments.caps,
        ..PrepareConfig::default()
    };
    let prepared = molio::prepare(&topology, &frame.positions, &config).with_context(name)?;
    let mut writer = molio::create(&arguments.output, &prepared.topology)?;
    writer.write_frame(&Frame {
        cell: frame.cell,
        ..Frame::from_positions(prepared.positions)
    })?;
    writer.finish()?;
    let document = Document {
        n_atoms: prepared.topology.n_atoms(),
        n_residues: prepared.topology.n_residues(),
        report: prepared.report,
    };
    if arguments.json {
        return output::json(&document);
    }
    tell(&document);
    eprintln!(
        "{}: {} residues, {} atoms",
        arguments.output.display(),
        document.n_residues,
        document.n_atoms
    );
    Ok(())
}

/// What was changed, line by line.
fn tell(document: &Document) {
    let report = &document.report;
    for (name, count) in &report.dropped {
        eprintln!("dropped: {count} {name}");
    }
    for (residue, name, why) in &report.changed_residues {
        eprintln!("{residue} is now {name}: {why}");
    }
    for (residue, atoms) in &report.added_heavy {
        eprintln!("added to {residue}: {}", atoms.join(" "));
    }
    for (residue, atom) in &report.removed_atoms {
        eprintln!("removed from {residue}: {atom}");
    }
    for [a, b] in &report.disulfides {
        eprintln!("disulfide: {a} and {b}");
    }
    for gap in &report.gaps {
        let n_missing = match gap.n_missing {
            0 => "no peptide bond".to_owned(),
            n => format!("{n} residues missing"),
        };
        eprintln!("gap between {} and {}: {n_missing}", gap.after, gap.before);
    }
    for note in &report.notes {
        eprintln!("{note}");
    }
    if !report.renamed.is_empty() {
        eprintln!("renamed: {} atoms", report.renamed.len());
    }
    eprintln!("added: {} hydrogens", report.n_added_hydrogens);
}
