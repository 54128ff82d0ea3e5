//! Reads the parameter rules of each force of an OpenMM force-field XML.

use super::definition::{
    AngleRule, AtomParameters, BondRule, CmapRule, Cosine, NonbondedRules, Ordering, Pattern,
    TorsionRule,
};
use super::reader::Reader;
use crate::xml::Element;
use crate::{Error, Result};

/// Two definitions of 1-4 scales that differ by less than this are the same (OpenMM's tolerance).
const SCALE_TOLERANCE: f64 = 1e-5;

pub(super) fn bonds(reader: &mut Reader, force: Element<'_, '_>) -> Result<()> {
    for node in force.all("Bond") {
        let Some(patterns) = reader.patterns(node)? else {
            continue;
        };
        reader.definition.bonds.push(BondRule {
            patterns,
            length: node.number("length")?,
            k: node.number("k")?,
        });
    }
    Ok(())
}

pub(super) fn angles(reader: &mut Reader, force: Element<'_, '_>) -> Result<()> {
    for node in force.all("Angle") {
        let Some(patterns) = reader.patterns(node)? else {
            continue;
        };
        reader.definition.angles.push(AngleRule {
            patterns,
            angle: node.number("angle")?,
            k: node.number("k")?,
        });
    }
    Ok(())
}

pub(super) fn periodic_torsions(reader: &mut Reader, force: Element<'_, '_>) -> Result<()> {
    let ordering = match force.get("ordering") {
        None | Some("default") => Ordering::Default,
        Some("charmm") => Ordering::Charmm,
        Some("amber") => Ordering::Amber,
        Some("smirnoff") => Ordering::Smirnoff,
        Some(other) => {
            return Err(force.error("the ordering default, charmm, amber or smirnoff", other));
        }
    };
    for node in force.children() {
        let improper = match node.tag() {
            "Proper" => false,
            "Improper" => true,
            _ => continue,
        };
        let Some(patterns) = reader.patterns(node)? else {
            continue;
        };
        let rule = TorsionRule {
            patterns,
            parameters: cosines(node)?,
        };
        let rules = &mut reader.definition.torsions;
        if improper {
            rules.impropers.push((rule, ordering));
        } else {
            rules.propers.push(rule);
        }
    }
    Ok(())
}

/// `periodicity1`, `phase1`, `k1`, `periodicity2`, … until a number is missing.
fn cosines(node: Element<'_, '_>) -> Result<Vec<Cosine>> {
    let mut cosines = Vec::new();
    for index in 1.. {
        let phase = format!("phase{index}");
        if node.get(&phase).is_none() {
            break;
        }
        cosines.push(Cosine {
            periodicity: node.integer(&format!("periodicity{index}"))?,
            phase: node.number(&phase)?,
            k: node.number(&format!("k{index}"))?,
        });
    }
    Ok(cosines)
}

pub(super) fn rb_torsions(reader: &mut Reader, force: Element<'_, '_>) -> Result<()> {
    let ordering = match force.get("ordering") {
        None | Some("charmm") => Ordering::Charmm,
        Some("default") => Ordering::Default,
        Some("amber") => Ordering::Amber,
        Some(other) => {
            return Err(force.error("the ordering default, charmm or amber", other));
        }
    };
    for node in force.children() {
        let improper = match node.tag() {
            "Proper" => false,
            "Improper" => true,
            _ => continue,
        };
        let Some(patterns) = reader.patterns(node)? else {
            continue;
        };
        let mut parameters = [0.0; 6];
        for (index, value) in parameters.iter_mut().enumerate() {
            *value = node.number(&format!("c{index}"))?;
        }
        let rule = TorsionRule {
            patterns,
            parameters,
        };
        let rules = &mut reader.definition.rb_torsions;
        if improper {
            rules.impropers.push((rule, ordering));
        } else {
            rules.propers.push(rule);
        }
    }
    Ok(())
}

pub(super) fn cmaps(reader: &mut Reader, force: Element<'_, '_>) -> Result<()> {
    let offset = reader.definition.maps.len();
    for node in force.all("Map") {
        let values = node.numbers()?;
        let size = values.len().isqrt();
        if size == 0 || size * size != values.len() {
            let found = format!("{} numbers", values.len());
            return Err(node.error("as many rows as columns", &found));
        }
        reader.definition.maps.push(values);
    }
    let n_maps = reader.definition.maps.len();
    for node in force.all("Torsion") {
        let Some(patterns) = reader.patterns(node)? else {
            continue;
        };
        let index: usize = node.integer("map")?;
        let map = index.checked_add(offset).filter(|&map| map < n_maps);
        let map =
            map.ok_or_else(|| node.error("the index of a map of this force", &index.to_string()))?;
        reader.definition.cmaps.push(CmapRule { patterns, map });
    }
    Ok(())
}

pub(super) fn nonbonded(reader: &mut Reader, force: Element<'_, '_>) -> Result<()> {
    let coulomb_14_scale = force.number("coulomb14scale")?;
    let lj_14_scale = force.number("lj14scale")?;
    let mut rules = match reader.definition.nonbonded.take() {
        None => NonbondedRules {
            coulomb_14_scale,
            lj_14_scale,
            atoms: AtomParameters::default(),
        },
        Some(known) => {
            let same = (known.coulomb_14_scale - coulomb_14_scale).abs() <= SCALE_TOLERANCE
                && (known.lj_14_scale - lj_14_scale).abs() <= SCALE_TOLERANCE;
            if !same {
                let expected = format!(
                    "the 1-4 scales {} and {} of the force before",
                    known.coulomb_14_scale, known.lj_14_scale
                );
                let found = format!("{coulomb_14_scale} and {lj_14_scale}");
                return Err(force.error(&expected, &found));
            }
            known
        }
    };
    let names = ["charge", "sigma", "epsilon"];
    atom_parameters(reader, force, names, &mut rules.atoms)?;
    reader.definition.nonbonded = Some(rules);
    Ok(())
}

pub(super) fn gbsa_obc(reader: &mut Reader, force: Element<'_, '_>) -> Result<()> {
    let mut atoms = reader.definition.gbsa_obc.take().unwrap_or_default();
    atom_parameters(reader, force, ["charge", "radius", "scale"], &mut atoms)?;
    reader.definition.gbsa_obc = Some(atoms);
    Ok(())
}

/// Reads `<Atom type="…" …/>`; names under `<UseAttributeFromResidue>` are left to the templates.
fn atom_parameters<const N: usize>(
    reader: &Reader,
    force: Element<'_, '_>,
    names: [&str; N],
    into: &mut AtomParameters<N>,
) -> Result<()> {
    let mut from_residue = [false; N];
    for node in force.all("UseAttributeFromResidue") {
        let name = node.attribute("name")?;
        let index = names.iter().position(|known| *known == name);
        let index = index.ok_or_else(|| node.error(&names.join(" or "), name))?;
        from_residue[index] = true;
    }
    for node in force.all("Atom") {
        let mut values = [None; N];
        for (index, name) in names.into_iter().enumerate() {
            match (from_residue[index], node.get(name)) {
                (true, None) => {}
                (true, Some(found)) => {
                    return Err(node.error("no value where the residue gives it", found));
                }
                (false, _) => values[index] = Some(node.number(name)?),
            }
        }
        let types = 0..reader.definition.types.len();
        match reader.pattern(node, "")? {
            None => {}
            Some(Pattern::Type(atom_type)) => {
                into.by_type.insert(atom_type, values);
            }
            Some(pattern) => {
                let matching = types.filter(|&t| reader.definition.accepts(pattern, t));
                into.by_type.extend(matching.map(|t| (t, values)));
            }
        }
    }
    Ok(())
}

impl AtomParameters<3> {
    /// The parameters of an atom, by type and, where the rule says so, by residue template.
    ///
    /// # Errors
    /// What is missing and where it was looked for; the caller adds which atom it is.
    pub(crate) fn find(
        &self,
        force: &'static str,
        names: [&str; 3],
        atom_type: (usize, &str),
        attributes: &std::collections::BTreeMap<String, f64>,
        atom: &dyn Fn() -> String,
    ) -> Result<[f64; 3]> {
        let missing = |what: &str| Error::MissingParameters {
            force,
            what: what.to_owned(),
            atom: atom(),
            atom_type: atom_type.1.to_owned(),
        };
        let rule = self.by_type.get(&atom_type.0);
        let rule = rule.ok_or_else(|| missing("entry"))?;
        let mut values = [0.0; 3];
        for ((slot, name), value) in values.iter_mut().zip(names).zip(rule) {
            *slot = value
                .or_else(|| attributes.get(name).copied())
                .ok_or_else(|| missing(name))?;
        }
        Ok(values)
    }
}
