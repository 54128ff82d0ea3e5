#!/usr/bin/env bash
# Timings of the kernels compiled otherwise, where nvcc is, and of kernels in folders `kernels-*` laid beside
# `kernels`; said in tuning.txt, in the folder given.
set -u
cd "$(dirname "$0")"
export CUDA_CACHE_PATH=${CUDA_CACHE_PATH:-/tmp/foldscape-cuda-cache}
results=${1:-$PWD}/tuning.txt
variants=(kernels "kernels -DMIN_BLOCKS=3" "kernels -DMIN_BLOCKS=4")
for other in kernels-*; do
    [ -d "$other" ] && variants+=("$other")
done

{
    for variant in "${variants[@]}"; do
        read -r sources options <<<"$variant"
        mkdir -p "ptx/$variant"
        for module in evaluate tiled dynamics; do
            (cd "$sources" && nvcc -std=c++17 -O3 --fmad=false -ptx -arch=sm_90 $options \
                -o "../ptx/$variant/$module.ptx" "$module.cu") &
        done
    done
    wait
    for variant in "${variants[@]}"; do
        echo "== sm_90, $variant"
        FOLDSCAPE_PTX="$PWD/ptx/$variant" timeout -k 10 110 ./cuda_throughput 0.2 Single Mixed
    done
} >"$results" 2>&1
tail -n 180 "$results"
