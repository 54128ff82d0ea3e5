//! All atoms from CA traces and other sparse beads.

mod builder;
mod faults;
mod rings;
mod templates;

pub use faults::{StructureFaults, StructureRules};

use crate::{Backmapped, Backmapper, BoxError, Error, Result};
use dynamics::{MinimiseConfig, Outcome, Potential, minimise};
use molio::{BackboneAtoms, Topology, Trajectory, backbone_from_ca_cb};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use templates::Templates;

/// Frames that are rebuilt at a time.
const CHUNK: usize = 1024;

/// Fills in the atoms of a protein of which some are known: side chains, hydrogens, termini.
///
/// The implementor never moves a known atom, and returns the same atoms for the same input.
///
/// # Examples
/// The atoms of a template, moved with the CA atoms (of no use but as an example):
/// ```
/// use active_learning::{AtomBuilder, BoxError};
/// use molio::Topology;
///
/// struct Rigid {
///     topology: Topology,
///     template: Vec<[f32; 3]>,
/// }
///
/// impl AtomBuilder for Rigid {
///     fn topology(&self) -> &Topology {
///         &self.topology
///     }
///     fn complete(&self, known: &[Option<[f32; 3]>], _seed: Option<u64>) -> Result<Vec<[f32; 3]>, BoxError> {
///         let place = |atom: usize| {
///             let ca = self.topology.find(self.topology.atoms()[atom].residue, "CA")?;
///             let new = known[ca]?;
///             let from_ca = |k: usize| self.template[atom][k] - self.template[ca][k];
///             known[atom].or(Some([0, 1, 2].map(|k| new[k] + from_ca(k))))
///         };
///         (0..known.len()).map(|atom| place(atom).ok_or_else(|| "a CA is missing".into())).collect()
///     }
/// }
/// ```
pub trait AtomBuilder: Send + Sync {
    /// All atoms, with all bonds.
    fn topology(&self) -> &Topology;

    /// Positions (nm) of all atoms; N, CA and C of every amino acid are known. Without a seed the
    /// likeliest side chains, with one others.
    ///
    /// # Errors
    /// Whatever keeps the implementor from building.
    fn complete(
        &self,
        known: &[Option<[f32; 3]>],
        seed: Option<u64>,
    ) -> Result<Vec<[f32; 3]>, BoxError>;
}

/// How [`ProteinBackmapper`] rebuilds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BackmapConfig {
    /// Seed of side chains where the likeliest ones do not do.
    pub seed: u64,
    /// Tries a frame: the first with the likeliest side chains, the others with drawn ones.
    pub attempts: usize,
    /// Most steps of the minimiser.
    pub max_iterations: usize,
    /// The minimiser stops at this root mean square force, kJ/mol/nm.
    pub tolerance: f64,
    /// RMSD of the beads (nm) up to which a template is like a frame
    /// ([`ProteinBackmapper::with_templates`]); 0 for never.
    pub reach: f64,
}

impl Default for BackmapConfig {
    /// Three tries, 200 steps, 100 kJ/mol/nm: enough to start a simulation from. Templates within 0.2 nm.
    fn default() -> Self {
        Self {
            seed: 0,
            attempts: 3,
            max_iterations: 200,
            tolerance: 100.0,
            reach: 0.2,
        }
    }
}

/// Rebuilds proteins from CA atoms, CA and CB, or the backbone with or without CB.
///
/// The backbone follows from the CA trace ([`molio::backbone_from_ca_cb`]). Side chains and hydrogens come from
/// an [`AtomBuilder`]. Then a minimiser relaxes everything but the beads, which stay to the bit. A frame with a D amino acid, a cis
/// peptide bond that the CA distance does not ask for, heavy atoms nearer than 0.2 nm, a broken bond or a
/// pierced ring is tried again with other side chains, and left out if that does not help.
///
/// Where frames of all atoms are known ([`ProteinBackmapper::with_templates`]), a frame that is like some of them is made of one of
/// those before anything is built.
///
/// Deterministic: a frame and a seed give one structure, whatever else is rebuilt beside it.
pub struct ProteinBackmapper {
    builder: Box<dyn AtomBuilder>,
    potential: Arc<dyn Potential>,
    config: BackmapConfig,
    /// For each bead the atom it stands for.
    bead_atoms: Vec<usize>,
    segments: Vec<Segment>,
    rules: StructureRules,
    templates: Option<Templates>,
}

/// Successive amino acids that peptide bonds join.
struct Segment {
    residues: Vec<usize>,
    names: Vec<String>,
    /// Beads of N, CA, C, O, CB.
    beads: Vec<[Option<usize>; 5]>,
}

impl Segment {
    /// Whether N and C of each residue are beads.
    fn has_backbone(&self) -> bool {
        let mut beads = self.beads.iter();
        beads.all(|b| b[0].is_some() && b[2].is_some())
    }

    /// N, C and O of each residue from its CA atom, and from its CB atom where it has a bead. The O of the last
    /// is left to whoever fills in the rest.
    fn backbone(&self, beads: &[[f32; 3]]) -> Result<Vec<BackboneAtoms>> {
        let of = |kind: usize| self.beads.iter().map(move |b| Some(beads[b[kind]?]));
        let ca: Vec<[f32; 3]> = of(1).flatten().collect();
        let cb: Vec<Option<[f32; 3]>> = of(4).collect();
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let stacked = |pair: &[[f32; 3]]| pair[0] == pair[1];
        if ca.windows(2).any(stacked) {
            return Err(Error::Trace {
                found: "two in one place",
            });
        }
        Ok(backbone_from_ca_cb(&ca, &cb, &names)?)
    }
}

/// Where a minimiser starts from (nm), given a frame's beads.
type StartFunction<'a> = dyn Fn(&[[f32; 3]]) -> Result<Option<Vec<[f32; 3]>>> + Sync + 'a;

const NAMES: [&str; 5] = ["N", "CA", "C", "O", "CB"];

impl ProteinBackmapper {
    /// A backmapper from `beads` to the atoms of `builder`, relaxed in `potential` (whose atoms are those
    /// of the builder's topology).
    ///
    /// Residues of the two correspond one to one, caps left out; beads are called N, CA, C, O or CB.
    ///
    /// # Errors
    /// [`Error::Setting`] for topologies that do not correspond, a residue without CA bead, or another
    /// number of atoms of the potential.
    pub fn new(
        beads: &Topology,
        builder: Box<dyn AtomBuilder>,
        potential: Arc<dyn Potential>,
        config: BackmapConfig,
    ) -> Result<Self> {
        if config.attempts == 0 {
            return Err(Error::setting("attempts", "at least 1", 0));
        }
        let topology = builder.topology();
        if potential.n_atoms() != topology.n_atoms() {
            let what = "atoms of the potential";
            return Err(Error::setting(
                what,
                topology.n_atoms(),
                potential.n_atoms(),
            ));
        }
        let is_acid = |r: &usize| {
            ["N", "CA", "C"]
                .iter()
                .all(|n| topology.find(*r, n).is_some())
        };
        let acids: Vec<usize> = (0..topology.n_residues()).filter(is_acid).collect();
        if beads.n_residues() != acids.len() {
            let what = "residues with beads";
            return Err(Error::setting(what, acids.len(), beads.n_residues()));
        }
        let mut bead_atoms = vec![usize::MAX; beads.n_atoms()];
        let mut of_residue = vec![[None; 5]; topology.n_residues()];
        for (place, &residue) in acids.iter().enumerate() {
            let name = &topology.residues()[residue].name;
            for bead in beads.residues()[place].atoms.clone() {
                let bead_name = beads.atoms()[bead].name.as_str();
                let kind = NAMES.iter().position(|&name| name == bead_name);
                let atom = topology.find(residue, bead_name);
                let (Some(kind), Some(atom)) = (kind, atom) else {
                    let what = "a bead";
                    let expected = format!("one of {NAMES:?} that {name} has");
                    return Err(Error::setting(what, expected, bead_name));
                };
                of_residue[residue][kind] = Some(bead);
                bead_atoms[bead] = atom;
            }
            if of_residue[residue][1].is_none() {
                let found = format!("none in {name} {}", topology.residues()[residue].number);
                return Err(Error::setting("beads", "a CA in each residue", found));
            }
        }
        let segments = segments(topology, &acids, &of_residue);
        for segment in &segments {
            if segment.residues.len() < 2 && !segment.has_backbone() {
                let what = "amino acids in a row, of which not all of the backbone is known";
                return Err(Error::setting(what, "at least 2", segment.residues.len()));
            }
        }
        let rules = StructureRules::new(topology);
        Ok(Self {
            bead_atoms,
            segments,
            rules,
            builder,
            potential,
            config,
            templates: None,
        })
    }

    /// Frames of all atoms (in the order of the topology) to make others of: one of the ten nearest, drawn by frame and
    /// seed, if it is within [`BackmapConfig::reach`]. Each residue moves with its CA atom, and the minimiser does the rest.
    ///
    /// Side chains and hydrogen bonds take far longer to find their places than a label lasts, and labels are of
    /// the places that they were given. Rebuilt from rotamers, CLN025's native state had mean forces that are off by 60 kJ/mol/nm along
    /// distances across the hairpin, and models of such labels do not fold.
    ///
    /// # Errors
    /// [`Error::Setting`] for frames of another number of atoms.
    pub fn with_templates(mut self, frames: Trajectory) -> Result<Self> {
        let topology = self.builder.topology();
        self.templates = Some(Templates::new(topology, &self.bead_atoms, frames)?);
        Ok(self)
    }

    /// The topology of the rebuilt frames.
    pub fn topology(&self) -> &Topology {
        self.builder.topology()
    }

    /// What is looked for in rebuilt frames.
    pub fn rules(&self) -> &StructureRules {
        &self.rules
    }

    /// All atoms of a frame before minimisation.
    ///
    /// # Errors
    /// [`Error::Trace`] for a trace that nothing can be built on; [`Error::Part`] if the builder fails.
    pub fn build(&self, beads: &[[f32; 3]], attempt: usize) -> Result<Vec<[f32; 3]>> {
        let topology = self.builder.topology();
        let mut known: Vec<Option<[f32; 3]>> = vec![None; topology.n_atoms()];
        for segment in &self.segments {
            if segment.has_backbone() {
                continue;
            }
            for (&residue, atoms) in segment.residues.iter().zip(segment.backbone(beads)?) {
                let placed = [("N", Some(atoms.n)), ("C", Some(atoms.c)), ("O", atoms.o)];
                for (name, position) in placed {
                    if let Some(atom) = topology.find(residue, name) {
                        known[atom] = position;
                    }
                }
            }
        }
        for (bead, &atom) in self.bead_atoms.iter().enumerate() {
            known[atom] = Some(beads[bead]);
        }
        let seed = (attempt > 0).then(|| self.config.seed.wrapping_add(attempt as u64));
        let built = self.builder.complete(&known, seed).map_err(|source| {
            let (part, round) = ("builder of atoms", 0);
            Error::Part {
                part,
                round,
                source,
            }
        })?;
        if built.len() != known.len() {
            let what = "atoms that the builder returned";
            return Err(Error::setting(what, known.len(), built.len()));
        }
        Ok(built)
    }

    /// A template laid on the beads, if there is one that is like them.
    fn template_start(&self, beads: &[[f32; 3]]) -> Result<Option<Vec<[f32; 3]>>> {
        let BackmapConfig { reach, seed, .. } = self.config;
        let start = match &self.templates {
            Some(templates) if reach > 0.0 => templates.start(beads, reach, seed)?,
            _ => None,
        };
        Ok(start.map(|mut start| {
            for (&position, &atom) in beads.iter().zip(&self.bead_atoms) {
                start[atom] = position;
            }
            start
        }))
    }

    /// Starts and minimises these frames; `None` for those that have no start or fail the rules.
    fn attempt(
        &self,
        beads: &Trajectory,
        frames: &[usize],
        start: &StartFunction<'_>,
    ) -> Result<Vec<Option<Vec<[f32; 3]>>>> {
        let built: Vec<Result<Option<Vec<[f32; 3]>>>> = frames
            .par_iter()
            .map(|&frame| start(beads.positions(frame)))
            .collect();
        let mut results = vec![None; frames.len()];
        let mut starts = Vec::new();
        let mut places = Vec::new();
        for (place, built) in built.into_iter().enumerate() {
            match built {
                Ok(Some(start)) => {
                    starts.push(start);
                    places.push(place);
                }
                // a trace that cannot be built on is a frame that is left out
                Ok(None) | Err(Error::Trace { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        if starts.is_empty() {
            return Ok(results);
        }
        let config = MinimiseConfig {
            tolerance: self.config.tolerance,
            max_iterations: self.config.max_iterations,
            fixed: self.bead_atoms.clone(),
            seed: self.config.seed,
            ..MinimiseConfig::new()
        };
        let minimised = minimise(self.potential.as_ref(), &starts, &config)?;
        let judged: Vec<Option<Vec<[f32; 3]>>> = minimised
            .into_par_iter()
            .map(|end| {
                let sound = end.outcome != Outcome::NonFinite
                    && end.energy.is_finite()
                    && self.rules.faults(&end.positions).is_sound();
                sound.then_some(end.positions)
            })
            .collect();
        for (place, positions) in places.into_iter().zip(judged) {
            results[place] = positions;
        }
        Ok(results)
    }
}

impl Backmapper for ProteinBackmapper {
    fn backmap(&self, beads: &Trajectory) -> Result<Backmapped, BoxError> {
        if beads.n_frames() > 0 && beads.n_atoms() != self.bead_atoms.len() {
            let what = "beads of a frame to rebuild";
            return Err(Error::setting(what, self.bead_atoms.len(), beads.n_atoms()).into());
        }
        let mut indices = Vec::new();
        let mut positions = Vec::new();
        let all: Vec<usize> = (0..beads.n_frames()).collect();
        for chunk in all.chunks(CHUNK) {
            let mut done: Vec<Option<Vec<[f32; 3]>>> = vec![None; chunk.len()];
            for attempt in 0..=self.config.attempts {
                // templates come before what is built
                let start: &StartFunction<'_> = &|x| match attempt.checked_sub(1) {
                    None => self.template_start(x),
                    Some(attempt) => self.build(x, attempt).map(Some),
                };
                let open: Vec<usize> = (0..chunk.len()).filter(|&i| done[i].is_none()).collect();
                if open.is_empty() {
                    break;
                }
                let frames: Vec<usize> = open.iter().map(|&i| chunk[i]).collect();
                for (place, result) in open.into_iter().zip(self.attempt(beads, &frames, start)?) {
                    done[place] = result;
                }
            }
            for (&frame, result) in chunk.iter().zip(done) {
                if let Some(result) = result {
                    indices.push(frame);
                    positions.extend(result);
                }
            }
        }
        let frames = Trajectory::from_positions(self.topology().n_atoms(), positions)?;
        Ok(Backmapped { indices, frames })
    }
}

/// Runs of amino acids, broken where no peptide bond is.
fn segments(topology: &Topology, acids: &[usize], beads: &[[Option<usize>; 5]]) -> Vec<Segment> {
    let linked: BTreeSet<[usize; 2]> = topology
        .bonds()
        .iter()
        .filter(|bond| {
            let names = bond.map(|atom| topology.atoms()[atom].name.as_str());
            names == ["C", "N"] || names == ["N", "C"]
        })
        .map(|bond| {
            let [a, b] = bond.map(|atom| topology.atoms()[atom].residue);
            [a.min(b), a.max(b)]
        })
        .collect();
    let mut segments: Vec<Segment> = Vec::new();
    for &residue in acids {
        let goes_on = segments.last().is_some_and(|segment| {
            let last = segment.residues.last();
            last.is_some_and(|&last| linked.contains(&[last, residue]))
        });
        if !goes_on {
            segments.push(Segment {
                residues: Vec::new(),
                names: Vec::new(),
                beads: Vec::new(),
            });
        }
        if let Some(segment) = segments.last_mut() {
            let name = &topology.residues()[residue].name;
            segment.residues.push(residue);
            segment
                .names
                .push(molio::standard_amino_acid(name).unwrap_or(name).to_owned());
            segment.beads.push(beads[residue]);
        }
    }
    segments
}
