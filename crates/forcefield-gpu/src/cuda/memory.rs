//! Arrays on a device.

use super::launcher::{DeviceData, Launcher, bytes_of, bytes_of_mut};
use crate::Result;
use std::marker::PhantomData;
use std::sync::Arc;

/// An array on a device; freed with its last owner.
#[derive(Debug)]
pub(super) struct Array<T> {
    launcher: Arc<dyn Launcher>,
    address: u64,
    len: usize,
    of: PhantomData<T>,
}

impl<T: DeviceData> Array<T> {
    /// An array whose content is not defined.
    ///
    /// # Errors
    /// If there is too little memory.
    pub(super) fn new(launcher: &Arc<dyn Launcher>, len: usize) -> Result<Self> {
        // no array is empty, so that every address is valid
        let bytes = len.max(1) * size_of::<T>();
        Ok(Self {
            address: launcher.allocate(bytes)?,
            launcher: Arc::clone(launcher),
            len,
            of: PhantomData,
        })
    }

    /// An array with a copy of these values.
    ///
    /// # Errors
    /// If there is too little memory.
    pub(super) fn from_slice(launcher: &Arc<dyn Launcher>, values: &[T]) -> Result<Self> {
        let array = Self::new(launcher, values.len())?;
        array.upload(values)?;
        Ok(array)
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Where it is, for kernels.
    pub(super) fn address(&self) -> u64 {
        self.address
    }

    /// Overwrites the first values.
    ///
    /// # Panics
    /// If there are more values than the array holds.
    ///
    /// # Errors
    /// If the device fails.
    pub(super) fn upload(&self, values: &[T]) -> Result<()> {
        assert!(values.len() <= self.len, "{} of {}", values.len(), self.len);
        // SAFETY: the array's own memory, which was just found to be long enough.
        unsafe { self.launcher.upload(self.address, bytes_of(values)) }
    }

    /// Reads the first values.
    ///
    /// # Panics
    /// If there are fewer values in the array.
    ///
    /// # Errors
    /// If the device, or a kernel before, failed.
    pub(super) fn download(&self, values: &mut [T]) -> Result<()> {
        assert!(values.len() <= self.len, "{} of {}", values.len(), self.len);
        // SAFETY: the array's own memory, which was just found to be long enough.
        unsafe { self.launcher.download(self.address, bytes_of_mut(values)) }
    }

    /// All zero.
    ///
    /// # Errors
    /// If the device fails.
    pub(super) fn clear(&self) -> Result<()> {
        // SAFETY: the array's own memory.
        unsafe { self.launcher.clear(self.address, self.len * size_of::<T>()) }
    }
}

impl<T> Drop for Array<T> {
    fn drop(&mut self) {
        self.launcher
            .free(self.address, self.len.max(1) * size_of::<T>());
    }
}
