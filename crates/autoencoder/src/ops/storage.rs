//! Reading candle's CPU tensors as slices, and the two number types that the kernels are written for.

use candle_core::backend::BackendStorage;
use candle_core::{
    CpuStorage, DType, Error, Layout, Result, Shape, Storage, StorageRef, Tensor, WithDType,
};

/// f32 for work, f64 for checks by finite differences.
pub(crate) trait Real:
    WithDType + std::ops::AddAssign + std::ops::Neg<Output = Self>
{
    const ZERO: Self;
    /// The wide type's number of this one.
    fn wide(self) -> f64;
    /// Rounds a wide number.
    fn narrow(value: f64) -> Self;
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn narrow(value: f64) -> Self {
        value as Self
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }
    #[inline(always)]
    fn narrow(value: f64) -> Self {
        value
    }
}

/// Runs `$body` with `$real` standing for the number type of `$dtype`.
macro_rules! by_dtype {
    ($dtype:expr, $operation:expr, $real:ident => $body:expr) => {
        match $dtype {
            candle_core::DType::F32 => {
                type $real = f32;
                $body
            }
            candle_core::DType::F64 => {
                type $real = f64;
                $body
            }
            other => Err($crate::ops::storage::unsupported(other, $operation)),
        }
    };
}
pub(crate) use by_dtype;

pub(crate) fn unsupported(dtype: DType, op: &'static str) -> Error {
    Error::UnsupportedDTypeForOp(dtype, op).bt()
}

/// The number type of a storage.
pub(crate) fn dtype(storage: &CpuStorage) -> DType {
    BackendStorage::dtype(storage)
}

/// The values of a contiguous CPU storage.
pub(crate) fn slice<'a, T: WithDType>(
    storage: &'a CpuStorage,
    layout: &Layout,
    op: &'static str,
) -> Result<&'a [T]> {
    let all = storage.as_slice::<T>()?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&all[start..end]),
        None => Err(Error::RequiresContiguous { op }.bt()),
    }
}

/// A read lock on a contiguous CPU tensor.
pub(crate) struct Values<'a> {
    guard: StorageRef<'a>,
    layout: &'a Layout,
    op: &'static str,
}

impl<'a> Values<'a> {
    pub(crate) fn of(tensor: &'a Tensor, op: &'static str) -> Self {
        let (guard, layout) = tensor.storage_and_layout();
        Self { guard, layout, op }
    }

    pub(crate) fn slice<T: WithDType>(&self) -> Result<&[T]> {
        match &*self.guard {
            Storage::Cpu(storage) => slice(storage, self.layout, self.op),
            Storage::Cuda(_) | Storage::Metal(_) => Err(Error::Msg(format!(
                "{}: there is no GPU kernel yet, move the tensor to the CPU",
                self.op
            ))
            .bt()),
        }
    }
}

/// What a custom operation's forward pass returns.
pub(crate) fn output<T: WithDType>(values: Vec<T>, shape: impl Into<Shape>) -> (CpuStorage, Shape) {
    (T::to_cpu_storage_owned(values), shape.into())
}

/// `(batch, length, channels)` of a layout of rank 3.
pub(crate) fn dims3(layout: &Layout) -> Result<(usize, usize, usize)> {
    layout.shape().dims3()
}

/// An error about shapes that says what was asked of what.
pub(crate) fn mismatch(op: &'static str, expected: &str, found: &[&Shape]) -> Error {
    Error::Msg(format!("{op}: expected {expected}, found {found:?}")).bt()
}
