// Bicubic interpolation of energy correction maps: the formulas of `terms/cmap.rs`, in f64.
#pragma once

#include "../numbers.cuh"

namespace cmap {

// Cell that holds a position (in spacings, any sign), and where in the cell.
DEVICE unsigned cell(double position, unsigned size, double& within) {
    double wrapped = position - floor(position / size) * size;
    // rounding can give exactly `size`; a NaN becomes cell 0 and stays NaN in the fraction
    unsigned index = wrapped >= 1.0 ? unsigned(wrapped) : 0u;
    if (index >= size) index = size - 1;
    within = wrapped - index;
    return index;
}

// Cubic Hermite basis at t in 0..1, `[end][value or slope]`, and its derivatives.
DEVICE void hermite(double t, double (&value)[2][2], double (&slope)[2][2]) {
    double t2 = t * t, t3 = t * t * t;
    value[0][0] = 2.0 * t3 - 3.0 * t2 + 1.0;
    value[0][1] = t3 - 2.0 * t2 + t;
    value[1][0] = 3.0 * t2 - 2.0 * t3;
    value[1][1] = t3 - t2;
    slope[0][0] = 6.0 * t2 - 6.0 * t;
    slope[0][1] = 3.0 * t2 - 4.0 * t + 1.0;
    slope[1][0] = 6.0 * t - 6.0 * t2;
    slope[1][1] = 3.0 * t2 - 2.0 * t;
}

// Energy (kJ/mol) and its derivatives by both angles (kJ/mol/rad) at angles in rad; a node holds
// f, ∂f/∂φ·δ, ∂f/∂ψ·δ, ∂²f/∂φ∂ψ·δ², δ the spacing.
DEVICE double evaluate(const Four<double>* nodes, unsigned size, double phi, double psi, double& by_phi,
                       double& by_psi) {
    double spacing = 6.283185307179586 / size;
    double u, v;
    unsigned i = cell(phi / spacing, size, u), j = cell(psi / spacing, size, v);
    double hu[2][2], du[2][2], hv[2][2], dv[2][2];
    hermite(u, hu, du);
    hermite(v, hv, dv);
    double energy = 0.0;
    by_phi = by_psi = 0.0;
#pragma unroll
    for (unsigned corner = 0; corner < 4; ++corner) {
        unsigned a = corner & 1, b = corner >> 1;
        Four<double> node = nodes[(i + a) % size + size * ((j + b) % size)];
        double value = hv[b][0] * node.x + hv[b][1] * node.z;
        double value_slope = hv[b][0] * node.y + hv[b][1] * node.w;
        energy += hu[a][0] * value + hu[a][1] * value_slope;
        by_phi += du[a][0] * value + du[a][1] * value_slope;
        by_psi += hu[a][0] * (dv[b][0] * node.x + dv[b][1] * node.z) + hu[a][1] * (dv[b][0] * node.y + dv[b][1] * node.w);
    }
    by_phi /= spacing;
    by_psi /= spacing;
    return energy;
}

}  // namespace cmap
