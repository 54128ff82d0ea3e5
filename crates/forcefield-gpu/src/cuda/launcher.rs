//! What has memory and runs kernels.

use crate::Result;
use dynamics::Lanes;
use std::ffi::c_void;
use std::fmt::Debug;

/// A kernel, by its name in `kernels/` and the file it is compiled from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kernel {
    pub(super) module: Module,
    pub(super) name: &'static str,
}

/// A file of `kernels/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Module {
    /// `evaluate.cu`.
    Evaluate,
    /// `tiled.cu`.
    Tiled,
    /// `dynamics.cu`.
    Dynamics,
}

/// How a kernel is spread out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Blocks along x, y, z.
    pub(super) grid: [u32; 3],
    /// Threads of a block.
    pub(super) threads: u32,
    /// Dynamic shared memory of a block, bytes.
    pub(super) shared_bytes: usize,
}

/// A device. Addresses are its own.
pub(super) trait Launcher: Debug + Send + Sync {
    /// Memory, not initialised.
    ///
    /// # Errors
    /// If there is too little.
    fn allocate(&self, bytes: usize) -> Result<u64>;

    /// Gives memory back that was allocated with this number of bytes.
    fn free(&self, address: u64, bytes: usize);

    /// Copies to the device.
    ///
    /// # Safety
    /// `address` lies in memory of this launcher with room for the bytes.
    ///
    /// # Errors
    /// If the device fails.
    unsafe fn upload(&self, address: u64, bytes: &[u8]) -> Result<()>;

    /// Copies from the device, once all kernels are done.
    ///
    /// # Safety
    /// `address` lies in memory of this launcher that holds as many bytes.
    ///
    /// # Errors
    /// If the device, or a kernel before, failed.
    unsafe fn download(&self, address: u64, bytes: &mut [u8]) -> Result<()>;

    /// Fills memory with zeros.
    ///
    /// # Safety
    /// As [`Launcher::upload`].
    ///
    /// # Errors
    /// If the device fails.
    unsafe fn clear(&self, address: u64, bytes: usize) -> Result<()>;

    /// Most dynamic shared memory that a block can have, bytes.
    fn shared_memory(&self) -> usize;

    /// Memory for conformers that are worked at together, where each takes many blocks, bytes.
    fn group_memory(&self) -> usize {
        512 << 20
    }

    /// Threads of a block, where tests want another number.
    fn threads(&self, preferred: u32) -> u32 {
        preferred
    }

    /// Starts a kernel.
    ///
    /// # Safety
    /// `arguments` points to `size` bytes that are the kernel's struct of arguments; every address in it is of
    /// this launcher and holds what the kernel reads and has room for what it writes.
    ///
    /// # Errors
    /// If it does not start.
    unsafe fn launch(
        &self,
        kernel: Kernel,
        shape: Shape,
        arguments: *const c_void,
        size: usize,
    ) -> Result<()>;
}

/// Plain numbers that kernels read or write as they are.
///
/// # Safety
/// The implementor has no padding, no pointers of the host, and any bits are a value.
pub(super) unsafe trait DeviceData: Copy + Default + 'static {}

/// A struct of arguments, `repr(C)`, with the layout of its namesake in `kernels/`.
///
/// # Safety
/// Size and offsets are those of the struct in `kernels/`.
pub(super) unsafe trait Arguments: Copy {}

// SAFETY: a number.
unsafe impl DeviceData for f32 {}
// SAFETY: a number.
unsafe impl DeviceData for f64 {}
// SAFETY: a number.
unsafe impl DeviceData for u32 {}
// SAFETY: a number.
unsafe impl DeviceData for u64 {}

/// The bytes of numbers.
pub(super) fn bytes_of<T: DeviceData>(values: &[T]) -> &[u8] {
    // SAFETY: `DeviceData` has no padding, so that every byte is initialised; u8 has no alignment.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
}

/// The bytes of numbers, to be overwritten.
pub(super) fn bytes_of_mut<T: DeviceData>(values: &mut [T]) -> &mut [u8] {
    // SAFETY: as `bytes_of`, and any bits are a value of `DeviceData`.
    unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), size_of_val(values)) }
}

/// The floats of a batch's blocks.
pub(super) fn floats(lanes: &[[Lanes; 3]]) -> &[f32] {
    const { assert!(size_of::<[Lanes; 3]>() == 192) };
    // SAFETY: `Lanes` is `repr(C)`, sixteen f32 without padding.
    unsafe { std::slice::from_raw_parts(lanes.as_ptr().cast(), lanes.len() * 48) }
}

/// The floats of a batch's blocks, to be overwritten.
pub(super) fn floats_mut(lanes: &mut [[Lanes; 3]]) -> &mut [f32] {
    // SAFETY: as `floats`.
    unsafe { std::slice::from_raw_parts_mut(lanes.as_mut_ptr().cast(), lanes.len() * 48) }
}

/// Starts a kernel with its struct of arguments.
///
/// # Safety
/// The struct is the kernel's own; every address in it is of this launcher and holds what the kernel reads and
/// has room for what it writes.
///
/// # Errors
/// If it does not start.
pub(super) unsafe fn start<A: Arguments>(
    launcher: &dyn Launcher,
    kernel: Kernel,
    shape: Shape,
    arguments: &A,
) -> Result<()> {
    // SAFETY: the caller's.
    unsafe {
        launcher.launch(
            kernel,
            shape,
            std::ptr::from_ref(arguments).cast(),
            size_of::<A>(),
        )
    }
}
