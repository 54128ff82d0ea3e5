// Langevin dynamics, one block a replica, many steps a launch: the steps of `dynamics::Integrator::LangevinMiddle`.
//
// The state at the last good step lies in global memory and is what a step starts from, so that a step that fails
// leaves nothing to mend; positions, velocities and sums of the step under way are in shared memory.

#include "blocks/conformer.cuh"
#include "dynamics/constraints.cuh"
#include "dynamics/random.cuh"

template <class Real>
struct DynamicsArguments {
    System<Real> system;
    // `[replica][atom]`: nm, nm/ps, kJ/mol/nm. Read and written.
    Vector<double>* positions;
    Vector<double>* velocities;
    Vector<float>* forces;
    // By replica: kJ/mol, written; identifier; √(kT), √(kJ/mol).
    double* energies;
    const unsigned* identifiers;
    const double* thermal;
    // By replica: the cause of a fault, 0 for none; then its step. A replica that has one does not move.
    unsigned* causes;
    unsigned long long* fault_steps;
    // By atom: 1/Da; √(1 − e^(−2γΔt)) √(1/m).
    const double* inverse_masses;
    const double* widths;
    const constraints::Bond* bonds;
    // First bond of each cluster, and the end of the last.
    const unsigned* clusters;
    // Δt (ps), e^(−γΔt), tolerance of constraints.
    double time_step, decay, tolerance;
    unsigned long long seed, first_step, n_steps;
    unsigned n_clusters;
    // Whether there is noise.
    unsigned noisy;
};

// Causes of faults, as `cuda/dynamics.rs` knows them; of several, the least.
enum Cause { POSITION = 1, CONSTRAINT = 2, ENERGY = 3, FORCE = 4, VELOCITY = 5 };

DEVICE bool is_finite(float x) { return fabsf(x) <= 3.402823466e+38f; }
template <class Number>
DEVICE bool is_finite(Vector<Number> a) {
    return is_finite(float(a.x)) && is_finite(float(a.y)) && is_finite(float(a.z));
}

// Shared memory beyond that of a conformer.
struct Moving {
    unsigned* failures;
    double* terms;
    Vector<double>* positions;
    Vector<double>* velocities;

    static constexpr unsigned HEADER = 16 + 8 * 8;

    DEVICE Moving(unsigned char* shared, unsigned n_atoms) {
        failures = reinterpret_cast<unsigned*>(shared);
        terms = reinterpret_cast<double*>(shared + 16);
        positions = reinterpret_cast<Vector<double>*>(shared + HEADER);
        velocities = positions + n_atoms;
    }
    DEVICE static unsigned bytes(unsigned n_atoms) { return HEADER + 2 * n_atoms * sizeof(Vector<double>); }

    // All threads say whether something failed; they go on together.
    DEVICE void fail(Cause cause, bool is) const {
        if (is) atomicOr(failures, 1u << cause);
    }
    // The least cause of all threads, after a barrier; 0 if nothing failed.
    DEVICE unsigned cause() const {
        __syncthreads();
        unsigned failed = *failures;
        for (unsigned cause = POSITION; cause <= VELOCITY; ++cause) {
            if (failed >> cause & 1) return cause;
        }
        return 0;
    }
};

// Kick, velocity constraints, half drift, noise, half drift, position constraints.
template <class Real>
DEVICE void move(const DynamicsArguments<Real>& arguments, const Moving& moving, unsigned replica,
                 unsigned long long step) {
    unsigned n_atoms = arguments.system.n_atoms;
    const Vector<double>* start = arguments.positions + static_cast<unsigned long long>(replica) * n_atoms;
    const Vector<double>* speed = arguments.velocities + static_cast<unsigned long long>(replica) * n_atoms;
    const Vector<float>* forces = arguments.forces + static_cast<unsigned long long>(replica) * n_atoms;
    double time_step = arguments.time_step, half = 0.5 * time_step, tolerance = arguments.tolerance;
    for (unsigned atom = threadIdx.x; atom < n_atoms; atom += blockDim.x) {
        Vector<float> force = forces[atom];
        double kick = time_step * arguments.inverse_masses[atom];
        moving.velocities[atom] = speed[atom] + scaled(Vector<double>{force.x, force.y, force.z}, kick);
    }
    if (arguments.n_clusters > 0) {
        __syncthreads();
        bool solved = constraints::solve(
            arguments.bonds, arguments.clusters, arguments.n_clusters, [&](const constraints::Bond& bond) {
                return constraints::correct_velocities(bond, start, moving.velocities, time_step, tolerance);
            });
        moving.fail(CONSTRAINT, !solved);
        __syncthreads();
    }
    double thermal = arguments.thermal[replica];
    for (unsigned atom = threadIdx.x; atom < n_atoms; atom += blockDim.x) {
        Vector<double> velocity = moving.velocities[atom];
        Vector<double> position = start[atom] + scaled(velocity, half);
        if (arguments.noisy) {
            float x, y, z;
            random_numbers::Words counter =
                random_numbers::noise_counter(atom, arguments.identifiers[replica], step);
            random_numbers::normals(random_numbers::philox(counter, arguments.seed), x, y, z);
            double width = arguments.widths[atom] * thermal;
            velocity = scaled(velocity, arguments.decay) + scaled(Vector<double>{x, y, z}, width);
        }
        moving.velocities[atom] = velocity;
        moving.positions[atom] = position + scaled(velocity, half);
    }
    if (arguments.n_clusters > 0) {
        __syncthreads();
        bool solved = constraints::solve(
            arguments.bonds, arguments.clusters, arguments.n_clusters, [&](const constraints::Bond& bond) {
                return constraints::correct_positions(bond, start, moving.positions, moving.velocities,
                                                      1.0 / time_step, tolerance);
            });
        moving.fail(CONSTRAINT, !solved);
        __syncthreads();
    }
}

// One step; the cause why it failed, or 0.
template <class Few, class Real>
DEVICE unsigned take_step(const DynamicsArguments<Real>& arguments, const Conformer<Real>& memory, const Moving& moving,
                          unsigned replica, unsigned long long step) {
    const System<Real>& system = arguments.system;
    unsigned n_atoms = system.n_atoms;
    move(arguments, moving, replica, step);
    for (unsigned atom = threadIdx.x; atom < n_atoms; atom += blockDim.x) {
        Vector<double> position = moving.positions[atom];
        Vector<float> rounded = {float(position.x), float(position.y), float(position.z)};
        moving.fail(POSITION, !is_finite(rounded));
        memory.set(system, atom, Vector<Real>{Real(rounded.x), Real(rounded.y), Real(rounded.z)});
    }
    if (unsigned cause = moving.cause()) return cause;
    // as `SCALE` of `cuda/evaluator.rs`
    constexpr double SCALE = 1073741824.0;
    double term = evaluate_conformer<Few>(system, memory, SCALE);
    if (threadIdx.x < N_TERMS) moving.terms[threadIdx.x] = term;
    ForceSums forces = memory.sums(system, SCALE);
    for (unsigned atom = threadIdx.x; atom < n_atoms; atom += blockDim.x) {
        moving.fail(FORCE, !is_finite(forces.sum(atom)));
        moving.fail(VELOCITY, !is_finite(moving.velocities[atom]));
    }
    __syncthreads();
    double energy = moving.terms[0];
    for (unsigned k = 1; k < N_TERMS; ++k) energy += moving.terms[k];
    if (threadIdx.x == 0) moving.fail(ENERGY, !(fabs(energy) <= 1.7976931348623157e308));
    if (unsigned cause = moving.cause()) return cause;
    unsigned long long first = static_cast<unsigned long long>(replica) * n_atoms;
    for (unsigned atom = threadIdx.x; atom < n_atoms; atom += blockDim.x) {
        arguments.positions[first + atom] = moving.positions[atom];
        arguments.velocities[first + atom] = moving.velocities[atom];
        arguments.forces[first + atom] = forces.sum(atom);
    }
    if (threadIdx.x == 0) arguments.energies[replica] = energy;
    __syncthreads();
    return 0;
}

template <class Few, class Real>
DEVICE void advance(const DynamicsArguments<Real>& arguments) {
    SHARED_MEMORY(shared);
    unsigned n_atoms = arguments.system.n_atoms, replica = blockIdx.x;
    if (arguments.causes[replica] != 0) return;
    Moving moving(shared, n_atoms);
    Conformer<Real> memory(shared + Moving::bytes(n_atoms), n_atoms);
    if (threadIdx.x == 0) *moving.failures = 0;
    __syncthreads();
    for (unsigned long long k = 0; k < arguments.n_steps; ++k) {
        unsigned long long step = arguments.first_step + k;
        unsigned cause = take_step<Few>(arguments, memory, moving, replica, step);
        if (cause != 0) {
            if (threadIdx.x == 0) {
                arguments.causes[replica] = cause;
                arguments.fault_steps[replica] = step + 1;
            }
            return;
        }
    }
}

KERNEL(dynamics_single, DynamicsArguments<float>, MAX_THREADS) { advance<float>(arguments); }
KERNEL(dynamics_mixed, DynamicsArguments<float>, MAX_THREADS) { advance<double>(arguments); }
KERNEL(dynamics_double, DynamicsArguments<double>, MAX_THREADS) { advance<double>(arguments); }

static_assert(sizeof(constraints::Bond) == 32 && sizeof(Vector<double>) == 24 && sizeof(Vector<float>) == 12,
              "as in cuda/dynamics.rs");

#define DYNAMICS_KERNELS(ENTRY)                                                                          \
    ENTRY(dynamics_single, DynamicsArguments<float>), ENTRY(dynamics_mixed, DynamicsArguments<float>), \
        ENTRY(dynamics_double, DynamicsArguments<double>)
