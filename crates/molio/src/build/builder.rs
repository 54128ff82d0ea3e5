//! All atoms from some.

use super::backbone::{Torsions, place_backbone};
use super::blueprint::{Blueprint, ChainPlan, Scaffold};
use super::geometry::{double, single};
use super::hydrogens::place_hydrogens;
use super::naming::{Names, canonical_names};
use super::side_chains::{SideChainConfig, place_heavy_atoms};
use crate::{Error, ResidueForm, ResiduePlan, Result, Topology, assign_bonds};

/// Backbone of one amino acid, nm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BackboneAtoms {
    /// Amide nitrogen.
    pub n: [f32; 3],
    /// α carbon.
    pub ca: [f32; 3],
    /// Carbonyl carbon.
    pub c: [f32; 3],
    /// Carbonyl oxygen; `None` places it in the plane of the peptide bond.
    pub o: Option<[f32; 3]>,
    /// β carbon; `None` places it so that the residue is L.
    pub cb: Option<[f32; 3]>,
}

/// Fills in the atoms of a protein that are not known: side chains from rotamers that do not clash,
/// hydrogens, terminal atoms.
///
/// Made once for a sequence or a topology, it builds any number of conformations, each in a fraction
/// of a millisecond for a peptide; the same input and seed give the same atoms on any machine and
/// number of threads. Known atoms are never moved.
///
/// # Examples
/// Side chains and hydrogens on a given backbone:
/// ```
/// use molio::{BackboneAtoms, ChainPlan, ProteinBuilder, SideChainConfig, Torsions, parse_sequence};
/// let builder = ProteinBuilder::new(&[ChainPlan::new("A", &parse_sequence("AWA")?)], &[])?;
/// // a backbone from elsewhere; here from torsion angles
/// let whole = builder.from_torsions(&[Torsions::degrees(-120.0, 130.0); 3], &SideChainConfig::default())?;
/// let atom = |residue, name| whole[builder.topology().find(residue, name).unwrap()];
/// let backbone: Vec<BackboneAtoms> = (0..3)
///     .map(|residue| BackboneAtoms {
///         n: atom(residue, "N"),
///         ca: atom(residue, "CA"),
///         c: atom(residue, "C"),
///         o: Some(atom(residue, "O")),
///         cb: None,
///     })
///     .collect();
/// let config = SideChainConfig { seed: 7, temperature: 1.0, ..SideChainConfig::default() };
/// let positions = builder.from_backbone(&backbone, &config)?;
/// assert_eq!(positions.len(), builder.topology().n_atoms());
/// assert_eq!(positions, builder.from_backbone(&backbone, &config)?);
/// # Ok::<(), molio::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ProteinBuilder {
    blueprint: Blueprint,
    topology: Topology,
    /// For each atom of the blueprint its index in the topology.
    order: Vec<usize>,
}

impl ProteinBuilder {
    /// Plans these chains. Residues are named as AMBER names them; their atoms are in the PDB's order,
    /// heavy atoms first.
    ///
    /// `disulfides`: pairs of residues CYX, counted through all chains from 0, that are bonded.
    ///
    /// # Errors
    /// [`Error::Argument`] for a cap inside a chain, or a disulfide of other residues than CYX.
    pub fn new(chains: &[ChainPlan], disulfides: &[[usize; 2]]) -> Result<Self> {
        let blueprint = Blueprint::new(chains, disulfides)?;
        Ok(Self {
            topology: blueprint.topology().clone(),
            order: (0..blueprint.topology().n_atoms()).collect(),
            blueprint,
        })
    }

    /// Plans the protein that `topology` describes with all its hydrogens, and keeps its names and
    /// order of atoms.
    ///
    /// Protonation follows from the hydrogens that are there, peptide bonds and disulfides from the
    /// bonds; without any bonds they are assigned first.
    ///
    /// # Errors
    /// [`Error::Argument`] for a residue that is no amino acid or cap, or whose atoms are not those of any
    /// of its protonation forms: water and ligands are to be taken out before.
    pub fn from_topology(topology: &Topology) -> Result<Self> {
        let mut bonded = topology.clone();
        if bonded.bonds().is_empty() {
            assign_bonds(&mut bonded, None)?;
        }
        let mut chains: Vec<ChainPlan> = Vec::new();
        let mut all_names: Vec<Names> = Vec::new();
        for chain in bonded.chains() {
            let mut plan = ChainPlan {
                id: chain.id.clone(),
                residues: Vec::new(),
            };
            for index in chain.residues.clone() {
                let names = canonical_names(&bonded, None, index)?;
                let residue = &bonded.residues()[index];
                plan.residues.push(ResiduePlan {
                    form: names.form_by_hydrogens(),
                    number: residue.number,
                    insertion_code: residue.insertion_code,
                    starts_segment: !is_linked(&bonded, index, chain.residues.start),
                });
                all_names.push(names);
            }
            chains.push(plan);
        }
        let blueprint = Blueprint::new(&chains, &disulfides(&bonded))?;
        let order = match_all(&blueprint, topology, &all_names)?;
        Ok(Self {
            blueprint,
            topology: bonded,
            order,
        })
    }

    /// The atoms that are built, with all bonds.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Number of amino acids, caps not counted.
    pub fn n_amino_acids(&self) -> usize {
        let residues = self.blueprint.residues();
        residues.iter().filter(|r| !r.form.is_cap()).count()
    }

    /// The form of each residue, caps included.
    pub fn forms(&self) -> impl Iterator<Item = ResidueForm> {
        self.blueprint.residues().iter().map(|residue| residue.form)
    }

    /// Builds all atoms on a backbone; positions in nm in the order of [`ProteinBuilder::topology`].
    ///
    /// # Shapes
    /// `backbone`: `[n_amino_acids]`, caps left out.
    ///
    /// # Errors
    /// [`Error::Argument`] for another number of residues; [`Error::NotFinite`].
    pub fn from_backbone(
        &self,
        backbone: &[BackboneAtoms],
        config: &SideChainConfig,
    ) -> Result<Vec<[f32; 3]>> {
        let n_acids = self.n_amino_acids();
        if backbone.len() != n_acids {
            return Err(Error::argument(
                "the backbone",
                format!("that of {n_acids} amino acids"),
                backbone.len().to_string(),
            ));
        }
        let mut scaffold = Scaffold::new(self.order.len());
        let residues = self.blueprint.residues().iter().enumerate();
        let acids = residues.filter(|(_, residue)| !residue.form.is_cap());
        for ((index, residue), given) in acids.zip(backbone) {
            let [n, ca, c, o] = residue.backbone;
            let cb = self.blueprint.topology().find(index, "CB");
            let atoms = [n, ca, c, o, cb];
            let positions = [
                Some(given.n),
                Some(given.ca),
                Some(given.c),
                given.o,
                given.cb,
            ];
            for (atom, position) in atoms.into_iter().zip(positions) {
                if let (Some(atom), Some(position)) = (atom, position) {
                    scaffold.set(atom, double(position));
                }
            }
        }
        self.finish(scaffold, config)
    }

    /// Builds all atoms from torsion angles and ideal geometry.
    ///
    /// # Shapes
    /// `torsions`: `[n_amino_acids]`, caps left out.
    ///
    /// # Errors
    /// [`Error::Argument`] for several chains, gaps, another number of residues, angles that are not
    /// finite.
    pub fn from_torsions(
        &self,
        torsions: &[Torsions],
        config: &SideChainConfig,
    ) -> Result<Vec<[f32; 3]>> {
        let mut scaffold = Scaffold::new(self.order.len());
        place_backbone(&self.blueprint, &mut scaffold, torsions)?;
        self.finish(scaffold, config)
    }

    /// Builds the atoms that are `None`. N, CA and C of each amino acid must be there.
    ///
    /// # Shapes
    /// `positions`: `[n_atoms]` in nm, in the order of [`ProteinBuilder::topology`].
    ///
    /// # Errors
    /// [`Error::Argument`] for another number of atoms or a missing N, CA or C; [`Error::NotFinite`].
    pub fn complete(
        &self,
        positions: &[Option<[f32; 3]>],
        config: &SideChainConfig,
    ) -> Result<Vec<[f32; 3]>> {
        if positions.len() != self.order.len() {
            return Err(Error::argument(
                "positions",
                format!("those of {} atoms", self.order.len()),
                positions.len().to_string(),
            ));
        }
        let mut scaffold = Scaffold::new(self.order.len());
        for (atom, &index) in self.order.iter().enumerate() {
            if let Some(position) = positions[index] {
                scaffold.set(atom, double(position));
            }
        }
        let mut built = self.finish(scaffold, config)?;
        // to the bit what was given
        for (new, given) in built.iter_mut().zip(positions) {
            *new = given.unwrap_or(*new);
        }
        Ok(built)
    }

    fn finish(&self, mut scaffold: Scaffold, config: &SideChainConfig) -> Result<Vec<[f32; 3]>> {
        scaffold.check_finite(&self.order)?;
        place_heavy_atoms(&self.blueprint, &mut scaffold, &[], config)?;
        place_hydrogens(&self.blueprint, &mut scaffold, &[]);
        let mut positions = vec![[0.0; 3]; self.order.len()];
        for (atom, &index) in self.order.iter().enumerate() {
            positions[index] = single(scaffold.positions[atom]);
        }
        Ok(positions)
    }
}

/// Whether a peptide bond leads to residue `index` from the one before in its chain.
fn is_linked(topology: &Topology, index: usize, first: usize) -> bool {
    if index == first {
        return false;
    }
    let atoms = |residue: usize| topology.residues()[residue].atoms.clone();
    let between = |&[a, b]: &[usize; 2]| atoms(index - 1).contains(&a) && atoms(index).contains(&b);
    topology.bonds().iter().any(between)
}

/// Pairs of residues whose SG are bonded.
fn disulfides(topology: &Topology) -> Vec<[usize; 2]> {
    let sulphur = |atom: usize| topology.atoms()[atom].name == "SG";
    topology
        .bonds()
        .iter()
        .filter(|[a, b]| sulphur(*a) && sulphur(*b))
        .map(|bond| bond.map(|atom| topology.atoms()[atom].residue))
        .collect()
}

/// For each atom of the blueprint the atom of the topology.
fn match_all(blueprint: &Blueprint, topology: &Topology, names: &[Names]) -> Result<Vec<usize>> {
    let mut order = Vec::with_capacity(topology.n_atoms());
    for (index, (planned, names)) in blueprint.residues().iter().zip(names).enumerate() {
        let hydrogens = names.hydrogens(blueprint, index);
        for atom in planned.atoms.clone() {
            let name = &blueprint.topology().atoms()[atom].name;
            let found = if blueprint.is_hydrogen(atom) {
                hydrogens
                    .iter()
                    .find(|(_, planned)| *planned == atom)
                    .map(|(source, _)| *source)
            } else {
                names.heavy(name)
            };
            order.push(found.ok_or_else(|| {
                Error::argument(
                    "a topology to build",
                    format!("all atoms of {}", super::describe(topology, index)),
                    format!("none for {name}"),
                )
            })?);
        }
        let residue = &topology.residues()[index];
        if planned.atoms.len() != residue.atoms.len() {
            return Err(Error::argument(
                "a topology to build",
                format!(
                    "{} atoms in {} as {}",
                    planned.atoms.len(),
                    super::describe(topology, index),
                    planned.form
                ),
                residue.atoms.len().to_string(),
            ));
        }
    }
    Ok(order)
}
