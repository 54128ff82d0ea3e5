//! Times structure metrics; `benches/peers/structure.py` runs it beside mdtraj and MDAnalysis.
//!
//! usage: structure TOPOLOGY TRAJECTORY; prints one JSON object of seconds (the least of several runs).

#![allow(clippy::print_stdout)]

use metrics::backbone::{ResidueTorsions, TorsionKind};
use metrics::geometry::{Distances, all_distances_into, map_frames};
use metrics::gyration::{RadiusOfGyration, Weighting};
use metrics::rmsd::PairwiseRmsd;
use molio::{Trajectory, open, read_topology};
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

/// Frames of the pairwise RMSD matrix.
const TILED: usize = 2000;

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let [structure, frames] = &paths[..] else {
        return Err("usage: structure TOPOLOGY TRAJECTORY".into());
    };
    let topology = read_topology(structure)?;
    let mut trajectory = Trajectory::new(topology.n_atoms());
    open(frames)?.for_each(&mut |frame| trajectory.push(frame).map(|()| true))?;
    let alphas: Vec<usize> = (0..topology.n_atoms())
        .filter(|&atom| topology.atoms()[atom].name == "CA")
        .collect();

    let rg = RadiusOfGyration::new(&topology, Weighting::Mass)?;
    let rg_s = least(50, || map_frames(&trajectory, |p| rg.evaluate(p)));
    let torsions = ResidueTorsions::new(&topology, &[TorsionKind::Phi, TorsionKind::Psi])?;
    let phi_psi_s = least(50, || torsions.existing().over(&trajectory));

    let mut tiled = Vec::with_capacity(TILED * alphas.len());
    for frame in 0..TILED {
        let positions = trajectory.positions(frame % trajectory.n_frames());
        tiled.extend(alphas.iter().map(|&atom| positions[atom]));
    }
    let tiled = Trajectory::from_positions(alphas.len(), tiled)?;
    let n = alphas.len();
    let pairs = (0..n)
        .flat_map(|i| (i + 1..n).map(move |j| [i, j]))
        .collect();
    let pairs = Distances::new(n, pairs)?;
    let part = Trajectory::from_positions(n, tiled.all_positions()[..98 * n].to_vec())?;
    let listed_s = least(20, || pairs.over(&part));
    // into one buffer, as MDAnalysis is called too
    let mut buffer = vec![0.0; n * (n - 1) / 2];
    let all_s = least(20, || {
        (0..part.n_frames())
            .try_for_each(|frame| all_distances_into(part.positions(frame), &mut buffer))
    });
    let matrix_s = least(3, || {
        PairwiseRmsd::new(&tiled, None).map(|pairs| pairs.matrix())
    });
    println!(
        "{{\"rg\":{rg_s},\"phi_psi\":{phi_psi_s},\"distances_listed\":{listed_s},\
         \"distances_all\":{all_s},\"rmsd_matrix\":{matrix_s}}}"
    );
    Ok(())
}

fn least<T>(runs: usize, mut work: impl FnMut() -> T) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..runs {
        let start = Instant::now();
        black_box(work());
        least = least.min(start.elapsed().as_secs_f64());
    }
    least
}
