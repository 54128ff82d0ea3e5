//! Finds the residue template, and with it type and charge, of every atom of a structure.

mod diagnosis;
mod patched;

use crate::forcefield::definition::{Definition, Template};
use crate::matching::{Graph, Signature, match_residue};
use crate::{Error, Result};
use molio::Topology;
use std::collections::{BTreeMap, HashMap};

/// The templates of a force field with what the search needs of them.
#[derive(Clone, Debug)]
pub(crate) struct TemplateLibrary {
    plain: Vec<Entry>,
    patched: Vec<Entry>,
}

/// A template, the name it is preferred by, and its graph.
#[derive(Clone, Debug)]
struct Entry {
    template: Template,
    /// Name of the template before patches.
    base_name: String,
    graph: Graph,
    signature: Signature,
}

/// What a structure's atoms are in the force field.
#[derive(Clone, Debug)]
pub(crate) struct Assignment<'a> {
    /// The template of each residue.
    pub(crate) templates: Vec<&'a Template>,
    /// For each atom its index in its residue's template.
    pub(crate) template_atoms: Vec<usize>,
    /// For each atom its type.
    pub(crate) atom_types: Vec<usize>,
}

impl TemplateLibrary {
    pub(crate) fn new(definition: &Definition) -> Self {
        let entry = |template: &Template, base_name: &str| Entry {
            graph: template_graph(definition, template),
            signature: template_graph(definition, template).signature(),
            template: template.clone(),
            base_name: base_name.to_owned(),
        };
        let plain = definition
            .templates
            .iter()
            .map(|t| entry(t, &t.name))
            .collect();
        let patched = patched::all(definition)
            .iter()
            .map(|(template, base_name)| entry(template, base_name))
            .collect();
        Self { plain, patched }
    }

    /// Finds the template of every residue.
    ///
    /// # Errors
    /// [`Error::NoTemplate`] or [`Error::AmbiguousTemplate`], or [`Error::Options`] for a name in
    /// `chosen` that is unknown or whose template does not fit.
    pub(crate) fn assign(
        &self,
        definition: &Definition,
        topology: &Topology,
        chosen: &BTreeMap<usize, String>,
    ) -> Result<Assignment<'_>> {
        if let Some(index) = chosen.keys().find(|&&index| index >= topology.n_residues()) {
            let message = format!("a template is given for residue {index}, which does not exist");
            return Err(Error::Options(message));
        }
        let neighbours = topology.neighbours();
        let plain = by_signature(&self.plain);
        let patched = by_signature(&self.patched);
        let mut assignment = Assignment {
            templates: Vec::with_capacity(topology.n_residues()),
            template_atoms: vec![0; topology.n_atoms()],
            atom_types: vec![0; topology.n_atoms()],
        };
        for index in 0..topology.n_residues() {
            let graph = residue_graph(topology, &neighbours, index);
            let found = match chosen.get(&index) {
                Some(name) => Some(self.find_named(topology, index, &graph, name)?),
                None => {
                    let residue = (topology, index, &graph);
                    match find(definition, residue, &plain)? {
                        Some(found) => Some(found),
                        None => find(definition, residue, &patched)?,
                    }
                }
            };
            let Some((template, matched)) = found else {
                return Err(Error::NoTemplate {
                    residue: describe(topology, index),
                    atoms: atom_names(topology, index),
                    reason: self.diagnose(topology, index, &graph),
                });
            };
            if template.virtual_sites {
                let message = format!(
                    "template {} of residue {} has virtual sites, which this engine lacks",
                    template.name,
                    describe(topology, index)
                );
                return Err(Error::Options(message));
            }
            let atoms = topology.residues()[index].atoms.clone();
            for (atom, template_atom) in atoms.zip(matched) {
                assignment.template_atoms[atom] = template_atom;
                assignment.atom_types[atom] = template.atoms[template_atom].atom_type;
            }
            assignment.templates.push(template);
        }
        Ok(assignment)
    }

    fn find_named(
        &self,
        topology: &Topology,
        index: usize,
        graph: &Graph,
        name: &str,
    ) -> Result<(&Template, Vec<usize>)> {
        let entry = self
            .plain
            .iter()
            .chain(&self.patched)
            .find(|e| e.template.name == name);
        let Some(entry) = entry else {
            return Err(Error::Options(format!(
                "there is no residue template {name}"
            )));
        };
        let matched = match_residue(graph, &entry.graph).ok_or_else(|| {
            let residue = describe(topology, index);
            Error::Options(format!("template {name} does not fit residue {residue}"))
        })?;
        Ok((&entry.template, matched))
    }

    fn diagnose(&self, topology: &Topology, index: usize, graph: &Graph) -> String {
        let residue = &topology.residues()[index];
        let chain = &topology.chains()[residue.chain].residues;
        let terminal = chain.len() > 1 && (index == chain.start || index + 1 == chain.end);
        let templates = self.plain.iter().map(|e| (e.base_name.as_str(), &e.graph));
        diagnosis::explain(&residue.name, terminal, graph, templates.collect())
    }
}

fn by_signature(entries: &[Entry]) -> HashMap<&Signature, Vec<&Entry>> {
    let mut map: HashMap<&Signature, Vec<&Entry>> = HashMap::new();
    for entry in entries {
        map.entry(&entry.signature).or_default().push(entry);
    }
    map
}

/// The one template that fits; of several the first if they say the same, else the one whose name
/// goes with the residue's.
fn find<'a>(
    definition: &Definition,
    (topology, index, graph): (&Topology, usize, &Graph),
    entries: &HashMap<&Signature, Vec<&'a Entry>>,
) -> Result<Option<(&'a Template, Vec<usize>)>> {
    let Some(candidates) = entries.get(&graph.signature()) else {
        return Ok(None);
    };
    let mut fitting: Vec<(&Entry, Vec<usize>)> = candidates
        .iter()
        .filter_map(|&entry| Some((entry, match_residue(graph, &entry.graph)?)))
        .collect();
    if fitting.is_empty() {
        return Ok(None);
    }
    let same = fitting[1..]
        .iter()
        .all(|other| same_parameters(&fitting[0], other));
    let position = if same {
        Some(0)
    } else {
        let name = &topology.residues()[index].name;
        preferred(name, &fitting)
    };
    let Some(position) = position else {
        let names: Vec<&str> = fitting
            .iter()
            .map(|(e, _)| e.template.name.as_str())
            .collect();
        return Err(Error::AmbiguousTemplate {
            residue: describe(topology, index),
            templates: names.join(", "),
        });
    };
    let (entry, matched) = fitting.swap_remove(position);
    debug_assert!(
        entry
            .template
            .atoms
            .iter()
            .all(|a| a.atom_type < definition.types.len())
    );
    Ok(Some((&entry.template, matched)))
}

/// Whether two fitting templates give every atom of the residue the same type and numbers.
fn same_parameters(first: &(&Entry, Vec<usize>), second: &(&Entry, Vec<usize>)) -> bool {
    let atoms = first.1.iter().zip(&second.1);
    let same_atoms = atoms.into_iter().all(|(&a, &b)| {
        let (a, b) = (&first.0.template.atoms[a], &second.0.template.atoms[b]);
        a.atom_type == b.atom_type && a.attributes == b.attributes
    });
    same_atoms && first.0.template.constraints == second.0.template.constraints
}

/// Of templates that differ, the one called like the residue, else like its form at the start or
/// the end of a chain.
fn preferred(name: &str, fitting: &[(&Entry, Vec<usize>)]) -> Option<usize> {
    let name = match name {
        "HIS" | "HSE" => "HIE",
        "HSD" => "HID",
        "HSP" => "HIP",
        other => other,
    };
    ["", "N", "C"].into_iter().find_map(|prefix| {
        let wanted = format!("{prefix}{name}");
        let mut named = fitting
            .iter()
            .enumerate()
            .filter(|(_, (e, _))| e.base_name == wanted);
        let (position, _) = named.next()?;
        named.next().is_none().then_some(position)
    })
}

fn template_graph(definition: &Definition, template: &Template) -> Graph {
    let n_atoms = template.atoms.len();
    let mut graph = Graph {
        elements: template
            .atoms
            .iter()
            .map(|atom| definition.element(atom))
            .collect(),
        bonded: vec![Vec::new(); n_atoms],
        external: vec![0; n_atoms],
    };
    for &[a, b] in &template.bonds {
        graph.bonded[a].push(b);
        graph.bonded[b].push(a);
    }
    for &atom in &template.external_bonds {
        graph.external[atom] += 1;
    }
    graph
}

fn residue_graph(topology: &Topology, neighbours: &[Vec<usize>], index: usize) -> Graph {
    let range = topology.residues()[index].atoms.clone();
    let mut graph = Graph::default();
    for atom in range.clone() {
        let inside = |other: &&usize| range.contains(other);
        let bonded: Vec<usize> = neighbours[atom]
            .iter()
            .filter(inside)
            .map(|b| b - range.start)
            .collect();
        graph.external.push(neighbours[atom].len() - bonded.len());
        graph.bonded.push(bonded);
        graph.elements.push(topology.atoms()[atom].element);
    }
    graph
}

/// A residue as a person would look for it: `ALA 12 of chain A (index 11)`.
pub(crate) fn describe(topology: &Topology, index: usize) -> String {
    let residue = &topology.residues()[index];
    let code = residue.insertion_code.map_or(String::new(), String::from);
    let chain = &topology.chains()[residue.chain].id;
    let chain = if chain.is_empty() {
        String::new()
    } else {
        format!(" of chain {chain}")
    };
    format!(
        "{} {}{code}{chain} (index {index})",
        residue.name, residue.number
    )
}

fn atom_names(topology: &Topology, index: usize) -> String {
    const SHOWN: usize = 60;
    let atoms = topology.residues()[index].atoms.clone();
    let more = atoms.len().saturating_sub(SHOWN);
    let names = atoms
        .take(SHOWN)
        .map(|atom| topology.atoms()[atom].name.as_str());
    let mut text = names.collect::<Vec<_>>().join(" ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}
