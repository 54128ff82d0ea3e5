//! One checked door to the matrix product.

use crate::ops::storage::Real;
use gemm::Parallelism;

/// A matrix inside a slice: element `(i, j)` is `data[offset + i * row + j * column]`.
///
/// Strides may be smaller than a row is long: rows that overlap are how a convolution reads its
/// input without copying it.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) row: usize,
    pub(crate) column: usize,
}

impl<'a, T> Matrix<'a, T> {
    /// Rows of `n_columns` values one after the other.
    pub(crate) fn row_major(data: &'a [T], n_columns: usize) -> Self {
        Self {
            data,
            row: n_columns,
            column: 1,
        }
    }

    /// The same numbers with rows and columns exchanged.
    pub(crate) fn transposed(self) -> Self {
        Self {
            data: self.data,
            row: self.column,
            column: self.row,
        }
    }

    fn covers(&self, n_rows: usize, n_columns: usize) -> bool {
        n_rows == 0
            || n_columns == 0
            || (n_rows - 1) * self.row + (n_columns - 1) * self.column < self.data.len()
    }
}

/// `out (m×n) = [out +] a (m×k) · b (k×n)`, `out` row-major and contiguous.
///
/// The order of summation does not depend on the number of threads.
///
/// # Panics
/// If a matrix reaches outside its slice.
pub(crate) fn multiply<T: Real>(
    out: &mut [T],
    [m, n, k]: [usize; 3],
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    accumulate: bool,
    threads: bool,
) {
    assert!(out.len() == m * n, "the product does not fit its place");
    assert!(a.covers(m, k) && b.covers(k, n), "a factor is too short");
    if m == 0 || n == 0 {
        return;
    }
    if k == 0 {
        if !accumulate {
            out.fill(T::ZERO);
        }
        return;
    }
    let parallelism = if threads {
        Parallelism::Rayon(0)
    } else {
        Parallelism::None
    };
    let one = T::narrow(1.0);
    // SAFETY: the assertions above keep every index (i, j) of the three matrices inside its slice;
    // `out` is exclusively borrowed, so it overlaps neither factor; with `accumulate` false the
    // product does not read it.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            accumulate,
            a.data.as_ptr(),
            a.column as isize,
            a.row as isize,
            b.data.as_ptr(),
            b.column as isize,
            b.row as isize,
            one,
            one,
            false,
            false,
            false,
            parallelism,
        );
    }
}
