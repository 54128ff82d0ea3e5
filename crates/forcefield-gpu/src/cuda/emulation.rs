//! The kernels as a C++ compiler built them, for tests without a GPU.

use super::launcher::{Kernel, Launcher, Shape};
use crate::{Error, Result};
use libloading::{Library as Loaded, Symbol};
use std::ffi::{CString, c_char, c_int, c_uint, c_void};
use std::path::PathBuf;

/// How the emulation runs kernels: what must not change a result, and what a device would set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emulation {
    /// 0 runs threads and blocks forwards, 1 backwards, 2 odd threads after even ones.
    pub order: u32,
    /// Threads of a block; `None` takes what a GPU would get.
    pub threads: Option<u32>,
    /// Dynamic shared memory of a block, bytes.
    pub shared_memory: usize,
}

impl Default for Emulation {
    /// As an H100 runs them.
    fn default() -> Self {
        Self {
            order: 0,
            threads: None,
            shared_memory: 227 << 10,
        }
    }
}

type Allocate = unsafe extern "C" fn(usize) -> *mut c_void;
type Free = unsafe extern "C" fn(*mut c_void, usize);
type SizeOfArguments = unsafe extern "C" fn(*const c_char) -> usize;
type Launch = unsafe extern "C" fn(
    *const c_char,
    *const c_uint,
    c_uint,
    usize,
    *const c_void,
    c_uint,
    *mut c_char,
    usize,
) -> c_int;

/// The library.
#[derive(Debug)]
pub(super) struct Library {
    allocate: Allocate,
    free: Free,
    size_of_arguments: SizeOfArguments,
    launch: Launch,
    emulation: Emulation,
    /// Keeps the functions in memory.
    _loaded: Loaded,
}

impl Library {
    /// The variable that names the library.
    const PATH: &str = "FOLDSCAPE_KERNEL_EMULATION";

    /// # Errors
    /// [`Error::NoCuda`] if the library is not there, or not this one.
    pub(super) fn new(emulation: Emulation) -> Result<Self> {
        let hint = "`cargo xtask kernels --host-check` builds the emulation and sets";
        let missing = |why: String| Error::NoCuda {
            reason: format!("{why}; {hint} {}", Self::PATH),
        };
        let path = std::env::var_os(Self::PATH)
            .map(PathBuf::from)
            .ok_or_else(|| missing(format!("{} is not set", Self::PATH)))?;
        // SAFETY: the library has no initialisers that do anything; its functions have the types above.
        unsafe {
            let loaded = Loaded::new(&path).map_err(|error| missing(error.to_string()))?;
            let get = |name: &str| -> Result<Symbol<'_, *const c_void>> {
                loaded
                    .get(name.as_bytes())
                    .map_err(|error| missing(error.to_string()))
            };
            Ok(Self {
                allocate: std::mem::transmute::<*const c_void, Allocate>(*get(
                    "foldscape_allocate",
                )?),
                free: std::mem::transmute::<*const c_void, Free>(*get("foldscape_free")?),
                size_of_arguments: std::mem::transmute::<*const c_void, SizeOfArguments>(*get(
                    "foldscape_arguments",
                )?),
                launch: std::mem::transmute::<*const c_void, Launch>(*get("foldscape_launch")?),
                emulation,
                _loaded: loaded,
            })
        }
    }
}

impl Launcher for Library {
    fn allocate(&self, bytes: usize) -> Result<u64> {
        // SAFETY: any number of bytes may be asked for.
        let memory = unsafe { (self.allocate)(bytes) };
        if memory.is_null() {
            return Err(Error::CudaMemory {
                device: "the emulation".to_owned(),
                bytes,
                available: 0,
                total: 0,
            });
        }
        Ok(memory as u64)
    }

    fn free(&self, address: u64, bytes: usize) {
        // SAFETY: the caller has the address from `allocate`, with the same number of bytes.
        unsafe { (self.free)(address as *mut c_void, bytes) }
    }

    unsafe fn upload(&self, address: u64, bytes: &[u8]) -> Result<()> {
        // SAFETY: the caller says that there is room, in memory that is nobody else's.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), address as *mut u8, bytes.len());
        }
        Ok(())
    }

    unsafe fn download(&self, address: u64, bytes: &mut [u8]) -> Result<()> {
        // SAFETY: the caller says that the memory is that long.
        unsafe {
            std::ptr::copy_nonoverlapping(address as *const u8, bytes.as_mut_ptr(), bytes.len());
        }
        Ok(())
    }

    unsafe fn clear(&self, address: u64, bytes: usize) -> Result<()> {
        // SAFETY: the caller says that the memory is that long.
        unsafe { std::ptr::write_bytes(address as *mut u8, 0, bytes) }
        Ok(())
    }

    fn shared_memory(&self) -> usize {
        self.emulation.shared_memory
    }

    /// So little that batches of small molecules take several groups.
    fn group_memory(&self) -> usize {
        8 << 10
    }

    fn threads(&self, preferred: u32) -> u32 {
        self.emulation.threads.unwrap_or(preferred)
    }

    unsafe fn launch(
        &self,
        kernel: Kernel,
        shape: Shape,
        arguments: *const c_void,
        size: usize,
    ) -> Result<()> {
        let failed = |message: String| Error::Cuda {
            operation: "emulating a kernel",
            message,
        };
        let name = CString::new(kernel.name).map_err(|error| failed(error.to_string()))?;
        // SAFETY: a string that ends with zero.
        let expected = unsafe { (self.size_of_arguments)(name.as_ptr()) };
        if expected != size {
            return Err(failed(format!(
                "{} takes {expected} bytes of arguments, is given {size}",
                kernel.name
            )));
        }
        let mut message = [0u8; 512];
        // SAFETY: the caller answers for the arguments; the other pointers are valid for their lengths.
        let code = unsafe {
            (self.launch)(
                name.as_ptr(),
                shape.grid.as_ptr(),
                shape.threads,
                shape.shared_bytes,
                arguments,
                self.emulation.order,
                message.as_mut_ptr().cast(),
                message.len(),
            )
        };
        if code == 0 {
            return Ok(());
        }
        let text: Vec<u8> = message.into_iter().take_while(|&byte| byte != 0).collect();
        Err(failed(format!(
            "{}: {}",
            kernel.name,
            String::from_utf8_lossy(&text)
        )))
    }
}
