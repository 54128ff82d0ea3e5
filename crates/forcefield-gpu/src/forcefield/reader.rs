//! Reads OpenMM's force-field XML.

use super::definition::{AtomType, Definition, Patch, Pattern, Template, TemplateAtom};
use super::{model_of_script, rules};
use crate::xml::{self, Element};
use crate::{Error, Result};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// One XML file in memory.
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// Files, and those they include, each once.
pub(super) fn load(paths: &[PathBuf]) -> Result<Vec<Source>> {
    let mut queue: Vec<PathBuf> = paths.to_vec();
    let mut sources = Vec::new();
    let mut next = 0;
    while let Some(path) = queue.get(next).cloned() {
        next += 1;
        let text = xml::read_text(&path)?;
        let document = xml::parse(&path, &text)?;
        let root = Element::root(&path, &document, "ForceField")?;
        for include in root.all("Include") {
            let name = include.attribute("file")?;
            let folder = path.parent().unwrap_or(Path::new(""));
            // OpenMM's own files name others from its data folder, which may be a parent folder.
            let found = folder
                .ancestors()
                .take(3)
                .map(|f| f.join(name))
                .find(|p| p.is_file());
            let included = found.ok_or_else(|| include.error("a file that exists", name))?;
            if !queue.contains(&included) {
                queue.push(included);
            }
        }
        drop(document);
        sources.push(Source { path, text });
    }
    Ok(sources)
}

/// Builds the definition from all files together: first types, then residues, patches and rules, so
/// that files may refer to each other's types.
pub(super) fn read(sources: &[Source]) -> Result<Definition> {
    let mut documents = Vec::new();
    for source in sources {
        documents.push(xml::parse(&source.path, &source.text)?);
    }
    let mut roots = Vec::new();
    for (source, document) in sources.iter().zip(&documents) {
        roots.push(Element::root(&source.path, document, "ForceField")?);
    }
    let mut reader = Reader::default();
    for root in &roots {
        for kind in root.all("AtomTypes").flat_map(|e| e.all("Type")) {
            reader.atom_type(kind)?;
        }
    }
    for root in &roots {
        for residue in root.all("Residues").flat_map(|e| e.all("Residue")) {
            reader.residue(residue)?;
        }
    }
    for root in &roots {
        for patch in root.all("Patches").flat_map(|e| e.all("Patch")) {
            reader.patch(patch)?;
        }
    }
    for root in &roots {
        for child in root.children() {
            reader.section(child)?;
        }
    }
    Ok(reader.definition)
}

/// The definition so far, with its names indexed.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) definition: Definition,
    type_index: HashMap<String, usize>,
    class_index: HashMap<String, usize>,
    template_index: HashMap<String, usize>,
}

impl Reader {
    fn atom_type(&mut self, node: Element<'_, '_>) -> Result<()> {
        let name = node.attribute("name")?;
        let class = node.attribute("class")?;
        let mass = node.number("mass")?;
        if mass < 0.0 {
            return Err(node.error("a mass of at least 0", node.attribute("mass")?));
        }
        let element = match node.get("element") {
            Some(symbol) => molio::Element::from_symbol(symbol)
                .ok_or_else(|| node.error("the symbol of an element", symbol))?,
            None => molio::Element::UNKNOWN,
        };
        let classes = &mut self.definition.classes;
        let class = *self.class_index.entry(class.to_owned()).or_insert_with(|| {
            classes.push(class.to_owned());
            classes.len() - 1
        });
        let new = AtomType {
            name: name.to_owned(),
            class,
            element,
            mass,
        };
        match self.type_index.get(name) {
            Some(&known) if self.definition.types[known] == new => {}
            Some(_) => return Err(node.error("one definition of each atom type", name)),
            None => {
                self.type_index
                    .insert(name.to_owned(), self.definition.types.len());
                self.definition.types.push(new);
            }
        }
        Ok(())
    }

    fn template_atom(&self, node: Element<'_, '_>) -> Result<TemplateAtom> {
        let type_name = node.attribute("type")?;
        let atom_type = *self
            .type_index
            .get(type_name)
            .ok_or_else(|| node.error("a known atom type", type_name))?;
        let mut attributes = BTreeMap::new();
        for (key, value) in node.attributes() {
            if key != "name" && key != "type" {
                attributes.insert(key.to_owned(), node.parse_number(key, value)?);
            }
        }
        Ok(TemplateAtom {
            name: node.attribute("name")?.to_owned(),
            atom_type,
            attributes,
        })
    }

    fn residue(&mut self, node: Element<'_, '_>) -> Result<()> {
        let name = node.attribute("name")?.to_owned();
        let rigid_water = node
            .get("rigidWater")
            .is_none_or(|v| v.eq_ignore_ascii_case("true"));
        let mut template = Template {
            name: name.clone(),
            rigid_water,
            virtual_sites: node.first("VirtualSite").is_some(),
            ..Template::default()
        };
        if node.get("override").is_some() {
            template.override_level = node.integer("override")?;
        }
        let mut names = HashMap::new();
        for atom in node.all("Atom") {
            let atom_data = self.template_atom(atom)?;
            if names
                .insert(atom_data.name.clone(), template.atoms.len())
                .is_some()
            {
                return Err(atom.error("one atom of each name in a residue", &atom_data.name));
            }
            template.atoms.push(atom_data);
        }
        let by_name = |node: Element<'_, '_>, key: &str| -> Result<usize> {
            let wanted = node.attribute(key)?;
            let found = names.get(wanted).copied();
            found.ok_or_else(|| node.error("the name of an atom of the residue", wanted))
        };
        let n_atoms = template.atoms.len();
        let by_index = |node: Element<'_, '_>, key: &str| -> Result<usize> {
            let index: usize = node.integer(key)?;
            if index < n_atoms {
                return Ok(index);
            }
            Err(node.error("the index of an atom of the residue", &index.to_string()))
        };
        for bond in node.all("Bond") {
            let pair = if bond.get("atomName1").is_some() {
                [by_name(bond, "atomName1")?, by_name(bond, "atomName2")?]
            } else {
                [by_index(bond, "from")?, by_index(bond, "to")?]
            };
            template.bonds.push(pair);
        }
        for bond in node.all("ExternalBond") {
            let atom = if bond.get("atomName").is_some() {
                by_name(bond, "atomName")?
            } else {
                by_index(bond, "from")?
            };
            template.external_bonds.push(atom);
        }
        for constraint in node.all("Constraint") {
            let first = by_name(constraint, "atomName1")?;
            let second = by_name(constraint, "atomName2")?;
            let distance = constraint.number("distance")?;
            template.constraints.push((first, second, distance));
        }
        for patch in node.all("AllowPatch") {
            self.allow(&name, patch.attribute("name")?);
        }
        self.register(node, template)
    }

    /// Adds a template, or replaces one with a lower override level.
    fn register(&mut self, node: Element<'_, '_>, template: Template) -> Result<()> {
        let Some(&index) = self.template_index.get(&template.name) else {
            self.template_index
                .insert(template.name.clone(), self.definition.templates.len());
            self.definition.templates.push(template);
            return Ok(());
        };
        let existing = &mut self.definition.templates[index];
        match template.override_level.cmp(&existing.override_level) {
            std::cmp::Ordering::Less => Ok(()),
            std::cmp::Ordering::Greater => {
                *existing = template;
                Ok(())
            }
            std::cmp::Ordering::Equal => Err(node.error(
                "one residue template of each name and override level",
                &template.name,
            )),
        }
    }

    fn allow(&mut self, template: &str, patch: &str) {
        let entry = (template.to_owned(), patch.to_owned());
        if !self.definition.allowed_patches.contains(&entry) {
            self.definition.allowed_patches.push(entry);
        }
    }

    fn patch(&mut self, node: Element<'_, '_>) -> Result<()> {
        let name = node.attribute("name")?;
        if node.get("residues").is_some_and(|n| n.trim() != "1") {
            return Err(Error::UnsupportedForce {
                path: node.path().to_owned(),
                line: node.line(),
                force: format!("Patch {name}"),
                detail: "patches over several residues are not known".to_owned(),
            });
        }
        let mut patch = Patch {
            name: name.to_owned(),
            virtual_sites: node.first("VirtualSite").is_some(),
            ..Patch::default()
        };
        let text = |node: Element<'_, '_>, key: &str| node.attribute(key).map(str::to_owned);
        for child in node.children() {
            match child.tag() {
                "AddAtom" => patch.added_atoms.push(self.template_atom(child)?),
                "ChangeAtom" => patch.changed_atoms.push(self.template_atom(child)?),
                "RemoveAtom" => patch.removed_atoms.push(text(child, "name")?),
                tag @ ("AddBond" | "RemoveBond") => {
                    let pair = [text(child, "atomName1")?, text(child, "atomName2")?];
                    if tag == "AddBond" {
                        patch.added_bonds.push(pair);
                    } else {
                        patch.removed_bonds.push(pair);
                    }
                }
                "AddExternalBond" => patch.added_external_bonds.push(text(child, "atomName")?),
                "RemoveExternalBond" => {
                    patch.removed_external_bonds.push(text(child, "atomName")?);
                }
                "ApplyToResidue" => self.allow(child.attribute("name")?, name),
                _ => {}
            }
        }
        if let Some(known) = self
            .definition
            .patches
            .iter_mut()
            .find(|p| p.name == patch.name)
        {
            *known = patch;
        } else {
            self.definition.patches.push(patch);
        }
        Ok(())
    }

    /// A child of the root that is neither types, residues nor patches.
    fn section(&mut self, node: Element<'_, '_>) -> Result<()> {
        match node.tag() {
            "AtomTypes" | "Residues" | "Patches" | "Include" | "Info" => Ok(()),
            "HarmonicBondForce" => rules::bonds(self, node),
            "HarmonicAngleForce" => rules::angles(self, node),
            "PeriodicTorsionForce" => rules::periodic_torsions(self, node),
            "RBTorsionForce" => rules::rb_torsions(self, node),
            "CMAPTorsionForce" => rules::cmaps(self, node),
            "NonbondedForce" => rules::nonbonded(self, node),
            "GBSAOBCForce" => rules::gbsa_obc(self, node),
            "Script" => self.script(node),
            other => Err(Error::UnsupportedForce {
                path: node.path().to_owned(),
                line: node.line(),
                force: other.to_owned(),
                detail: "this engine has no such force".to_owned(),
            }),
        }
    }

    /// Recognises the scripts of OpenMM's `implicit/*.xml`; no script is ever run.
    fn script(&mut self, node: Element<'_, '_>) -> Result<()> {
        let model = model_of_script(node.text());
        match (model, self.definition.implicit) {
            (Some(model), None) => {
                self.definition.implicit = Some(model);
                Ok(())
            }
            (Some(model), Some(known)) if model == known => Ok(()),
            (Some(_), Some(known)) => Err(node.error(
                "one implicit solvent model",
                &format!("{known:?} and another"),
            )),
            (None, _) => Err(Error::UnsupportedForce {
                path: node.path().to_owned(),
                line: node.line(),
                force: "Script".to_owned(),
                detail: "only the scripts of OpenMM's implicit solvent models are known".to_owned(),
            }),
        }
    }

    /// The pattern of a position of a rule, or `None` for an unknown type or class, which OpenMM
    /// takes to mean that the rule is for atoms of another file.
    pub(super) fn pattern(&self, node: Element<'_, '_>, suffix: &str) -> Result<Option<Pattern>> {
        let class = node.get(&format!("class{suffix}"));
        let kind = node.get(&format!("type{suffix}"));
        match (class, kind) {
            (Some(_), Some(_)) => Err(node.error("a type or a class", "both")),
            (None, None) => Ok(None),
            (Some(""), None) | (None, Some("")) => Ok(Some(Pattern::Any)),
            (Some(name), None) => Ok(self.class_index.get(name).copied().map(Pattern::Class)),
            (None, Some(name)) => Ok(self.type_index.get(name).copied().map(Pattern::Type)),
        }
    }

    /// The patterns of all positions of a rule; see [`Reader::pattern`].
    pub(super) fn patterns<const N: usize>(
        &self,
        node: Element<'_, '_>,
    ) -> Result<Option<[Pattern; N]>> {
        let mut patterns = [Pattern::Any; N];
        for (index, slot) in patterns.iter_mut().enumerate() {
            match self.pattern(node, &(index + 1).to_string())? {
                Some(pattern) => *slot = pattern,
                None => return Ok(None),
            }
        }
        Ok(Some(patterns))
    }
}
