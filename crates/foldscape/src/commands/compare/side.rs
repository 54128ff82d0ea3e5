//! One side of a comparison, read frame by frame: what is kept is the CA atoms and, where there is
//! a backbone, φ and ψ.

use super::memory::Memory;
use crate::commands::replicas::Rungs;
use crate::{input, progress};
use anyhow::{Context, Result, bail, ensure};
use metrics::backbone::{ResidueTorsions, TorsionKind};
use metrics::comparison::BackboneTorsions;
use metrics::geometry::map_frames;
use metrics::ramachandran::{Ramachandran, RamachandranGrids};
use molio::{Frame, Topology, Trajectory};
use std::path::{Path, PathBuf};

/// Frames whose other atoms are held at once.
const CHUNK: usize = 256;

/// Which frames of each file are taken.
pub(super) struct Wanted {
    /// Left out at the start.
    pub(super) skip: usize,
    /// Of those that are left, the frames at one temperature.
    pub(super) rungs: Option<Rungs>,
    /// Of those that are left, every n-th.
    pub(super) stride: usize,
}

/// The CA atoms of some files, and what was measured of the others.
pub(super) struct Side {
    pub(super) topology: Topology,
    pub(super) trajectories: Vec<Trajectory>,
    pub(super) torsions: BackboneTorsions,
    /// Frames of each file, and the indices of those that were taken.
    taken: Vec<(usize, Vec<usize>)>,
}

impl Side {
    pub(super) fn read(
        files: &[PathBuf],
        top: Option<&Path>,
        wanted: &Wanted,
        memory: &mut Memory,
    ) -> Result<Self> {
        let all = input::topology(&files[0], top)?;
        let alphas =
            input::select("name CA", &all).with_context(|| files[0].display().to_string())?;
        let mut measure = Backbone::new(&all)?;
        let bar = progress::bar(None, "frames read");
        let (mut trajectories, mut taken) = (Vec::new(), Vec::new());
        let mut frame = Frame::default();
        for file in files {
            let mut frames = input::Frames::open(file, all.n_atoms())?;
            let mut trajectory = Trajectory::new(alphas.len());
            let mut chunk = Trajectory::new(measure.atoms.len());
            let (mut index, mut indices, mut here) = (0, Vec::new(), 0);
            while frames.read(&mut frame)? {
                bar.inc(1);
                index += 1;
                if index <= wanted.skip {
                    continue;
                }
                if let Some(rungs) = &wanted.rungs
                    && !rungs.wants(file, frame.time)?
                {
                    continue;
                }
                here += 1;
                if (here - 1) % wanted.stride > 0 {
                    continue;
                }
                indices.push(index - 1);
                if frame.n_atoms() != all.n_atoms() {
                    bail!(
                        "{}: the frames have {} atoms, the topology has {}",
                        file.display(),
                        frame.n_atoms(),
                        all.n_atoms()
                    );
                }
                let place = || format!("{}, frame {}", file.display(), index - 1);
                memory.take(alphas.len()).with_context(place)?;
                trajectory.push(&frame.select(&alphas))?;
                if !measure.atoms.is_empty() {
                    chunk.push(&frame.select(&measure.atoms))?;
                    if chunk.n_frames() == CHUNK {
                        measure.add(&chunk)?;
                        chunk = Trajectory::new(measure.atoms.len());
                    }
                }
            }
            measure.add(&chunk)?;
            ensure!(index > 0, "{}: no frames", file.display());
            // a replica may never have been at the temperature
            if !indices.is_empty() {
                trajectories.push(trajectory);
            }
            taken.push((index, indices));
        }
        bar.finish_and_clear();
        Ok(Self {
            topology: all.select(&alphas),
            trajectories,
            torsions: measure.found,
            taken,
        })
    }

    /// One value for each frame of all files, as the user gave them, of those that were taken: file
    /// by file.
    pub(super) fn taken(&self, path: &Path, values: &[f64]) -> Result<Vec<Vec<f64>>> {
        let n_frames: usize = self.taken.iter().map(|(n, _)| n).sum();
        ensure!(
            values.len() == n_frames,
            "{}: {} values for {n_frames} frames",
            path.display(),
            values.len()
        );
        let mut rest = values;
        let of_file = |(n, indices): &(usize, Vec<usize>)| {
            let (mine, others) = rest.split_at(*n);
            rest = others;
            indices.iter().map(|&index| mine[index]).collect()
        };
        let values = self.taken.iter().map(of_file);
        Ok(values
            .filter(|of_file: &Vec<_>| !of_file.is_empty())
            .collect())
    }

    /// Whether every frame has φ and ψ of some residue.
    pub(super) fn has_torsions(&self) -> bool {
        self.torsions.n_residues > 0
    }
}

/// φ, ψ and Top8000 classes of the frames of a file with a backbone.
struct Backbone {
    /// Atoms of the backbone in the file's frames; empty without a residue that has φ and ψ.
    atoms: Vec<usize>,
    torsions: ResidueTorsions,
    ramachandran: Ramachandran,
    /// Residues that have both φ and ψ.
    residues: Vec<usize>,
    found: BackboneTorsions,
}

impl Backbone {
    fn new(topology: &Topology) -> Result<Self> {
        let is_backbone =
            |&atom: &usize| matches!(topology.atoms()[atom].name.as_str(), "N" | "CA" | "C" | "O");
        let mut atoms: Vec<usize> = (0..topology.n_atoms()).filter(is_backbone).collect();
        let backbone = topology.select(&atoms);
        let kinds = [TorsionKind::Phi, TorsionKind::Psi];
        let torsions = ResidueTorsions::new(&backbone, &kinds)?;
        let labels = torsions.labels();
        let has = |kind: TorsionKind, residue: usize| labels.contains(&(kind, residue));
        let residues: Vec<usize> = (0..torsions.n_residues())
            .filter(|&r| has(TorsionKind::Phi, r) && has(TorsionKind::Psi, r))
            .collect();
        if residues.is_empty() {
            atoms.clear();
        }
        Ok(Self {
            atoms,
            ramachandran: Ramachandran::new(&backbone)?,
            found: BackboneTorsions {
                n_residues: residues.len(),
                ..BackboneTorsions::default()
            },
            torsions,
            residues,
        })
    }

    fn add(&mut self, frames: &Trajectory) -> Result<()> {
        let (n, grids) = (self.torsions.n_residues(), RamachandranGrids::built_in());
        if self.atoms.is_empty() {
            return Ok(());
        }
        let measured = map_frames(frames, |positions| -> metrics::Result<_> {
            if !positions.as_flattened().iter().all(|x| x.is_finite()) {
                // Such a frame is rejected; this keeps the place of those after it.
                return Ok((vec![[f32::NAN; 2]; self.residues.len()], Default::default()));
            }
            let values = self.torsions.evaluate(positions)?;
            let residues = self.residues.iter();
            let angles: Vec<[f32; 2]> = residues.map(|&r| [values[r], values[n + r]]).collect();
            Ok((angles, self.ramachandran.evaluate(positions, grids)?.counts))
        });
        for result in measured {
            let (angles, counts) = result?;
            self.found.phi_psi.extend(angles);
            let counts = [counts.favored, counts.allowed, counts.outlier];
            self.found.counts.push(counts.map(|count| count as u32));
        }
        Ok(())
    }
}
