#define TILED_KERNELS(ENTRY) { nullptr, nullptr, 0 }
