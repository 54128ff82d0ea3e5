// SHAKE and RATTLE of `dynamics::constraints`, one thread a cluster, in f64.
#pragma once

#include "../numbers.cuh"

namespace constraints {

struct Bond {
    unsigned atoms[2];
    double inverse_masses[2];
    double squared_distance;
};

constexpr unsigned MAX_ITERATIONS = 500;

// One SHAKE correction along the vectors of `reference`; whether there was something to correct.
DEVICE bool correct_positions(const Bond& bond, const Vector<double>* reference, Vector<double>* positions,
                              Vector<double>* velocities, double inverse_time, double tolerance) {
    unsigned a = bond.atoms[0], b = bond.atoms[1];
    Vector<double> s = positions[a] - positions[b], r = reference[a] - reference[b];
    double squared = 0.0, along = 0.0;
    squared += s.x * s.x;
    along += s.x * r.x;
    squared += s.y * s.y;
    along += s.y * r.y;
    squared += s.z * s.z;
    along += s.z * r.z;
    double difference = bond.squared_distance - squared;
    if (!(fabs(difference) > 2.0 * tolerance * bond.squared_distance)) return false;
    double weight_a = bond.inverse_masses[0], weight_b = bond.inverse_masses[1];
    double g = difference / (2.0 * (weight_a + weight_b) * along);
    Vector<double> move_a = {g * weight_a * r.x, g * weight_a * r.y, g * weight_a * r.z};
    Vector<double> move_b = {g * weight_b * r.x, g * weight_b * r.y, g * weight_b * r.z};
    positions[a] = positions[a] + move_a;
    positions[b] = positions[b] - move_b;
    velocities[a] = velocities[a] + scaled(move_a, inverse_time);
    velocities[b] = velocities[b] - scaled(move_b, inverse_time);
    return true;
}

// One RATTLE correction; whether there was something to correct.
DEVICE bool correct_velocities(const Bond& bond, const Vector<double>* positions, Vector<double>* velocities,
                               double time, double tolerance) {
    unsigned a = bond.atoms[0], b = bond.atoms[1];
    Vector<double> r = positions[a] - positions[b], v = velocities[a] - velocities[b];
    double squared = 0.0, along = 0.0;
    squared += r.x * r.x;
    along += r.x * v.x;
    squared += r.y * r.y;
    along += r.y * v.y;
    squared += r.z * r.z;
    along += r.z * v.z;
    if (!(fabs(along) > tolerance * bond.squared_distance / time)) return false;
    double weight_a = bond.inverse_masses[0], weight_b = bond.inverse_masses[1];
    double g = -along / ((weight_a + weight_b) * squared);
    velocities[a] = velocities[a] + Vector<double>{g * weight_a * r.x, g * weight_a * r.y, g * weight_a * r.z};
    velocities[b] = velocities[b] - Vector<double>{g * weight_b * r.x, g * weight_b * r.y, g * weight_b * r.z};
    return true;
}

// Goes through the bonds of every cluster until none has anything to correct; false if that does not end.
template <class Correct>
DEVICE bool solve(const Bond* bonds, const unsigned* clusters, unsigned n_clusters, Correct correct) {
    bool solved = true;
    for (unsigned cluster = threadIdx.x; cluster < n_clusters; cluster += blockDim.x) {
        bool wrong = true;
        for (unsigned iteration = 0; iteration < MAX_ITERATIONS && wrong; ++iteration) {
            wrong = false;
            for (unsigned k = clusters[cluster]; k < clusters[cluster + 1]; ++k) wrong |= correct(bonds[k]);
        }
        solved = solved && !wrong;
    }
    return solved;
}

}  // namespace constraints
