//! A force field as plain data: types, residue templates, patches and parameter rules.

use molio::Element;
use std::collections::{BTreeMap, HashMap};

/// What every atom with this type has in common.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AtomType {
    pub(crate) name: String,
    /// Index of its class in [`Definition::classes`].
    pub(crate) class: usize,
    /// [`Element::UNKNOWN`] for extra particles.
    pub(crate) element: Element,
    /// Da.
    pub(crate) mass: f64,
}

/// One atom of a residue template.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TemplateAtom {
    pub(crate) name: String,
    /// Index of its type in [`Definition::types`].
    pub(crate) atom_type: usize,
    /// Numbers that forces may ask for by name: `charge`, and whatever else the residue gives.
    pub(crate) attributes: BTreeMap<String, f64>,
}

/// A residue as the force field knows it: atoms, bonds, and atoms bonded to other residues.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Template {
    pub(crate) name: String,
    pub(crate) atoms: Vec<TemplateAtom>,
    pub(crate) bonds: Vec<[usize; 2]>,
    /// Template atoms with a bond to another residue, once for each such bond.
    pub(crate) external_bonds: Vec<usize>,
    /// Pairs held at a distance (nm), whatever constraints are asked for.
    pub(crate) constraints: Vec<(usize, usize, f64)>,
    pub(crate) override_level: i64,
    /// Whether water of this template is rigid unless asked otherwise.
    pub(crate) rigid_water: bool,
    /// Whether some atom's place is computed from others; this engine has no such atoms.
    pub(crate) virtual_sites: bool,
}

impl Template {
    /// Index of the atom called `name`.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.atoms.iter().position(|atom| atom.name == name)
    }
}

/// A change to a residue template.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Patch {
    pub(crate) name: String,
    pub(crate) added_atoms: Vec<TemplateAtom>,
    pub(crate) changed_atoms: Vec<TemplateAtom>,
    pub(crate) removed_atoms: Vec<String>,
    pub(crate) added_bonds: Vec<[String; 2]>,
    pub(crate) removed_bonds: Vec<[String; 2]>,
    pub(crate) added_external_bonds: Vec<String>,
    pub(crate) removed_external_bonds: Vec<String>,
    pub(crate) virtual_sites: bool,
}

impl Patch {
    /// Names of all atoms that the patch adds, changes or removes.
    pub(crate) fn altered(&self) -> impl Iterator<Item = &str> {
        let named = self.added_atoms.iter().chain(&self.changed_atoms);
        named
            .map(|atom| atom.name.as_str())
            .chain(self.removed_atoms.iter().map(String::as_str))
    }
}

/// Which atom types a rule applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// A wildcard.
    Any,
    /// All types of a class, by index.
    Class(usize),
    /// One type, by index.
    Type(usize),
}

/// A harmonic bond rule: nm, kJ/mol/nm².
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BondRule {
    pub(crate) patterns: [Pattern; 2],
    pub(crate) length: f64,
    pub(crate) k: f64,
}

/// A harmonic angle rule: rad, kJ/mol/rad².
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AngleRule {
    pub(crate) patterns: [Pattern; 3],
    pub(crate) angle: f64,
    pub(crate) k: f64,
}

/// One cosine of a torsion rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cosine {
    pub(crate) periodicity: i32,
    /// rad.
    pub(crate) phase: f64,
    /// kJ/mol.
    pub(crate) k: f64,
}

/// How the atoms of an improper torsion are put in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ordering {
    Default,
    Charmm,
    Amber,
    Smirnoff,
}

/// A rule for four atoms, with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TorsionRule<P> {
    pub(crate) patterns: [Pattern; 4],
    pub(crate) parameters: P,
}

impl<P> TorsionRule<P> {
    pub(crate) fn has_wildcard(&self) -> bool {
        self.patterns.contains(&Pattern::Any)
    }
}

/// Rules for proper and improper torsions; in an improper's patterns the central atom comes first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TorsionRules<P> {
    pub(crate) propers: Vec<TorsionRule<P>>,
    pub(crate) impropers: Vec<(TorsionRule<P>, Ordering)>,
}

impl<P> Default for TorsionRules<P> {
    fn default() -> Self {
        Self {
            propers: Vec::new(),
            impropers: Vec::new(),
        }
    }
}

/// A correction map over two torsions: five atoms, and the index of a map.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CmapRule {
    pub(crate) patterns: [Pattern; 5],
    pub(crate) map: usize,
}

/// Parameters per atom type; what is `None` comes from the residue template.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct AtomParameters<const N: usize> {
    pub(crate) by_type: HashMap<usize, [Option<f64>; N]>,
}

/// Charges and Lennard-Jones parameters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NonbondedRules {
    pub(crate) coulomb_14_scale: f64,
    pub(crate) lj_14_scale: f64,
    /// charge (e), sigma (nm), epsilon (kJ/mol).
    pub(crate) atoms: AtomParameters<3>,
}

/// Everything a force field's files say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Definition {
    pub(crate) types: Vec<AtomType>,
    pub(crate) classes: Vec<String>,
    pub(crate) templates: Vec<Template>,
    pub(crate) patches: Vec<Patch>,
    /// (template name, patch name).
    pub(crate) allowed_patches: Vec<(String, String)>,
    pub(crate) bonds: Vec<BondRule>,
    pub(crate) angles: Vec<AngleRule>,
    pub(crate) torsions: TorsionRules<Vec<Cosine>>,
    pub(crate) rb_torsions: TorsionRules<[f64; 6]>,
    /// Square grids of energies (kJ/mol), row-major as in the file.
    pub(crate) maps: Vec<Vec<f64>>,
    pub(crate) cmaps: Vec<CmapRule>,
    pub(crate) nonbonded: Option<NonbondedRules>,
    /// charge (e), radius (nm), scale of a `GBSAOBCForce`.
    pub(crate) gbsa_obc: Option<AtomParameters<3>>,
    /// The model of an `implicit/*.xml` file.
    pub(crate) implicit: Option<crate::system::BornModel>,
}

impl Definition {
    /// Whether a pattern holds for a type.
    pub(crate) fn accepts(&self, pattern: Pattern, atom_type: usize) -> bool {
        match pattern {
            Pattern::Any => true,
            Pattern::Class(class) => self.types[atom_type].class == class,
            Pattern::Type(wanted) => wanted == atom_type,
        }
    }

    /// Whether patterns hold for types, read forwards.
    pub(crate) fn accepts_all(&self, patterns: &[Pattern], types: &[usize]) -> bool {
        patterns
            .iter()
            .zip(types)
            .all(|(&pattern, &atom_type)| self.accepts(pattern, atom_type))
    }

    /// Whether patterns hold for types, read backwards.
    pub(crate) fn accepts_reversed(&self, patterns: &[Pattern], types: &[usize]) -> bool {
        patterns
            .iter()
            .rev()
            .zip(types)
            .all(|(&pattern, &atom_type)| self.accepts(pattern, atom_type))
    }

    /// The element of a template atom.
    pub(crate) fn element(&self, atom: &TemplateAtom) -> Element {
        self.types[atom.atom_type].element
    }
}
