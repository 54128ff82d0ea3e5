//! Convolutions whose filters come from a table of cubics over distance.

use super::buffer::Buffer;
use super::vector::{InstructionSet, Kernel, Vector};

/// A pair within the cutoff, and how its filter is made of four rows of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TabulatedPair {
    /// Rows of the two beads.
    pub(crate) beads: [u32; 2],
    /// First of the four rows: value and slope of two knots.
    pub(crate) row: u32,
    /// Weights of the four rows in the filter.
    pub(crate) value: [f32; 4],
    /// Weights of the four rows in the filter's slope (1/nm).
    pub(crate) slope: [f32; 4],
}

/// Checks that every row that a kernel reaches exists.
fn check(pairs: &[TabulatedPair], table: &Buffer, nodes: &[&[f32]]) -> usize {
    let stride = table.stride();
    let beads = pairs.iter().flat_map(|pair| pair.beads).max();
    let last = beads.map_or(0, |row| row as usize + 1);
    let row = pairs.iter().map(|pair| pair.row).max();
    assert!(
        row.is_none_or(|row| row as usize + 4 <= table.rows()),
        "rows of a table"
    );
    for nodes in nodes {
        assert!(nodes.len() >= last * stride, "rows of features");
    }
    stride
}

/// q += the convolution of p.
pub(crate) fn convolve_tabulated(
    set: InstructionSet,
    pairs: &[TabulatedPair],
    table: &Buffer,
    p: &[f32],
    q: &mut [f32],
) {
    let stride = check(pairs, table, &[p, q]);
    set.run(Convolve {
        pairs,
        table: table.as_ptr(),
        stride,
        p: p.as_ptr(),
        q: q.as_mut_ptr(),
    });
}

struct Convolve<'a> {
    pairs: &'a [TabulatedPair],
    table: *const f32,
    stride: usize,
    p: *const f32,
    q: *mut f32,
}

/// One register's columns of four rows.
///
/// # Safety
/// Four rows of `stride` numbers may be read from `at` on, each for a register.
#[inline(always)]
unsafe fn load_four<V: Vector>(at: *const f32, stride: usize) -> [V; 4] {
    // SAFETY: the caller's promise. No closures: they would not be compiled for the instruction set
    unsafe {
        [
            V::load(at),
            V::load(at.add(stride)),
            V::load(at.add(2 * stride)),
            V::load(at.add(3 * stride)),
        ]
    }
}

/// Σ weights · rows at one register's columns.
#[inline(always)]
fn blend<V: Vector>(rows: [V; 4], weights: [V; 4]) -> V {
    let sum = rows[0].times(weights[0]);
    let sum = rows[1].times_plus(weights[1], sum);
    let sum = rows[2].times_plus(weights[2], sum);
    rows[3].times_plus(weights[3], sum)
}

impl Kernel for Convolve<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        for pair in self.pairs {
            let [i, j] = pair.beads;
            let (i, j) = (i as usize * self.stride, j as usize * self.stride);
            let [a, b, c, d] = pair.value;
            let weights = [V::splat(a), V::splat(b), V::splat(c), V::splat(d)];
            for at in (0..self.stride).step_by(V::LANES) {
                // SAFETY: `check` saw that rows i and j, and four rows of the table, exist
                unsafe {
                    let entry = self.table.add(pair.row as usize * self.stride + at);
                    let rows = load_four(entry, self.stride);
                    let w = blend(rows, weights);
                    let [to_i, to_j] = [self.q.add(i + at), self.q.add(j + at)];
                    w.times_plus(V::load(self.p.add(j + at)), V::load(to_i))
                        .store(to_i);
                    w.times_plus(V::load(self.p.add(i + at)), V::load(to_j))
                        .store(to_j);
                }
            }
        }
    }
}

/// From ∂E/∂q (`by_q`): adds ∂E/∂p to `by_p` and ∂E/∂r to `by_distance`.
pub(crate) fn convolve_tabulated_back(
    set: InstructionSet,
    pairs: &[TabulatedPair],
    table: &Buffer,
    [p, by_q]: [&[f32]; 2],
    by_p: &mut [f32],
    by_distance: &mut [f32],
) {
    let stride = check(pairs, table, &[p, by_q, by_p]);
    assert_eq!(by_distance.len(), pairs.len(), "pairs");
    set.run(ConvolveBack {
        pairs,
        table: table.as_ptr(),
        stride,
        p: p.as_ptr(),
        by_q: by_q.as_ptr(),
        by_p: by_p.as_mut_ptr(),
        by_distance,
    });
}

struct ConvolveBack<'a> {
    pairs: &'a [TabulatedPair],
    table: *const f32,
    stride: usize,
    p: *const f32,
    by_q: *const f32,
    by_p: *mut f32,
    by_distance: &'a mut [f32],
}

impl Kernel for ConvolveBack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        for (pair, by_distance) in self.pairs.iter().zip(self.by_distance) {
            let [i, j] = pair.beads;
            let (i, j) = (i as usize * self.stride, j as usize * self.stride);
            let [a, b, c, d] = pair.value;
            let values = [V::splat(a), V::splat(b), V::splat(c), V::splat(d)];
            let [a, b, c, d] = pair.slope;
            let slopes = [V::splat(a), V::splat(b), V::splat(c), V::splat(d)];
            let mut sum = V::splat(0.0);
            for at in (0..self.stride).step_by(V::LANES) {
                // SAFETY: `check` saw that rows i and j, and four rows of the table, exist
                unsafe {
                    let entry = self.table.add(pair.row as usize * self.stride + at);
                    let rows = load_four(entry, self.stride);
                    let w = blend(rows, values);
                    let [p_i, p_j] = [V::load(self.p.add(i + at)), V::load(self.p.add(j + at))];
                    let [q_i, q_j] = [
                        V::load(self.by_q.add(i + at)),
                        V::load(self.by_q.add(j + at)),
                    ];
                    let [to_i, to_j] = [self.by_p.add(i + at), self.by_p.add(j + at)];
                    w.times_plus(q_j, V::load(to_i)).store(to_i);
                    w.times_plus(q_i, V::load(to_j)).store(to_j);
                    let by_filter = q_i.times_plus(p_j, q_j.times(p_i));
                    sum = by_filter.times_plus(blend(rows, slopes), sum);
                }
            }
            *by_distance += sum.sum();
        }
    }
}
