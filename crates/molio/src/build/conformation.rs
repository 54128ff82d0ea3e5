//! Torsion angles of regular structures.

mod clearance;

use super::backbone::Torsions;
use super::library::ResidueForm;
use crate::{Error, Result};

/// A regular conformation.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Conformation {
    /// A β strand: φ = −120°, ψ = 130°.
    Extended,
    /// A right-handed α helix: φ = −63°, ψ = −43°; kinked before prolines.
    Helix,
    /// Two antiparallel strands joined by a β turn.
    Hairpin {
        /// The turn between them.
        turn: Turn,
        /// Amino acid, from 0, that is the first of the turn's residues between the strands (i + 1); `None`
        /// puts them in the middle of the chain, or as near to it as prolines allow.
        first: Option<usize>,
    },
}

/// A turn that closes hairpins, by the angles φ, ψ of the residues between the strands.
///
/// Angles here and in the strands are those nearest to the turn's nominal ones and to −110°, 130°, at
/// which the cross-strand hydrogen bonds N…O of sixteen residues of ideal geometry are 0.29 nm long (0.28 to
/// 0.29 nm for the loop of four).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// I′, nominally 60°, 30°; 90°, 0°.
    TypeIPrime,
    /// II′, nominally 60°, −120°; −80°, 0°.
    TypeIIPrime,
    /// The loop of four residues of 4:6 hairpins, in the regions αR αR γR αL: that of chignolin and its variant
    /// CLN025, whose Asp3 and Thr8 it joins.
    FourSix,
}

impl Turn {
    fn degrees(self) -> &'static [(f64, f64)] {
        match self {
            Self::TypeIPrime => &[(63.0, 23.0), (87.0, 15.0)],
            Self::TypeIIPrime => &[(54.0, -131.0), (-91.0, 3.0)],
            Self::FourSix => &[(-65.0, -37.0), (-99.0, -47.0), (-61.0, -37.0), (77.0, 28.0)],
        }
    }

    /// Number of residues between the strands.
    fn length(self) -> usize {
        self.degrees().len()
    }

    /// Of the strands: residues of pairs that hydrogen bonds join and of the pairs between them, before the
    /// turn and behind it.
    fn strands(self) -> [(f64, f64); 4] {
        match self {
            Self::TypeIPrime => [
                (-121.0, 135.0),
                (-111.0, 123.0),
                (-109.0, 140.0),
                (-99.0, 108.0),
            ],
            Self::TypeIIPrime => [
                (-118.0, 125.0),
                (-107.0, 123.0),
                (-112.0, 134.0),
                (-108.0, 119.0),
            ],
            Self::FourSix => [
                (-97.0, 109.0),
                (-104.0, 123.0),
                (-110.0, 136.0),
                (-118.0, 113.0),
            ],
        }
    }
}

/// φ of proline, whatever the conformation asks for, degrees: the mean in proteins.
const PROLINE_PHI: f64 = -65.0;

/// Torsion angles of these residues in a conformation; caps are skipped. Proline keeps φ = −65°, at which
/// strands bend: a hairpin opens as far as its backbones need, and where that is not enough torsions give way,
/// a little at a time, until backbones and proline rings are clear of each other.
///
/// # Errors
/// [`Error::Argument`] for a hairpin of fewer than two amino acids beside its turn, or whose turn lies outside, or on
/// a proline that cannot take its angles; for a sequence whose prolines leave no room for the conformation.
///
/// # References
/// Turns: C. M. Wilmot and J. M. Thornton, J. Mol. Biol. 203, 221 (1988), 10.1016/0022-2836(88)90103-9; loops of
/// hairpins: B. L. Sibanda, T. L. Blundell and J. M. Thornton, J. Mol. Biol. 206, 759 (1989),
/// 10.1016/0022-2836(89)90583-4.
pub fn conformation_torsions(
    forms: &[ResidueForm],
    conformation: Conformation,
) -> Result<Vec<Torsions>> {
    let acids: Vec<ResidueForm> = forms.iter().copied().filter(|f| !f.is_cap()).collect();
    let mut angles = match conformation {
        Conformation::Extended => vec![Torsions::degrees(-120.0, 130.0); acids.len()],
        Conformation::Helix => helix(&acids),
        Conformation::Hairpin { turn, first } => hairpin(&acids, turn, first)?,
    };
    let turned = match conformation {
        Conformation::Hairpin { turn, first } => {
            let first = turn_place(&acids, turn, first)?;
            Some(first..first + turn.length())
        }
        _ => None,
    };
    for index in 0..acids.len() {
        if acids[index].name() == "PRO" {
            let change = PROLINE_PHI.to_radians() - angles[index].phi;
            angles[index].phi += change;
            // turning the peptide plane back keeps strands in place; below ψ = 110° it meets the ring
            if let Some(turn) = &turned
                && index > 0
                && !(turn.start + 1..=turn.end).contains(&index)
            {
                let psi = &mut angles[index - 1].psi;
                *psi = (*psi - change).max(110f64.to_radians());
            }
        }
    }
    clearance::clear(
        &acids,
        &angles,
        turned.map(|turn| turn.start + turn.len() / 2),
    )
}

/// The first of the turn's residues between the strands.
fn turn_place(acids: &[ResidueForm], turn: Turn, first: Option<usize>) -> Result<usize> {
    let (n, length) = (acids.len(), turn.length());
    if n < length + 2 {
        return Err(Error::argument(
            "a hairpin",
            format!("{} amino acids or more", length + 2),
            n.to_string(),
        ));
    }
    // proline's φ is near −65°
    let fits = |first: usize| {
        let mut places = turn.degrees().iter().zip(&acids[first..]);
        !places.any(|(&(phi, _), acid)| phi > 0.0 && acid.name() == "PRO")
    };
    match first {
        Some(first) if first == 0 || first >= n - length || !fits(first) => Err(Error::argument(
            "the turn of a hairpin",
            format!(
                "a residue from 1 to {} that puts no proline where φ > 0",
                n - length - 1
            ),
            first.to_string(),
        )),
        Some(first) => Ok(first),
        None => {
            let middle = (n - length) / 2;
            (1..n - length)
                .filter(|&first| fits(first))
                .min_by_key(|&first| first.abs_diff(middle))
                .ok_or_else(|| {
                    Error::argument("a hairpin", "room for a turn between prolines", "none")
                })
        }
    }
}

fn hairpin(acids: &[ResidueForm], turn: Turn, first: Option<usize>) -> Result<Vec<Torsions>> {
    let n = acids.len();
    let first = turn_place(acids, turn, first)?;
    let mut angles = strands(n, first, turn);
    for (angles, &(phi, psi)) in angles[first..].iter_mut().zip(turn.degrees()) {
        *angles = Torsions::degrees(phi, psi);
    }
    Ok(angles)
}

/// Angles of the strands on both sides of a turn whose residues between them begin with `first`.
fn strands(n: usize, first: usize, turn: Turn) -> Vec<Torsions> {
    let angles = turn.strands();
    (0..n)
        .map(|residue| {
            let (phi, psi) = if residue < first {
                angles[(first - 1 - residue) % 2]
            } else {
                angles[2 + residue.saturating_sub(first + turn.length()) % 2]
            };
            Torsions::degrees(phi, psi)
        })
        .collect()
}

/// A helix, kinked before each proline so that its ring clears the carbonyls of the turn before: the
/// least changes of φ, ψ that keep them 0.28 nm apart.
fn helix(acids: &[ResidueForm]) -> Vec<Torsions> {
    const BEFORE_PROLINE: [(f64, f64); 3] = [(-64.0, -26.0), (-63.0, -34.0), (-56.0, -64.0)];
    let mut angles = vec![Torsions::degrees(-63.0, -43.0); acids.len()];
    for (proline, form) in acids.iter().enumerate().skip(3) {
        if form.name() == "PRO" {
            for (place, (phi, psi)) in BEFORE_PROLINE.into_iter().enumerate() {
                angles[proline - 3 + place] = Torsions::degrees(phi, psi);
            }
        }
    }
    angles
}
