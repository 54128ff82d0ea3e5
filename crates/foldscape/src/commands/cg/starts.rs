//! Where coarse-grained replicas start.

use anyhow::{Context, Result, ensure};
use cg_potential::CgModel;
use dynamics::{MinimiseConfig, Potential, Simulation};
use molio::Topology;
use std::path::Path;

/// Distance between neighbours of a chain that nobody gave a start for, nm.
const STEP: f32 = 0.38;

/// A start (nm) for each replica.
///
/// Frames of `file`, in turn, or spread out with `centres`; without a file an extended chain whose
/// energy is minimised.
pub(super) fn starts(
    model: &CgModel,
    file: Option<&Path>,
    replicas: usize,
    centres: bool,
) -> Result<Vec<Vec<[f32; 3]>>> {
    let Some(file) = file else {
        return Ok(vec![extended(model)?]);
    };
    let name = file.display();
    let mut reader = molio::open(file)?;
    let mut frame = molio::Frame::default();
    let mut frames = Vec::new();
    // spread-out starts are chosen among all frames, others are the first
    while (centres || frames.len() < replicas) && reader.read_frame(&mut frame)? {
        ensure!(
            frame.n_atoms() == model.beads.n_atoms(),
            "{name}: frame {} has {} beads, the model has {}",
            frames.len(),
            frame.n_atoms(),
            model.beads.n_atoms()
        );
        frames.push(frame.positions.clone());
    }
    ensure!(!frames.is_empty(), "{name}: no frames");
    if centres && frames.len() > replicas {
        let chosen = k_centres(&frames, replicas).with_context(|| name.to_string())?;
        frames = chosen
            .into_iter()
            .map(|index| frames[index].clone())
            .collect();
    }
    Ok(frames)
}

/// Lets replicas that blew up begin anew from the starts in turn; returns those that cannot.
pub(crate) fn begin_anew<P: Potential>(
    simulation: &mut Simulation<P>,
    starts: &[Vec<[f32; 3]>],
) -> Vec<(usize, dynamics::Error)> {
    let mut stopped = Vec::new();
    for replica in 0..simulation.n_replicas() {
        if simulation.is_frozen(replica) {
            let faults = simulation.faults().iter();
            let before = faults.filter(|fault| fault.replica == replica).count();
            let start = &starts[(replica + before) % starts.len()];
            if let Err(error) = simulation.reseed(replica, start) {
                stopped.push((replica, error));
            }
        }
    }
    stopped
}

/// Greedy k-centres by RMSD: the first frame, then always the frame farthest from those chosen.
pub(crate) fn k_centres(frames: &[Vec<[f32; 3]>], k: usize) -> Result<Vec<usize>> {
    let mut chosen = vec![0];
    let mut nearest = vec![f64::INFINITY; frames.len()];
    while chosen.len() < k {
        let last = &frames[chosen[chosen.len() - 1]];
        for (distance, frame) in nearest.iter_mut().zip(frames) {
            *distance = distance.min(molio::superpose(frame, last, None)?.rmsd);
        }
        let farthest = (0..frames.len()).max_by(|&a, &b| nearest[a].total_cmp(&nearest[b]));
        chosen.extend(farthest);
    }
    Ok(chosen)
}

/// A zigzag along the chain, minimised.
fn extended(model: &CgModel) -> Result<Vec<[f32; 3]>> {
    let order = chain(&model.beads)
        .context("only unbranched chains can be built; name start frames with --start")?;
    let mut start = vec![[0.0; 3]; order.len()];
    for (place, bead) in order.into_iter().enumerate() {
        let side = if place % 2 == 0 { 0.0 } else { 0.5 * STEP };
        // a slight twist keeps the chain off a plane, where dihedrals are undefined by symmetry
        let twist = 0.3 * place as f32;
        let along = 0.866 * STEP * place as f32;
        start[bead] = [along, side * twist.cos(), side * twist.sin()];
    }
    let potential = model.potential()?;
    let ends = dynamics::minimise(&potential, &[start], &MinimiseConfig::new())?;
    let end = ends.into_iter().next().context("minimising gave nothing")?;
    ensure!(
        end.outcome != dynamics::Outcome::NonFinite,
        "the extended chain has no finite energy; name start frames with --start"
    );
    Ok(end.positions)
}

/// The beads of an unbranched chain from end to end.
fn chain(beads: &Topology) -> Option<Vec<usize>> {
    let neighbours = beads.neighbours();
    let mut order = vec![(0..neighbours.len()).find(|&bead| neighbours[bead].len() <= 1)?];
    while let Some(&next) = neighbours[order[order.len() - 1]]
        .iter()
        .find(|bead| !order.contains(bead))
    {
        if neighbours[next].len() > 2 {
            return None;
        }
        order.push(next);
    }
    (order.len() == neighbours.len()).then_some(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn centres_are_far_apart() {
        let frame = |bend: f32| vec![[0.0; 3], [0.38, 0.0, 0.0], [0.5, bend, 0.0]];
        let frames: Vec<_> = [0.1, 0.11, 0.9, 0.12, 0.5].map(frame).into();
        assert_eq!(k_centres(&frames, 3).unwrap(), [0, 2, 4]);
    }
}
