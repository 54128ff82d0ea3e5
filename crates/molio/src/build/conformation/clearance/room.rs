//! Backbones on which side chains have room.

use super::{CLASHING, Chain, GIVE, SWEEPS};
use crate::build::backbone::{Torsions, place_backbone};
use crate::build::blueprint::Scaffold;
use crate::build::side_chains::{SideChainConfig, place_heavy_atoms};
use crate::{Error, Result};

/// Distance (nm) of heavy atoms more than three bonds apart down to which side chains have room.
const NEAREST: f64 = 0.2;

/// The same to which torsions give way, once they have to.
const ROOMY: f64 = 0.22;

/// Heavy atoms that are nearer than [`ROOMY`], all side chains in their best rotamers.
struct Crowd {
    /// Σ (1 − d²/ROOMY²)²
    overlap: f64,
    /// First and last residue of those that overlap, and their least distance, nm.
    worst: Option<(usize, usize, f64)>,
}

/// Where side chains in their best rotamers clash, torsions from there to what they clash with give way step by
/// step. Angles at which none does stay as they are.
///
/// # Errors
/// [`Error::Argument`] where that is not enough.
pub(super) fn give_room(chain: &Chain<'_>, angles: Vec<Torsions>) -> Result<Vec<Torsions>> {
    let mut best = angles;
    let mut least = chain.crowd(&best)?;
    let clashes = |crowd: &Crowd| crowd.worst.is_some_and(|(.., nearest)| nearest <= NEAREST);
    if !clashes(&least) {
        return Ok(best);
    }
    for _ in 0..SWEEPS {
        let Some((first, last, _)) = least.worst else {
            break;
        };
        let before = least.overlap;
        for residue in first.saturating_sub(1)..=last.min(chain.acids.len() - 1) {
            for is_psi in [false, true] {
                for change in GIVE {
                    let Some(changed) = chain.changed(&best, residue, is_psi, change) else {
                        continue;
                    };
                    if chain.overlap(&changed, CLASHING)? > 0.0 {
                        continue;
                    }
                    let crowd = chain.crowd(&changed)?;
                    if crowd.overlap < least.overlap {
                        (least, best) = (crowd, changed);
                    }
                    if least.overlap == 0.0 {
                        return Ok(best);
                    }
                }
            }
        }
        if least.overlap == before {
            break;
        }
    }
    if clashes(&least) {
        return Err(Error::argument(
            "a conformation to build",
            "one in which side chains have room",
            "atoms of theirs nearer than 0.2 nm in whatever rotamers",
        ));
    }
    Ok(best)
}

impl Chain<'_> {
    fn crowd(&self, angles: &[Torsions]) -> Result<Crowd> {
        let mut scaffold = Scaffold::new(self.blueprint.topology().n_atoms());
        place_backbone(&self.blueprint, &mut scaffold, angles)?;
        let config = SideChainConfig::default();
        place_heavy_atoms(&self.blueprint, &mut scaffold, &[], &config)?;
        let atoms = self.blueprint.topology().atoms();
        let heavy: Vec<usize> = (0..atoms.len())
            .filter(|&atom| !self.blueprint.is_hydrogen(atom))
            .collect();
        let mut crowd = Crowd {
            overlap: 0.0,
            worst: None,
        };
        for (place, &a) in heavy.iter().enumerate() {
            for &b in &heavy[place + 1..] {
                let square = (scaffold.positions[a] - scaffold.positions[b]).norm_squared();
                let overlap = 1.0 - square / (ROOMY * ROOMY);
                if overlap <= 0.0 || self.blueprint.near(a).binary_search(&b).is_ok() {
                    continue;
                }
                crowd.overlap += overlap.powi(2);
                let distance = square.sqrt();
                if crowd.worst.is_none_or(|(.., least)| distance < least) {
                    crowd.worst = Some((atoms[a].residue, atoms[b].residue, distance));
                }
            }
        }
        Ok(crowd)
    }
}
