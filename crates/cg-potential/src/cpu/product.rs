//! Matrix products with weights that are packed once and used many times.

use super::buffer::{Buffer, STRIDE};
use super::vector::{InstructionSet, Kernel, Vector};

/// A matrix `[inputs][outputs]`, packed in panels of two registers' columns.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    set: InstructionSet,
    inputs: usize,
    /// Padded to the stride of rows.
    outputs: usize,
    /// `[panel][input][column]`, one row of the buffer holding one or two inputs.
    panels: Buffer,
    /// Padded with 0.
    bias: Buffer,
}

impl Packed {
    /// Packs a dense layer's weight `[outputs][inputs]`: rows x become W x + b.
    pub(crate) fn forward(
        set: InstructionSet,
        weight: &[f32],
        inputs: usize,
        bias: Option<&[f32]>,
    ) -> Self {
        let outputs = weight.len() / inputs;
        Self::pack(set, inputs, outputs, |k, n| weight[n * inputs + k], bias)
    }

    /// Packs a dense layer's weight `[outputs][inputs]` for the way back: rows y become Wᵀ y.
    pub(crate) fn backward(set: InstructionSet, weight: &[f32], inputs: usize) -> Self {
        let outputs = weight.len() / inputs;
        Self::pack(set, outputs, inputs, |k, n| weight[k * inputs + n], None)
    }

    fn pack(
        set: InstructionSet,
        inputs: usize,
        columns: usize,
        element: impl Fn(usize, usize) -> f32,
        bias: Option<&[f32]>,
    ) -> Self {
        let outputs = columns.next_multiple_of(STRIDE);
        let panel = set.panel();
        let mut panels = Buffer::new((inputs * outputs).div_ceil(STRIDE), STRIDE);
        for start in (0..outputs).step_by(panel) {
            for k in 0..inputs {
                let at = start * inputs + k * panel;
                for n in start..columns.min(start + panel) {
                    panels[at + n - start] = element(k, n);
                }
            }
        }
        let mut padded = Buffer::new(1, outputs);
        if let Some(bias) = bias {
            padded[..columns].copy_from_slice(bias);
        }
        Self {
            set,
            inputs,
            outputs,
            panels,
            bias: padded,
        }
    }

    /// out = rows · matrix, plus the bias with `biased`, plus `out` with `accumulate`.
    ///
    /// Each row's result is the same bits, whatever the other rows and however many there are.
    ///
    /// # Shapes
    /// `rows`: `[n][row_stride]`; `out`: `[n][outputs padded to the stride]`.
    pub(crate) fn apply(
        &self,
        rows: &[f32],
        row_stride: usize,
        out: &mut [f32],
        biased: bool,
        accumulate: bool,
    ) {
        let n = out.len() / self.outputs;
        if n == 0 {
            return;
        }
        assert_eq!(out.len(), n * self.outputs, "rows of the result");
        assert!(row_stride >= self.inputs, "columns of rows");
        assert!(rows.len() >= (n - 1) * row_stride + self.inputs, "rows");
        self.set.run(Apply {
            packed: self,
            rows,
            row_stride,
            out,
            biased,
            accumulate,
        });
    }
}

struct Apply<'a> {
    packed: &'a Packed,
    rows: &'a [f32],
    row_stride: usize,
    out: &'a mut [f32],
    biased: bool,
    accumulate: bool,
}

/// One panel's part of some rows of a product.
struct Tile {
    rows: *const f32,
    row_stride: usize,
    inputs: usize,
    panel: *const f32,
    bias: Option<*const f32>,
    out: *mut f32,
    out_stride: usize,
    accumulate: bool,
}

impl Kernel for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let (inputs, outputs) = (self.packed.inputs, self.packed.outputs);
        let n = self.out.len() / outputs;
        for column in (0..outputs).step_by(2 * V::LANES) {
            let mut row = 0;
            while row < n {
                // SAFETY: `apply` checked the lengths of rows and out; rows row..row + 12 (or 6, 4, 2, 1) exist in each
                // arm; panel and bias hold all columns below `outputs`
                unsafe {
                    let tile = Tile {
                        rows: self.rows.as_ptr().add(row * self.row_stride),
                        row_stride: self.row_stride,
                        inputs,
                        panel: self.packed.panels.as_ptr().add(column * inputs),
                        bias: if self.biased {
                            Some(self.packed.bias.as_ptr().add(column))
                        } else {
                            None
                        },
                        out: self.out.as_mut_ptr().add(row * outputs + column),
                        out_stride: outputs,
                        accumulate: self.accumulate,
                    };
                    row += match n - row {
                        left if V::ROWS == 12 && left >= 12 => tile.twelve::<V>(),
                        left if V::ROWS >= 6 && left >= 6 => tile.six::<V>(),
                        left if left >= 4 => tile.four::<V>(),
                        left if left >= 2 => tile.two::<V>(),
                        _ => tile.one::<V>(),
                    };
                }
            }
        }
    }
}

/// A product of so many rows. The rows are written out: with constant places the sums stay in registers,
/// where a loop over them, even of known length, goes through memory.
macro_rules! rows {
    ($name:ident, $($r:literal)*) => {
        impl Tile {
            /// # Safety
            /// These rows, the panel, the bias and these rows of `out` may be accessed.
            #[inline(always)]
            unsafe fn $name<V: Vector>(self) -> usize {
                // SAFETY: the caller's promise; offsets stay within the rows, `inputs` and two registers
                unsafe {
                    let (left, right) = match self.bias {
                        Some(bias) => (V::load(bias), V::load(bias.add(V::LANES))),
                        None => (V::splat(0.0), V::splat(0.0)),
                    };
                    let mut sums = [$({ let _ = $r; (left, right) }),*];
                    for k in 0..self.inputs {
                        let at = self.panel.add(2 * V::LANES * k);
                        let (left, right) = (V::load(at), V::load(at.add(V::LANES)));
                        let from = self.rows.add(k);
                        $(
                            let x = V::splat(*from.add($r * self.row_stride));
                            sums[$r].0 = x.times_plus(left, sums[$r].0);
                            sums[$r].1 = x.times_plus(right, sums[$r].1);
                        )*
                    }
                    $(
                        let to = self.out.add($r * self.out_stride);
                        let (mut left, mut right) = sums[$r];
                        if self.accumulate {
                            left = left.plus(V::load(to));
                            right = right.plus(V::load(to.add(V::LANES)));
                        }
                        left.store(to);
                        right.store(to.add(V::LANES));
                    )*
                    sums.len()
                }
            }
        }
    };
}

rows!(twelve, 0 1 2 3 4 5 6 7 8 9 10 11);
rows!(six, 0 1 2 3 4 5);
rows!(four, 0 1 2 3);
rows!(two, 0 1);
rows!(one, 0);

/// out += leftᵀ · right over `n` rows: the gradient of a dense layer's weight `[outputs][inputs]`.
///
/// # Shapes
/// `left`: `[n][left_stride]`, of which `outputs` columns count; `right`: `[n][right_stride]`, of
/// which `inputs` columns count.
pub(crate) fn add_transposed_product(
    [left, right]: [&[f32]; 2],
    [left_stride, right_stride]: [usize; 2],
    n: usize,
    inputs: usize,
    out: &mut [f32],
) {
    let outputs = out.len() / inputs;
    if n == 0 {
        return;
    }
    assert_eq!(out.len(), outputs * inputs, "elements of a weight");
    assert!(
        left.len() >= (n - 1) * left_stride + outputs,
        "rows on the left"
    );
    assert!(
        right.len() >= (n - 1) * right_stride + inputs,
        "rows on the right"
    );
    // SAFETY: the assertions above hold for every index that the strides reach
    unsafe {
        gemm::gemm(
            outputs,
            inputs,
            n,
            out.as_mut_ptr(),
            1,
            inputs as isize,
            true,
            left.as_ptr(),
            left_stride as isize,
            1,
            right.as_ptr(),
            1,
            right_stride as isize,
            1.0_f32,
            1.0_f32,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// out += the sum of `n` rows.
pub(crate) fn add_column_sums(rows: &[f32], stride: usize, n: usize, out: &mut [f32]) {
    for row in rows.chunks(stride).take(n) {
        for (sum, x) in out.iter_mut().zip(row) {
            *sum += x;
        }
    }
}
