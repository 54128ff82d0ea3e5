//! The force fields that come with the crate.
//!
//! `data/*.txt.gz` hold one rule or atom a line, numbers as they stand in the XML they were made
//! from (`cargo xtask forcefield`); lines with `#` say where from.
//!
//! | line | meaning |
//! |---|---|
//! | `type NAME CLASS ELEMENT MASS` | an atom type |
//! | `residue NAME OVERRIDE [flexible]` | a template; the lines below are its |
//! | `atom NAME TYPE charge=Q`, `bond I J`, `external I` | its atoms, bonds, bonds to other residues |
//! | `harmonic_bond P P LENGTH K`, `harmonic_angle P P P ANGLE K` | rules; `P` is `=type`, `@class` or `*` |
//! | `proper P P P P N PHASE K …`, `improper ORDERING P P P P N PHASE K …` | torsions |
//! | `map E …`, `cmap P P P P P MAP` | correction maps |
//! | `nonbonded COULOMB14 LJ14`, `lennard_jones P SIGMA EPSILON` | non-bonded; charges come from residues |

use crate::forcefield::definition::{
    AngleRule, AtomParameters, AtomType, BondRule, CmapRule, Cosine, Definition, NonbondedRules,
    Ordering, Pattern, Template, TemplateAtom, TorsionRule,
};
use crate::{Error, ForceField, Result};
use flate2::read::GzDecoder;
use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::Path;
use std::str::FromStr;

impl ForceField {
    /// AMBER ff14SB for proteins: all residues, their forms at chain ends, ASH CYM CYX GLH HID HIE
    /// HIP HYP LYN, caps ACE NHE NME; with the ions and the water of AMBER's TIP3P set.
    ///
    /// # Errors
    /// None with the data this crate is built with; they are read here and checked by its tests.
    ///
    /// # References
    /// Maier et al., J. Chem. Theory Comput. 2015, 11, 3696, DOI 10.1021/acs.jctc.5b00255.
    pub fn ff14sb() -> Result<Self> {
        unpack("ff14sb.txt", include_bytes!("../data/ff14sb.txt.gz"))
    }

    /// AMBER ff19SB for proteins, with correction maps by residue; otherwise as
    /// [`ForceField::ff14sb`].
    ///
    /// # Errors
    /// As [`ForceField::ff14sb`].
    ///
    /// # References
    /// Tian et al., J. Chem. Theory Comput. 2020, 16, 528, DOI 10.1021/acs.jctc.9b00591.
    pub fn ff19sb() -> Result<Self> {
        unpack("ff19sb.txt", include_bytes!("../data/ff19sb.txt.gz"))
    }
}

fn unpack(name: &str, packed: &[u8]) -> Result<ForceField> {
    let path = Path::new(name);
    let mut text = String::new();
    GzDecoder::new(packed)
        .read_to_string(&mut text)
        .map_err(|source| Error::Io {
            path: path.to_owned(),
            source,
        })?;
    Ok(ForceField::new(parse(path, &text)?))
}

fn parse(path: &Path, text: &str) -> Result<Definition> {
    let mut reader = Reader::default();
    for (index, line) in text.lines().enumerate() {
        let mut words = Words {
            path,
            line: index + 1,
            rest: line.split_ascii_whitespace(),
        };
        match words.rest.next() {
            None => {}
            Some(word) if word.starts_with('#') => {}
            Some(keyword) => reader.line(keyword, &mut words)?,
        }
    }
    Ok(reader.definition)
}

/// What is left of a line.
struct Words<'a> {
    path: &'a Path,
    line: usize,
    rest: std::str::SplitAsciiWhitespace<'a>,
}

impl<'a> Words<'a> {
    fn error(&self, expected: &str, found: &str) -> Error {
        Error::malformed(self.path, self.line, expected, found)
    }

    fn word(&mut self, expected: &str) -> Result<&'a str> {
        let next = self.rest.next();
        next.ok_or_else(|| self.error(expected, "the end of the line"))
    }

    fn value<T: FromStr>(&mut self, expected: &str) -> Result<T> {
        let word = self.word(expected)?;
        word.parse().map_err(|_| self.error(expected, word))
    }

    fn number(&mut self) -> Result<f64> {
        self.value("a number")
    }

    fn is_empty(&self) -> bool {
        self.rest.clone().next().is_none()
    }
}

#[derive(Default)]
struct Reader {
    definition: Definition,
    types: HashMap<String, usize>,
    classes: HashMap<String, usize>,
}

impl Reader {
    fn line(&mut self, keyword: &str, words: &mut Words<'_>) -> Result<()> {
        match keyword {
            "type" => self.atom_type(words),
            "residue" => self.residue(words),
            "atom" => self.atom(words),
            "bond" => {
                let pair = [self.template_atom(words)?, self.template_atom(words)?];
                self.template(words)?.bonds.push(pair);
                Ok(())
            }
            "external" => {
                let atom = self.template_atom(words)?;
                self.template(words)?.external_bonds.push(atom);
                Ok(())
            }
            "harmonic_bond" => {
                let patterns = self.patterns(words)?;
                let (length, k) = (words.number()?, words.number()?);
                self.definition.bonds.push(BondRule {
                    patterns,
                    length,
                    k,
                });
                Ok(())
            }
            "harmonic_angle" => {
                let patterns = self.patterns(words)?;
                let (angle, k) = (words.number()?, words.number()?);
                self.definition
                    .angles
                    .push(AngleRule { patterns, angle, k });
                Ok(())
            }
            "proper" => {
                let rule = self.torsion(words)?;
                self.definition.torsions.propers.push(rule);
                Ok(())
            }
            "improper" => self.improper(words),
            "map" => self.map(words),
            "cmap" => {
                let patterns = self.patterns(words)?;
                let map = words.value("the index of a map")?;
                self.definition.cmaps.push(CmapRule { patterns, map });
                Ok(())
            }
            "nonbonded" => self.nonbonded(words),
            "lennard_jones" => self.lennard_jones(words),
            other => Err(words.error("a keyword of the format", other)),
        }
    }

    fn atom_type(&mut self, words: &mut Words<'_>) -> Result<()> {
        let name = words.word("a name")?.to_owned();
        let class_name = words.word("a class")?;
        let symbol = words.word("an element")?;
        let element = match symbol {
            "-" => molio::Element::UNKNOWN,
            _ => molio::Element::from_symbol(symbol)
                .ok_or_else(|| words.error("an element", symbol))?,
        };
        let mass = words.number()?;
        let classes = &mut self.definition.classes;
        let class = *self
            .classes
            .entry(class_name.to_owned())
            .or_insert_with(|| {
                classes.push(class_name.to_owned());
                classes.len() - 1
            });
        self.types.insert(name.clone(), self.definition.types.len());
        self.definition.types.push(AtomType {
            name,
            class,
            element,
            mass,
        });
        Ok(())
    }

    fn residue(&mut self, words: &mut Words<'_>) -> Result<()> {
        let name = words.word("a name")?.to_owned();
        let override_level = words.value("a whole number")?;
        self.definition.templates.push(Template {
            name,
            override_level,
            rigid_water: words.is_empty(),
            ..Template::default()
        });
        Ok(())
    }

    fn template(&mut self, words: &Words<'_>) -> Result<&mut Template> {
        let last = self.definition.templates.last_mut();
        last.ok_or_else(|| words.error("a residue before its atoms", "none"))
    }

    fn atom(&mut self, words: &mut Words<'_>) -> Result<()> {
        let name = words.word("a name")?.to_owned();
        let type_name = words.word("a type")?;
        let atom_type = self.types.get(type_name).copied();
        let atom_type = atom_type.ok_or_else(|| words.error("a known type", type_name))?;
        let mut attributes = BTreeMap::new();
        while let Some(word) = words.rest.next() {
            let pair = word
                .split_once('=')
                .and_then(|(key, value)| Some((key.to_owned(), value.parse().ok()?)));
            let (key, value) = pair.ok_or_else(|| words.error("NAME=NUMBER", word))?;
            attributes.insert(key, value);
        }
        self.template(words)?.atoms.push(TemplateAtom {
            name,
            atom_type,
            attributes,
        });
        Ok(())
    }

    fn template_atom(&mut self, words: &mut Words<'_>) -> Result<usize> {
        let index: usize = words.value("the index of an atom")?;
        if index < self.template(words)?.atoms.len() {
            return Ok(index);
        }
        Err(words.error("an atom of the residue", &index.to_string()))
    }

    fn pattern(&self, words: &mut Words<'_>) -> Result<Pattern> {
        let word = words.word("a pattern")?;
        if word == "*" {
            return Ok(Pattern::Any);
        }
        let found = match (word.strip_prefix('='), word.strip_prefix('@')) {
            (Some(name), _) => self.types.get(name).copied().map(Pattern::Type),
            (None, Some(name)) => self.classes.get(name).copied().map(Pattern::Class),
            (None, None) => None,
        };
        found.ok_or_else(|| words.error("*, = and a known type, or @ and a known class", word))
    }

    fn patterns<const N: usize>(&self, words: &mut Words<'_>) -> Result<[Pattern; N]> {
        let mut patterns = [Pattern::Any; N];
        for slot in &mut patterns {
            *slot = self.pattern(words)?;
        }
        Ok(patterns)
    }

    fn torsion(&self, words: &mut Words<'_>) -> Result<TorsionRule<Vec<Cosine>>> {
        let patterns = self.patterns(words)?;
        let mut parameters = Vec::new();
        while !words.is_empty() {
            parameters.push(Cosine {
                periodicity: words.value("a whole number")?,
                phase: words.number()?,
                k: words.number()?,
            });
        }
        Ok(TorsionRule {
            patterns,
            parameters,
        })
    }

    fn improper(&mut self, words: &mut Words<'_>) -> Result<()> {
        let ordering = match words.word("an ordering")? {
            "default" => Ordering::Default,
            "charmm" => Ordering::Charmm,
            "amber" => Ordering::Amber,
            "smirnoff" => Ordering::Smirnoff,
            other => return Err(words.error("an ordering", other)),
        };
        let rule = self.torsion(words)?;
        self.definition.torsions.impropers.push((rule, ordering));
        Ok(())
    }

    fn map(&mut self, words: &mut Words<'_>) -> Result<()> {
        let mut values = Vec::new();
        while !words.is_empty() {
            values.push(words.number()?);
        }
        let size = values.len().isqrt();
        if size == 0 || size * size != values.len() {
            return Err(words.error("a square map", &format!("{} numbers", values.len())));
        }
        self.definition.maps.push(values);
        Ok(())
    }

    fn nonbonded(&mut self, words: &mut Words<'_>) -> Result<()> {
        let (coulomb_14_scale, lj_14_scale) = (words.number()?, words.number()?);
        let known = self
            .definition
            .nonbonded
            .get_or_insert_with(|| NonbondedRules {
                coulomb_14_scale,
                lj_14_scale,
                atoms: AtomParameters::default(),
            });
        let same = (known.coulomb_14_scale - coulomb_14_scale).abs() < 1e-5
            && (known.lj_14_scale - lj_14_scale).abs() < 1e-5;
        if same {
            return Ok(());
        }
        Err(words.error("the 1-4 scales of the section before", "others"))
    }

    fn lennard_jones(&mut self, words: &mut Words<'_>) -> Result<()> {
        let pattern = self.pattern(words)?;
        let values = [None, Some(words.number()?), Some(words.number()?)];
        let matching: Vec<usize> = (0..self.definition.types.len())
            .filter(|&t| self.definition.accepts(pattern, t))
            .collect();
        let rules = self.definition.nonbonded.as_mut();
        let rules = rules.ok_or_else(|| words.error("nonbonded before lennard_jones", "none"))?;
        rules
            .atoms
            .by_type
            .extend(matching.into_iter().map(|t| (t, values)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_force_fields_hold_every_form_of_the_residues() {
        let ff14sb = ForceField::ff14sb().unwrap();
        let ff19sb = ForceField::ff19sb().unwrap();
        for force_field in [&ff14sb, &ff19sb] {
            for name in [
                "NALA", "CALA", "ASH", "GLH", "LYN", "HID", "HIE", "HIP", "CYM", "CYX",
            ] {
                assert!(
                    force_field.template_names().any(|known| known == name),
                    "{name}"
                );
            }
        }
        assert_eq!(ff19sb.definition.maps.len(), 16);
    }

    #[test]
    fn damaged_lines_are_named() {
        for (text, line) in [
            ("type a b", 1),
            ("\nbond 0 1", 2),
            ("residue A 0\nbond 0 1", 2),
            ("residue A 0\natom C nothing", 2),
            ("harmonic_bond =a =b 1 2", 1),
            ("map 1 2 3", 1),
            ("lennard_jones * 1 2", 1),
            ("nonsense", 1),
        ] {
            let error = parse(Path::new("x.txt"), text).unwrap_err();
            assert!(
                error.to_string().contains(&format!("line {line}:")),
                "{error}"
            );
        }
    }
}
