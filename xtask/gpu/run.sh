#!/usr/bin/env bash
# Tests and timings on a machine with an NVIDIA GPU and its driver, without Rust or a network.
# Everything is said in results.txt, in the folder given (this one by default).
set -u
cd "$(dirname "$0")"
export CARGO_MANIFEST_DIR=$PWD
# what the driver compiled for one process is there for the next
export CUDA_CACHE_PATH=${CUDA_CACHE_PATH:-/tmp/foldscape-cuda-cache}
results=${1:-$PWD}/results.txt

{
    date -u
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
    echo "== tests"
    # a process each: after a fault of a kernel all further calls of the same process fail
    ./it device:: --list | sed -n 's/: test$//p' | while read -r test; do
        SECONDS=0
        timeout -k 10 90 ./it "$test" --exact
        echo "$test: exit $?, $SECONDS s"
    done
    echo "== timings"
    time timeout -k 10 300 ./cuda_throughput 0.3
    echo "timings: exit $?"
    date -u
} >"$results" 2>&1
grep -E "^device::.*: exit" "$results"
tail -n 60 "$results"
