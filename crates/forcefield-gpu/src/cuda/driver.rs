//! The kernels on a GPU, through the CUDA driver that is loaded at run time.

use super::launcher::{Kernel, Launcher, Module, Shape};
use crate::{Error, Result};
use cudarc::driver::sys::{CUdevice_attribute, CUfunction_attribute, CUresult, cuDriverGetVersion};
use cudarc::driver::{CudaContext, CudaFunction, CudaModule, DriverError, result, sys};
use cudarc::nvrtc::Ptx;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ffi::c_void;
use std::sync::{Arc, Mutex, PoisonError};

/// What `cargo xtask kernels` makes of a file of `kernels/`; with the feature `tuning`, what the folder
/// `FOLDSCAPE_PTX` has of the same name.
fn ptx(module: Module) -> Result<Cow<'static, str>> {
    let (_file, built_in) = match module {
        Module::Evaluate => (
            "evaluate.ptx",
            include_str!("../../kernels/ptx/evaluate.ptx"),
        ),
        Module::Tiled => ("tiled.ptx", include_str!("../../kernels/ptx/tiled.ptx")),
        Module::Dynamics => (
            "dynamics.ptx",
            include_str!("../../kernels/ptx/dynamics.ptx"),
        ),
    };
    #[cfg(feature = "tuning")]
    if let Some(folder) = std::env::var_os("FOLDSCAPE_PTX") {
        let path = std::path::Path::new(&folder).join(_file);
        let text = std::fs::read_to_string(&path);
        return text
            .map(Cow::Owned)
            .map_err(|source| Error::Io { path, source });
    }
    Ok(Cow::Borrowed(built_in))
}

/// The CUDA version whose PTX `cargo xtask kernels` makes, and the driver that reads it.
const CUDA_VERSION: i32 = 13_000;
const DRIVER: &str = "580";
/// The least that the kernels are compiled for.
const COMPUTE_CAPABILITY: (i32, i32) = (8, 0);

/// A GPU.
#[derive(Debug)]
pub(super) struct Driver {
    context: Arc<CudaContext>,
    name: String,
    shared_memory: usize,
    /// Modules and functions, loaded when they are first used.
    loaded: Mutex<Loaded>,
}

#[derive(Debug, Default)]
struct Loaded {
    modules: HashMap<Module, Arc<CudaModule>>,
    functions: HashMap<&'static str, CudaFunction>,
}

impl Driver {
    /// The GPU of a number, shared by all engines of the process: to open it and to load kernels takes longer than
    /// most evaluations.
    ///
    /// # Errors
    /// [`Error::NoCuda`] with what is missing.
    pub(super) fn shared(ordinal: usize) -> Result<Arc<Self>> {
        static OPENED: Mutex<BTreeMap<usize, Arc<Driver>>> = Mutex::new(BTreeMap::new());
        let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(driver) = opened.get(&ordinal) {
            return Ok(Arc::clone(driver));
        }
        let driver = Arc::new(Self::new(ordinal)?);
        opened.insert(ordinal, Arc::clone(&driver));
        Ok(driver)
    }

    fn new(ordinal: usize) -> Result<Self> {
        let missing = |reason: String| Error::NoCuda { reason };
        // SAFETY: opens the driver's library and closes it again.
        if !unsafe { sys::is_culib_present() } {
            return Err(missing(
                "this machine has no CUDA driver (libcuda.so.1 is not found)".to_owned(),
            ));
        }
        let mut version = 0;
        // SAFETY: writes a number; needs no initialisation.
        let code = unsafe { cuDriverGetVersion(&raw mut version) };
        if code != CUresult::CUDA_SUCCESS {
            return Err(missing(format!("the driver does not answer: {code:?}")));
        }
        if version < CUDA_VERSION {
            return Err(missing(format!(
                "the driver knows CUDA {}.{}; {}.{} is needed, driver {DRIVER} or newer",
                version / 1000,
                version % 1000 / 10,
                CUDA_VERSION / 1000,
                CUDA_VERSION % 1000 / 10,
            )));
        }
        let ask = |error: DriverError| missing(said(&error));
        result::init().map_err(ask)?;
        let n_devices = result::device::get_count().map_err(ask)?;
        if usize::try_from(n_devices).unwrap_or(0) <= ordinal {
            return Err(missing(format!(
                "there is no GPU {ordinal}; the driver finds {n_devices}"
            )));
        }
        let context = CudaContext::new(ordinal).map_err(ask)?;
        let capability = context.compute_capability().map_err(ask)?;
        let name = context.name().map_err(ask)?;
        if capability < COMPUTE_CAPABILITY {
            return Err(missing(format!(
                "{name} has compute capability {}.{}, the kernels need {}.{}",
                capability.0, capability.1, COMPUTE_CAPABILITY.0, COMPUTE_CAPABILITY.1
            )));
        }
        let shared_memory = context
            .attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)
            .map_err(ask)?;
        Ok(Self {
            context,
            name,
            shared_memory: usize::try_from(shared_memory).unwrap_or(0),
            loaded: Mutex::default(),
        })
    }

    /// A kernel, which may use all of a block's shared memory.
    fn function(&self, kernel: Kernel) -> Result<CudaFunction> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(function) = loaded.functions.get(kernel.name) {
            return Ok(function.clone());
        }
        let module = match loaded.modules.get(&kernel.module) {
            Some(module) => Arc::clone(module),
            None => {
                let module = self
                    .context
                    .load_module(Ptx::from_src(ptx(kernel.module)?))
                    .map_err(failed("loading kernels"))?;
                loaded.modules.insert(kernel.module, Arc::clone(&module));
                module
            }
        };
        let function = module
            .load_function(kernel.name)
            .map_err(failed("finding a kernel"))?;
        function
            .set_attribute(
                CUfunction_attribute::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                self.shared_memory as i32,
            )
            .map_err(failed("raising the limit of shared memory"))?;
        loaded.functions.insert(kernel.name, function.clone());
        Ok(function)
    }

    fn bind(&self) -> Result<()> {
        self.context
            .bind_to_thread()
            .map_err(failed("choosing the GPU"))
    }
}

impl Launcher for Driver {
    fn allocate(&self, bytes: usize) -> Result<u64> {
        self.bind()?;
        // SAFETY: the context is bound; the memory is freed in `free`.
        unsafe { result::malloc_sync(bytes) }.map_err(|error| {
            if error.0 != CUresult::CUDA_ERROR_OUT_OF_MEMORY {
                return failed("allocating memory")(error);
            }
            let (available, total) = self.context.mem_get_info().unwrap_or_default();
            Error::CudaMemory {
                device: self.name.clone(),
                bytes,
                available,
                total,
            }
        })
    }

    fn free(&self, address: u64, _bytes: usize) {
        // an error here is one of an earlier kernel, which its download reports
        if self.bind().is_ok() {
            // SAFETY: the caller has the address from `allocate` and does not use it any more.
            let _ = unsafe { result::free_sync(address) };
        }
    }

    unsafe fn upload(&self, address: u64, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.bind()?;
        // SAFETY: the caller says that there is room.
        unsafe { result::memcpy_htod_sync(address, bytes) }.map_err(failed("copying to the GPU"))
    }

    unsafe fn download(&self, address: u64, bytes: &mut [u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.bind()?;
        // SAFETY: the caller says that the memory is that long; the copy waits for kernels of the same stream.
        unsafe { result::memcpy_dtoh_sync(bytes, address) }
            .map_err(failed("running kernels, or copying from the GPU"))
    }

    unsafe fn clear(&self, address: u64, bytes: usize) -> Result<()> {
        if bytes == 0 {
            return Ok(());
        }
        self.bind()?;
        // SAFETY: the caller says that the memory is that long.
        unsafe { result::memset_d8_sync(address, 0, bytes) }.map_err(failed("clearing memory"))
    }

    fn shared_memory(&self) -> usize {
        self.shared_memory
    }

    unsafe fn launch(
        &self,
        kernel: Kernel,
        shape: Shape,
        arguments: *const c_void,
        _size: usize,
    ) -> Result<()> {
        self.bind()?;
        let function = self.function(kernel)?;
        let [x, y, z] = shape.grid;
        // SAFETY: the kernel takes one struct, to which `arguments` points; the driver copies it before it returns.
        unsafe {
            result::launch_kernel(
                function.cu_function(),
                (x, y, z),
                (shape.threads, 1, 1),
                shape.shared_bytes as u32,
                // the default stream, which copies wait for
                std::ptr::null_mut(),
                &mut [arguments.cast_mut()],
            )
        }
        .map_err(failed("starting a kernel"))
    }
}

fn failed(operation: &'static str) -> impl Fn(DriverError) -> Error {
    move |error| Error::Cuda {
        operation,
        message: said(&error),
    }
}

/// The driver's own words.
fn said(error: &DriverError) -> String {
    let text = error.error_string().map(|text| text.to_string_lossy());
    match text {
        Ok(text) => format!("{text} ({:?})", error.0),
        Err(_) => format!("{:?}", error.0),
    }
}
