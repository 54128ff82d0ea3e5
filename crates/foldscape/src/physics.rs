//! Force field and solvent as the user names them.

use crate::device::DeviceName;
use crate::input::{self, Source};
use anyhow::{Context, Result, ensure};
use dynamics::Constraint;
use forcefield_gpu::system::{BornModel, PositionalRestraint};
use forcefield_gpu::{ConstrainedBonds, Engine, ForceField, System, SystemOptions};
use molio::{Format, Topology};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// K; OpenMM's default for the screening by salt.
const SALT_TEMPERATURE: f64 = 298.15;

/// What energies are computed with.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Physics {
    /// Force field: built in, or OpenMM force-field XML files, several with commas between, or a System that
    /// OpenMM has serialised, which is taken as it is. Left out, it is ff14SB, or what an AMBER prmtop that is
    /// given as --top holds.
    #[arg(long, value_name = "ff14SB|ff19SB|FILE.xml", value_delimiter = ',')]
    ff: Vec<String>,
    /// Implicit solvent.
    #[arg(long, value_enum, default_value_t = SolventModel::None)]
    solvent: SolventModel,
    /// Monovalent salt in the implicit solvent, mol/l, which screens charges as at 298.15 K.
    #[arg(long, value_name = "MOLAR", default_value_t = 0.0)]
    salt: f64,
    /// Distance (nm) beyond which atoms do not interact; Coulomb forces get a reaction field. Without it all
    /// pairs count.
    #[arg(long, value_name = "NM")]
    cutoff: Option<f64>,
    /// Where to compute: cuda is the first GPU, auto the first GPU if there is one.
    #[arg(long, value_name = "cpu|cuda|cuda:N|auto", default_value_t = DeviceName::Cpu)]
    device: DeviceName,
}

#[derive(Clone, Copy, Debug, PartialEq, clap::ValueEnum, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SolventModel {
    None,
    Hct,
    Obc1,
    Obc2,
    Gbn,
    Gbn2,
}

impl SolventModel {
    fn model(self) -> Option<BornModel> {
        match self {
            Self::None => None,
            Self::Hct => Some(BornModel::Hct),
            Self::Obc1 => Some(BornModel::Obc1),
            Self::Obc2 => Some(BornModel::Obc2),
            Self::Gbn => Some(BornModel::Gbn),
            Self::Gbn2 => Some(BornModel::Gbn2),
        }
    }
}

/// Which distances are held fixed.
#[derive(Clone, Copy, Debug, PartialEq, clap::ValueEnum)]
pub(crate) enum FixedBonds {
    None,
    Hydrogen,
    All,
}

impl From<FixedBonds> for ConstrainedBonds {
    fn from(bonds: FixedBonds) -> Self {
        match bonds {
            FixedBonds::None => Self::None,
            FixedBonds::Hydrogen => Self::Hydrogen,
            FixedBonds::All => Self::All,
        }
    }
}

impl Physics {
    /// An engine where the user wants it.
    pub(crate) fn engine(&self, system: &System) -> Result<Engine> {
        self.device.engine(system)
    }

    /// The system of a structure.
    pub(crate) fn system(
        &self,
        source: &Source,
        topology: &Topology,
        constraints: FixedBonds,
        hydrogen_mass: Option<f64>,
    ) -> Result<System> {
        if let Some(file) = self.serialised()? {
            ensure!(
                constraints == FixedBonds::None && hydrogen_mass.is_none(),
                "--ff {}: a serialised System has its own masses and constraints; leave --hmr and \
                 --constraints out",
                file.display()
            );
            return self.read_serialised(file, topology);
        }
        let options = SystemOptions {
            constraints: constraints.into(),
            hydrogen_mass,
            cutoff: self.cutoff,
            ..self.solvated()?
        };
        if let Some(prmtop) = self.prmtop(source) {
            return Ok(System::from_prmtop(prmtop, &options)?);
        }
        Ok(force_field(&self.ff)?.create_system(topology, &options)?)
    }

    /// The options of the solvent alone, salt in it.
    fn solvated(&self) -> Result<SystemOptions> {
        ensure!(
            self.salt.is_finite() && self.salt >= 0.0,
            "--salt must not be negative"
        );
        let mut options = options(self.solvent);
        if self.salt > 0.0 {
            let solvent = options
                .solvent
                .context("--salt needs an implicit solvent, named with --solvent")?;
            options.solvent = Some(solvent.with_salt(self.salt, SALT_TEMPERATURE));
        }
        Ok(options)
    }

    /// The file that `--ff` names, if it is a serialised System.
    pub(crate) fn serialised(&self) -> Result<Option<&Path>> {
        match self.ff.as_slice() {
            [name] if !is_built_in(name) => {
                let path = Path::new(name);
                Ok(is_system(path)
                    .with_context(|| name.clone())?
                    .then_some(path))
            }
            _ => Ok(None),
        }
    }

    fn read_serialised(&self, file: &Path, topology: &Topology) -> Result<System> {
        let own = "a serialised System has its own solvent and cutoff; leave --solvent, --salt and --cutoff out";
        ensure!(
            self.solvent == SolventModel::None && self.salt == 0.0 && self.cutoff.is_none(),
            "--ff {}: {own}",
            file.display()
        );
        let system = System::from_openmm_xml_file(file)?;
        ensure!(
            system.n_atoms() == topology.n_atoms(),
            "{}: has {} particles, the structure has {} atoms",
            file.display(),
            system.n_atoms(),
            topology.n_atoms()
        );
        Ok(system)
    }

    /// The prmtop whose own parameters are used.
    fn prmtop<'a>(&self, source: &'a Source) -> Option<&'a Path> {
        let top = source.top.as_deref()?;
        (self.ff.is_empty() && Format::of(top) == Some(Format::Prmtop)).then_some(top)
    }

    /// The same in one word or two, to be compared between runs.
    pub(crate) fn description(&self, source: &Source) -> [(&'static str, String); 4] {
        let ff = match self.prmtop(source) {
            Some(_) => "prmtop".to_owned(),
            None if self.ff.is_empty() => "ff14SB".to_owned(),
            None => self.ff.join(","),
        };
        [
            ("--ff", ff),
            ("--solvent", format!("{:?}", self.solvent).to_lowercase()),
            ("--salt", self.salt.to_string()),
            (
                "--cutoff",
                self.cutoff.map_or("none".to_owned(), |nm| nm.to_string()),
            ),
        ]
    }
}

/// The force field of these names or files; ff14SB without any.
pub(crate) fn force_field(names: &[String]) -> Result<ForceField> {
    match names {
        [] => Ok(ForceField::ff14sb()?),
        [name] if name.eq_ignore_ascii_case("ff14SB") => Ok(ForceField::ff14sb()?),
        [name] if name.eq_ignore_ascii_case("ff19SB") => Ok(ForceField::ff19sb()?),
        files => {
            for name in files {
                ensure!(
                    !is_built_in(name),
                    "force field {name:?} is built in and does not go together with others"
                );
                ensure!(
                    Path::new(name).exists(),
                    "force field {name:?}: neither ff14SB or ff19SB, which are built in, nor a file"
                );
            }
            Ok(ForceField::from_xml_files(files)?)
        }
    }
}

fn is_built_in(name: &str) -> bool {
    ["ff14SB", "ff19SB"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// Whether a file's first XML element is `<System>`; not for what is no file.
fn is_system(path: &Path) -> std::io::Result<bool> {
    if !path.is_file() {
        return Ok(false);
    }
    let mut head = Vec::new();
    File::open(path)?.take(4096).read_to_end(&mut head)?;
    let head = String::from_utf8_lossy(&head);
    // declarations begin with <?, comments and document types with <!
    let root = head
        .match_indices('<')
        .map(|(place, _)| &head[place + 1..])
        .find(|rest| rest.starts_with(char::is_alphabetic));
    Ok(root.is_some_and(|rest| {
        rest.strip_prefix("System")
            .is_some_and(|rest| rest.starts_with([' ', '>', '\t', '\r', '\n']))
    }))
}

/// Options of a system with this solvent and nothing else.
pub(crate) fn options(solvent: SolventModel) -> SystemOptions {
    solvent
        .model()
        .map_or_else(SystemOptions::default, SystemOptions::with_solvent)
}

/// The fixed distances of a system, as dynamics wants them.
pub(crate) fn constraints(system: &System) -> Vec<Constraint> {
    system
        .constraints
        .iter()
        .map(|constraint| Constraint {
            atoms: constraint.atoms,
            distance: constraint.length,
        })
        .collect()
}

/// Atoms that are held, and how strongly.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Holds {
    /// Hold atoms at their start by springs of K kJ/mol/nm²: `backbone=1000`. May be given again.
    #[arg(long, value_name = "SELECTION=K")]
    pub(crate) restrain: Vec<String>,
    /// Keep atoms where they are.
    #[arg(long, value_name = "SELECTION")]
    pub(crate) freeze: Option<String>,
}

impl Holds {
    /// Each restrained atom with its force constant (kJ/mol/nm²).
    pub(crate) fn springs(&self, topology: &Topology) -> Result<Vec<(usize, f64)>> {
        let mut springs = Vec::new();
        for text in &self.restrain {
            let (selection, k) = text
                .rsplit_once('=')
                .with_context(|| format!("--restrain {text:?}: expected SELECTION=K"))?;
            let k: f64 = k
                .trim()
                .parse()
                .with_context(|| format!("--restrain {text:?}: expected a number after ="))?;
            ensure!(
                k.is_finite() && k >= 0.0,
                "--restrain {text:?}: the force constant must not be negative"
            );
            springs.extend(
                input::select(selection, topology)?
                    .into_iter()
                    .map(|atom| (atom, k)),
            );
        }
        Ok(springs)
    }

    /// Atoms that do not move.
    pub(crate) fn frozen(&self, topology: &Topology) -> Result<Vec<usize>> {
        match &self.freeze {
            Some(selection) => input::select(selection, topology),
            None => Ok(Vec::new()),
        }
    }
}

/// Ties a system's atoms to where they are in `positions` (nm).
pub(crate) fn restrain(system: &mut System, springs: &[(usize, f64)], positions: &[[f32; 3]]) {
    system.restraints = springs
        .iter()
        .map(|&(atom, k)| PositionalRestraint {
            atom,
            position: positions[atom].map(f64::from),
            k,
        })
        .collect();
}

/// Up to `most` frames of a file, each with as many atoms as the topology.
pub(crate) fn starts(
    source: &Source,
    topology: &Topology,
    most: usize,
) -> Result<Vec<Vec<[f32; 3]>>> {
    let file = source.file.display();
    let mut reader = source.open()?;
    let mut frame = molio::Frame::default();
    let mut starts = Vec::new();
    while starts.len() < most && reader.read_frame(&mut frame)? {
        ensure!(
            frame.n_atoms() == topology.n_atoms(),
            "{file}: frame {} has {} atoms, the topology has {}",
            starts.len(),
            frame.n_atoms(),
            topology.n_atoms()
        );
        starts.push(frame.positions.clone());
    }
    ensure!(!starts.is_empty(), "{file}: no frames");
    Ok(starts)
}
