//! Structures from files, made ready for a force field: chosen, completed, protonated.

mod backbone;
mod gaps;
mod protonation;
mod report;
mod selection;

use crate::build::{
    Blueprint, ChainPlan, Names, Obstacle, ResiduePlan, Scaffold, SideChainConfig, canonical_names,
    contact_radius, double, place_heavy_atoms, place_hydrogens, single,
};
use crate::{
    AtomRecord, Element, Error, Place, ResidueForm, Result, Topology, TopologyBuilder, assign_bonds,
};
pub use report::{Gap, PrepareReport, ResidueId};
pub use selection::Keep;

/// What [`prepare`] is to do.
#[derive(Clone, Debug, PartialEq)]
pub struct PrepareConfig {
    /// pH that decides on protons where names and hydrogens of the input do not.
    pub ph: f64,
    /// What is kept besides protein; the rest is dropped and reported.
    pub keep: Vec<Keep>,
    /// Whether the ends of chains, and of stretches between gaps, are capped with ACE and NME instead of
    /// charged. Ends that have a cap keep it.
    pub caps: bool,
    /// How missing side chains are placed.
    pub side_chains: SideChainConfig,
}

impl Default for PrepareConfig {
    /// pH 7, protein alone, charged ends, the best rotamers.
    fn default() -> Self {
        Self {
            ph: 7.0,
            keep: Vec::new(),
            caps: false,
            side_chains: SideChainConfig::default(),
        }
    }
}

/// A complete structure.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// Its atoms and bonds. Residues are named as AMBER names their protonation forms (`HIE`, `CYX`).
    pub topology: Topology,
    /// nm
    pub positions: Vec<[f32; 3]>,
    /// What was done.
    pub report: PrepareReport,
}

/// Makes a protein structure ready for a force field.
///
/// - Of alternative locations the readers keep one per residue, that of highest occupancy.
/// - Water, ions and other molecules are dropped unless `keep` names them.
/// - Selenomethionine becomes methionine. Atoms that are missing in a residue are placed at ideal geometry,
///   side chains in rotamers that do not clash ([`SideChainConfig`]).
/// - A missing N, CA or C is placed where three atoms of a rigid group around it are there: of a peptide group
///   CA, C, O, N, CA it belongs to, or of N, CA, C, CB of its residue. So any one of them returns, but N of a
///   first and C of a last glycine; both C and N of a peptide bond do where the O between them is there.
/// - Protonation: what the residue's name or its hydrogens say; otherwise pH and the model pKa of each
///   group. A neutral histidine has its proton where a hydrogen bond asks for it. SG within 0.25 nm
///   of each other are a disulfide. Hydrogens get the names of PDB version 3.
/// - Both ends of a chain are charged, with OXT, or capped; so are those at gaps. Nothing is built
///   across a gap: it is reported.
///
/// Atoms that were there stay exactly where they are, unless their residue's form lacks them (the thiol
/// hydrogen of a disulfide).
///
/// # Shapes
/// `positions`: `[n_atoms]` in nm.
///
/// # Errors
/// [`Error::Argument`] for residues within a chain that are no standard amino acids, nucleic acids
/// that `keep` does not name, a backbone atom N, CA or C that is missing and not to be placed, a pH that is no number, or no
/// protein at all; [`Error::AtomCount`], [`Error::NotFinite`].
///
/// # References
/// Model pKa: R. L. Thurlkill et al., Protein Sci. 15, 1214 (2006), 10.1110/ps.051840806.
pub fn prepare(
    topology: &Topology,
    positions: &[[f32; 3]],
    config: &PrepareConfig,
) -> Result<Prepared> {
    check(topology, positions, config)?;
    let mut bonded = topology.clone();
    assign_bonds(&mut bonded, Some(positions))?;
    let mut report = PrepareReport::default();
    let chosen = selection::choose(&bonded, config, &mut report)?;
    let plan = plan(&bonded, positions, &chosen, config, &mut report)?;
    let disulfides = plan.disulfides(&bonded);
    let blueprint = Blueprint::new(&plan.chains, &disulfides)?;
    let mut scaffold = Scaffold::new(blueprint.topology().n_atoms());
    let mut sources = vec![None; blueprint.topology().n_atoms()];
    for (index, source) in plan.sources.iter().enumerate() {
        if let Some((residue, names)) = source {
            take_over(
                (&bonded, positions, *residue, names),
                (&blueprint, index),
                (&mut scaffold, &mut sources),
                &mut report,
            );
        }
    }
    let obstacles = obstacles(&bonded, positions, &chosen.others);
    report.count_heavy(&blueprint, &scaffold);
    backbone::rebuild(&blueprint, &mut scaffold);
    place_heavy_atoms(&blueprint, &mut scaffold, &obstacles, &config.side_chains)?;
    report.count_hydrogens(&blueprint, &scaffold);
    place_hydrogens(&blueprint, &mut scaffold, &obstacles);
    report.disulfides = disulfides
        .iter()
        .map(|pair| pair.map(|residue| ResidueId::new(blueprint.topology(), residue)))
        .collect();
    let mut built: Vec<[f32; 3]> = scaffold.positions.iter().map(|&x| single(x)).collect();
    for (new, source) in built.iter_mut().zip(&sources) {
        // to the bit what was given
        *new = source.map_or(*new, |atom: usize| positions[atom]);
    }
    let (topology, positions) = append(&blueprint, built, &bonded, positions, &chosen.others)?;
    Ok(Prepared {
        topology,
        positions,
        report,
    })
}

fn check(topology: &Topology, positions: &[[f32; 3]], config: &PrepareConfig) -> Result<()> {
    if positions.len() != topology.n_atoms() {
        return Err(Error::AtomCount {
            path: "positions to prepare".into(),
            place: Place::File,
            expected: topology.n_atoms(),
            found: positions.len(),
        });
    }
    if !config.ph.is_finite() {
        return Err(Error::argument(
            "pH",
            "a finite number",
            config.ph.to_string(),
        ));
    }
    Ok(())
}

/// The chains that are to be, and where their residues come from.
#[derive(Default)]
struct Plan {
    chains: Vec<ChainPlan>,
    /// For each planned residue the one of the input with its atoms; none for caps that are added.
    sources: Vec<Option<(usize, Names)>>,
}

impl Plan {
    /// Pairs of planned residues whose SG are bonded in the input.
    fn disulfides(&self, topology: &Topology) -> Vec<[usize; 2]> {
        let planned = |residue: usize| {
            let is_it = |source: &Option<(usize, Names)>| {
                source.as_ref().is_some_and(|(index, _)| *index == residue)
            };
            self.sources.iter().position(is_it)
        };
        protonation::sulphur_bridges(topology)
            .filter_map(|pair| {
                let [a, b] = pair.map(|atom| planned(topology.atoms()[atom].residue));
                Some([a?, b?])
            })
            .collect()
    }
}

fn plan(
    topology: &Topology,
    positions: &[[f32; 3]],
    chosen: &selection::Chosen,
    config: &PrepareConfig,
    report: &mut PrepareReport,
) -> Result<Plan> {
    let mut plan = Plan::default();
    for residues in &chosen.chains {
        let mut chain = ChainPlan {
            id: topology.chains()[topology.residues()[residues[0]].chain]
                .id
                .clone(),
            residues: Vec::new(),
        };
        for (place, &index) in residues.iter().enumerate() {
            let names = canonical_names(topology, Some(positions), index)?;
            let form = protonation::form(topology, positions, index, &names, config.ph, report);
            let residue = &topology.residues()[index];
            let before = place.checked_sub(1).map(|place| residues[place]);
            let starts = before
                .is_none_or(|before| gaps::is_gap(topology, positions, [before, index], report));
            let cap = |name: &str, number| ResiduePlan {
                form: form.variant(name),
                number,
                insertion_code: None,
                starts_segment: name == "ACE",
            };
            if config.caps && starts && !form.is_cap() {
                if let Some(last) = chain.residues.last().filter(|last| !last.form.is_cap()) {
                    chain
                        .residues
                        .push(cap("NME", last.number.saturating_add(1)));
                    plan.sources.push(None);
                }
                chain
                    .residues
                    .push(cap("ACE", residue.number.saturating_sub(1)));
                plan.sources.push(None);
            }
            chain.residues.push(ResiduePlan {
                form,
                number: residue.number,
                insertion_code: residue.insertion_code,
                starts_segment: starts && (!config.caps || form.is_cap()),
            });
            plan.sources.push(Some((index, names)));
        }
        if let Some(last) = chain
            .residues
            .last()
            .filter(|last| config.caps && !last.form.is_cap())
        {
            chain.residues.push(ResiduePlan {
                form: last.form.variant("NME"),
                number: last.number.saturating_add(1),
                insertion_code: None,
                starts_segment: false,
            });
            plan.sources.push(None);
        }
        plan.chains.push(chain);
    }
    Ok(plan)
}

/// Takes the positions of a residue's atoms over into the blueprint.
fn take_over(
    (topology, positions, residue, names): (&Topology, &[[f32; 3]], usize, &Names),
    (blueprint, index): (&Blueprint, usize),
    (scaffold, sources): (&mut Scaffold, &mut [Option<usize>]),
    report: &mut PrepareReport,
) {
    let mut used = 0;
    let mut take = |source: usize, atom: usize| {
        let old = &topology.atoms()[source].name;
        let new = &blueprint.topology().atoms()[atom].name;
        if old != new {
            let id = ResidueId::new(topology, residue);
            report.renamed.push((id, old.clone(), new.clone()));
        }
        scaffold.set(atom, double(positions[source]));
        sources[atom] = Some(source);
        used += 1;
    };
    for (name, source) in names.heavy_atoms() {
        if let Some(atom) = blueprint.topology().find(index, name) {
            take(*source, atom);
        }
    }
    for (source, atom) in names.hydrogens(blueprint, index) {
        take(source, atom);
    }
    let atoms = topology.residues()[residue].atoms.clone();
    if used < atoms.len() {
        for source in atoms.filter(|source| !sources.contains(&Some(*source))) {
            let id = ResidueId::new(topology, residue);
            report
                .removed_atoms
                .push((id, topology.atoms()[source].name.clone()));
        }
    }
}

/// Atoms of what is kept besides the protein.
fn obstacles(topology: &Topology, positions: &[[f32; 3]], others: &[usize]) -> Vec<Obstacle> {
    others
        .iter()
        .flat_map(|&residue| topology.residues()[residue].atoms.clone())
        .filter(|&atom| topology.atoms()[atom].element != Element::HYDROGEN)
        .map(|atom| Obstacle {
            position: double(positions[atom]),
            radius: contact_radius(topology.atoms()[atom].element),
        })
        .collect()
}

/// The built protein, then what is kept besides it, in chains as in the input.
fn append(
    blueprint: &Blueprint,
    mut built: Vec<[f32; 3]>,
    topology: &Topology,
    positions: &[[f32; 3]],
    others: &[usize],
) -> Result<(Topology, Vec<[f32; 3]>)> {
    let protein = blueprint.topology();
    if others.is_empty() {
        return Ok((protein.clone(), built));
    }
    let mut builder = TopologyBuilder::default();
    let mut new_index = vec![None; topology.n_atoms()];
    let parts = [
        (protein, (0..protein.n_residues()).collect::<Vec<_>>()),
        (topology, others.to_vec()),
    ];
    for (part, (source, residues)) in parts.into_iter().enumerate() {
        let mut chain = None;
        for residue in residues {
            let residue = &source.residues()[residue];
            if chain != Some(residue.chain) {
                builder.start_chain(&source.chains()[residue.chain].id);
                chain = Some(residue.chain);
            }
            let (name, number) = (&residue.name, residue.number);
            builder.start_residue(name, number, residue.insertion_code, residue.hetero);
            for index in residue.atoms.clone() {
                let atom = &source.atoms()[index];
                let new = builder.add_atom(AtomRecord {
                    name: &atom.name,
                    element: atom.element,
                    charge: atom.charge,
                    mass: atom.mass,
                });
                if part == 1 {
                    new_index[index] = Some(new);
                    built.push(positions[index]);
                }
            }
        }
    }
    let mut whole = builder.build();
    let kept = topology
        .bonds()
        .iter()
        .filter_map(|&[a, b]| Some([new_index[a]?, new_index[b]?]));
    let bonds: Vec<[usize; 2]> = protein.bonds().iter().copied().chain(kept).collect();
    whole.set_bonds(bonds)?;
    Ok((whole, built))
}

/// The form of a residue at the input's word.
fn named(name: &str) -> Option<ResidueForm> {
    ResidueForm::from_name(name)
}
