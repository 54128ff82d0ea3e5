#!/usr/bin/env bash
# Tests and timings on a machine with an NVIDIA GPU and its driver, without Rust or a network.
# Everything is said in results.txt, in the folder given (this one by default).
set -u
cd "$(dirname "$0")"
export CARGO_MANIFEST_DIR=$PWD
results=${1:-$PWD}/results.txt

{
    date -u
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
    echo "== tests"
    time ./it device:: --test-threads 1
    echo "tests: exit $?"
    if command -v compute-sanitizer >/dev/null; then
        for tool in memcheck racecheck synccheck; do
            echo "== $tool"
            timeout 150 compute-sanitizer --tool "$tool" --print-limit 5 \
                ./it device::terms_by_hand device::forces_beyond_fixed_point --test-threads 1
            echo "$tool: exit $?"
        done
    fi
    echo "== timings"
    time ./cuda_throughput 0.3
    echo "timings: exit $?"
    date -u
} >"$results" 2>&1
tail -n 70 "$results"
