//! Rows of numbers that start at cache lines.

use dynamics::{LANES, Lanes};
use std::ops::{Deref, DerefMut};

/// Rows are this many numbers long, or a multiple: two of the widest registers.
pub(crate) const STRIDE: usize = 32;

/// Rows of `stride` numbers, the first of each at the start of a cache line. Columns beyond those in
/// use are 0 in everything that kernels write.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buffer {
    lines: Vec<Lanes>,
    rows: usize,
    stride: usize,
}

impl Buffer {
    /// Rows of `width` columns, zeros.
    pub(crate) fn new(rows: usize, width: usize) -> Self {
        let mut buffer = Self::default();
        buffer.resize(rows, width);
        buffer
    }

    /// Gives the buffer another size; what it then holds is old or 0.
    pub(crate) fn resize(&mut self, rows: usize, width: usize) {
        let stride = width.next_multiple_of(STRIDE);
        if self.stride != stride {
            self.lines.clear();
        }
        self.lines.resize(rows * stride / LANES, Lanes::ZERO);
        (self.rows, self.stride) = (rows, stride);
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    /// One row.
    pub(crate) fn row(&self, row: usize) -> &[f32] {
        &self[row * self.stride..(row + 1) * self.stride]
    }

    /// One row.
    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [f32] {
        let stride = self.stride;
        &mut self[row * stride..(row + 1) * stride]
    }

    /// The rows from `row` on.
    pub(crate) fn rows_from(&self, row: usize) -> &[f32] {
        &self[row * self.stride..]
    }

    /// The first `row` rows, and the others.
    pub(crate) fn split_mut(&mut self, row: usize) -> (&mut [f32], &mut [f32]) {
        let at = row * self.stride;
        self.split_at_mut(at)
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        let n = self.lines.len() * LANES;
        // SAFETY: Lanes is `repr(C)` around LANES f32 without padding (its size is its alignment), and
        // the borrow of `lines` lasts as long as the slice
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), n) }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        let n = self.lines.len() * LANES;
        // SAFETY: as in `deref`, and the borrow is unique
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), n) }
    }
}
