//! One module a command.

mod analyze;
mod backmap;
mod build;
mod cg;
mod compare;
mod convert;
mod demo;
mod energy;
mod generate;
mod info;
mod learn;
mod md;
mod minimize;
mod prepare;
mod replicas;
mod train;

use anyhow::Result;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// What a structure or trajectory file holds.
    Info(info::Arguments),
    /// Convert between formats, frame by frame; select, stride and align on the way.
    Convert(convert::Arguments),
    /// Build a full-atom peptide from its sequence.
    Build(build::Arguments),
    /// Make a structure ready for a force field: drop water, add missing atoms and hydrogens.
    Prepare(prepare::Arguments),
    /// All atoms from CA, CA and CB, or backbone beads, relaxed with the beads held.
    Backmap(backmap::Arguments),
    /// Structure metrics of each frame: RMSD, RMSF, radius of gyration.
    Analyze(analyze::Arguments),
    /// Energies and forces of every frame with an AMBER force field.
    Energy(energy::Arguments),
    /// Minimise the energy of every frame.
    Minimize(minimize::Arguments),
    /// Molecular dynamics of many replicas at once; run again to resume.
    Md(md::Arguments),
    /// Compare a model's ensemble with a reference: TICA, Wasserstein distances, contacts.
    Compare(compare::Arguments),
    /// Train an autoencoder on a trajectory; run again to resume.
    Train(train::Arguments),
    /// Decode latent points, or a path between two frames, into structures.
    Generate(generate::Arguments),
    /// Coarse-grained models: map all-atom frames, train, simulate.
    Cg(cg::Arguments),
    /// Active learning: a coarse-grained model asks all-atom simulations where its data do not reach.
    Learn(learn::Arguments),
    /// Train on a small protein and look at what was learned.
    Demo(demo::Arguments),
}

impl Command {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Info(arguments) => info::run(&arguments),
            Self::Convert(arguments) => convert::run(&arguments),
            Self::Build(arguments) => build::run(&arguments),
            Self::Prepare(arguments) => prepare::run(&arguments),
            Self::Backmap(arguments) => backmap::run(&arguments),
            Self::Analyze(arguments) => analyze::run(&arguments),
            Self::Energy(arguments) => energy::run(&arguments),
            Self::Minimize(arguments) => minimize::run(&arguments),
            Self::Md(arguments) => md::run(&arguments),
            Self::Compare(arguments) => compare::run(&arguments),
            Self::Train(arguments) => train::run(&arguments),
            Self::Generate(arguments) => generate::run(&arguments),
            Self::Cg(arguments) => cg::run(&arguments),
            Self::Learn(arguments) => learn::run(&arguments),
            Self::Demo(arguments) => demo::run(&arguments),
        }
    }
}
