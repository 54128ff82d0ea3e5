// Elementary functions by precision, and small vectors. `--fmad=false` keeps the compiler from fusing what is
// not written as fma, so that GPU, emulation and the SIMD lanes of the CPU do the same operations.
//
// Error bounds (CUDA C++ Programming Guide, "Mathematical Functions"): rsqrtf 2 ulp, __fdividef 2 ulp,
// __expf 2 + ⌊|1.173 x|⌋ ulp, logf 1 ulp, atan2f 3 ulp. The emulation adds errors of that size.
#pragma once

#include "portable.cuh"

DEVICE float inverse_root(float x) { return rsqrtf(x); }
DEVICE double inverse_root(double x) { return rsqrt(x); }

// To the last bit, where differences of distances are taken.
DEVICE float root(float x) { return sqrtf(x); }
DEVICE double root(double x) { return sqrt(x); }

DEVICE float reciprocal(float x) { return __fdividef(1.0f, x); }
DEVICE double reciprocal(double x) { return 1.0 / x; }

DEVICE float exponential(float x) { return __expf(x); }
DEVICE double exponential(double x) { return exp(x); }

DEVICE float logarithm(float x) { return logf(x); }
DEVICE double logarithm(double x) { return log(x); }

DEVICE float hyperbolic_tangent(float x) { return tanhf(x); }
DEVICE double hyperbolic_tangent(double x) { return tanh(x); }

DEVICE float polar_angle(float y, float x) { return atan2f(y, x); }
DEVICE double polar_angle(double y, double x) { return atan2(y, x); }

DEVICE float fused(float a, float b, float c) { return fmaf(a, b, c); }
DEVICE double fused(double a, double b, double c) { return fma(a, b, c); }

DEVICE float magnitude(float x) { return fabsf(x); }
DEVICE double magnitude(double x) { return fabs(x); }

DEVICE float larger(float a, float b) { return fmaxf(a, b); }
DEVICE double larger(double a, double b) { return fmax(a, b); }

template <class Real>
DEVICE Real smallest_normal();
template <>
DEVICE float smallest_normal<float>() { return 1.17549435e-38f; }
template <>
DEVICE double smallest_normal<double>() { return 2.2250738585072014e-308; }

// c₀ + c₁x + c₂x² + …
template <class Real, unsigned N>
DEVICE Real polynomial(Real x, const float (&coefficients)[N]) {
    Real sum = Real(coefficients[N - 1]);
#pragma unroll
    for (int k = int(N) - 2; k >= 0; --k) sum = fused(sum, x, Real(coefficients[k]));
    return sum;
}

// Two numbers that are loaded and stored together.
template <class Real>
struct alignas(2 * sizeof(Real)) Two {
    Real x, y;
};

// Four numbers that are loaded and stored together.
template <class Real>
struct alignas(16) Four {
    Real x, y, z, w;
};

// A point (nm), a vector, a force (kJ/mol/nm).
template <class Real>
struct Vector {
    Real x, y, z;
};

template <class Real>
DEVICE Vector<Real> operator+(Vector<Real> a, Vector<Real> b) {
    return {a.x + b.x, a.y + b.y, a.z + b.z};
}

template <class Real>
DEVICE Vector<Real> operator-(Vector<Real> a, Vector<Real> b) {
    return {a.x - b.x, a.y - b.y, a.z - b.z};
}

template <class Real>
DEVICE Vector<Real> operator-(Vector<Real> a) {
    return {-a.x, -a.y, -a.z};
}

template <class Real>
DEVICE Vector<Real> scaled(Vector<Real> a, Real factor) {
    return {a.x * factor, a.y * factor, a.z * factor};
}

// sum + factor · a
template <class Real>
DEVICE Vector<Real> accumulated(Vector<Real> sum, Real factor, Vector<Real> a) {
    return {fused(factor, a.x, sum.x), fused(factor, a.y, sum.y), fused(factor, a.z, sum.z)};
}

template <class Real>
DEVICE Real dot(Vector<Real> a, Vector<Real> b) {
    return fused(a.x, b.x, fused(a.y, b.y, a.z * b.z));
}

template <class Real>
DEVICE Vector<Real> cross(Vector<Real> a, Vector<Real> b) {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
