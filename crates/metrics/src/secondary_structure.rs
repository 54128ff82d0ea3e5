//! Secondary structure by DSSP.

mod bridges;
mod helices;

use crate::Result;
use crate::geometry::{distance, dot, norm, subtract, vector};
use crate::hydrogen_bonds::BOND_ENERGY;
use crate::hydrogen_bonds::KabschSander;
use molio::Topology;

/// Secondary structure of a residue, by DSSP's letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecondaryStructure {
    /// H: α helix.
    AlphaHelix,
    /// B: residue in an isolated β bridge.
    Bridge,
    /// E: extended strand in a ladder.
    Strand,
    /// G: 3₁₀ helix.
    Helix310,
    /// I: π helix.
    PiHelix,
    /// T: hydrogen-bonded turn.
    Turn,
    /// S: bend, more than 70° over five residues.
    Bend,
    /// Blank: none of these.
    Loop,
}

impl SecondaryStructure {
    /// DSSP's letter.
    pub fn letter(self) -> char {
        match self {
            Self::AlphaHelix => 'H',
            Self::Bridge => 'B',
            Self::Strand => 'E',
            Self::Helix310 => 'G',
            Self::PiHelix => 'I',
            Self::Turn => 'T',
            Self::Bend => 'S',
            Self::Loop => ' ',
        }
    }

    /// Three states: H (H, G, I), E (E, B), C (the rest).
    pub fn simplified(self) -> char {
        match self {
            Self::AlphaHelix | Self::Helix310 | Self::PiHelix => 'H',
            Self::Bridge | Self::Strand => 'E',
            Self::Turn | Self::Bend | Self::Loop => 'C',
        }
    }
}

/// DSSP.
///
/// Hydrogen bonds by [`KabschSander`]; helices need two consecutive turns, α before β before 3₁₀ and
/// π; ladders are joined over bulges of up to four residues on one strand and one on the other.
///
/// # References
/// Kabsch, Sander, Biopolymers 1983, 10.1002/bip.360221211.
#[derive(Clone, Debug)]
pub struct Dssp {
    bonds: KabschSander,
    n_residues: usize,
}

impl Dssp {
    /// The residues of `topology` that have N, CA, C and O.
    pub fn new(topology: &Topology) -> Self {
        Self {
            bonds: KabschSander::new(topology),
            n_residues: topology.n_residues(),
        }
    }

    /// Secondary structure of each residue, `[n_residues]`; `None` for residues without a whole
    /// backbone (caps, CA-only models, water).
    ///
    /// # Errors
    /// A frame with another number of atoms, or a backbone coordinate that is not finite.
    pub fn evaluate(&self, positions: &[[f32; 3]]) -> Result<Vec<Option<SecondaryStructure>>> {
        let chain = Chain::new(&self.bonds, positions)?;
        let mut states = vec![SecondaryStructure::Loop; chain.len()];
        bridges::assign(&chain, &mut states);
        helices::assign(&chain, &mut states);
        let mut out = vec![None; self.n_residues];
        for (residue, state) in self.bonds.residues.iter().zip(states) {
            out[residue.index] = Some(state);
        }
        Ok(out)
    }
}

/// What both parts of the assignment look at.
struct Chain {
    /// The acceptors each residue donates to.
    acceptors: Vec<Vec<usize>>,
    /// Number of chain breaks before each residue.
    breaks: Vec<usize>,
    bends: Vec<bool>,
}

impl Chain {
    fn new(bonds: &KabschSander, positions: &[[f32; 3]]) -> Result<Self> {
        let acceptors = bonds
            .best_acceptors(positions)?
            .into_iter()
            .map(|best| {
                let bonded = best.into_iter().filter(|(_, energy)| *energy < BOND_ENERGY);
                bonded.map(|(acceptor, _)| acceptor).collect()
            })
            .collect();
        let mut breaks = Vec::with_capacity(bonds.residues.len());
        let mut count = 0;
        for residue in &bonds.residues {
            count += usize::from(!residue.linked);
            breaks.push(count);
        }
        let mut chain = Self {
            acceptors,
            breaks,
            bends: vec![false; bonds.residues.len()],
        };
        for i in 2..chain.len().saturating_sub(2) {
            let ca = |k: usize| positions[bonds.residues[k].ca];
            chain.bends[i] = chain.unbroken(i - 2, i + 2) && is_bend(ca(i - 2), ca(i), ca(i + 2));
        }
        Ok(chain)
    }

    fn len(&self) -> usize {
        self.breaks.len()
    }

    /// Whether no chain break lies between two residues.
    fn unbroken(&self, first: usize, last: usize) -> bool {
        self.breaks[first] == self.breaks[last]
    }

    /// Whether N–H of `donor` is bonded to O=C of `acceptor`.
    fn bonded(&self, donor: usize, acceptor: usize) -> bool {
        self.acceptors[donor].contains(&acceptor)
    }
}

fn is_bend(before: [f32; 3], at: [f32; 3], after: [f32; 3]) -> bool {
    let u = subtract(vector(at), vector(before));
    let v = subtract(vector(after), vector(at));
    let cosine = dot(u, v) / (norm(u) * norm(v));
    distance(before, at) > 0.0 && cosine < 70f64.to_radians().cos()
}
