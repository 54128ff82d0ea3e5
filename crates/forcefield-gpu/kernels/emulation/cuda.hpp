// CUDA's words for a C++ compiler: every thread of a block is a fibre that runs until it waits.
//
// Threads of a block take turns only at barriers and warp exchanges, blocks run one after the other. Any order of
// threads and blocks can be asked for: what depends on the order, as a missing barrier makes it, shows as another
// result. Memory starts poisoned and ends at pages that nobody may touch.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace emulation {

struct Index {
    unsigned x = 0, y = 0, z = 0;
};

struct Thread {
    Index index;
};

struct Launch {
    Index grid, block, block_index;
};

extern thread_local Thread* current;
extern thread_local Launch launch;

unsigned char* shared_memory();

// Waits for all threads of the block; `line` tells barriers apart.
void wait_for_block(const char* file, int line);

// Gives `bytes` of `mine` to the lanes of the warp and takes those of lane `from`.
void exchange(const void* mine, void* theirs, unsigned bytes, unsigned from, const char* file, int line);

// Adds an error within ± `bound` units in the last place, always the same one for the same bits.
float perturbed(float exact, float argument, float bound);

template <class T>
T from_lane(T value, unsigned lane, const char* file, int line) {
    T out;
    exchange(&value, &out, sizeof(T), lane, file, line);
    return out;
}

inline unsigned lane() { return current->index.x % 32; }

}  // namespace emulation

#define DEVICE inline
#define KERNEL(name, Arguments, max_threads) static void name(const Arguments& arguments)
#define SHARED_MEMORY(name) unsigned char* name = emulation::shared_memory()

#define threadIdx (emulation::current->index)
#define blockIdx (emulation::launch.block_index)
#define blockDim (emulation::launch.block)
#define gridDim (emulation::launch.grid)
#define __syncthreads() emulation::wait_for_block(__FILE__, __LINE__)
#define __shfl_xor_sync(mask, value, distance) \
    emulation::from_lane(value, emulation::lane() ^ unsigned(distance), __FILE__, __LINE__)
#define __shfl_sync(mask, value, source) emulation::from_lane(value, unsigned(source), __FILE__, __LINE__)

inline float rsqrtf(float x) { return emulation::perturbed(float(1.0 / std::sqrt(double(x))), x, 2.0f); }
inline double rsqrt(double x) { return 1.0 / std::sqrt(x); }
inline float __fdividef(float a, float b) { return emulation::perturbed(a / b, b, 2.0f); }
inline float __expf(float x) {
    return emulation::perturbed(std::exp(x), x, 2.0f + std::floor(std::fabs(1.173f * x)));
}

// of the C library's functions, those of CUDA differ by up to so many units in the last place
#define logf(x) emulation::perturbed(std::log(float(x)), float(x), 1.0f)
#define atan2f(y, x) emulation::perturbed(std::atan2(float(y), float(x)), float(y), 3.0f)

inline unsigned min(unsigned a, unsigned b) { return a < b ? a : b; }
inline unsigned __float_as_uint(float x) {
    unsigned bits;
    std::memcpy(&bits, &x, sizeof bits);
    return bits;
}
inline float __uint_as_float(unsigned bits) {
    float x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}
inline int __double2loint(double x) {
    std::uint64_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return int(std::uint32_t(bits));
}
inline long long __float2ll_rn(float x) { return std::llrint(x); }
inline long long __double2ll_rn(double x) { return std::llrint(x); }
inline unsigned __umulhi(unsigned a, unsigned b) { return unsigned((std::uint64_t(a) * b) >> 32); }

template <class T>
T atomicAdd(T* at, T value) {
    T before = *at;
    *at = before + value;
    return before;
}
inline unsigned atomicMax(unsigned* at, unsigned value) {
    unsigned before = *at;
    if (value > before) *at = value;
    return before;
}
inline unsigned atomicOr(unsigned* at, unsigned value) {
    unsigned before = *at;
    *at = before | value;
    return before;
}
