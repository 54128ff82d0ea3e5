//! Choosing among alternative locations.

/// What the choice needs to know of an atom.
pub(crate) struct Candidate {
    /// Which residue it belongs to, counted through the model; runs of equal numbers are one residue.
    pub(crate) residue: usize,
    /// A letter, or a blank.
    pub(crate) altloc: u8,
    pub(crate) occupancy: f64,
}

/// Which atoms to keep. A residue keeps the atoms without a letter, and those of the one letter whose
/// atoms have the highest mean occupancy, the first in the file if several do: so what remains is one
/// conformation that exists, not a mixture.
pub(crate) fn choose(candidates: &[Candidate]) -> Vec<bool> {
    let mut keep = Vec::with_capacity(candidates.len());
    for residue in candidates.chunk_by(|a, b| a.residue == b.residue) {
        let chosen = best_letter(residue);
        keep.extend(
            residue
                .iter()
                .map(|atom| atom.altloc == b' ' || Some(atom.altloc) == chosen),
        );
    }
    keep
}

fn best_letter(residue: &[Candidate]) -> Option<u8> {
    // letter, sum of occupancies, number of atoms
    let mut letters: Vec<(u8, f64, f64)> = Vec::new();
    for atom in residue.iter().filter(|atom| atom.altloc != b' ') {
        match letters
            .iter_mut()
            .find(|(letter, ..)| *letter == atom.altloc)
        {
            Some((_, sum, count)) => {
                *sum += atom.occupancy;
                *count += 1.0;
            }
            None => letters.push((atom.altloc, atom.occupancy, 1.0)),
        }
    }
    let mut best: Option<(u8, f64)> = None;
    for (letter, sum, count) in letters {
        let mean = sum / count;
        if best.is_none_or(|(_, highest)| mean > highest) {
            best = Some((letter, mean));
        }
    }
    best.map(|(letter, _)| letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_occupancy_wins_and_the_first_of_equals() {
        let atoms = [
            (0, b' ', 1.0),
            (0, b'A', 0.3),
            (0, b'B', 0.7),
            (1, b'B', 0.5),
            (1, b'A', 0.5),
        ];
        let candidates: Vec<_> = atoms
            .map(|(residue, altloc, occupancy)| Candidate {
                residue,
                altloc,
                occupancy,
            })
            .into();
        assert_eq!(choose(&candidates), [true, false, true, true, false]);
    }
}
