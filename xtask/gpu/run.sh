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
    echo "== timings"
    time ./cuda_throughput 0.3
    echo "timings: exit $?"
    date -u
} >"$results" 2>&1
tail -n 70 "$results"
