//! Choosing rotamers that do not clash.

mod candidates;
mod contacts;

use super::blueprint::{Blueprint, Rule, Scaffold, Torsion};
use super::geometry::{Vector, torsion};
use crate::{Error, Result};
use candidates::{Candidate, candidates, finer, known_chi};
pub(crate) use contacts::{Obstacle, contact_radius};
use contacts::{Surroundings, overlap};

/// How side chains are placed.
///
/// Each residue takes the rotamer of least score, −ln(share) and a penalty for overlapping atoms;
/// residues are visited in turn until none changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SideChainConfig {
    /// Seed of the noise that `temperature` brings.
    pub seed: u64,
    /// 0: the rotamers of least score. Above: each choice is a sample of exp(−score / temperature), so
    /// that different seeds give different side chains; at 1 they are as frequent as in the library,
    /// where nothing is in the way.
    pub temperature: f64,
    /// Visits of each residue at most.
    pub sweeps: usize,
}

impl Default for SideChainConfig {
    /// The rotamers of least score, after at most six visits.
    fn default() -> Self {
        Self {
            seed: 0,
            temperature: 0.0,
            sweeps: 6,
        }
    }
}

impl SideChainConfig {
    pub(crate) fn check(&self) -> Result<()> {
        if !(self.temperature >= 0.0 && self.temperature.is_finite()) {
            return Err(Error::argument(
                "temperature of side chains",
                "0 or more",
                self.temperature.to_string(),
            ));
        }
        Ok(())
    }
}

/// Overlap beyond which a residue looks for angles between the rotamers.
const CLASH: f64 = 1.5;

/// A residue of which heavy atoms are missing.
struct Open<'a> {
    residue: usize,
    /// Rules of the missing atoms, in building order.
    rules: Vec<&'a Rule>,
    /// χ angles that atoms in place determine, rad.
    known_chi: [Option<f64>; 4],
    candidates: Vec<Candidate>,
    /// Missing atom, known atom that it is bonded to as well, length of that bond in nm.
    closures: Vec<(usize, usize, f64)>,
    neighbours: Vec<usize>,
    chosen: Option<usize>,
}

/// Places all heavy atoms that are missing. `obstacles` are atoms of others.
///
/// # Errors
/// [`Error::Argument`] for a residue of which N, CA or C is missing.
pub(crate) fn place_heavy_atoms(
    blueprint: &Blueprint,
    scaffold: &mut Scaffold,
    obstacles: &[Obstacle],
    config: &SideChainConfig,
) -> Result<()> {
    config.check()?;
    check_backbone(blueprint, scaffold)?;
    place_determined(blueprint, scaffold);
    let mut open = find_open(blueprint, scaffold);
    let mut positions = Vec::new();
    for sweep in 0..config.sweeps.max(1) {
        let mut changed = false;
        for residue in &mut open {
            changed |= choose(
                blueprint,
                scaffold,
                obstacles,
                config,
                residue,
                &mut positions,
            );
        }
        if !changed && sweep > 0 {
            break;
        }
    }
    // what still overlaps tries the angles between the rotamers
    for residue in &mut open {
        let surroundings = Surroundings::new(blueprint, scaffold, obstacles, residue);
        let clash: f64 = residue
            .rules
            .iter()
            .map(|rule| {
                overlap(
                    blueprint,
                    &surroundings,
                    rule.atom,
                    scaffold.positions[rule.atom],
                )
            })
            .sum();
        if clash > CLASH && residue.closures.is_empty() {
            let planned = &blueprint.residues()[residue.residue];
            residue.candidates = finer(planned, &residue.known_chi, &residue.candidates);
            residue.chosen = None;
            choose(
                blueprint,
                scaffold,
                obstacles,
                config,
                residue,
                &mut positions,
            );
        }
    }
    Ok(())
}

fn check_backbone(blueprint: &Blueprint, scaffold: &Scaffold) -> Result<()> {
    for (index, residue) in blueprint.residues().iter().enumerate() {
        if residue.form.is_cap() {
            continue;
        }
        let missing: Vec<&str> = ["N", "CA", "C"]
            .into_iter()
            .zip(residue.backbone)
            .filter(|(_, atom)| atom.is_none_or(|atom| !scaffold.known[atom]))
            .map(|(name, _)| name)
            .collect();
        if !missing.is_empty() {
            return Err(Error::argument(
                "the backbone",
                format!(
                    "N, CA and C of {}, or enough atoms around them to tell where they are",
                    blueprint.describe(index)
                ),
                format!("no {}", missing.join(", ")),
            ));
        }
    }
    Ok(())
}

/// Places atoms whose torsion needs no choice: carbonyl oxygens, CB, caps at the C-terminus.
pub(super) fn place_determined(blueprint: &Blueprint, scaffold: &mut Scaffold) {
    for residue in blueprint.residues() {
        for rule in &residue.rules {
            if scaffold.known[rule.atom] || !references_known(rule, scaffold) {
                continue;
            }
            if let Some(position) = position(rule, &scaffold.positions, &[]) {
                scaffold.set(rule.atom, position);
            }
        }
    }
}

fn references_known(rule: &Rule, scaffold: &Scaffold) -> bool {
    let sibling = match rule.torsion {
        Torsion::Beside(sibling, _) => scaffold.known[sibling],
        _ => true,
    };
    sibling && rule.references.iter().all(|&atom| scaffold.known[atom])
}

/// Where a rule puts its atom; `None` if it needs a χ that is not given.
#[inline]
fn position(rule: &Rule, positions: &[Vector], chi: &[f64]) -> Option<Vector> {
    let [parent, second, third] = rule.references.map(|atom| positions[atom]);
    let turn = match rule.torsion {
        Torsion::Fixed(turn) => turn,
        Torsion::Chi(index, offset) => chi.get(index)? + offset,
        Torsion::Beside(sibling, offset) => {
            torsion(third, second, parent, positions[sibling]) + offset
        }
    };
    let references = [parent, second, third];
    Some(super::geometry::place(
        references,
        rule.length,
        rule.angle,
        turn,
    ))
}

fn find_open<'a>(blueprint: &'a Blueprint, scaffold: &Scaffold) -> Vec<Open<'a>> {
    let mut open = Vec::new();
    for (index, residue) in blueprint.residues().iter().enumerate() {
        let missing: Vec<&Rule> = residue
            .rules
            .iter()
            .filter(|rule| !scaffold.known[rule.atom])
            .collect();
        if missing.is_empty() {
            continue;
        }
        let closures = closures(blueprint, scaffold, &residue.rules, &missing);
        let known_chi = known_chi(residue, scaffold);
        open.push(Open {
            residue: index,
            known_chi,
            candidates: candidates(residue, known_chi, !closures.is_empty()),
            rules: missing,
            closures,
            neighbours: contacts::neighbours(blueprint, scaffold, index),
            chosen: None,
        });
    }
    open
}

/// Bonds from missing atoms to known ones beyond those that place them.
fn closures(
    blueprint: &Blueprint,
    scaffold: &Scaffold,
    rules: &[Rule],
    missing: &[&Rule],
) -> Vec<(usize, usize, f64)> {
    /// Of a bond that closes a ring, nm.
    const RING: f64 = 0.140;
    let mut closures = Vec::new();
    for rule in missing {
        for &other in &blueprint.neighbours()[rule.atom] {
            let closing = other != rule.references[0]
                && scaffold.known[other]
                && !blueprint.is_hydrogen(other);
            if closing {
                let leads_on = rules
                    .iter()
                    .find(|next| next.atom == other && next.references[0] == rule.atom);
                let length = leads_on.map_or(RING, |next| next.length);
                closures.push((rule.atom, other, length));
            }
        }
    }
    closures
}

/// Puts the best candidate in place; whether it is another one than before.
fn choose(
    blueprint: &Blueprint,
    scaffold: &mut Scaffold,
    obstacles: &[Obstacle],
    config: &SideChainConfig,
    open: &mut Open<'_>,
    best: &mut Vec<Vector>,
) -> bool {
    /// Per nm² of a ring's closing bond that does not fit.
    const CLOSURE: f64 = 5000.0;
    let surroundings = Surroundings::new(blueprint, scaffold, obstacles, open);
    let mut least = f64::INFINITY;
    let mut chosen = None;
    for (index, candidate) in open.candidates.iter().enumerate() {
        let mut score =
            candidate.score - config.temperature * noise(config.seed, open.residue, index);
        for rule in &open.rules {
            if score >= least {
                break;
            }
            if let Some(new) = position(rule, &scaffold.positions, &candidate.chi) {
                scaffold.positions[rule.atom] = new;
                score += overlap(blueprint, &surroundings, rule.atom, new);
            }
        }
        for &(missing, known, length) in &open.closures {
            let stretch = (scaffold.positions[missing] - scaffold.positions[known]).norm() - length;
            score += CLOSURE * stretch * stretch;
        }
        if score < least {
            least = score;
            chosen = Some(index);
            best.clear();
            best.extend(open.rules.iter().map(|rule| scaffold.positions[rule.atom]));
        }
    }
    for (rule, &position) in open.rules.iter().zip(best.iter()) {
        scaffold.set(rule.atom, position);
    }
    let changed = chosen != open.chosen;
    open.chosen = chosen;
    changed
}

/// A sample of the standard Gumbel distribution, which turns the least score into a sample of
/// exp(−score). The same for the same seed, residue and candidate.
fn noise(seed: u64, residue: usize, candidate: usize) -> f64 {
    let mut key = seed;
    for word in [residue as u64, candidate as u64] {
        key = mix(key ^ mix(word));
    }
    let uniform = ((key >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    -(-uniform.ln()).ln()
}

/// The output function of SplitMix64 (G. L. Steele et al., OOPSLA 2014, 10.1145/2660193.2660195).
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
