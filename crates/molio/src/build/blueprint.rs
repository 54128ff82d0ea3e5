//! What atoms a protein is to have, and where each stands relative to the others.

mod rules;

use super::geometry::Vector;
use super::library::ResidueForm;
use crate::{AtomRecord, Element, Error, Result, Topology, TopologyBuilder};
pub(crate) use rules::{Hydrogens, Rule, Torsion};
use std::ops::Range;

/// A residue to build.
#[derive(Clone, Debug, PartialEq)]
pub struct ResiduePlan {
    /// Amino acid and protonation, or cap.
    pub form: ResidueForm,
    /// Residue number.
    pub number: i32,
    /// Insertion code, where there is one.
    pub insertion_code: Option<char>,
    /// Whether no peptide bond leads here from the residue before: true at the start of a chain, and
    /// after a gap.
    pub starts_segment: bool,
}

/// A chain to build.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChainPlan {
    /// Identifier.
    pub id: String,
    /// Its residues, from the N-terminus.
    pub residues: Vec<ResiduePlan>,
}

impl ChainPlan {
    /// A chain of these residues without gaps, numbered from 1.
    pub fn new(id: &str, forms: &[ResidueForm]) -> Self {
        let residue = |(index, &form): (usize, &ResidueForm)| ResiduePlan {
            form,
            number: index as i32 + 1,
            insertion_code: None,
            starts_segment: index == 0,
        };
        Self {
            id: id.to_owned(),
            residues: forms.iter().enumerate().map(residue).collect(),
        }
    }
}

/// The atoms of a protein with all hydrogens and termini, and the geometry that each has relative to
/// those before it.
///
/// The first residue of each stretch has NH₃⁺ (PRO: NH₂⁺), the last one COO⁻, unless a cap follows.
#[derive(Clone, Debug)]
pub(crate) struct Blueprint {
    topology: Topology,
    residues: Vec<PlannedResidue>,
    /// For each atom those within three bonds, ascending.
    near: Vec<Vec<usize>>,
    neighbours: Vec<Vec<usize>>,
}

/// One residue of a blueprint.
#[derive(Clone, Debug)]
pub(crate) struct PlannedResidue {
    pub(crate) form: ResidueForm,
    pub(crate) atoms: Range<usize>,
    /// N, CA, C, O; of a cap those it has.
    pub(crate) backbone: [Option<usize>; 4],
    /// The residue before, if bonded.
    pub(crate) previous: Option<usize>,
    pub(crate) next: Option<usize>,
    /// For each heavy atom that has any, the ways to place it, the best first; in building order.
    pub(crate) rules: Vec<Rule>,
    pub(crate) hydrogens: Vec<Hydrogens>,
    pub(crate) n_chi: usize,
}

impl Blueprint {
    /// # Errors
    /// [`Error::Argument`] for a cap that is not at an end, or a disulfide of other residues than CYX.
    pub(crate) fn new(chains: &[ChainPlan], disulfides: &[[usize; 2]]) -> Result<Self> {
        check_caps(chains)?;
        let (topology, mut residues) = lay_out(chains);
        let bonds = rules::bonds(&topology, &residues, disulfides)?;
        let mut topology = topology;
        topology.set_bonds(bonds)?;
        let neighbours = topology.neighbours();
        rules::add_rules(&topology, &neighbours, &mut residues);
        Ok(Self {
            near: within_three_bonds(&neighbours),
            neighbours,
            topology,
            residues,
        })
    }

    pub(crate) fn topology(&self) -> &Topology {
        &self.topology
    }

    pub(crate) fn residues(&self) -> &[PlannedResidue] {
        &self.residues
    }

    pub(crate) fn neighbours(&self) -> &[Vec<usize>] {
        &self.neighbours
    }

    /// Atoms within three bonds of `atom`, itself among them.
    pub(crate) fn near(&self, atom: usize) -> &[usize] {
        &self.near[atom]
    }

    pub(crate) fn is_hydrogen(&self, atom: usize) -> bool {
        self.topology.atoms()[atom].element == Element::HYDROGEN
    }

    /// What errors call a residue: `GLU 5 of chain A`.
    pub(crate) fn describe(&self, residue: usize) -> String {
        describe(&self.topology, residue)
    }
}

/// What errors and reports call a residue: `GLU 5 of chain A`.
pub(crate) fn describe(topology: &Topology, residue: usize) -> String {
    let residue = &topology.residues()[residue];
    let code = residue.insertion_code.map(String::from).unwrap_or_default();
    let chain = &topology.chains()[residue.chain].id;
    if chain.is_empty() {
        format!("{} {}{code}", residue.name, residue.number)
    } else {
        format!("{} {}{code} of chain {chain}", residue.name, residue.number)
    }
}

/// Positions that are being filled in.
#[derive(Clone, Debug)]
pub(crate) struct Scaffold {
    pub(crate) positions: Vec<Vector>,
    pub(crate) known: Vec<bool>,
}

impl Scaffold {
    pub(crate) fn new(n_atoms: usize) -> Self {
        Self {
            positions: vec![Vector::zeros(); n_atoms],
            known: vec![false; n_atoms],
        }
    }

    pub(crate) fn set(&mut self, atom: usize, position: Vector) {
        self.positions[atom] = position;
        self.known[atom] = true;
    }

    /// # Errors
    /// [`Error::NotFinite`], with the atom's index in `order`.
    pub(crate) fn check_finite(&self, order: &[usize]) -> Result<()> {
        for (atom, position) in self.positions.iter().enumerate() {
            if let Some(value) = position.iter().find(|x| !x.is_finite()) {
                return Err(Error::NotFinite {
                    path: "positions to build on".into(),
                    place: crate::Place::Frame(0),
                    atom: order[atom],
                    value: *value as f32,
                });
            }
        }
        Ok(())
    }
}

fn check_caps(chains: &[ChainPlan]) -> Result<()> {
    for chain in chains {
        for (index, residue) in chain.residues.iter().enumerate() {
            let next = chain.residues.get(index + 1);
            let last = next.is_none_or(|next| next.starts_segment);
            let first = index == 0 || residue.starts_segment;
            let (belongs, right) = match residue.form.name() {
                "ACE" => ("first", first && !last),
                "NME" | "NHE" => ("last", last && !first),
                _ => continue,
            };
            if !right {
                return Err(Error::argument(
                    "a cap",
                    format!(
                        "{} to stand {belongs}, beside an amino acid",
                        residue.form.name()
                    ),
                    format!("residue {} of {}", index + 1, chain.residues.len()),
                ));
            }
        }
    }
    Ok(())
}

/// Names and order of the atoms: heavy atoms as in the PDB, then hydrogens.
fn lay_out(chains: &[ChainPlan]) -> (Topology, Vec<PlannedResidue>) {
    let mut builder = TopologyBuilder::default();
    let mut residues: Vec<PlannedResidue> = Vec::new();
    for chain in chains {
        builder.start_chain(&chain.id);
        let start = residues.len();
        for (index, plan) in chain.residues.iter().enumerate() {
            let next = chain.residues.get(index + 1);
            let linked_to_next = next.is_some_and(|next| !next.starts_segment);
            let linked_to_previous = index > 0 && !plan.starts_segment;
            builder.start_residue(plan.form.name(), plan.number, plan.insertion_code, false);
            let first = builder.n_atoms();
            let names = atom_names(plan.form, !linked_to_previous, !linked_to_next);
            for &name in &names {
                let element = Element::guess(name, plan.form.name());
                builder.add_atom(AtomRecord::new(name, element));
            }
            let find = |name| Some(first + names.iter().position(|&known| known == name)?);
            residues.push(PlannedResidue {
                form: plan.form,
                atoms: first..first + names.len(),
                backbone: ["N", "CA", "C", "O"].map(find),
                previous: linked_to_previous.then(|| start + index - 1),
                next: linked_to_next.then_some(start + index + 1),
                rules: Vec::new(),
                hydrogens: Vec::new(),
                n_chi: plan.form.template().n_chi(),
            });
        }
    }
    (builder.build(), residues)
}

/// Atom names of a residue that starts or ends a stretch, or neither.
fn atom_names(form: ResidueForm, starts: bool, ends: bool) -> Vec<&'static str> {
    let template = form.template();
    let mut names = Vec::new();
    if !form.is_cap() {
        names.extend(["N", "CA", "C", "O"]);
    }
    names.extend(template.heavy.iter().map(|rule| rule.name));
    if ends && !form.is_cap() {
        names.push("OXT");
    }
    if !form.is_cap() {
        names.extend(amide_hydrogens(form, starts));
    }
    for rule in template.hydrogens {
        let mut on_one: Vec<_> = rule
            .names
            .iter()
            .copied()
            .filter(|name| form.has_hydrogen(name))
            .collect();
        on_one.sort_unstable();
        names.extend(on_one);
    }
    names
}

/// Hydrogens of the backbone's nitrogen.
fn amide_hydrogens(form: ResidueForm, starts: bool) -> &'static [&'static str] {
    match (form.name() == "PRO", starts) {
        (false, false) => &["H"],
        (false, true) => &["H1", "H2", "H3"],
        (true, false) => &[],
        (true, true) => &["H2", "H3"],
    }
}

fn within_three_bonds(neighbours: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut near = Vec::with_capacity(neighbours.len());
    for atom in 0..neighbours.len() {
        let mut found = vec![atom];
        let mut start = 0;
        for _ in 0..3 {
            let end = found.len();
            for index in start..end {
                for &next in &neighbours[found[index]] {
                    if !found.contains(&next) {
                        found.push(next);
                    }
                }
            }
            start = end;
        }
        found.sort_unstable();
        near.push(found);
    }
    near
}
