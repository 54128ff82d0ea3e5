//! `foldscape build`

use anyhow::{Context, Result, ensure};
use molio::{
    ChainPlan, Conformation, Frame, ProteinBuilder, ResidueForm, SideChainConfig, Topology, Turn,
    conformation_torsions, parse_sequence,
};
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// One-letter codes; other protonation forms and caps under their names in parentheses, as in A(HIP)G.
    sequence: String,
    /// Structure to write.
    #[arg(value_parser = crate::output::file())]
    output: PathBuf,
    /// Shape of the backbone.
    #[arg(long, value_enum, default_value_t = Shape::Extended)]
    conformation: Shape,
    /// Turn of a hairpin: a β turn of two residues, or the loop of four of 4:6 hairpins, as in chignolin.
    #[arg(long, value_enum, default_value_t = TurnType::IPrime)]
    turn: TurnType,
    /// Amino acid (from 1) that is the first of the turn's residues between the strands; otherwise near the middle.
    #[arg(long, value_name = "NUMBER")]
    turn_at: Option<usize>,
    /// Cap the ends with ACE and NME instead of charging them.
    #[arg(long)]
    caps: bool,
    /// Seed of the side chains; without it each takes its best rotamer.
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Shape {
    Extended,
    Helix,
    Hairpin,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum TurnType {
    #[value(name = "I'", alias = "1'")]
    IPrime,
    #[value(name = "II'", alias = "2'")]
    IIPrime,
    #[value(name = "4:6")]
    FourSix,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut forms = parse_sequence(&arguments.sequence)?;
    if arguments.caps {
        ensure!(
            !forms.iter().any(|form| form.is_cap()),
            "the sequence has caps already; leave --caps out"
        );
        let cap = |name| ResidueForm::from_name(name).context("a cap");
        forms.insert(0, cap("ACE")?);
        forms.push(cap("NME")?);
    }
    let side_chains = SideChainConfig {
        seed: arguments.seed.unwrap_or(0),
        temperature: if arguments.seed.is_some() { 1.0 } else { 0.0 },
        ..SideChainConfig::default()
    };
    let (topology, positions) = peptide(&forms, arguments.conformation()?, &side_chains)?;
    let mut writer = molio::create(&arguments.output, &topology)?;
    writer.write_frame(&Frame::from_positions(positions))?;
    writer.finish()?;
    eprintln!(
        "{}: {} residues, {} atoms",
        arguments.output.display(),
        topology.n_residues(),
        topology.n_atoms()
    );
    Ok(())
}

/// One chain with all its atoms; positions in nm.
pub(super) fn peptide(
    forms: &[ResidueForm],
    conformation: Conformation,
    side_chains: &SideChainConfig,
) -> Result<(Topology, Vec<[f32; 3]>)> {
    let torsions = conformation_torsions(forms, conformation)?;
    let builder = ProteinBuilder::new(&[ChainPlan::new("A", forms)], &[])?;
    let positions = builder.from_torsions(&torsions, side_chains)?;
    Ok((builder.topology().clone(), positions))
}

impl Arguments {
    fn conformation(&self) -> Result<Conformation> {
        let first = self
            .turn_at
            .map(|number| number.checked_sub(1).context("--turn-at counts from 1"))
            .transpose()?;
        Ok(match self.conformation {
            Shape::Extended => Conformation::Extended,
            Shape::Helix => Conformation::Helix,
            Shape::Hairpin => Conformation::Hairpin {
                turn: match self.turn {
                    TurnType::IPrime => Turn::TypeIPrime,
                    TurnType::IIPrime => Turn::TypeIIPrime,
                    TurnType::FourSix => Turn::FourSix,
                },
                first,
            },
        })
    }
}
