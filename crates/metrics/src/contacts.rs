//! Contacts between residues and between atoms, and how many native ones a frame keeps.

use crate::Result;
use crate::error::{Error, check_length};
use crate::geometry::{CellGrid, distance};
use molio::{Element, Topology};

/// Which atoms stand for a residue in [`ResidueContacts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactAtoms {
    /// The CA atoms.
    Alpha,
    /// The two closest atoms, whatever they are.
    Closest,
    /// The two closest atoms other than hydrogen.
    ClosestHeavy,
}

/// Distances between residues.
#[derive(Clone, Debug)]
pub struct ResidueContacts {
    n_atoms: usize,
    pairs: Vec<[usize; 2]>,
    /// The atoms of each residue that count.
    atoms: Vec<Vec<usize>>,
}

impl ResidueContacts {
    /// All pairs of residues i, j of `topology` with j − i ≥ `minimum_separation` that both have atoms
    /// of the kind asked for. Residues are counted by index, across chains too.
    pub fn new(topology: &Topology, kind: ContactAtoms, minimum_separation: usize) -> Self {
        let atoms: Vec<Vec<usize>> = (0..topology.n_residues())
            .map(|residue| counting_atoms(topology, residue, kind))
            .collect();
        let mut pairs = Vec::new();
        for i in 0..atoms.len() {
            for j in i + minimum_separation.max(1)..atoms.len() {
                if !atoms[i].is_empty() && !atoms[j].is_empty() {
                    pairs.push([i, j]);
                }
            }
        }
        Self {
            n_atoms: topology.n_atoms(),
            pairs,
            atoms,
        }
    }

    /// The pairs of residues, by index.
    pub fn pairs(&self) -> &[[usize; 2]] {
        &self.pairs
    }

    /// Distance in nm of each pair.
    ///
    /// # Errors
    /// A frame with another number of atoms.
    pub fn distances(&self, positions: &[[f32; 3]]) -> Result<Vec<f32>> {
        check_length("positions", self.n_atoms, positions.len())?;
        let squared = |a: usize, b: usize| {
            let (a, b) = (positions[a], positions[b]);
            (0..3).map(|k| (a[k] - b[k]) * (a[k] - b[k])).sum::<f32>()
        };
        Ok(self
            .pairs
            .iter()
            .map(|&[i, j]| {
                let mut least = f32::INFINITY;
                for &a in &self.atoms[i] {
                    for &b in &self.atoms[j] {
                        least = least.min(squared(a, b));
                    }
                }
                // f32::min passes over NaN
                if least == f32::INFINITY {
                    f32::NAN
                } else {
                    least.sqrt()
                }
            })
            .collect())
    }

    /// Which pairs are closer than `cutoff` nm.
    ///
    /// # Errors
    /// A frame with another number of atoms.
    pub fn contacts(&self, positions: &[[f32; 3]], cutoff: f32) -> Result<Vec<bool>> {
        Ok(self
            .distances(positions)?
            .iter()
            .map(|&d| d < cutoff)
            .collect())
    }
}

/// Pairs of atoms i < j closer than `cutoff` nm, sorted.
///
/// # Errors
/// A coordinate that is not finite.
pub fn atom_contacts(positions: &[[f32; 3]], cutoff: f32) -> Result<Vec<[usize; 2]>> {
    let mut pairs = Vec::new();
    CellGrid::new(positions, cutoff)?.for_each_pair(|i, j, _| pairs.push([i, j]));
    pairs.sort_unstable();
    Ok(pairs)
}

/// How [`NativeContacts`] are found and counted.
///
/// The default is that of Best, Hummer & Eaton, PNAS 2013, 10.1073/pnas.1311599110.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NativeContactsConfig {
    /// Atoms that are closer than this in the native structure are in contact; nm.
    pub cutoff: f32,
    /// Least difference of residue indices of two atoms in contact, where they are in one chain.
    pub minimum_separation: usize,
    /// β, the sharpness of the soft form; 1/nm.
    pub sharpness: f64,
    /// λ, by how much a native distance may grow.
    pub tolerance: f64,
}

impl Default for NativeContactsConfig {
    fn default() -> Self {
        Self {
            cutoff: 0.45,
            minimum_separation: 4,
            sharpness: 50.0,
            tolerance: 1.8,
        }
    }
}

/// The fraction of native contacts, Q.
///
/// Soft form: Q = ⟨1 / (1 + exp(β (r − λ r₀)))⟩ over native contacts between heavy atoms. Hard form:
/// the fraction with r ≤ λ r₀. Atoms of an unknown element (beads) count as heavy.
///
/// # References
/// Best, Hummer, Eaton, PNAS 2013, 10.1073/pnas.1311599110.
#[derive(Clone, Debug)]
pub struct NativeContacts {
    config: NativeContactsConfig,
    n_atoms: usize,
    contacts: Vec<([usize; 2], f64)>,
}

impl NativeContacts {
    /// The contacts of the structure `native` (nm).
    ///
    /// # Errors
    /// Another number of atoms, a coordinate or a parameter that is not finite, or no contact at all.
    pub fn new(
        topology: &Topology,
        native: &[[f32; 3]],
        config: NativeContactsConfig,
    ) -> Result<Self> {
        check_length("native structure", topology.n_atoms(), native.len())?;
        let usable = config.cutoff > 0.0
            && config.cutoff.is_finite()
            && config.sharpness > 0.0
            && config.tolerance > 0.0;
        if !usable {
            return Err(Error::Argument {
                what: "native contacts",
                expected: "a positive cutoff, sharpness and tolerance",
                found: format!("{config:?}"),
            });
        }
        let heavy: Vec<usize> = (0..topology.n_atoms())
            .filter(|&atom| topology.atoms()[atom].element != Element::HYDROGEN)
            .collect();
        let positions: Vec<[f32; 3]> = heavy.iter().map(|&atom| native[atom]).collect();
        let mut contacts = Vec::new();
        for pair in atom_contacts(&positions, config.cutoff)? {
            let [a, b] = pair.map(|i| heavy[i]);
            let (i, j) = (topology.atoms()[a].residue, topology.atoms()[b].residue);
            let same_chain = topology.residues()[i].chain == topology.residues()[j].chain;
            if !same_chain || i.abs_diff(j) >= config.minimum_separation {
                contacts.push(([a, b], distance(native[a], native[b])));
            }
        }
        if contacts.is_empty() {
            return Err(Error::TooFew {
                what: "native contacts",
                needed: 1,
                found: 0,
            });
        }
        Ok(Self {
            config,
            n_atoms: topology.n_atoms(),
            contacts,
        })
    }

    /// The atoms in contact, and their native distance in nm.
    pub fn contacts(&self) -> &[([usize; 2], f64)] {
        &self.contacts
    }

    /// Q in [0, 1], soft form; NaN if a coordinate is.
    ///
    /// # Errors
    /// A frame with another number of atoms.
    pub fn soft(&self, positions: &[[f32; 3]]) -> Result<f64> {
        let NativeContactsConfig {
            sharpness,
            tolerance,
            ..
        } = self.config;
        self.mean(positions, |r, r0| {
            1.0 / (1.0 + (sharpness * (r - tolerance * r0)).exp())
        })
    }

    /// Q in [0, 1], hard form: the fraction of contacts with r ≤ λ r₀; NaN if a coordinate is.
    ///
    /// # Errors
    /// A frame with another number of atoms.
    pub fn hard(&self, positions: &[[f32; 3]]) -> Result<f64> {
        self.mean(positions, |r, r0| {
            if r.is_nan() {
                f64::NAN
            } else {
                f64::from(r <= self.config.tolerance * r0)
            }
        })
    }

    fn mean(&self, positions: &[[f32; 3]], term: impl Fn(f64, f64) -> f64) -> Result<f64> {
        check_length("positions", self.n_atoms, positions.len())?;
        let sum: f64 = self
            .contacts
            .iter()
            .map(|&([a, b], r0)| term(distance(positions[a], positions[b]), r0))
            .sum();
        Ok(sum / self.contacts.len() as f64)
    }
}

fn counting_atoms(topology: &Topology, residue: usize, kind: ContactAtoms) -> Vec<usize> {
    let all = topology.residues()[residue].atoms.clone();
    let element = |atom: usize| topology.atoms()[atom].element;
    match kind {
        ContactAtoms::Alpha => all
            .filter(|&atom| topology.atoms()[atom].name == "CA")
            .filter(|&atom| [Element::CARBON, Element::UNKNOWN].contains(&element(atom)))
            .take(1)
            .collect(),
        ContactAtoms::Closest => all.collect(),
        ContactAtoms::ClosestHeavy => all.filter(|&a| element(a) != Element::HYDROGEN).collect(),
    }
}
