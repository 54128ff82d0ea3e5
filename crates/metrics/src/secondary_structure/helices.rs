//! Helices, turns and bends.

use super::{Chain, SecondaryStructure};

pub(super) fn assign(chain: &Chain, states: &mut [SecondaryStructure]) {
    let starts: [Vec<bool>; 3] = [3, 4, 5].map(|stride| turn_starts(chain, stride));
    helix(
        &starts[1],
        4,
        SecondaryStructure::AlphaHelix,
        states,
        |_| true,
    );
    helix(
        &starts[0],
        3,
        SecondaryStructure::Helix310,
        states,
        |state| state == SecondaryStructure::Loop,
    );
    // π helices win over α: DSSP 2.1 and later
    helix(
        &starts[2],
        5,
        SecondaryStructure::PiHelix,
        states,
        |state| [SecondaryStructure::Loop, SecondaryStructure::AlphaHelix].contains(&state),
    );
    for i in 1..states.len().saturating_sub(1) {
        if states[i] != SecondaryStructure::Loop {
            continue;
        }
        let in_turn = starts
            .iter()
            .zip([3, 4, 5])
            .any(|(starts, stride)| (1..stride).any(|back| i >= back && starts[i - back]));
        if in_turn {
            states[i] = SecondaryStructure::Turn;
        } else if chain.bends[i] {
            states[i] = SecondaryStructure::Bend;
        }
    }
}

/// Where O=C of residue i is bonded to N–H of residue i + stride.
fn turn_starts(chain: &Chain, stride: usize) -> Vec<bool> {
    (0..chain.len())
        .map(|i| {
            let end = i + stride;
            end < chain.len() && chain.unbroken(i, end) && chain.bonded(end, i)
        })
        .collect()
}

/// Two consecutive turns make a helix of `stride` residues from the second on, if all of them are
/// in it already or `may_become` part of it.
fn helix(
    starts: &[bool],
    stride: usize,
    kind: SecondaryStructure,
    states: &mut [SecondaryStructure],
    may_become: impl Fn(SecondaryStructure) -> bool,
) {
    for i in 1..states.len().saturating_sub(stride) {
        let range = i..i + stride;
        let free = |state: &SecondaryStructure| *state == kind || may_become(*state);
        if starts[i] && starts[i - 1] && states[range.clone()].iter().all(free) {
            states[range].fill(kind);
        }
    }
}
