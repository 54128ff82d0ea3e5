// Blocks, fibres, barriers and memory of the emulation, and the C interface that Rust loads.

#include "cuda.hpp"

// longjmp between stacks is what it is for here
#undef _FORTIFY_SOURCE

#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "../evaluate.cu"
#include "../tiled.cu"
#include "../dynamics.cu"

namespace emulation {

namespace {

enum class State { Runs, AtBarrier, AtExchange, Done };

struct Fibre : Thread {
    // Where it begins, and where it goes on: a jump, unlike a change of context, asks nothing of the kernel.
    ucontext_t context;
    jmp_buf waits;
    bool begun = false;
    State state = State::Runs;
    const char* file = nullptr;
    int line = 0;
    const void* offered = nullptr;
    void* wanted = nullptr;
    unsigned from = 0, bytes = 0;
};

using Entry = void (*)(const void*);

constexpr std::size_t STACK = 256 << 10;

struct Block {
    std::vector<Fibre> fibres;
    jmp_buf scheduler;
    unsigned char* shared = nullptr;
    Entry entry = nullptr;
    const void* arguments = nullptr;
};

thread_local Block block;

// Stacks of this thread's fibres, kept between launches.
struct Stacks {
    std::vector<unsigned char*> all;
    ~Stacks() {
        for (unsigned char* stack : all) munmap(stack, STACK);
    }
    unsigned char* get(std::size_t index) {
        while (all.size() <= index) {
            void* stack = mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (stack == MAP_FAILED) std::abort();
            all.push_back(static_cast<unsigned char*>(stack));
        }
        return all[index];
    }
};
thread_local Stacks stacks;

Fibre& running() { return static_cast<Fibre&>(*current); }

__attribute__((noinline)) void yield() {
    if (_setjmp(running().waits) == 0) _longjmp(block.scheduler, 1);
}

// Lets a fibre run until it waits.
__attribute__((noinline)) void resume(Fibre& fibre) {
    current = &fibre;
    if (_setjmp(block.scheduler) != 0) return;
    if (fibre.begun) _longjmp(fibre.waits, 1);
    fibre.begun = true;
    setcontext(&fibre.context);
}

void body() {
    block.entry(block.arguments);
    running().state = State::Done;
    yield();
}

std::string place(const Fibre& fibre) {
    return std::string(fibre.file) + ":" + std::to_string(fibre.line);
}

// Lanes of a warp that all wait for an exchange get it.
bool release_warps() {
    bool released = false;
    std::size_t n = block.fibres.size();
    for (std::size_t first = 0; first < n; first += 32) {
        std::size_t last = std::min(first + 32, n);
        bool all = true;
        for (std::size_t k = first; k < last; ++k) {
            const Fibre& fibre = block.fibres[k];
            all = all && fibre.state == State::AtExchange && fibre.line == block.fibres[first].line &&
                  fibre.file == block.fibres[first].file;
        }
        if (!all) continue;
        for (std::size_t k = first; k < last; ++k) {
            Fibre& fibre = block.fibres[k];
            std::size_t from = first + fibre.from;
            // a lane that does not exist gives nothing: CUDA leaves its value undefined
            if (from < last) {
                std::memcpy(fibre.wanted, block.fibres[from].offered, fibre.bytes);
            } else {
                std::memset(fibre.wanted, 0xff, fibre.bytes);
            }
        }
        for (std::size_t k = first; k < last; ++k) block.fibres[k].state = State::Runs;
        released = true;
    }
    return released;
}

// Threads that all wait at one barrier go on; anything else is an error in the kernel.
bool release_block(std::string& message) {
    const Fibre& first = block.fibres.front();
    for (std::size_t k = 0; k < block.fibres.size(); ++k) {
        const Fibre& fibre = block.fibres[k];
        if (fibre.state == State::AtBarrier && first.state == State::AtBarrier && fibre.line == first.line &&
            fibre.file == first.file) {
            continue;
        }
        auto where = [](const Fibre& fibre) {
            return fibre.state == State::Done        ? std::string("has ended")
                   : fibre.state == State::AtBarrier ? "waits at the barrier " + place(fibre)
                                                     : "waits for its warp at " + place(fibre);
        };
        message = "divergence: thread 0 " + where(first) + ", thread " + std::to_string(k) + " " + where(fibre);
        return false;
    }
    for (Fibre& fibre : block.fibres) fibre.state = State::Runs;
    return true;
}

bool run_block(unsigned n_threads, unsigned order, std::string& message) {
    block.fibres.assign(n_threads, Fibre());
    for (unsigned k = 0; k < n_threads; ++k) {
        Fibre& fibre = block.fibres[k];
        fibre.index.x = k;
        getcontext(&fibre.context);
        fibre.context.uc_stack.ss_sp = stacks.get(k);
        fibre.context.uc_stack.ss_size = STACK;
        fibre.context.uc_link = nullptr;
        makecontext(&fibre.context, body, 0);
    }
    for (;;) {
        bool alive = false;
        for (unsigned k = 0; k < n_threads; ++k) {
            // forwards, backwards, or odd threads after even ones
            unsigned turn = order == 0 ? k : order == 1 ? n_threads - 1 - k : (2 * k) % n_threads + (2 * k) / n_threads;
            Fibre& fibre = block.fibres[turn];
            if (fibre.state != State::Runs) continue;
            resume(fibre);
        }
        for (const Fibre& fibre : block.fibres) alive = alive || fibre.state != State::Done;
        if (!alive) return true;
        if (!release_warps() && !release_block(message)) return false;
    }
}

// Memory that ends where a page begins that nobody may touch.
std::size_t page() { return std::size_t(sysconf(_SC_PAGESIZE)); }
std::size_t whole_pages(std::size_t bytes) { return (bytes + page() - 1) / page() * page(); }
std::size_t aligned(std::size_t bytes) { return (bytes + 15) / 16 * 16; }

void* guarded(std::size_t bytes) {
    std::size_t size = whole_pages(aligned(bytes));
    void* start = mmap(nullptr, size + page(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) return nullptr;
    auto* end = static_cast<unsigned char*>(start) + size;
    mprotect(end, page(), PROT_NONE);
    std::memset(start, 0xff, size);
    return end - aligned(bytes);
}

void release(void* memory, std::size_t bytes) {
    std::size_t size = whole_pages(aligned(bytes));
    munmap(static_cast<unsigned char*>(memory) + aligned(bytes) - size, size + page());
}

template <class Arguments, void (*kernel)(const Arguments&)>
void call(const void* arguments) {
    kernel(*static_cast<const Arguments*>(arguments));
}

struct Named {
    const char* name;
    Entry entry;
    std::size_t bytes;
};

#define ENTRY(name, Arguments) \
    { #name, call<Arguments, name>, sizeof(Arguments) }
const Named KERNELS[] = {
    EVALUATE_KERNELS(ENTRY),
    TILED_KERNELS(ENTRY),
    DYNAMICS_KERNELS(ENTRY),
};

}  // namespace

thread_local Thread* current = nullptr;
thread_local Launch launch;

unsigned char* shared_memory() { return block.shared; }

void wait_for_block(const char* file, int line) {
    Fibre& fibre = running();
    fibre.state = State::AtBarrier;
    fibre.file = file;
    fibre.line = line;
    yield();
}

void exchange(const void* mine, void* theirs, unsigned bytes, unsigned from, const char* file, int line) {
    Fibre& fibre = running();
    fibre.state = State::AtExchange;
    fibre.file = file;
    fibre.line = line;
    fibre.offered = mine;
    fibre.wanted = theirs;
    fibre.bytes = bytes;
    fibre.from = from;
    yield();
}

float perturbed(float exact, float argument, float bound) {
    std::uint32_t bits;
    std::memcpy(&bits, &exact, sizeof bits);
    std::uint32_t exponent = bits >> 23 & 0xff;
    // zero, infinity and NaN are what they are, and so are numbers at the ends of the range
    if (exponent < 2 || exponent > 252) return exact;
    std::uint32_t hash = 0;
    std::memcpy(&hash, &argument, sizeof hash);
    hash = (hash ^ hash >> 16) * 0x45d9f3bu;
    hash = (hash ^ hash >> 16) * 0x45d9f3bu;
    hash ^= hash >> 16;
    auto width = static_cast<std::uint32_t>(bound);
    bits += hash % (2 * width + 1);
    bits -= width;
    std::memcpy(&exact, &bits, sizeof exact);
    return exact;
}

}  // namespace emulation

extern "C" {

// Device memory; null if there is none left.
void* foldscape_allocate(std::size_t bytes) { return emulation::guarded(bytes); }

void foldscape_free(void* memory, std::size_t bytes) { emulation::release(memory, bytes); }

// Size of a kernel's arguments; 0 if there is no such kernel.
std::size_t foldscape_arguments(const char* kernel) {
    for (const auto& named : emulation::KERNELS) {
        if (std::strcmp(named.name, kernel) == 0) return named.bytes;
    }
    return 0;
}

// Runs a kernel; 0, or 1 with what went wrong in `message`. `order` 0 runs threads and blocks forwards, 1
// backwards, 2 odd threads after even ones.
int foldscape_launch(const char* kernel, const unsigned* grid, unsigned n_threads, std::size_t shared_bytes,
                     const void* arguments, unsigned order, char* message, std::size_t capacity) {
    using namespace emulation;
    for (const auto& named : KERNELS) {
        if (std::strcmp(named.name, kernel) != 0) continue;
        void* shared = guarded(shared_bytes);
        block.shared = static_cast<unsigned char*>(shared);
        block.entry = named.entry;
        block.arguments = arguments;
        launch.grid = {grid[0], grid[1], grid[2]};
        launch.block = {n_threads, 1, 1};
        std::string problem;
        unsigned n_blocks = grid[0] * grid[1] * grid[2];
        for (unsigned k = 0; k < n_blocks && problem.empty(); ++k) {
            unsigned index = order == 0 ? k : n_blocks - 1 - k;
            launch.block_index = {index % grid[0], index / grid[0] % grid[1], index / grid[0] / grid[1]};
            std::memset(shared, 0xff, shared_bytes);
            run_block(n_threads, order, problem);
        }
        release(shared, shared_bytes);
        std::snprintf(message, capacity, "%s", problem.c_str());
        return problem.empty() ? 0 : 1;
    }
    std::snprintf(message, capacity, "no kernel %s", kernel);
    return 1;
}
}
