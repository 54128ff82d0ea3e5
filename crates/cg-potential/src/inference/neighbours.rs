//! Which beads may be within the cutoff of each other, kept over many steps.

/// What a list reaches beyond the cutoff, nm: it holds until a bead has moved half of this.
const SKIN: f32 = 0.2;

/// From this number of beads on they are sorted into cells; with fewer, all pairs are looked at.
const CELLS_FROM: usize = 400;

/// Bits of a direction's cells in a key.
const CELL_BITS: u32 = 20;

/// Beads farther apart than so many cells are not sorted: a place's rounding has to stay far below a cell.
const MOST_CELLS: f32 = 16_384.0;

/// Pairs of one replica that are within the cutoff, or were nearly so when the list was made.
///
/// A list only leaves out pairs that cannot be within the cutoff, and holds the others in the order of
/// their beads. What is made from it is therefore the same bits as without a list, whenever it was made:
/// a restarted simulation does not need the list of the one before.
#[derive(Clone, Debug, Default)]
pub(crate) struct NeighbourList {
    /// Positions that the list was made for, nm.
    made_for: Vec<[f32; 3]>,
    reach: f32,
    /// Beads i < j, sorted.
    pairs: Vec<[u32; 2]>,
    /// Keys of cells with their beads, sorted.
    cells: Vec<(u64, u32)>,
    found: Vec<u32>,
}

impl NeighbourList {
    /// Makes the list anew if a bead has moved too far since it was made.
    ///
    /// Pairs whose distance is no number are on the list.
    pub(crate) fn update(&mut self, positions: &[[f32; 3]], cutoff: f32) {
        let reach = cutoff + SKIN;
        let limit = (0.5 * SKIN).powi(2) * 0.999;
        let holds = self.reach == reach
            && self.made_for.len() == positions.len()
            // a distance that is no number is not below the limit
            && positions.iter().zip(&self.made_for).all(|(x, y)| square(x, y) < limit);
        if holds {
            return;
        }
        self.reach = reach;
        self.made_for.clear();
        self.made_for.extend_from_slice(positions);
        self.pairs.clear();
        if positions.len() < CELLS_FROM || !self.fill_cells() {
            self.look_at_all();
        } else {
            self.look_into_cells();
        }
    }

    /// The pairs, beads i < j, sorted.
    pub(crate) fn pairs(&self) -> &[[u32; 2]] {
        &self.pairs
    }

    fn look_at_all(&mut self) {
        let far = self.reach * self.reach;
        for (i, x) in self.made_for.iter().enumerate() {
            for (j, y) in self.made_for.iter().enumerate().skip(i + 1) {
                if square(x, y) > far {
                    continue;
                }
                self.pairs.push([i as u32, j as u32]);
            }
        }
    }

    /// Sorts beads into cells as wide as the list reaches; false where that cannot be done.
    fn fill_cells(&mut self) -> bool {
        let mut least = [f32::INFINITY; 3];
        for x in &self.made_for {
            for (least, &x) in least.iter_mut().zip(x) {
                *least = least.min(x);
            }
        }
        self.cells.clear();
        for (bead, x) in self.made_for.iter().enumerate() {
            // one empty cell below the first
            let place: [f32; 3] =
                std::array::from_fn(|axis| ((x[axis] - least[axis]) / self.reach).floor() + 1.0);
            // what is no number is not below it either
            if !place.iter().all(|&cell| cell < MOST_CELLS) {
                return false;
            }
            self.cells
                .push((key(place.map(|cell| cell as u64)), bead as u32));
        }
        self.cells.sort_unstable();
        true
    }

    fn look_into_cells(&mut self) {
        let far = self.reach * self.reach;
        let mut of_bead = vec![0; self.made_for.len()];
        for &(key, bead) in &self.cells {
            of_bead[bead as usize] = key;
        }
        for (i, x) in self.made_for.iter().enumerate() {
            self.found.clear();
            for across in [0_u64, 1, 2] {
                for up in [0_u64, 1, 2] {
                    // the cells left of, at and right of a place have neighbouring keys
                    let shifted = of_bead[i] + key([0, across, up]) - key([0, 1, 1]);
                    let start = self.cells.partition_point(|cell| cell.0 + 1 < shifted);
                    let cells = self.cells[start..].iter();
                    let near = cells.take_while(|cell| cell.0 <= shifted + 1);
                    self.found.extend(near.filter_map(|&(_, j)| {
                        let apart = square(x, &self.made_for[j as usize]);
                        (j as usize > i && apart <= far).then_some(j)
                    }));
                }
            }
            self.found.sort_unstable();
            self.pairs.extend(self.found.iter().map(|&j| [i as u32, j]));
        }
    }
}

fn square(x: &[f32; 3], y: &[f32; 3]) -> f32 {
    let d = [x[0] - y[0], x[1] - y[1], x[2] - y[2]];
    d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
}

fn key(cell: [u64; 3]) -> u64 {
    cell[0] | cell[1] << CELL_BITS | cell[2] << (2 * CELL_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Places spread evenly over a box, by a multiplier of Knuth's.
    fn spread(n: usize, edge: f32, seed: u64) -> Vec<[f32; 3]> {
        let mut state = seed;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            edge * (state >> 40) as f32 / (1u32 << 24) as f32
        };
        (0..n).map(|_| [next(), next(), next()]).collect()
    }

    fn within(positions: &[[f32; 3]], pairs: &[[u32; 2]], cutoff: f32) -> Vec<[u32; 2]> {
        let near = |pair: &&[u32; 2]| {
            let [i, j] = pair.map(|bead| &positions[bead as usize]);
            square(i, j) <= cutoff * cutoff
        };
        pairs.iter().filter(near).copied().collect()
    }

    fn all(n: usize) -> Vec<[u32; 2]> {
        let n = n as u32;
        (0..n)
            .flat_map(|i| (i + 1..n).map(move |j| [i, j]))
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn no_pair_within_the_cutoff_is_left_out(
            n in prop_oneof![2_usize..40, CELLS_FROM..CELLS_FROM + 60],
            edge in prop_oneof![Just(0.5_f32), 2.0_f32..12.0, Just(3e6)],
            cutoff in 0.3_f32..1.6,
            seed in 0_u64..1_000_000,
        ) {
            let mut positions = spread(n, edge, seed);
            let all = all(n);
            let mut list = NeighbourList::default();
            let steps = spread(n, 0.06, seed + 1);
            for _ in 0..8 {
                list.update(&positions, cutoff);
                prop_assert_eq!(
                    within(&positions, list.pairs(), cutoff),
                    within(&positions, &all, cutoff)
                );
                prop_assert!(list.pairs().is_sorted());
                for (x, step) in positions.iter_mut().zip(&steps) {
                    for (x, step) in x.iter_mut().zip(step) {
                        *x += step - 0.03;
                    }
                }
            }
        }
    }

    #[test]
    fn a_list_is_made_anew_only_when_a_bead_has_moved() {
        let mut positions = spread(500, 4.0, 3);
        let mut list = NeighbourList::default();
        list.update(&positions, 1.2);
        let made_for = list.made_for.clone();
        positions[7][0] += 0.09;
        list.update(&positions, 1.2);
        assert_eq!(list.made_for, made_for);
        positions[7][0] += 0.02;
        list.update(&positions, 1.2);
        assert_eq!(list.made_for, positions);
        // cells and all pairs give the same list
        let from_cells = list.pairs.clone();
        list.pairs.clear();
        list.look_at_all();
        assert_eq!(list.pairs, from_cells);
    }

    #[test]
    fn a_place_that_is_no_number_keeps_its_pairs() {
        let mut positions = spread(450, 20.0, 5);
        positions[9][2] = f32::NAN;
        let mut list = NeighbourList::default();
        list.update(&positions, 1.2);
        let of_nine = list.pairs().iter().filter(|pair| pair.contains(&9)).count();
        assert_eq!(of_nine, 449);
    }
}
