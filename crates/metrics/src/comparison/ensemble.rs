//! Frames of CA atoms with weights, sorted into usable and rejected.

use crate::error::{Error, Result, check_length};
use crate::geometry::{angle, dihedral, distance};
use molio::{Topology, Trajectory};

/// Trajectories and, where frames do not all count the same, their weights.
#[derive(Clone, Copy, Debug)]
pub struct Ensemble<'a> {
    /// Replicas; every frame has the atoms of the topology.
    pub trajectories: &'a [Trajectory],
    /// A weight for each frame of each trajectory.
    pub weights: Option<&'a [Vec<f64>]>,
}

/// The CA atoms of each chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Beads {
    pub(super) atoms: Vec<usize>,
    /// Ranges of `atoms`, one per chain.
    pub(super) chains: Vec<std::ops::Range<usize>>,
}

impl Beads {
    pub(super) fn new(topology: &Topology) -> Result<Self> {
        let (mut atoms, mut chains) = (Vec::new(), Vec::new());
        for chain in topology.chains() {
            let start = atoms.len();
            for residue in chain.residues.clone() {
                // Calcium ions are called CA as well, but are alone in their residue.
                let alone = topology.residues()[residue].hetero
                    && topology.residues()[residue].atoms.len() == 1;
                if !alone {
                    atoms.extend(topology.find(residue, "CA"));
                }
            }
            if atoms.len() > start {
                chains.push(start..atoms.len());
            }
        }
        crate::error::check_count("CA atoms", 2, atoms.len())?;
        Ok(Self { atoms, chains })
    }

    /// Groups of `n` consecutive beads of one chain.
    pub(super) fn consecutive(&self, n: usize) -> Vec<usize> {
        let chains = self.chains.iter();
        chains
            .flat_map(|chain| chain.start..(chain.end + 1).saturating_sub(n).max(chain.start))
            .collect()
    }
}

/// Usable frames, replica after replica.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) n_beads: usize,
    pub(super) positions: Vec<[f32; 3]>,
    pub(super) weights: Vec<f64>,
    /// Runs of frames without a rejected one between them: numbers of frames.
    pub(super) runs: Vec<usize>,
    /// Usable frames of each replica.
    pub(super) lengths: Vec<usize>,
    /// Number of the first frame of each replica among those of all replicas, before the stride.
    pub(super) starts: Vec<usize>,
    pub(super) rejected: usize,
    /// Number of each usable frame among all frames of all replicas, before the stride.
    pub(super) origins: Vec<u32>,
    /// Frames of all replicas, before the stride.
    pub(super) n_original: usize,
}

impl Sample {
    pub(super) fn new(
        ensemble: &Ensemble<'_>,
        beads: &Beads,
        n_atoms: usize,
        stride: usize,
        longest_bond: f64,
    ) -> Result<Self> {
        let mut sample = Self {
            n_beads: beads.atoms.len(),
            positions: Vec::new(),
            weights: Vec::new(),
            runs: Vec::new(),
            lengths: Vec::new(),
            starts: Vec::new(),
            rejected: 0,
            origins: Vec::new(),
            n_original: 0,
        };
        if let Some(weights) = ensemble.weights {
            check_length(
                "weights of trajectories",
                ensemble.trajectories.len(),
                weights.len(),
            )?;
        }
        let bonds = beads.consecutive(2);
        for (index, trajectory) in ensemble.trajectories.iter().enumerate() {
            check_length("atoms of a frame", n_atoms, trajectory.n_atoms())?;
            let weights = match ensemble.weights {
                Some(weights) => {
                    let weights = &weights[index];
                    check_length(
                        "weights of a trajectory",
                        trajectory.n_frames(),
                        weights.len(),
                    )?;
                    crate::tica::check_weights(weights)?;
                    weights.clone()
                }
                None => vec![1.0; trajectory.n_frames()],
            };
            sample.starts.push(sample.n_original);
            let (mut run, before) = (0, sample.weights.len());
            for frame in (0..trajectory.n_frames()).step_by(stride) {
                let positions = trajectory.positions(frame);
                let picked: Vec<[f32; 3]> =
                    beads.atoms.iter().map(|&atom| positions[atom]).collect();
                let finite = picked.as_flattened().iter().all(|x| x.is_finite());
                let whole = bonds
                    .iter()
                    .all(|&i| distance(picked[i], picked[i + 1]) < longest_bond);
                if finite && whole {
                    sample.positions.extend_from_slice(&picked);
                    sample.weights.push(weights[frame]);
                    sample.origins.push((sample.n_original + frame) as u32);
                    run += 1;
                } else {
                    sample.rejected += 1;
                    sample.runs.extend((run > 0).then_some(run));
                    run = 0;
                }
            }
            sample.runs.extend((run > 0).then_some(run));
            sample.lengths.push(sample.weights.len() - before);
            sample.n_original += trajectory.n_frames();
        }
        // A replica may have no weight at all, the ensemble may not.
        let total: f64 = sample.weights.iter().sum();
        if sample.n_frames() > 0 && !(total > 0.0 && total.is_finite()) {
            return Err(Error::Argument {
                what: "weights of the usable frames",
                expected: "a positive sum",
                found: total.to_string(),
            });
        }
        Ok(sample)
    }

    pub(super) fn n_frames(&self) -> usize {
        self.weights.len()
    }

    pub(super) fn frame(&self, index: usize) -> &[[f32; 3]] {
        &self.positions[index * self.n_beads..(index + 1) * self.n_beads]
    }

    /// A number of values per frame.
    pub(super) fn values(&self, of_frame: impl Fn(&[[f32; 3]], &mut Vec<f64>)) -> Vec<f64> {
        self.values_of(0..self.n_frames(), of_frame)
    }

    fn values_of(
        &self,
        frames: std::ops::Range<usize>,
        of_frame: impl Fn(&[[f32; 3]], &mut Vec<f64>),
    ) -> Vec<f64> {
        let mut values = Vec::new();
        for frame in frames {
            of_frame(self.frame(frame), &mut values);
        }
        values
    }

    pub(super) fn bonds(&self, beads: &Beads) -> Vec<f64> {
        let groups = beads.consecutive(2);
        self.values(|x, out| out.extend(groups.iter().map(|&i| distance(x[i], x[i + 1]))))
    }

    pub(super) fn angles(&self, beads: &Beads) -> Vec<f64> {
        let groups = beads.consecutive(3);
        self.values(|x, out| out.extend(groups.iter().map(|&i| angle(x[i], x[i + 1], x[i + 2]))))
    }

    pub(super) fn dihedrals(&self, beads: &Beads) -> Vec<f64> {
        let groups = beads.consecutive(4);
        let of = |x: &[[f32; 3]], i: usize| dihedral(x[i], x[i + 1], x[i + 2], x[i + 3]);
        self.values(|x, out| out.extend(groups.iter().map(|&i| of(x, i))))
    }

    pub(super) fn end_to_end(&self, beads: &Beads) -> Vec<f64> {
        let ends: Vec<_> = beads.chains.iter().filter(|c| c.len() > 1).collect();
        self.values(|x, out| out.extend(ends.iter().map(|c| distance(x[c.start], x[c.end - 1]))))
    }

    pub(super) fn radii_of_gyration(&self) -> Vec<f64> {
        self.values(|x, out| {
            let n = x.len() as f64;
            let mean = |axis: usize| x.iter().map(|p| f64::from(p[axis])).sum::<f64>() / n;
            let centre = [mean(0), mean(1), mean(2)];
            let square = |p: &[f32; 3]| {
                (0..3)
                    .map(|a| (f64::from(p[a]) - centre[a]).powi(2))
                    .sum::<f64>()
            };
            out.push((x.iter().map(square).sum::<f64>() / n).sqrt());
        })
    }

    /// Distances of pairs of these beads in some frames, in the order (0,1), (0,2), … (1,2), ….
    pub(super) fn distances(&self, chosen: &[usize], frames: std::ops::Range<usize>) -> Vec<f64> {
        self.values_of(frames, |x, out| {
            for (k, &i) in chosen.iter().enumerate() {
                out.extend(chosen[k + 1..].iter().map(|&j| distance(x[i], x[j])));
            }
        })
    }

    /// Runs of frames without a rejected one between them.
    pub(super) fn run_ranges(&self) -> Vec<std::ops::Range<usize>> {
        let starts = self.runs.iter().scan(0, |end, &run| {
            *end += run;
            Some(*end - run..*end)
        });
        starts.collect()
    }

    pub(super) fn rmsd_to(&self, native: &[[f32; 3]]) -> Result<Vec<f64>> {
        let undetermined = |error: molio::Error| Error::Undetermined {
            what: "the RMSD to the native structure",
            reason: error.to_string(),
        };
        (0..self.n_frames())
            .map(|frame| molio::rmsd(native, self.frame(frame)).map_err(undetermined))
            .collect()
    }
}
