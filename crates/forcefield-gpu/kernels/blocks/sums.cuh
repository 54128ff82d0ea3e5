// Sums that do not depend on the order of threads and blocks.
#pragma once

#include "../numbers.cuh"

DEVICE long long rounded(float x) { return __float2ll_rn(x); }
DEVICE long long rounded(double x) { return __double2ll_rn(x); }

// Forces of a conformer in 64-bit fixed point, `[atom][xyz]`: integers add up to the same in any order.
//
// A force beyond `limit`, with which a sum could overflow, is left out; the largest of them is kept, as the bits of
// its f32, and the conformer has to be evaluated with another scale. Infinity and NaN are beyond any limit.
struct ForceSums {
    Counter* sums;
    // Units per kJ/mol/nm, a power of two.
    double scale;
    float limit;
    unsigned* largest;

    DEVICE ForceSums(Counter* sums, double scale, unsigned sum_bits, unsigned* largest)
        : sums(sums), scale(scale), limit(float(4.611686018427388e18 / scale / (1u << sum_bits))), largest(largest) {}

    template <class Real>
    DEVICE void add(unsigned atom, Vector<Real> force) const {
        float x = fabsf(float(force.x)), y = fabsf(float(force.y)), z = fabsf(float(force.z));
        if (!(x <= limit && y <= limit && z <= limit)) {
            // fmaxf would drop a NaN; that of a sum stays
            float size = x + y + z == x + y + z ? fmaxf(x, fmaxf(y, z)) : __uint_as_float(0x7fc00000u);
            atomicMax(largest, __float_as_uint(size));
            return;
        }
        Counter* at = sums + 3ull * atom;
        atomicAdd(at + 0, Counter(rounded(force.x * Real(scale))));
        atomicAdd(at + 1, Counter(rounded(force.y * Real(scale))));
        atomicAdd(at + 2, Counter(rounded(force.z * Real(scale))));
    }

    // NaN if a force had to be left out.
    DEVICE Vector<float> sum(unsigned atom) const {
        const Counter* at = sums + 3ull * atom;
        double unit = *largest == 0 ? 1.0 / scale : double(__uint_as_float(0x7fc00000u));
        return {float(double((long long)(at[0])) * unit), float(double((long long)(at[1])) * unit),
                float(double((long long)(at[2])) * unit)};
    }
};

// Sum over the lanes of a warp, in all of them.
template <class Real>
DEVICE Real warp_sum(Real x) {
#pragma unroll
    for (unsigned distance = WARP / 2; distance > 0; distance /= 2) x += __shfl_xor_sync(ALL_LANES, x, distance);
    return x;
}
