// Generalised Born: the formulas of `terms/born.rs`, one direction of a pair at a time.
//
// With the offset radius `own` of the atom whose integral it is and the scaled offset radius s of the other, the
// integral is, wherever r ≥ own + |s|, s³/r⁴ g(s²/r²), and (dI/dr)/r = −s³/r⁶ h(s²/r²), with polynomials for g and
// h. Their error is that of f32: in f64 every pair takes the closed form.
#pragma once

#include "../numbers.cuh"

namespace born {

// What two atoms' radii make of a neck: distance of the maximum (nm) and its value times the neck scale (1/nm),
// for the integral of the first atom, then of the second.
template <class Real>
struct Necks {
    Real distance[2];
    Real value[2];
};

// How far beyond contact a neck reaches, nm.
constexpr double NECK_CUTOFF = 0.68;

// Above this s²/r² the polynomials do not hold: 1/0.4, and a hair beyond contact.
constexpr float SERIES_REACH = 1.5811389f;
constexpr float HAIR = 1.000001f;

// g on 0..0.4, minimax, relative error 1.9e-7.
template <class Real>
DEVICE Real integral_series(Real y) {
    constexpr float G[] = {0.33333327f, 0.40001987f, 0.42753656f,  0.46463725f,
                           0.26518453f, 1.3944694f,  -1.9274219f, 3.2079446f};
    return polynomial(y, G);
}

// h on 0..0.4, minimax, relative error 9.8e-7.
template <class Real>
DEVICE Real slope_series(Real y) {
    constexpr float H[] = {1.33333202f,  2.40043494f, 3.4054257f, 4.9036404f,
                           1.096001106f, 28.094574f,  -48.11771f, 71.304106f};
    return polynomial(y, H);
}

// Whether the polynomials hold.
DEVICE bool by_series(float r2, float own, float s) {
    float size = fabsf(s);
    float near = fmaxf(own + size, size * SERIES_REACH) * HAIR;
    return r2 >= near * near;
}
DEVICE bool by_series(double, double, double) { return false; }

// Integral and (dI/dr)/r at any distance.
template <class Real>
DEVICE void closed_form(Real r, Real inverse_r, Real own, Real s, Real& value, Real& slope) {
    Real half = Real(0.5), quarter = Real(0.25), one = Real(1);
    Real gap = r - s;
    Real distance = magnitude(gap);
    Real upper = r + s;
    if (!(own < upper) && r == r) {
        value = slope = Real(0);
        return;
    }
    Real lower = larger(distance, own);
    Real l = one / lower, u = one / upper;
    Real log = logarithm(lower * u);
    Real s2_r = s * s * inverse_r;
    Real width = r - s2_r;
    Real difference = quarter * (u * u - l * l);
    value = half * (l - u + width * difference + half * log * inverse_r);
    // dL/dr: ±1 where the other atom's sphere sets the lower limit
    Real moving = own < distance ? (gap < Real(0) ? -one : one) : Real(0);
    Real by_r = half * (u * u - moving * l * l + (one + s2_r * inverse_r) * difference +
                        half * width * (moving * l * l * l - u * u * u) +
                        half * inverse_r * (moving * l - u - log * inverse_r));
    slope = by_r * inverse_r;
}

// What the other atom takes from the integral of the own one, 1/nm, without neck.
template <class Real>
DEVICE Real integral(Real r2, Real own, Real s) {
    Real inverse_r = inverse_root(r2);
    if (by_series(r2, own, s)) {
        Real inverse_r2 = inverse_r * inverse_r;
        Real s2 = s * s;
        return inverse_r2 * inverse_r2 * (s2 * s) * integral_series(inverse_r2 * s2);
    }
    Real value, slope;
    closed_form(r2 * inverse_r, inverse_r, own, s, value, slope);
    return value;
}

// (dI/dr)/r of that, 1/nm³.
template <class Real>
DEVICE Real integral_slope(Real r2, Real inverse_r, Real own, Real s) {
    if (by_series(r2, own, s)) {
        Real inverse_r2 = inverse_r * inverse_r;
        Real s2 = s * s;
        return -(inverse_r2 * inverse_r2 * inverse_r2 * (s2 * s) * slope_series(inverse_r2 * s2));
    }
    Real value, slope;
    closed_form(r2 * inverse_r, inverse_r, own, s, value, slope);
    return slope;
}

// 1 + 100 d² + 3·10⁵ d⁶.
template <class Real>
DEVICE Real neck_denominator(Real d) {
    Real d2 = d * d;
    return fused(d2, fused(d2 * d2, Real(0.3e6), Real(100)), Real(1));
}

template <class Real>
DEVICE Real neck(Real r, Real distance, Real value) {
    return value * reciprocal(neck_denominator(r - distance));
}

// Derivative by distance.
template <class Real>
DEVICE Real neck_slope(Real r, Real distance, Real value) {
    Real d = r - distance;
    Real inverse = reciprocal(neck_denominator(d));
    Real d2 = d * d;
    return value * d * fused(d2 * d2, Real(-1.8e6), Real(-200)) * (inverse * inverse);
}

// Constants of an atom's Born radius, in f64: their work grows with the atoms, not with the pairs.
struct Atom {
    // Offset radius and intrinsic radius, nm.
    double offset_radius, radius;
    // Coefficients of ψ, −ψ², ψ³; all zero selects the model without tanh (HCT).
    double alpha, beta, gamma;
    // ½C q².
    double self_charge;
    // 28.3919551 (ρ + 0.14)² ρ⁶, kJ/mol nm⁶; zero without surface term.
    double surface;
    double padding;
};

// B and ∂B/∂I from the integral.
DEVICE double radius(double integral, const Atom& atom, bool hct, double& slope) {
    double inverse_offset = 1.0 / atom.offset_radius;
    if (hct) {
        double born = 1.0 / (inverse_offset - integral);
        slope = born * born;
        return born;
    }
    double psi = integral * atom.offset_radius;
    double tanh = hyperbolic_tangent(psi * (psi * (psi * atom.gamma - atom.beta) + atom.alpha));
    double born = 1.0 / (inverse_offset - tanh / atom.radius);
    double inner = psi * (3.0 * atom.gamma * psi - 2.0 * atom.beta) + atom.alpha;
    slope = born * born * (1.0 - tanh * tanh) * inner * atom.offset_radius / atom.radius;
    return born;
}

// Constants of the solvent.
template <class Real>
struct Dielectric {
    // 1/ε of the solute and of the solvent.
    Real inside, outside;
    // Inverse Debye length, 1/nm, and 1/cutoff, or zero.
    Real kappa, shift;
};

// 1/ε_in − e^{−κx}/ε_out, and the screened part.
template <class Real>
DEVICE Real factor(Real x, const Dielectric<Real>& dielectric, Real& screened) {
    screened = dielectric.outside;
    if (dielectric.kappa > Real(0)) screened = screened * exponential(-(x * dielectric.kappa));
    return dielectric.inside - screened;
}

// Self energy with surface term, and its slope by B.
DEVICE double self_energy(double born, const Atom& atom, const Dielectric<double>& dielectric, double& slope) {
    double screened;
    double f = factor(born, dielectric, screened);
    double inverse = 1.0 / born;
    double inverse2 = inverse * inverse;
    double surface = atom.surface * (inverse2 * inverse2 * inverse2);
    slope = atom.self_charge * inverse * (f * inverse - dielectric.kappa * screened) - 6.0 * surface * inverse;
    return surface - atom.self_charge * f * inverse;
}

// Still's pair energy; `charges` = C qᵢqⱼ, `product` = BᵢBⱼ and its inverse.
template <class Real>
struct PairEnergy {
    // Energy (kJ/mol), (∂E/∂r)/r (kJ/mol/nm²), and ∂E/∂(BᵢBⱼ) (kJ/mol/nm²): times Bⱼ it is ∂E/∂Bᵢ.
    Real energy, slope, by_product;
};

template <class Real>
DEVICE PairEnergy<Real> pair_energy(Real r2, Real charges, Real product, Real inverse_product,
                                    const Dielectric<Real>& dielectric) {
    Real exponent = r2 * (inverse_product * Real(0.25));
    Real damping = exponential(-exponent);
    Real inverse_f = inverse_root(fused(product, damping, r2));
    Real energy, by_f_over_f;
    if (dielectric.kappa > Real(0) || dielectric.shift > Real(0)) {
        Real f = reciprocal(inverse_f);
        Real screened;
        Real within = factor(f, dielectric, screened);
        Real shifted = inverse_f - dielectric.shift;
        energy = -(charges * within * shifted);
        Real by_f = within * inverse_f * inverse_f - dielectric.kappa * screened * shifted;
        by_f_over_f = charges * by_f * inverse_f;
    } else {
        Real charged = charges * (dielectric.inside - dielectric.outside) * inverse_f;
        energy = -charged;
        by_f_over_f = charged * inverse_f * inverse_f;
    }
    Real damped = damping * Real(0.25);
    return {energy, fused(-damped, by_f_over_f, by_f_over_f), by_f_over_f * (damped + damped) * (exponent + Real(1))};
}

}  // namespace born
