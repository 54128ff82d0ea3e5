//! A selector of one's own beside those that come with the crate: which covers proposed frames best?

#![allow(clippy::print_stdout)]

use active_learning::{
    BoxError, FarthestFirst, FarthestRanked, RandomChoice, Selector, Space, coverage,
};
use molio::Trajectory;
use std::error::Error;

/// The middle of each of as many stretches of the trajectory as frames may be chosen.
struct Stretches;

impl Selector for Stretches {
    fn select(
        &self,
        candidates: &Trajectory,
        _known: &Trajectory,
        budget: usize,
    ) -> Result<Vec<usize>, BoxError> {
        let n = candidates.n_frames();
        let n_stretches = budget.min(n);
        Ok((0..n_stretches)
            .map(|i| (2 * i + 1) * n / (2 * n_stretches))
            .collect())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let data = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/foldscape/data/cln025"
    );
    let topology = molio::read_topology(format!("{data}.pdb"))?;
    let alpha_carbons: Vec<usize> = (0..topology.n_residues())
        .filter_map(|residue| topology.find(residue, "CA"))
        .collect();
    let all = Trajectory::read(format!("{data}.xtc"))?;
    let mut known = Trajectory::new(alpha_carbons.len());
    let mut candidates = known.clone();
    for index in 0..all.n_frames() {
        // the folded beginning is known, the unfolding that follows is proposed
        let beads = all.frame(index).select(&alpha_carbons);
        if index < 200 {
            known.push(&beads)?;
        } else {
            candidates.push(&beads)?;
        }
    }
    let before = coverage(&Space::Rmsd, &candidates, &known)?;
    println!(
        "{} known frames cover {} candidates within {:.3} nm RMSD",
        known.n_frames(),
        candidates.n_frames(),
        before.radius()
    );
    let published = FarthestRanked {
        space: Space::Rmsd,
        separation: 0.0,
    };
    let selectors: [(&str, &dyn Selector); 4] = [
        ("ours, by stretches", &Stretches),
        ("farthest first", &FarthestFirst::rmsd()),
        ("largest distances", &published),
        ("random", &RandomChoice { seed: 1 }),
    ];
    for (name, selector) in selectors {
        let chosen = selector
            .select(&candidates, &known, 20)
            .map_err(|e| e.to_string())?;
        let mut with_chosen = known.clone();
        for &index in &chosen {
            with_chosen.push(&candidates.frame(index))?;
        }
        let after = coverage(&Space::Rmsd, &candidates, &with_chosen)?;
        println!("{name:18}  {} more: {:.3} nm", chosen.len(), after.radius());
    }
    Ok(())
}
