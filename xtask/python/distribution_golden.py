"""Golden data of the distribution metrics: TICA, PCA, VAMP-2, transport, Markov models.

Usage: python distribution_golden.py OUTPUT_FOLDER
Needs deeptime, POT, scipy, numpy; their versions are recorded in every file.
"""

import json
import sys
from pathlib import Path

import deeptime
import numpy as np
import ot
import scipy
import scipy.signal
import scipy.sparse
import scipy.spatial
import scipy.special
import scipy.stats
from deeptime.clustering import KMeans
from deeptime.covariance import Covariance
from deeptime.decomposition import TICA, VAMP
from deeptime.markov import TransitionCountEstimator, pcca
from deeptime.markov.msm import MaximumLikelihoodMSM

VERSIONS = {
    "deeptime": deeptime.__version__,
    "pot": ot.__version__,
    "scipy": scipy.__version__,
    "numpy": np.__version__,
}


def write(folder, name, data):
    path = Path(folder) / name
    path.write_text(json.dumps({"versions": VERSIONS, **data}) + "\n")
    print(path, path.stat().st_size)


def double_well(rng, n, dt=0.02, height=2.0):
    """Overdamped motion in a double well."""
    x = np.empty(n)
    x[0] = -1.0
    noise = rng.normal(size=n) * np.sqrt(2 * dt)
    for i in range(1, n):
        x[i] = x[i - 1] - dt * 4 * height * x[i - 1] * (x[i - 1] ** 2 - 1) + noise[i]
    return x


def tica(folder):
    # Five features with means far from zero, mixed from a double well and noises of memory.
    trajectories = []
    for n in (700, 450):
        slow = double_well(np.random.default_rng(n), n)
        medium = scipy.signal.lfilter([0.2], [1, -0.9], np.random.default_rng(n + 1).normal(size=n))
        fast = np.random.default_rng(n + 2).normal(size=(n, 3))
        hidden = np.column_stack([slow, medium, fast])
        mix = np.random.default_rng(9).normal(size=(5, 5))
        trajectories.append(np.round(hidden @ mix * 0.1 + [3.0, 50.0, -2.0, 0.5, 7.0], 5))
    lag = 7
    cases = {}
    for scaling in (None, "kinetic_map", "commute_map"):
        model = TICA(lagtime=lag, scaling=scaling).fit(trajectories).fetch_model()
        cases[str(scaling)] = {
            "eigenvalues": model.singular_values.tolist(),
            "projection": model.transform(trajectories[1][:40]).tolist(),
        }
    # A cutoff between the variances leaves directions out.
    truncated = TICA(lagtime=lag, epsilon=2e-3).fit(trajectories).fetch_model()
    cases["truncated"] = {
        "eigenvalues": truncated.singular_values.tolist(),
        "projection": truncated.transform(trajectories[1][:40]).tolist(),
    }
    weights = [np.round(np.random.default_rng(5 + i).uniform(0.2, 2.0, len(t)), 4) for i, t in enumerate(trajectories)]
    covariance = Covariance(lagtime=lag, compute_c00=True, compute_c0t=True, compute_ctt=False,
                            remove_data_mean=True, reversible=True, bessels_correction=False)
    for t, w in zip(trajectories, weights):
        covariance.partial_fit((t[:-lag], t[lag:]), weights=w[:-lag])
    weighted = TICA(lagtime=lag).fit_from_covariances(covariance.fetch_model()).fetch_model()
    cases["weighted"] = {
        "eigenvalues": weighted.singular_values.tolist(),
        "projection": weighted.transform(trajectories[1][:40]).tolist(),
    }
    vamp = VAMP(lagtime=lag, epsilon=1e-6).fit(trajectories).fetch_model()
    joined = np.concatenate(trajectories)
    pca = np.sort(np.linalg.eigvalsh(np.cov(joined.T, bias=True)))[::-1]
    write(folder, "tica.json", {
        "lag": lag,
        "trajectories": [t.ravel().tolist() for t in trajectories],
        "weights": [w.tolist() for w in weights],
        "cases": cases,
        "vamp2": float(vamp.score(2)),
        "pca_variances": pca.tolist(),
    })


def kde_transport(u, v, uw=None, vw=None):
    """The published recipe: Scott densities on the joint grid ± 10 %, exact transport."""
    u, v = np.atleast_2d(u), np.atleast_2d(v)
    n = 25 if len(u) == 2 else 100
    axes = []
    for a, b in zip(u, v):
        low, high = min(a.min(), b.min()), max(a.max(), b.max())
        axes.append(np.linspace(low - 0.1 * (high - low), high + 0.1 * (high - low), n))
    points = np.vstack([g.ravel() for g in np.meshgrid(*axes, indexing="ij")])
    masses = []
    for sample, weights in ((u, uw), (v, vw)):
        density = scipy.stats.gaussian_kde(sample, weights=weights)(points)
        masses.append(density / density.sum())
    return float(ot.emd2(*masses, ot.dist(points.T, points.T, metric="euclidean"), numItermax=10**7))


def transport(folder):
    rng = np.random.default_rng(11)
    u = np.round(rng.normal(0.0, 1.0, 300), 5)
    v = np.round(np.concatenate([rng.normal(0.6, 0.5, 150), rng.normal(-2.0, 0.3, 50)]), 5)
    uw = np.round(rng.uniform(0.0, 2.0, len(u)), 4)
    vw = np.round(rng.uniform(0.0, 2.0, len(v)), 4)
    a = np.round(rng.vonmises(2.8, 3.0, 250), 5)
    b = np.round(rng.vonmises(-2.5, 1.5, 180), 5)
    aw = np.round(rng.uniform(0.1, 2.0, len(a)), 4)
    bw = np.round(rng.uniform(0.1, 2.0, len(b)), 4)
    turn = lambda x: (x / (2 * np.pi)) % 1.0
    circle = lambda x, y, **w: float(ot.wasserstein_circle(turn(x), turn(y), p=1, **w)[0] * 2 * np.pi)
    cloud_u = np.round(rng.normal(size=(400, 2)) * [1.0, 0.4], 5)
    cloud_v = np.round(rng.normal(size=(250, 2)) * [0.5, 0.8] + [0.7, -0.3], 5)
    cw = np.round(rng.uniform(0.1, 2.0, len(cloud_v)), 4)
    n = 15
    grid = np.array([[i / n, j / n] for i in range(n) for j in range(n)])
    masses = [np.round(rng.gamma(0.4, size=n * n), 5) for _ in range(2)]
    masses[0][rng.random(n * n) < 0.3] = 0.0
    p, q = (m / m.sum() for m in masses)
    write(folder, "transport.json", {
        "u": u.tolist(), "v": v.tolist(), "u_weights": uw.tolist(), "v_weights": vw.tolist(),
        "w1": float(scipy.stats.wasserstein_distance(u, v)),
        "w1_weighted": float(scipy.stats.wasserstein_distance(u, v, uw, vw)),
        "a": a.tolist(), "b": b.tolist(), "a_weights": aw.tolist(), "b_weights": bw.tolist(),
        "circular": circle(a, b),
        "circular_weighted": circle(a, b, u_weights=aw / aw.sum(), v_weights=bw / bw.sum()),
        "grid_masses": [m.tolist() for m in masses],
        "grid_n": n,
        "grid_cost": float(ot.emd2(p, q, ot.dist(grid, grid, metric="euclidean"), numItermax=10**7)),
        "cloud_u": cloud_u.ravel().tolist(), "cloud_v": cloud_v.ravel().tolist(), "cloud_v_weights": cw.tolist(),
        "published_1d": kde_transport(u, v),
        "published_1d_weighted": kde_transport(u, v, uw, vw),
        "published_2d": kde_transport(cloud_u.T, cloud_v.T),
        "published_2d_weighted": kde_transport(cloud_u.T, cloud_v.T, None, cw),
        "kde_points": [0.1, -1.3, 4.0],
        "kde_1d": scipy.stats.gaussian_kde(u, weights=uw)([0.1, -1.3, 4.0]).tolist(),
        "jensen_shannon": float(scipy.spatial.distance.jensenshannon(p, q) ** 2),
        "kullback_leibler": float(scipy.special.rel_entr(p, np.maximum(q, 1e-6)).sum()),
    })


def markov(folder):
    rng = np.random.default_rng(3)
    n = 6
    # Three pairs of states that exchange fast within and slowly between pairs.
    rates = np.full((n, n), 0.01)
    for pair in range(3):
        rates[2 * pair, 2 * pair + 1] = rates[2 * pair + 1, 2 * pair] = 0.3
    rates = rates * (1 + 0.5 * rng.random((n, n)))
    np.fill_diagonal(rates, 0.0)
    np.fill_diagonal(rates, 1.0 - rates.sum(axis=1))
    trajectories = []
    for length in (3000, 2000):
        states = [int(rng.integers(n))]
        for _ in range(length - 1):
            states.append(int(rng.choice(n, p=rates[states[-1]])))
        trajectories.append(np.array(states))
    lag = 2
    counts = TransitionCountEstimator(lag, "sliding").fit(trajectories).fetch_model()
    msm = MaximumLikelihoodMSM(reversible=True, maxerr=1e-14, maxiter=10**7).fit(counts).fetch_model()
    clusters = pcca(msm.transition_matrix, 3)
    effective = TransitionCountEstimator(lag, "effective").fit(trajectories).fetch_model()
    # A chain with a source, an absorbing state, a state never seen and a set on its own.
    apart = [np.array([8] + [0, 1, 2, 1, 0, 0, 1, 1, 2, 2, 1, 0] * 20 + [3, 3, 3]), np.array([5, 6, 6, 5, 5] * 9)]
    parts = TransitionCountEstimator(1, "sliding").fit(apart).fetch_model()
    largest = parts.submodel_largest()
    blobs = np.concatenate([rng.normal(c, 0.3, size=(60, 2)) for c in ([0, 0], [4, 0], [0, 5], [4, 5])]).round(4)
    kmeans = KMeans(4, init_strategy="kmeans++", max_iter=500, fixed_seed=1).fit(blobs).fetch_model()
    write(folder, "msm.json", {
        "n_states": n,
        "lag": lag,
        "trajectories": [t.tolist() for t in trajectories],
        "counts": counts.count_matrix.tolist() if not scipy.sparse.issparse(counts.count_matrix)
        else counts.count_matrix.toarray().tolist(),
        "transition_matrix": np.asarray(msm.transition_matrix).tolist(),
        "stationary": msm.stationary_distribution.tolist(),
        "timescales": msm.timescales().tolist(),
        "effective_counts": (m.toarray() if scipy.sparse.issparse(m := effective.count_matrix) else m).tolist(),
        "apart": [t.tolist() for t in apart],
        "apart_states": np.asarray(largest.state_symbols).tolist(),
        "apart_stationary": MaximumLikelihoodMSM(maxerr=1e-14, maxiter=10**7).fit(largest).fetch_model()
        .stationary_distribution.tolist(),
        "blobs": blobs.ravel().tolist(),
        "blob_centres": kmeans.cluster_centers[np.lexsort(kmeans.cluster_centers.T.round(1))].tolist(),
        "blob_inertia": float(kmeans.score(blobs)),
        "pcca_assignments": np.asarray(clusters.assignments).tolist(),
        "pcca_memberships": np.asarray(clusters.memberships).tolist(),
    })


if __name__ == "__main__":
    output = sys.argv[1]
    Path(output).mkdir(parents=True, exist_ok=True)
    tica(output)
    transport(output)
    markov(output)
