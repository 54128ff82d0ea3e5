//! The χ angles that a residue may take.

use crate::build::blueprint::{PlannedResidue, Scaffold, Torsion};
use crate::build::geometry::{torsion, wrap};
use crate::build::library::rotamers;

/// χ angles and what they cost.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// rad
    pub(super) chi: [f64; 4],
    /// −ln of the share, and how far χ angles that are fixed are from the rotamer's.
    pub(super) score: f64,
}

/// Width of a rotamer: one standard deviation of its χ angles, rad.
const WIDTH: f64 = 15.0 * std::f64::consts::PI / 180.0;

/// The rotamers of a residue, with those χ angles that its known atoms have; on a fine grid of all
/// others where a ring has to be closed.
pub(super) fn candidates(
    residue: &PlannedResidue,
    fixed: [Option<f64>; 4],
    closing: bool,
) -> Vec<Candidate> {
    let free: Vec<usize> = (0..residue.n_chi)
        .filter(|&chi| fixed[chi].is_none())
        .collect();
    let known = fixed.map(|chi| chi.unwrap_or(0.0));
    if closing && free.len() <= 2 {
        return grid(known, &free);
    }
    let library = rotamers(residue.form.standard_name());
    if library.is_empty() {
        let chi = known;
        return vec![Candidate { chi, score: 0.0 }];
    }
    let most = library
        .iter()
        .map(|rotamer| rotamer.share)
        .fold(0.0, f64::max);
    library
        .iter()
        .map(|rotamer| {
            let mut chi = rotamer.chi.map(f64::to_radians);
            let mut score = -(rotamer.share / most).ln();
            for (angle, fixed) in chi.iter_mut().zip(fixed) {
                if let Some(fixed) = fixed {
                    // several standard deviations off is another rotamer, but may be all there is
                    score += 0.5 * (wrap(*angle - fixed) / (2.0 * WIDTH)).powi(2);
                    *angle = fixed;
                }
            }
            Candidate { chi, score }
        })
        .collect()
}

/// Each candidate, and its surroundings in the first two of its free angles. The pucker of proline has
/// none: its two angles are one.
pub(super) fn finer(
    residue: &PlannedResidue,
    known: &[Option<f64>; 4],
    candidates: &[Candidate],
) -> Vec<Candidate> {
    let ring = residue.form.name() == "PRO";
    let free: Vec<usize> = (0..residue.n_chi)
        .filter(|&chi| known[chi].is_none() && !ring)
        .take(2)
        .collect();
    let steps = [0.0, -1.0, 1.0, -2.0, 2.0].map(|step| step * WIDTH * 0.7);
    let mut all = candidates.to_vec();
    for &chi in &free {
        all = all
            .iter()
            .flat_map(|candidate| {
                steps.map(|step| {
                    let mut new = candidate.clone();
                    new.chi[chi] += step;
                    new.score += 0.5 * (step / WIDTH).powi(2);
                    new
                })
            })
            .collect();
    }
    all
}

fn grid(known: [f64; 4], free: &[usize]) -> Vec<Candidate> {
    const STEPS: usize = 36;
    let turn = |step: usize| step as f64 * std::f64::consts::TAU / STEPS as f64;
    let n = STEPS.pow(free.len() as u32);
    let candidate = |index: usize| {
        let mut chi = known;
        let mut rest = index;
        for &angle in free {
            chi[angle] = turn(rest % STEPS);
            rest /= STEPS;
        }
        Candidate { chi, score: 0.0 }
    };
    (0..n).map(candidate).collect()
}

/// χ angles that atoms in place determine.
pub(super) fn known_chi(residue: &PlannedResidue, scaffold: &Scaffold) -> [Option<f64>; 4] {
    let mut fixed = [None; 4];
    for rule in &residue.rules {
        let known = scaffold.known[rule.atom] && rule.references.iter().all(|&a| scaffold.known[a]);
        if let (Torsion::Chi(index, offset), true) = (rule.torsion, known) {
            let [c, b, a] = rule.references.map(|atom| scaffold.positions[atom]);
            let measured = torsion(a, b, c, scaffold.positions[rule.atom]) - offset;
            fixed[index].get_or_insert(measured);
        }
    }
    fixed
}
