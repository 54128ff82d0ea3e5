#!/usr/bin/env bash
# Memory errors, races and misused barriers of the kernels, where NVIDIA's compute-sanitizer is; said in
# sanitizer.txt, in the folder given.
set -u
cd "$(dirname "$0")"
export CARGO_MANIFEST_DIR=$PWD
results=${1:-$PWD}/sanitizer.txt

{
    for tool in memcheck racecheck synccheck initcheck; do
        echo "== $tool"
        timeout 140 compute-sanitizer --tool "$tool" --print-limit 5 \
            ./it device::terms_by_hand device::forces_beyond_fixed_point device::faults_stop --test-threads 1
        echo "$tool: exit $?"
    done
} >"$results" 2>&1
grep -E "^==|exit|ERROR SUMMARY|Error|Race|test result" "$results" | tail -n 40
