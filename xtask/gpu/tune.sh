#!/usr/bin/env bash
# Timings of the kernels compiled otherwise, where nvcc is; said in tuning.txt, in the folder given.
set -u
cd "$(dirname "$0")"
results=${1:-$PWD}/tuning.txt

{
    for bounds in "" -DMIN_BLOCKS=2 -DMIN_BLOCKS=3 -DMIN_BLOCKS=4; do
        for module in evaluate tiled dynamics; do
            mkdir -p "ptx$bounds"
            (cd kernels && nvcc -std=c++17 -O3 --fmad=false -ptx -arch=sm_90 $bounds \
                -o "../ptx$bounds/$module.ptx" "$module.cu") || exit 1
        done
        echo "== sm_90 ${bounds:-as it is}"
        FOLDSCAPE_PTX=$PWD/ptx$bounds ./cuda_throughput 0.3
    done
} >"$results" 2>&1
tail -n 120 "$results"
