//! The CUDA kernels of `kernels/`, run by a GPU or by their emulation.
//!
//! A [`Launcher`](launcher::Launcher) has memory and runs kernels. One implementation is the CUDA driver; the other is
//! the same kernels compiled by a C++ compiler, every thread a fibre. What is packed, laid out and launched here is
//! therefore tested as a whole on machines without a GPU.

#[cfg(feature = "cuda")]
mod driver;
mod dynamics;
#[cfg(feature = "emulation")]
mod emulation;
mod evaluator;
mod launcher;
mod memory;
mod parameters;
mod resident;
mod tiled;

#[cfg(feature = "emulation")]
pub use emulation::Emulation;
pub(crate) use evaluator::Evaluator;

use crate::{Device, Error, Result};
use launcher::Launcher;
use std::sync::Arc;

/// What runs kernels on a device.
///
/// # Errors
/// [`Error::NoCuda`] where the device is not there.
fn launcher(device: Device) -> Result<Arc<dyn Launcher>> {
    match device {
        #[cfg(feature = "cuda")]
        Device::Cuda(ordinal) => Ok(driver::Driver::shared(ordinal)?),
        #[cfg(feature = "emulation")]
        Device::Emulated(emulation) => Ok(Arc::new(emulation::Library::new(emulation)?)),
        _ => Err(Error::NoCuda {
            reason: "this program was built without the feature `cuda`".to_owned(),
        }),
    }
}
