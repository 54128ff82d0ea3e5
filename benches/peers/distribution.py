"""Distribution metrics beside deeptime and POT, on the same threads.

usage: distribution.py DISTRIBUTION_BINARY [THREADS]
(the binary: cargo build --release -p foldscape-benches --bin distribution)
prints a table of seconds and ratios; each time is the least of several runs, in alternation
"""

import json
import os
import subprocess
import sys
import tempfile
import time

threads = sys.argv[2] if len(sys.argv) > 2 else "1"
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[name] = threads

import deeptime
import numpy as np
import ot
import scipy.signal
from deeptime.clustering import KMeans, KMeansModel
from deeptime.decomposition import TICA
from deeptime.markov import TransitionCountEstimator, pcca
from deeptime.markov.msm import MaximumLikelihoodMSM

binary = sys.argv[1]
setup = {"n_features": 45, "lag": 20, "grid": 50, "n_clusters": 100, "n_plane": 10, "rounds": 10,
         "n_states": 100, "msm_lag": 10}
rng = np.random.default_rng(0)

# 500,000 frames of 45 features: mixed from noises of different memory, means away from zero.
hidden = rng.normal(size=(500_000, 45))
for i, memory in enumerate((0.999, 0.99, 0.95, 0.9, 0.8)):
    hidden[:, i] = scipy.signal.lfilter([np.sqrt(1 - memory**2)], [1, -memory], hidden[:, i])
features = np.ascontiguousarray(hidden @ rng.normal(size=(45, 45)) * 0.1 + 1.0)
# The first ten slow coordinates, for clusters.
plane = np.ascontiguousarray(TICA(lagtime=20, dim=10).fit_transform(features))

n = setup["grid"]
x, y = np.meshgrid(np.linspace(-3, 3, n), np.linspace(-3, 3, n), indexing="ij")


def histogram(cloud):
    return np.histogram2d(*cloud.T, bins=n, range=[[-3, 3], [-3, 3]])[0].ravel()


histograms = np.array([
    histogram(rng.normal(size=(100_000, 2)) * [1.0, 0.6] + [0.3, 0]),
    histogram(np.concatenate([rng.normal(size=(60_000, 2)) * 0.5 - 1, rng.normal(size=(40_000, 2)) * 0.4 + 1])),
])
dense = np.array([np.exp(-(x**2 + y**2) / 2).ravel(), (np.exp(-((x - 1) ** 2 + 2 * y**2)) + 1e-3).ravel()])
grid = np.stack([a.ravel() for a in np.meshgrid(np.arange(n), np.arange(n), indexing="ij")], 1).astype(float)

# A walk over 100 states along a line with a few barriers.
energies = 3 * np.cos(np.linspace(0, 6 * np.pi, 100))
transitions = np.zeros((100, 100))
for i in range(100):
    for j in (i - 1, i + 1, i - 2, i + 2):
        if 0 <= j < 100:
            transitions[i, j] = 0.24 * min(1, np.exp(energies[i] - energies[j]))
    transitions[i, i] = 1 - transitions[i].sum()
states = deeptime.markov.msm.MarkovStateModel(transitions).simulate(500_000, seed=1).astype(np.int32)


def work_msm():
    return MaximumLikelihoodMSM(maxerr=1e-12).fit(counts).fetch_model()


counts = TransitionCountEstimator(setup["msm_lag"], "sliding").fit(states).fetch_model().submodel_largest()
msm = work_msm()
masses = [h / h.sum() for h in (*histograms, *dense)]
starts = plane[rng.integers(len(plane), size=setup["n_clusters"])]
tica_model = TICA(lagtime=setup["lag"]).fit(features).fetch_model()
single = features.astype(np.float32)
kmeans_start = {}


def distances():
    return ot.dist(grid, grid, metric="euclidean")


def work_kmeans():
    return KMeans(setup["n_clusters"], max_iter=setup["rounds"], tolerance=0.0, initial_centers=starts,
                  n_jobs=int(threads)).fit(plane)


def work_seeding():
    return KMeans(setup["n_clusters"], max_iter=0, fixed_seed=3, init_strategy="kmeans++",
                  n_jobs=int(threads)).fit(plane)


peers = {
    "tica": lambda: TICA(lagtime=setup["lag"]).fit(features).fetch_model().singular_values,
    "tica_f32": lambda: TICA(lagtime=setup["lag"]).fit(single).fetch_model().singular_values,
    "project": lambda: tica_model.transform(features),
    "transport": lambda: ot.emd2(masses[0], masses[1], distances(), numItermax=10**7, numThreads=int(threads)),
    "transport_dense": lambda: ot.emd2(masses[2], masses[3], distances(), numItermax=10**7, numThreads=int(threads)),
    "kmeans_seeding": work_seeding,
    "kmeans": work_kmeans,
    "assign": lambda: KMeansModel(starts, "euclidean").transform(plane, n_jobs=int(threads)),
    "counts": lambda: TransitionCountEstimator(setup["msm_lag"], "sliding").fit(states),
    "model": lambda: work_msm().timescales(),
    "pcca": lambda: pcca(msm.transition_matrix, 5, stationary_distribution=msm.stationary_distribution),
}


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


best = {}
with tempfile.TemporaryDirectory() as folder:
    json.dump(setup, open(f"{folder}/setup.json", "w"))
    for name, array in (("features", features), ("histograms", histograms), ("dense", dense), ("plane", plane),
                        ("states", states)):
        array.tofile(f"{folder}/{name}.bin")
    for _ in range(3):
        ours = json.loads(subprocess.check_output([binary, folder]))
        for name, work in peers.items():
            value = ours[name]["seconds"] if isinstance(ours[name], dict) else ours[name]
            best[name, "ours"] = min(value, best.get((name, "ours"), np.inf))
            best[name, "peer"] = min(seconds(work), best.get((name, "peer"), np.inf))

print(f"threads: {threads}, deeptime {deeptime.__version__}, POT {ot.__version__}")
for name in peers:
    own, peer = best[name, "ours"], best[name, "peer"]
    print(f"{name:18} ours {own * 1e3:10.2f} ms  peer {peer * 1e3:10.2f} ms  ratio {peer / own:.2f}")
agreement = {
    "eigenvalues": np.abs(np.array(ours["eigenvalues"]) - peers["tica"]()[:5]).max(),
    "timescales": np.abs(np.array(ours["timescales"]) / msm.timescales(4) - 1).max(),
    "transport": abs(ours["transport"]["cost"] / peers["transport"]() - 1),
    "transport_dense": abs(ours["transport_dense"]["cost"] / peers["transport_dense"]() - 1),
}
print("differences:", "  ".join(f"{name} {value:.1e}" for name, value in agreement.items()))
