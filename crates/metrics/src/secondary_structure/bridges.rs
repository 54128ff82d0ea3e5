//! β bridges, ladders and bulges.

use super::{Chain, SecondaryStructure};
use std::collections::VecDeque;

/// Consecutive bridges of one kind between two strands.
struct Ladder {
    parallel: bool,
    first: VecDeque<usize>,
    /// Ascending for both kinds.
    second: VecDeque<usize>,
}

pub(super) fn assign(chain: &Chain, states: &mut [SecondaryStructure]) {
    let mut ladders = ladders(chain);
    join_bulges(chain, &mut ladders);
    for ladder in &ladders {
        let state = if ladder.first.len() > 1 {
            SecondaryStructure::Strand
        } else {
            SecondaryStructure::Bridge
        };
        for strand in [&ladder.first, &ladder.second] {
            let (Some(&start), Some(&end)) = (strand.front(), strand.back()) else {
                continue;
            };
            for residue in &mut states[start..=end] {
                if *residue != SecondaryStructure::Strand {
                    *residue = state;
                }
            }
        }
    }
}

fn ladders(chain: &Chain) -> Vec<Ladder> {
    let n = chain.len();
    let mut ladders: Vec<Ladder> = Vec::new();
    for i in 1..n.saturating_sub(4) {
        for j in i + 3..n - 1 {
            let Some(parallel) = bridge(chain, i, j) else {
                continue;
            };
            let extended = ladders.iter_mut().find(|ladder| {
                let next = if parallel {
                    ladder.second.back().map(|&j| j + 1)
                } else {
                    ladder.second.front().and_then(|&j| j.checked_sub(1))
                };
                ladder.parallel == parallel
                    && ladder.first.back().map(|&i| i + 1) == Some(i)
                    && next == Some(j)
            });
            match extended {
                Some(ladder) => {
                    ladder.first.push_back(i);
                    if parallel {
                        ladder.second.push_back(j);
                    } else {
                        ladder.second.push_front(j);
                    }
                }
                None => ladders.push(Ladder {
                    parallel,
                    first: [i].into(),
                    second: [j].into(),
                }),
            }
        }
    }
    ladders
}

/// The kind of bridge between residues i and j: parallel, antiparallel, or none.
fn bridge(chain: &Chain, i: usize, j: usize) -> Option<bool> {
    let bonded = |donor, acceptor| chain.bonded(donor, acceptor);
    if !chain.unbroken(i - 1, i + 1) || !chain.unbroken(j - 1, j + 1) {
        return None;
    }
    let parallel = (bonded(i + 1, j) && bonded(j, i - 1)) || (bonded(j + 1, i) && bonded(i, j - 1));
    let antiparallel =
        (bonded(i + 1, j - 1) && bonded(j + 1, i - 1)) || (bonded(j, i) && bonded(i, j));
    if parallel {
        Some(true)
    } else {
        antiparallel.then_some(false)
    }
}

fn join_bulges(chain: &Chain, ladders: &mut Vec<Ladder>) {
    ladders.sort_by_key(|ladder| (ladder.first[0], ladder.second[0]));
    let mut i = 0;
    while i < ladders.len() {
        let mut j = i + 1;
        while j < ladders.len() {
            if is_bulge(chain, &ladders[i], &ladders[j]) {
                let joined = ladders.remove(j);
                let ladder = &mut ladders[i];
                ladder.first.extend(joined.first);
                if ladder.parallel {
                    ladder.second.extend(joined.second);
                } else {
                    for &residue in joined.second.iter().rev() {
                        ladder.second.push_front(residue);
                    }
                }
            } else {
                j += 1;
            }
        }
        i += 1;
    }
}

fn is_bulge(chain: &Chain, a: &Ladder, b: &Ladder) -> bool {
    let ends = |strand: &VecDeque<usize>| (strand[0], strand[strand.len() - 1]);
    let ((a_start, a_end), (b_start, b_end)) = (ends(&a.first), ends(&b.first));
    let ((a_start2, a_end2), (b_start2, b_end2)) = (ends(&a.second), ends(&b.second));
    if a.parallel != b.parallel
        || !chain.unbroken(a_start.min(b_start), a_end.max(b_end))
        || !chain.unbroken(a_start2.min(b_start2), a_end2.max(b_end2))
        || b_start as isize - a_end as isize >= 6
        || (a_end >= b_start && a_start <= b_end)
    {
        return false;
    }
    let gap = b_start as isize - a_end as isize;
    let gap2 = if a.parallel {
        b_start2 as isize - a_end2 as isize
    } else {
        a_start2 as isize - b_end2 as isize
    };
    // strands that cross are no bulge
    let ordered = if a.parallel {
        b_start2 > a_end2
    } else {
        a_start2 > b_end2
    };
    ordered && ((gap2 < 6 && gap < 3) || gap2 < 3)
}
