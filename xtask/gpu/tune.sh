#!/usr/bin/env bash
# Timings of the kernels compiled otherwise, where nvcc is; said in tuning.txt, in the folder given.
set -u
cd "$(dirname "$0")"
results=${1:-$PWD}/tuning.txt

{
    for blocks in 2 3 4; do
        for module in evaluate tiled dynamics; do
            mkdir -p "ptx$blocks"
            (cd kernels && nvcc -std=c++17 -O3 --fmad=false -ptx -arch=sm_90 -DMIN_BLOCKS=$blocks \
                -o "../ptx$blocks/$module.ptx" "$module.cu") || exit 1
        done
        echo "== MIN_BLOCKS $blocks, sm_90"
        FOLDSCAPE_PTX=$PWD/ptx$blocks ./cuda_throughput 0.3
    done
} >"$results" 2>&1
tail -n 120 "$results"
