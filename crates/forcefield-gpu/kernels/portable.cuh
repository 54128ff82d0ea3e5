// What lets the same sources be compiled by nvcc for a GPU and by a C++ compiler for the emulation.
#pragma once

#ifdef __CUDACC__

// Blocks that a multiprocessor shall hold at the least, each of the most threads that a kernel takes: more of them
// hide more waiting and leave each thread fewer registers. Left to the compiler until timings say otherwise.
#ifdef MIN_BLOCKS
#define BOUNDS(max_threads) __launch_bounds__(max_threads, MIN_BLOCKS)
#else
#define BOUNDS(max_threads) __launch_bounds__(max_threads)
#endif

#define DEVICE __device__ __forceinline__
// a kernel with its arguments as one struct, so that what is packed in Rust has one layout to get right
#define KERNEL(name, Arguments, max_threads) \
    extern "C" __global__ void BOUNDS(max_threads) name(const __grid_constant__ Arguments arguments)
// the dynamic shared memory of the launch
#define SHARED_MEMORY(name) extern __shared__ __align__(16) unsigned char name[]

#else
#include "emulation/cuda.hpp"
#endif

using Counter = unsigned long long;

// Lanes of a warp, all of them taking part.
constexpr unsigned ALL_LANES = 0xffffffffu;
constexpr unsigned WARP = 32;
