"""Structure metrics of adk beside mdtraj and MDAnalysis, one thread each.

usage: structure.py STRUCTURE_BINARY DATA_FOLDER [THREADS]
(the binary: cargo build --release -p foldscape-benches --bin structure)
prints a table of seconds and ratios; each time is the least of several runs, in alternation
"""

import itertools
import json
import os
import subprocess
import sys
import time

threads = sys.argv[3] if len(sys.argv) > 3 else "1"
os.environ["OMP_NUM_THREADS"] = os.environ["RAYON_NUM_THREADS"] = threads

import mdtraj
import MDAnalysis
import numpy as np
from MDAnalysis.lib import distances

binary, data = sys.argv[1], sys.argv[2]
files = [f"{data}/adk/adk_closed.pdb", f"{data}/adk/adk_dims.dcd"]
trajectory = mdtraj.load(files[1], top=files[0])
universe = MDAnalysis.Universe(f"{data}/adk/adk.psf", files[1], in_memory=True)
topology = trajectory.topology
masses = universe.atoms.masses
alphas = [a.index for a in topology.atoms if a.name == "CA"]
ca = trajectory.atom_slice(alphas)
tiled = mdtraj.Trajectory(np.resize(ca.xyz, (2000, len(alphas), 3)).copy(), ca.topology)
pairs = np.array(list(itertools.combinations(range(len(alphas)), 2)), dtype=np.int32)
quadruples = np.vstack([mdtraj.compute_phi(trajectory[0])[0], mdtraj.compute_psi(trajectory[0])[0]])
frames = universe.trajectory.get_array()
alpha_frames = np.ascontiguousarray(frames[:, alphas])
buffer = np.empty(len(pairs))


def mdanalysis_rg():
    for _ in universe.trajectory:
        universe.atoms.radius_of_gyration()


def mdanalysis_dihedrals():
    corners = [np.ascontiguousarray(frames[:, quadruples[:, k]]).reshape(-1, 3) for k in range(4)]
    distances.calc_dihedrals(*corners)


def mdanalysis_distances():
    for frame in alpha_frames:
        distances.self_distance_array(frame, result=buffer)


def mdtraj_matrix():
    tiled.center_coordinates()
    return [mdtraj.rmsd(tiled, tiled, i, precentered=True) for i in range(tiled.n_frames)]


peers = {
    "rg": {"mdtraj": lambda: mdtraj.compute_rg(trajectory, masses=masses), "MDAnalysis": mdanalysis_rg},
    "phi_psi": {
        "mdtraj": lambda: mdtraj.compute_dihedrals(trajectory, quadruples, periodic=False),
        "MDAnalysis": mdanalysis_dihedrals,
    },
    "distances_listed": {"mdtraj": lambda: mdtraj.compute_distances(ca, pairs, periodic=False)},
    "distances_all": {
        "mdtraj": lambda: mdtraj.compute_distances(ca, pairs, periodic=False),
        "MDAnalysis": mdanalysis_distances,
    },
    "rmsd_matrix": {"mdtraj": mdtraj_matrix},
}


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


best = {}
for _ in range(3):
    ours = json.loads(subprocess.check_output([binary, *files]))
    for name, value in ours.items():
        best[name, "foldscape"] = min(value, best.get((name, "foldscape"), np.inf))
        for peer, work in peers[name].items():
            runs = 1 if name == "rmsd_matrix" else 5
            value = min(seconds(work) for _ in range(runs))
            best[name, peer] = min(value, best.get((name, peer), np.inf))
print(f"threads: {threads}, mdtraj {mdtraj.__version__}, MDAnalysis {MDAnalysis.__version__}")
for name in peers:
    own = best[name, "foldscape"]
    row = "  ".join(f"{peer} {best[name, peer] * 1e3:.3f} ms" for peer in peers[name])
    fastest = min(best[name, peer] for peer in peers[name])
    print(f"{name:18} ours {own * 1e3:.3f} ms  {row}  ratio {fastest / own:.2f}")
