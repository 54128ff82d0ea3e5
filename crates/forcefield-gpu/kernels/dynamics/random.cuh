// Random numbers of `dynamics::random`, bit for bit: a function of seed, replica, step and atom.
#pragma once

#include "../portable.cuh"

namespace random_numbers {

struct Words {
    unsigned w[4];
};

// Philox4x32-10.
DEVICE Words philox(Words counter, unsigned long long seed) {
    unsigned key0 = unsigned(seed), key1 = unsigned(seed >> 32);
    unsigned c0 = counter.w[0], c1 = counter.w[1], c2 = counter.w[2], c3 = counter.w[3];
#pragma unroll
    for (int round = 0; round < 10; ++round) {
        unsigned high0 = __umulhi(0xD2511F53u, c0), low0 = 0xD2511F53u * c0;
        unsigned high1 = __umulhi(0xCD9E8D57u, c2), low1 = 0xCD9E8D57u * c2;
        c0 = high1 ^ c1 ^ key0;
        c1 = low1;
        c2 = high0 ^ c3 ^ key1;
        c3 = low0;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return {{c0, c1, c2, c3}};
}

// The counter of an atom's noise; its purpose is number 0.
DEVICE Words noise_counter(unsigned atom, unsigned replica, unsigned long long step) {
    return {{atom, replica, unsigned(step), unsigned(step >> 32) & 0x00ffffffu}};
}

// ln((w + ½)·2⁻³²), w first rounded to f32.
DEVICE float ln_uniform(unsigned word) {
    constexpr unsigned ROOT_HALF_BITS = 0x3F3504F3u;
    float u = (float(word) + 0.5f) * 2.3283064e-10f;
    unsigned offset = __float_as_uint(u) - ROOT_HALF_BITS;
    int exponent = int(offset) >> 23;
    float m = __uint_as_float((offset & 0x007fffffu) + ROOT_HALF_BITS);
    float s = (m - 1.0f) / (m + 1.0f);
    float z = s * s;
    float series = z * (2.0f / 3.0f + z * (2.0f / 5.0f + z * (2.0f / 7.0f + z * (2.0f / 9.0f))));
    return float(exponent) * 0.693147180559945f + (2.0f * s + s * series);
}

// sin and cos of 2πw·2⁻³², quadrants starting at −π/4.
DEVICE void sin_cos(unsigned word, float& sine, float& cosine) {
    unsigned quadrant = word >> 30;
    float a = float(int(word & 0x3fffffffu) - 0x20000000) * (1.57079632679489662f / 1073741824.0f);
    float z = a * a;
    float s = a + a * (z * (-1.0f / 6.0f + z * (1.0f / 120.0f + z * (-1.0f / 5040.0f + z * (1.0f / 362880.0f)))));
    float c = 1.0f + z * (-0.5f + z * (1.0f / 24.0f +
                                       z * (-1.0f / 720.0f + z * (1.0f / 40320.0f + z * (-1.0f / 3628800.0f)))));
    bool odd = quadrant & 1;
    sine = __uint_as_float(__float_as_uint(odd ? c : s) ^ ((quadrant & 2) << 30));
    cosine = __uint_as_float(__float_as_uint(odd ? s : c) ^ (((quadrant + 1) & 2) << 30));
}

// Box and Muller: the first three of four deviates.
DEVICE void normals(Words words, float& x, float& y, float& z) {
    float sine, cosine;
    float radius = sqrtf(-2.0f * ln_uniform(words.w[0]));
    sin_cos(words.w[1], sine, cosine);
    x = radius * cosine;
    y = radius * sine;
    radius = sqrtf(-2.0f * ln_uniform(words.w[2]));
    sin_cos(words.w[3], sine, cosine);
    z = radius * cosine;
}

}  // namespace random_numbers
