"""Reads a trajectory frame by frame with mdtraj and MDAnalysis; prints frames per second as JSON.

    python reading.py TRAJECTORY
"""

import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")


def mdanalysis(trajectory):
    from MDAnalysis.coordinates.core import reader

    n_frames = 0
    for frame in reader(trajectory):
        frame.positions[0, 0]
        n_frames += 1
    return n_frames


def mdtraj(trajectory):
    from mdtraj.formats import DCDTrajectoryFile, XTCTrajectoryFile

    kind = XTCTrajectoryFile if trajectory.endswith(".xtc") else DCDTrajectoryFile
    n_frames = 0
    with kind(trajectory) as file:
        while True:
            # its own chunks of 100 frames, which is faster than one by one
            read = len(file.read(100)[0])
            if read == 0:
                return n_frames
            n_frames += read


def best(read, trajectory):
    seconds = []
    for _ in range(3):
        start = time.process_time()
        n_frames = read(trajectory)
        seconds.append(time.process_time() - start)
    return n_frames / min(seconds)


if __name__ == "__main__":
    path = sys.argv[1]
    print(json.dumps({"MDAnalysis": best(mdanalysis, path), "mdtraj": best(mdtraj, path)}))
