#define DYNAMICS_KERNELS(ENTRY) { nullptr, nullptr, 0 }
