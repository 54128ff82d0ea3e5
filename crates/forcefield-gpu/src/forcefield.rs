//! Force fields as files define them, and the [`System`] they make of a structure.

mod bonded;
pub(crate) mod born;
pub(crate) mod build;
mod connectivity;
pub(crate) mod definition;
mod improper;
mod options;
mod reader;
mod rules;

pub(crate) use connectivity::Connectivity;
pub use options::{ConstrainedBonds, Solvent, SystemOptions};

#[cfg(doc)]
use crate::Error;
use crate::templates::TemplateLibrary;
use crate::{Result, System};
use definition::Definition;
use molio::Topology;
use std::path::{Path, PathBuf};

/// Residue templates and parameter rules.
///
/// A force field comes with this crate ([`ForceField::ff14sb`], [`ForceField::ff19sb`]) or from
/// OpenMM's XML files. Residues are recognised by their elements and bonds, not by the names of
/// their atoms, so the structure needs its hydrogens and its bonds.
///
/// # Examples
/// ```
/// use forcefield_gpu::{ForceField, SystemOptions};
/// use molio::{AtomRecord, Element, TopologyBuilder};
///
/// // A chloride ion, in a force field of our own.
/// let force_field = ForceField::from_xml(
///     "<ForceField>
///        <AtomTypes><Type name='Cl-' class='Cl-' element='Cl' mass='35.45'/></AtomTypes>
///        <Residues><Residue name='CL'><Atom name='CL' type='Cl-' charge='-1'/></Residue></Residues>
///        <NonbondedForce coulomb14scale='0.8333' lj14scale='0.5'>
///          <UseAttributeFromResidue name='charge'/>
///          <Atom type='Cl-' sigma='0.448' epsilon='0.149'/>
///        </NonbondedForce>
///      </ForceField>",
/// )?;
/// let mut builder = TopologyBuilder::default();
/// builder.start_residue("CLA", 1, None, true);
/// builder.add_atom(AtomRecord::new("CLA", Element::from_symbol("Cl").unwrap()));
/// let system = force_field.create_system(&builder.build(), &SystemOptions::default())?;
/// assert_eq!(system.nonbonded.unwrap().particles[0].charge, -1.0);
/// # Ok::<(), forcefield_gpu::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ForceField {
    pub(crate) definition: Definition,
    pub(crate) library: TemplateLibrary,
}

impl ForceField {
    /// Reads OpenMM force-field files, and those they include, as one force field.
    ///
    /// Known are atom types, residues, patches of one residue, `HarmonicBondForce`,
    /// `HarmonicAngleForce`, `PeriodicTorsionForce`, `RBTorsionForce`, `CMAPTorsionForce`,
    /// `NonbondedForce`, `GBSAOBCForce`, and OpenMM's `implicit/*.xml`, whose scripts are
    /// recognised by the model they set up and never run.
    ///
    /// # Errors
    /// A file that cannot be read or is malformed, with file and line;
    /// [`Error::UnsupportedForce`] for any other force.
    pub fn from_xml_files<P: AsRef<Path>>(paths: &[P]) -> Result<Self> {
        let paths: Vec<PathBuf> = paths.iter().map(|path| path.as_ref().to_owned()).collect();
        Self::from_sources(&reader::load(&paths)?)
    }

    /// Reads a force field from the text of one XML file, which includes no others.
    ///
    /// # Errors
    /// As [`ForceField::from_xml_files`].
    pub fn from_xml(text: &str) -> Result<Self> {
        Self::from_sources(&[reader::Source {
            path: PathBuf::from("XML"),
            text: text.to_owned(),
        }])
    }

    fn from_sources(sources: &[reader::Source]) -> Result<Self> {
        Ok(Self::new(reader::read(sources)?))
    }

    pub(crate) fn new(definition: Definition) -> Self {
        let library = TemplateLibrary::new(&definition);
        Self {
            definition,
            library,
        }
    }

    /// Names of all residue templates.
    pub fn template_names(&self) -> impl Iterator<Item = &str> {
        self.definition
            .templates
            .iter()
            .map(|template| template.name.as_str())
    }

    /// The template that each residue of a structure matches.
    ///
    /// # Errors
    /// As [`ForceField::create_system`].
    pub fn match_templates(&self, topology: &Topology) -> Result<Vec<String>> {
        let chosen = std::collections::BTreeMap::new();
        let assignment = self.library.assign(&self.definition, topology, &chosen)?;
        Ok(assignment
            .templates
            .iter()
            .map(|template| template.name.clone())
            .collect())
    }

    /// Sets up the system of a structure.
    ///
    /// Bonds of the topology decide which residue is what, so they must be there, with those
    /// between residues. Of several templates that fit a residue but differ, the one named like the
    /// residue is taken, else the one named `N` or `C` and the residue's name.
    ///
    /// # Errors
    /// [`Error::NoTemplate`] with the nearest template and what differs,
    /// [`Error::AmbiguousTemplate`], [`Error::MissingParameters`], or [`Error::Options`] for options
    /// that do not go together.
    pub fn create_system(&self, topology: &Topology, options: &SystemOptions) -> Result<System> {
        build::system(self, topology, options)
    }
}

/// The model that a script of OpenMM's `implicit` folder sets up.
pub(crate) fn model_of_script(script: &str) -> Option<crate::system::BornModel> {
    use crate::system::BornModel::{Gbn, Gbn2, Hct, Obc1, Obc2};
    let classes = [
        ("GBSAHCTForce", Hct),
        ("GBSAOBC1Force", Obc1),
        ("GBSAOBC2Force", Obc2),
        ("GBSAGBnForce", Gbn),
        ("GBSAGBn2Force", Gbn2),
    ];
    let mut named = classes.into_iter().filter(|(class, _)| {
        script.contains(&format!("import {class}")) && script.contains(&format!("{class}(**"))
    });
    let (_, model) = named.next()?;
    named.next().is_none().then_some(model)
}
