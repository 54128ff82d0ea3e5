// Energies and forces of a batch, one block a conformer.

#include "blocks/conformer.cuh"

template <class Real>
struct EvaluateArguments {
    System<Real> system;
    // nm; conformers in blocks of sixteen, as `dynamics::Batch` has them.
    const float* positions;
    // kJ/mol/nm, laid out the same; NaN where a force left the range of the scale.
    float* forces;
    // `[conformer][term]`, kJ/mol.
    double* energies;
    // Units of fixed point per kJ/mol/nm, by conformer.
    const double* scales;
    // The largest force that left the range, as bits of its f32, by conformer; 0 where none did.
    unsigned* largest;
    // The conformer of each block.
    const unsigned* selected;
};

template <class Few, class Real>
DEVICE void evaluate(const EvaluateArguments<Real>& arguments) {
    SHARED_MEMORY(shared);
    const System<Real>& system = arguments.system;
    Conformer<Real> memory(shared, system.n_atoms);
    unsigned conformer = arguments.selected[blockIdx.x];
    unsigned long long first = batch_index(conformer, 0, system.n_atoms);
    for (unsigned atom = threadIdx.x; atom < system.n_atoms; atom += blockDim.x) {
        memory.set(system, atom, batch_position<Real>(arguments.positions, first + 48ull * atom));
    }
    double scale = arguments.scales[conformer];
    double energy = evaluate_conformer<Few>(system, memory, scale);
    if (threadIdx.x < N_TERMS) arguments.energies[conformer * N_TERMS + threadIdx.x] = energy;
    if (threadIdx.x == 0) arguments.largest[conformer] = *memory.largest;
    ForceSums forces = memory.sums(system, scale);
    for (unsigned atom = threadIdx.x; atom < system.n_atoms; atom += blockDim.x) {
        Vector<float> force = forces.sum(atom);
        float* at = arguments.forces + first + 48ull * atom;
        at[0] = force.x;
        at[16] = force.y;
        at[32] = force.z;
    }
}

// All in f32 but sums.
KERNEL(evaluate_single, EvaluateArguments<float>, MAX_THREADS) { evaluate<float>(arguments); }
// Terms over few atoms in f64, pairs in f32.
KERNEL(evaluate_mixed, EvaluateArguments<float>, MAX_THREADS) { evaluate<double>(arguments); }
// All in f64.
KERNEL(evaluate_double, EvaluateArguments<double>, MAX_THREADS) { evaluate<double>(arguments); }

#define EVALUATE_KERNELS(ENTRY)                      \
    ENTRY(evaluate_single, EvaluateArguments<float>), \
        ENTRY(evaluate_mixed, EvaluateArguments<float>), ENTRY(evaluate_double, EvaluateArguments<double>)
