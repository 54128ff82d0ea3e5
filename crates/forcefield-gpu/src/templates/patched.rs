//! Templates changed by patches.

use crate::forcefield::definition::{Definition, Patch, Template};
use std::collections::HashSet;

/// Combinations beyond this number are not made; no known force field comes near it.
const MAX_PATCHED: usize = 100_000;

/// Every template that its patches can make, with the name of the template they started from. A
/// combination never touches an atom twice, and one that does not go together is left out.
pub(super) fn all(definition: &Definition) -> Vec<(Template, String)> {
    let mut made = Vec::new();
    for template in &definition.templates {
        let allowed: HashSet<&str> = definition
            .allowed_patches
            .iter()
            .filter(|(name, _)| *name == template.name)
            .map(|(_, patch)| patch.as_str())
            .collect();
        let patches: Vec<&Patch> = definition
            .patches
            .iter()
            .filter(|patch| allowed.contains(patch.name.as_str()))
            .collect();
        let mut results = Vec::new();
        combine(
            template,
            &patches,
            &HashSet::new(),
            &mut results,
            MAX_PATCHED - made.len(),
        );
        made.extend(results.into_iter().map(|t| (t, template.name.clone())));
    }
    made
}

/// Each patch in turn is applied or not, as OpenMM orders them.
fn combine<'a>(
    template: &Template,
    patches: &[&'a Patch],
    altered: &HashSet<&'a str>,
    made: &mut Vec<Template>,
    limit: usize,
) {
    let Some((patch, rest)) = patches.split_first() else {
        return;
    };
    if made.len() >= limit {
        return;
    }
    let untouched = !patch.altered().any(|name| altered.contains(name));
    let applied = if untouched {
        apply(template, patch)
    } else {
        None
    };
    if let Some(new) = &applied {
        made.push(new.clone());
    }
    combine(template, rest, altered, made, limit);
    if let Some(new) = applied {
        let mut altered = altered.clone();
        altered.extend(patch.altered());
        combine(&new, rest, &altered, made, limit);
    }
}

/// The patched template, or `None` where the patch does not fit the template.
fn apply(template: &Template, patch: &Patch) -> Option<Template> {
    let mut new = Template {
        name: format!("{}-{}", template.name, patch.name),
        rigid_water: template.rigid_water,
        virtual_sites: template.virtual_sites || patch.virtual_sites,
        ..Template::default()
    };
    for atom in &template.atoms {
        if !patch.removed_atoms.contains(&atom.name) {
            new.atoms.push(atom.clone());
        }
    }
    for atom in &patch.added_atoms {
        if new.find(&atom.name).is_some() {
            return None;
        }
        new.atoms.push(atom.clone());
    }
    for atom in &patch.changed_atoms {
        let index = new.find(&atom.name)?;
        new.atoms[index] = atom.clone();
    }
    let moved: Vec<Option<usize>> = template
        .atoms
        .iter()
        .map(|atom| new.find(&atom.name))
        .collect();
    for &[a, b] in &template.bonds {
        let names = [&template.atoms[a].name, &template.atoms[b].name];
        let removed = patch
            .removed_bonds
            .iter()
            .any(|[first, second]| names == [first, second] || names == [second, first]);
        if let (Some(a), Some(b), false) = (moved[a], moved[b], removed) {
            new.bonds.push([a, b]);
        }
    }
    for &atom in &template.external_bonds {
        if !patch
            .removed_external_bonds
            .contains(&template.atoms[atom].name)
        {
            new.external_bonds.push(moved[atom]?);
        }
    }
    for [first, second] in &patch.added_bonds {
        new.bonds.push([new.find(first)?, new.find(second)?]);
    }
    for name in &patch.added_external_bonds {
        new.external_bonds.push(new.find(name)?);
    }
    for &(a, b, distance) in &template.constraints {
        if let (Some(a), Some(b)) = (moved[a], moved[b]) {
            new.constraints.push((a, b, distance));
        }
    }
    Some(new)
}
