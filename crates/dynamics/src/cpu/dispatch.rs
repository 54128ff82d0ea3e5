//! One loop over lanes, compiled for several instruction sets, chosen at run time.
//!
//! Kernels are plain loops over [`crate::LANES`]; nothing in them is contracted to fused
//! multiply-adds, so every instruction set gives the same bits.

use std::sync::LazyLock;

/// A loop over lanes with its arguments. Implementors mark `run` `#[inline(always)]`, and whatever
/// it calls in its loops, so that the body is compiled anew for each instruction set.
pub(crate) trait LaneKernel {
    /// What the loop returns.
    type Output;

    /// Runs the loop.
    fn run(self) -> Self::Output;
}

#[derive(Clone, Copy)]
enum InstructionSet {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

static INSTRUCTION_SET: LazyLock<InstructionSet> = LazyLock::new(detect);

fn detect() -> InstructionSet {
    #[cfg(target_arch = "x86_64")]
    {
        let avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl");
        if avx512 {
            return InstructionSet::Avx512;
        }
        if is_x86_feature_detected!("avx2") {
            return InstructionSet::Avx2;
        }
    }
    InstructionSet::Baseline
}

/// Runs a kernel with the widest registers this processor has.
pub(crate) fn dispatch<K: LaneKernel>(kernel: K) -> K::Output {
    match *INSTRUCTION_SET {
        InstructionSet::Baseline => kernel.run(),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `detect` found the features that `avx2` is compiled for on this processor.
        InstructionSet::Avx2 => unsafe { avx2(kernel) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `detect` found the features that `avx512` is compiled for on this processor.
        InstructionSet::Avx512 => unsafe { avx512(kernel) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2<K: LaneKernel>(kernel: K) -> K::Output {
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl")]
fn avx512<K: LaneKernel>(kernel: K) -> K::Output {
    kernel.run()
}
