// Lennard-Jones, Coulomb and soft repulsion: the formulas of `terms/nonbonded.rs`.
#pragma once

#include "../numbers.cuh"

namespace nonbonded {

// Energy and (dE/dr)/r of a pair.
template <class Real>
struct Pair {
    Real energy, slope;
};

// Constants of the treatment of large distances.
template <class Real>
struct Range {
    // Squared cutoff, nm²; infinite without.
    Real cutoff2;
    // k and c of the reaction field.
    Real field_k, field_c;
    // Start of the switch (nm) and 1/(cutoff − start); zero width without.
    Real switch_start, switch_inverse_width;
    Real padding;
};

// Energy and r dE/dr of 4ε[(σ/r)¹² − (σ/r)⁶].
template <class Real>
DEVICE Pair<Real> lennard_jones(Real inverse_r2, Real sigma, Real epsilon) {
    Real s2 = sigma * sigma * inverse_r2;
    Real s6 = s2 * s2 * s2;
    Real strength = epsilon * s6;
    return {Real(4) * strength * (s6 - Real(1)), Real(-24) * strength * (s6 + s6 - Real(1))};
}

// 4ε[(σ/r)¹² − (σ/r)⁶] + charges/r; `charges` = C qᵢqⱼ.
template <class Real>
DEVICE Pair<Real> pair(Real inverse_r, Real sigma, Real epsilon, Real charges) {
    Real inverse_r2 = inverse_r * inverse_r;
    Pair<Real> lj = lennard_jones(inverse_r2, sigma, epsilon);
    Real coulomb = charges * inverse_r;
    return {lj.energy + coulomb, (lj.slope - coulomb) * inverse_r2};
}

// As `pair`, with a cutoff: zero beyond it.
template <class Real>
DEVICE Pair<Real> pair_within(Real r2, Real sigma, Real epsilon, Real charges, const Range<Real>& range) {
    if (!(r2 <= range.cutoff2) && r2 == r2) return {Real(0), Real(0)};
    Real inverse_r = inverse_root(r2);
    Real inverse_r2 = inverse_r * inverse_r;
    Pair<Real> lj = lennard_jones(inverse_r2, sigma, epsilon);
    if (range.switch_inverse_width > Real(0)) {
        constexpr float FACTOR[] = {-10.0f, 15.0f, -6.0f};
        constexpr float SLOPE[] = {-30.0f, 60.0f, -30.0f};
        Real r = r2 * inverse_r;
        Real x = larger((r - range.switch_start) * range.switch_inverse_width, Real(0));
        Real factor = fused(x * x * x, polynomial(x, FACTOR), Real(1));
        Real factor_slope = x * x * polynomial(x, SLOPE) * range.switch_inverse_width;
        lj.slope = lj.slope * factor + lj.energy * factor_slope * r;
        lj.energy = lj.energy * factor;
    }
    Real coulomb = charges * (inverse_r + (range.field_k * r2 - range.field_c));
    Real coulomb_slope = charges * (range.field_k + range.field_k - inverse_r2 * inverse_r);
    return {lj.energy + coulomb, fused(lj.slope, inverse_r2, coulomb_slope)};
}

// Constants of a soft repulsion.
template <class Real>
struct Soft {
    Real strength, inverse_distance2;
    // 0: strength/((r/r₀)⁴ + 1); 1: strength (1 − (r/r₀)²)² below r₀
    unsigned form;
    unsigned padding;
};

template <class Real>
DEVICE Pair<Real> soft_pair(Real r2, const Soft<Real>& soft) {
    Real x2 = r2 * soft.inverse_distance2;
    if (soft.form == 0) {
        Real inverse = reciprocal(fused(x2, x2, Real(1)));
        Real energy = soft.strength * inverse;
        return {energy, energy * inverse * x2 * (Real(-4) * soft.inverse_distance2)};
    }
    Real depth = larger(Real(1) - x2, Real(0));
    Real slope = soft.strength * depth;
    return {slope * depth, slope * (Real(-4) * soft.inverse_distance2)};
}

}  // namespace nonbonded
