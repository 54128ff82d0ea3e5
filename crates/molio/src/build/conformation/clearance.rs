//! Backbones that are clear of themselves.

mod room;

use crate::build::backbone::{Torsions, place_backbone};
use crate::build::blueprint::{Blueprint, ChainPlan, Scaffold};
use crate::build::geometry::wrap;
use crate::build::side_chains::place_determined;
use crate::{Element, Error, ResidueForm, Result};

/// Changes that a hinge tries, degrees.
const HINGE: [f64; 13] = [
    0.0, -10.0, 10.0, -20.0, 20.0, -30.0, 30.0, -40.0, 40.0, -50.0, 50.0, -60.0, 60.0,
];

/// Changes that any torsion tries where the hinge is not enough, degrees.
const GIVE: [f64; 8] = [-5.0, 5.0, -15.0, 15.0, -45.0, 45.0, -120.0, 120.0];

/// χ₁ of proline's commoner pucker, degrees.
const PUCKER: f64 = 27.0;

/// Visits of each torsion at most.
const SWEEPS: usize = 12;

/// Share of the distances in [`Chain::overlap`] down to which torsions need not give way.
const STRAINED: f64 = 0.9;

/// The same below which there is no conformation.
const CLASHING: f64 = 0.85;

/// Angles near the given ones at which backbone atoms, CB and proline rings keep apart: a hairpin opens at
/// its `hinge`, as little as that needs; then φ and ψ anywhere (but φ of proline) give way step by step,
/// least overlap first. At last side chains get [room](room::give_room).
///
/// # Errors
/// [`Error::Argument`] where that is not enough.
pub(super) fn clear(
    acids: &[ResidueForm],
    angles: &[Torsions],
    hinge: Option<usize>,
) -> Result<Vec<Torsions>> {
    let chain = Chain {
        acids,
        blueprint: Blueprint::new(&[ChainPlan::new("", acids)], &[])?,
    };
    let clear = chain.cleared(chain.opened(angles, hinge)?)?;
    room::give_room(&chain, clear)
}

struct Chain<'a> {
    acids: &'a [ResidueForm],
    blueprint: Blueprint,
}

impl Chain<'_> {
    /// Angles near these at which backbones and rings do not clash.
    fn cleared(&self, angles: Vec<Torsions>) -> Result<Vec<Torsions>> {
        let mut best = angles;
        let mut least = self.overlap(&best, STRAINED)?;
        for _ in 0..SWEEPS {
            let before = least;
            for residue in 0..self.acids.len() {
                for is_psi in [false, true] {
                    if least == 0.0 {
                        return Ok(best);
                    }
                    for change in GIVE {
                        let Some(changed) = self.changed(&best, residue, is_psi, change) else {
                            continue;
                        };
                        let overlap = self.overlap(&changed, STRAINED)?;
                        if overlap < least {
                            (least, best) = (overlap, changed);
                        }
                    }
                }
            }
            if least == before {
                break;
            }
        }
        if self.overlap(&best, CLASHING)? > 0.0 {
            return Err(Error::argument(
                "a conformation to build",
                "one in which the backbone and the rings of prolines have room",
                "atoms nearer than 0.2 nm",
            ));
        }
        Ok(best)
    }

    /// The least opening at the hinge that keeps backbones apart, or that which overlaps least.
    fn opened(&self, angles: &[Torsions], hinge: Option<usize>) -> Result<Vec<Torsions>> {
        let Some(hinge) = hinge else {
            return Ok(angles.to_owned());
        };
        let mut hinges: Vec<(f64, f64)> = HINGE
            .iter()
            .flat_map(|&phi| HINGE.map(|psi| (phi, psi)))
            // φ of proline stays
            .filter(|&(phi, _)| phi == 0.0 || self.acids[hinge].name() != "PRO")
            .collect();
        hinges.sort_by(|a, b| (a.0.abs() + a.1.abs()).total_cmp(&(b.0.abs() + b.1.abs())));
        let mut least = (f64::INFINITY, angles.to_owned());
        for (phi, psi) in hinges {
            let mut opened = angles.to_owned();
            opened[hinge].phi += phi.to_radians();
            opened[hinge].psi += psi.to_radians();
            let overlap = self.overlap(&opened, 1.0)?;
            if overlap < least.0 {
                least = (overlap, opened);
            }
            if overlap == 0.0 {
                break;
            }
        }
        Ok(least.1)
    }

    /// One torsion changed; `None` for φ of proline.
    fn changed(
        &self,
        angles: &[Torsions],
        residue: usize,
        is_psi: bool,
        degrees: f64,
    ) -> Option<Vec<Torsions>> {
        if !is_psi && self.acids[residue].name() == "PRO" {
            return None;
        }
        let mut changed = angles.to_owned();
        let torsions = &mut changed[residue];
        let angle = if is_psi {
            &mut torsions.psi
        } else {
            &mut torsions.phi
        };
        *angle = wrap(*angle + degrees.to_radians());
        Some(changed)
    }

    /// With the rings of prolines puckered, so that they have places.
    fn puckered(&self, angles: &[Torsions]) -> Vec<Torsions> {
        let mut puckered = angles.to_owned();
        for (torsions, acid) in puckered.iter_mut().zip(self.acids) {
            if acid.name() == "PRO" {
                torsions.chi[0] = Some(PUCKER.to_radians());
            }
        }
        puckered
    }

    /// Σ (1 − d²/r²)² over pairs nearer than `share` of what they come in proteins: of residues three or more
    /// apart N and O in hydrogen bonds 0.26 nm, others 0.3 nm; of nearer ones, where bond angles may need it, all
    /// 0.26 nm.
    fn overlap(&self, angles: &[Torsions], share: f64) -> Result<f64> {
        let mut scaffold = Scaffold::new(self.blueprint.topology().n_atoms());
        place_backbone(&self.blueprint, &mut scaffold, &self.puckered(angles))?;
        place_determined(&self.blueprint, &mut scaffold);
        let atoms = self.blueprint.topology().atoms();
        let known: Vec<usize> = (0..atoms.len())
            .filter(|&atom| scaffold.known[atom])
            .collect();
        let mut sum = 0.0;
        for (place, &a) in known.iter().enumerate() {
            for &b in &known[place + 1..] {
                let apart = atoms[b].residue - atoms[a].residue;
                let near = || self.blueprint.near(a).binary_search(&b).is_ok();
                if apart == 0 || (apart == 1 && near()) {
                    continue;
                }
                let polar =
                    atoms[a].element != Element::CARBON && atoms[b].element != Element::CARBON;
                let nearest: f64 = match (apart, polar) {
                    (1 | 2, _) => 0.26,
                    (_, true) => 0.26,
                    (_, false) => 0.30,
                };
                let nearest = share * nearest;
                let square = (scaffold.positions[a] - scaffold.positions[b]).norm_squared();
                sum += (1.0 - square / (nearest * nearest)).max(0.0).powi(2);
            }
        }
        Ok(sum)
    }
}
