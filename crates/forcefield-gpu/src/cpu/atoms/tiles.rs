//! Atoms sorted into tiles, and pairs of tiles that are close.

use crate::cpu::parameters::{Exclusions, Parameters};
use dynamics::{LANES, Lanes};
use std::collections::BTreeMap;

/// Marks a slot without an atom.
const EMPTY: u32 = u32::MAX;

/// Most chunks that a pass is cut into.
const CHUNKS_MAX: usize = 32;

/// How far away slots without an atom are put, nm.
const NOWHERE: f32 = 1e4;

/// And how far from each other, nm.
const APART: f32 = 10.0;

/// Masks of a tile pair: bit k of row i is the pair of slot i of the first and k of the second.
type Rows = [u16; LANES];

/// The sorting of atoms into tiles.
#[derive(Debug)]
pub(in crate::cpu) struct Tiles {
    /// Atom of each slot, `[tile][lane]`.
    atoms: Vec<[u32; LANES]>,
    /// Born class of each tile.
    pub(super) classes: Vec<u32>,
    /// Tiles of each chunk.
    pub(super) chunks: Vec<Vec<usize>>,
    /// Excluded pairs by first and second tile.
    pub(super) nonbonded: ExcludedRows,
    pub(super) soft: ExcludedRows,
}

/// Excluded pairs of each tile with tiles not before it, ascending.
pub(super) type ExcludedRows = Vec<Vec<(usize, Rows)>>;

impl Tiles {
    pub(in crate::cpu) fn new(parameters: &Parameters) -> Self {
        let n_atoms = parameters.n_atoms;
        let class = |atom: usize| {
            parameters
                .born
                .as_ref()
                .map_or(0, |born| born.classes[atom])
        };
        let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for atom in 0..n_atoms {
            members.entry(class(atom)).or_default().push(atom as u32);
        }
        let (mut atoms, mut classes) = (Vec::new(), Vec::new());
        for (class, members) in members {
            for chunk in members.chunks(LANES) {
                let mut tile = [EMPTY; LANES];
                tile[..chunk.len()].copy_from_slice(chunk);
                atoms.push(tile);
                classes.push(class);
            }
        }
        let n_tiles = atoms.len();
        let n_chunks = (n_tiles / 8).clamp(1, CHUNKS_MAX);
        let mut slots = vec![0; n_atoms];
        for (slot, &atom) in atoms.iter().flatten().enumerate() {
            if atom != EMPTY {
                slots[atom as usize] = slot;
            }
        }
        let excluded = |exclusions: Option<&Exclusions>| match exclusions {
            Some(exclusions) => excluded_rows(exclusions, &slots, n_tiles),
            None => Vec::new(),
        };
        Self {
            nonbonded: excluded(parameters.nonbonded.as_ref().map(|term| &term.exclusions)),
            soft: excluded(parameters.soft.as_ref().map(|term| &term.exclusions)),
            // dealt out in turn: tiles early in the order have more partners than late ones
            chunks: (0..n_chunks)
                .map(|c| (c..n_tiles).step_by(n_chunks).collect())
                .collect(),
            atoms,
            classes,
        }
    }

    /// Number of tiles.
    pub(super) fn len(&self) -> usize {
        self.atoms.len()
    }

    /// Positions by slot. Slots without an atom go far away from everything and each other.
    pub(super) fn gather(&self, positions: &[[f32; 3]]) -> Vec<[Lanes; 3]> {
        let end = positions.iter().fold(0.0f32, |end, x| end.max(x[0]));
        let mut empty = 0;
        let place = |&atom: &u32, empty: &mut usize| {
            if atom == EMPTY {
                *empty += 1;
                [end + NOWHERE + APART * *empty as f32, 0.0, 0.0]
            } else {
                positions[atom as usize]
            }
        };
        self.atoms
            .iter()
            .map(|tile| {
                let mut out = [Lanes::ZERO; 3];
                for (lane, atom) in tile.iter().enumerate() {
                    let position = place(atom, &mut empty);
                    for axis in 0..3 {
                        out[axis].0[lane] = position[axis];
                    }
                }
                out
            })
            .collect()
    }

    /// A parameter of each atom by slot, zero where there is no atom.
    pub(super) fn gather_scalars(&self, values: &[f32]) -> Vec<Lanes> {
        let value = |&atom: &u32| values.get(atom as usize).copied().unwrap_or(0.0);
        self.atoms
            .iter()
            .map(|tile| Lanes(std::array::from_fn(|lane| value(&tile[lane]))))
            .collect()
    }

    /// Calls `visit(atom, tile, lane)` for every atom.
    pub(in crate::cpu) fn for_each_atom(&self, mut visit: impl FnMut(usize, usize, usize)) {
        for (tile, atoms) in self.atoms.iter().enumerate() {
            for (lane, &atom) in atoms.iter().enumerate() {
                if atom != EMPTY {
                    visit(atom as usize, tile, lane);
                }
            }
        }
    }
}

fn excluded_rows(exclusions: &Exclusions, slots: &[usize], n_tiles: usize) -> ExcludedRows {
    let mut rows = vec![BTreeMap::<usize, Rows>::new(); n_tiles];
    for atom in 0..slots.len() {
        for &partner in exclusions.after(atom) {
            let (a, b) = (slots[atom], slots[partner as usize]);
            let (a, b) = (a.min(b), a.max(b));
            let masks = rows[a / LANES].entry(b / LANES).or_default();
            masks[a % LANES] |= 1 << (b % LANES);
        }
    }
    rows.into_iter()
        .map(|row| row.into_iter().collect())
        .collect()
}

/// Which pairs within a tile pair count: all, or those with a set bit.
pub(super) fn counting(first: usize, second: usize, excluded: &[(usize, Rows)]) -> Option<Rows> {
    let found = excluded.binary_search_by_key(&second, |&(tile, _)| tile);
    if first != second && found.is_err() {
        return None;
    }
    let excluded = found.map_or([0; LANES], |index| excluded[index].1);
    Some(std::array::from_fn(|i| {
        // within a tile, each pair once: lanes above the row
        let above = if first == second {
            u16::MAX << i << 1
        } else {
            u16::MAX
        };
        above & !excluded[i]
    }))
}

/// Partners of each tile, not before it.
pub(super) enum Neighbours {
    /// Every tile.
    All,
    /// Those with an atom that may be within a cutoff.
    Lists(Vec<Vec<usize>>),
}

impl Neighbours {
    /// Tiles whose bounding boxes come within the cutoff.
    pub(super) fn within(positions: &[[Lanes; 3]], cutoff2: f32) -> Self {
        if cutoff2 == f32::INFINITY {
            return Self::All;
        }
        let boxes: Vec<[[f32; 2]; 3]> = positions
            .iter()
            .map(|tile| tile.each_ref().map(extent))
            .collect();
        let close = |a: &[[f32; 2]; 3], b: &[[f32; 2]; 3]| {
            let gap2: f32 = (0..3)
                .map(|axis| {
                    (a[axis][0] - b[axis][1])
                        .max(b[axis][0] - a[axis][1])
                        .max(0.0)
                })
                .map(|gap| gap * gap)
                .sum();
            // tiles with NaN stay, so that the energy becomes NaN
            let beyond = gap2 > cutoff2 * 1.0001;
            !beyond
        };
        let lists = (0..boxes.len())
            .map(|i| {
                (i..boxes.len())
                    .filter(|&j| close(&boxes[i], &boxes[j]))
                    .collect()
            })
            .collect();
        Self::Lists(lists)
    }

    /// Calls `visit` for every partner of a tile.
    #[inline(always)]
    pub(super) fn of(&self, tile: usize, n_tiles: usize) -> impl Iterator<Item = usize> + '_ {
        let (range, list) = match self {
            Self::All => (tile..n_tiles, &[][..]),
            Self::Lists(lists) => (0..0, &lists[tile][..]),
        };
        range.chain(list.iter().copied())
    }
}

/// Smallest and largest of the real atoms' coordinates. Slots without an atom blow a box up: only the last
/// tile of a class has them.
fn extent(lanes: &Lanes) -> [f32; 2] {
    lanes
        .0
        .iter()
        .fold([f32::INFINITY, f32::NEG_INFINITY], |[low, high], &x| {
            [low.min(x), high.max(x)]
        })
}
