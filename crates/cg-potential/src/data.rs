//! Labels for force matching: positions of beads and the forces on them.

mod noise_floor;
mod split;
mod virial;

pub use noise_floor::{NoiseFloor, NoiseFloorConfig};
pub use split::{ForceSplit, SplitConfig};
pub use virial::{Virial, VirialBalance};

use crate::{Error, Priors, Result};
use rayon::prelude::*;
use std::ops::Range;

/// Frames of beads with projected forces, instantaneous or averaged.
///
/// Frames keep their order in time and know where one trajectory ends and the next begins, so that
/// splits and noise estimates can respect correlation. With standard errors (of mean forces, say) a
/// label counts by its inverse variance.
///
/// # Examples
/// ```
/// use cg_potential::ForceData;
/// let mut data = ForceData::new(1);
/// data.push(&[[0.0; 3]], &[[1.0, 0.0, 0.0]], None)?;
/// data.end_series();
/// assert_eq!(data.series(), [0..1]);
/// # Ok::<(), cg_potential::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ForceData {
    n_beads: usize,
    positions: Vec<[f32; 3]>,
    forces: Vec<[f32; 3]>,
    errors: Option<Vec<[f32; 3]>>,
    energies: Option<Vec<f64>>,
    unlabelled: Vec<[f32; 3]>,
    series: Vec<Range<usize>>,
}

impl ForceData {
    /// No frames yet.
    pub fn new(n_beads: usize) -> Self {
        Self {
            n_beads,
            ..Self::default()
        }
    }

    /// Appends a frame to the current series: positions (nm), forces (kJ/mol/nm) and, for all frames or
    /// for none, their standard errors (kJ/mol/nm).
    ///
    /// # Errors
    /// [`Error::Length`] for another number of beads; [`Error::Label`] for a number that is not finite, a
    /// standard error that is not above 0, or errors given for some frames only.
    pub fn push(
        &mut self,
        positions: &[[f32; 3]],
        forces: &[[f32; 3]],
        errors: Option<&[[f32; 3]]>,
    ) -> Result<()> {
        let frame = self.n_frames();
        let lengths = [
            Some(positions.len()),
            Some(forces.len()),
            errors.map(<[_]>::len),
        ];
        if let Some(&found) = lengths.iter().flatten().find(|&&n| n != self.n_beads) {
            return Err(Error::Length {
                what: "beads of a frame",
                expected: self.n_beads,
                found,
            });
        }
        let label = |expected: &str, found: String| Error::Label {
            frame,
            expected: expected.to_owned(),
            found,
        };
        for values in [positions, forces] {
            if let Some(value) = values.as_flattened().iter().find(|x| !x.is_finite()) {
                return Err(label("finite positions and forces", value.to_string()));
            }
        }
        let sound = |e: &f32| e.is_finite() && *e > 0.0;
        if let Some(error) = errors.and_then(|e| e.as_flattened().iter().find(|e| !sound(e))) {
            return Err(label("standard errors above 0", error.to_string()));
        }
        if frame > 0 && errors.is_some() != self.errors.is_some() {
            let found = if errors.is_some() {
                "some here"
            } else {
                "none here"
            };
            return Err(label(
                "standard errors for all frames or none",
                found.to_owned(),
            ));
        }
        self.energies = None;
        self.positions.extend_from_slice(positions);
        self.forces.extend_from_slice(forces);
        if let Some(errors) = errors {
            self.errors
                .get_or_insert_default()
                .extend_from_slice(errors);
        }
        match self.series.last_mut() {
            Some(last) if last.end == frame && last.start < frame => last.end += 1,
            Some(last) if last.start == last.end => *last = frame..frame + 1,
            _ => self.series.push(frame..frame + 1),
        }
        Ok(())
    }

    /// Gives all frames energies (kJ/mol), known up to a constant that they share: of a free-energy surface,
    /// say, or of another coarse-grained model. Frames that are added later take them away again.
    ///
    /// # Errors
    /// [`Error::Length`] for another number than of frames; [`Error::Label`] for one that is not finite.
    pub fn set_energies(&mut self, energies: Vec<f64>) -> Result<()> {
        if energies.len() != self.n_frames() {
            return Err(Error::Length {
                what: "energies",
                expected: self.n_frames(),
                found: energies.len(),
            });
        }
        if let Some(frame) = energies.iter().position(|energy| !energy.is_finite()) {
            return Err(Error::Label {
                frame,
                expected: "a finite energy".to_owned(),
                found: energies[frame].to_string(),
            });
        }
        self.energies = Some(energies);
        Ok(())
    }

    /// Energies (kJ/mol) of the frames, where they are known.
    pub fn energies(&self) -> Option<&[f64]> {
        self.energies.as_deref()
    }

    /// Frames (nm) whose forces nobody knows, instead of those that there are: where a model could go and
    /// no data are. An energy term ([`EnergyConfig`](crate::EnergyConfig)) holds a network to the priors there.
    ///
    /// # Shapes
    /// `[frames·n_beads]`
    ///
    /// # Errors
    /// [`Error::Length`] for positions that are no whole frames; [`Error::Label`] for one that is not finite.
    pub fn set_unlabelled(&mut self, positions: Vec<[f32; 3]>) -> Result<()> {
        let rest = positions.len() % self.n_beads.max(1);
        if rest != 0 {
            return Err(Error::Length {
                what: "beads of the last frame without forces",
                expected: self.n_beads,
                found: rest,
            });
        }
        let broken = |x: &[f32; 3]| x.iter().any(|x| !x.is_finite());
        if let Some(bead) = positions.iter().position(broken) {
            return Err(Error::Label {
                frame: bead / self.n_beads,
                expected: "finite positions".to_owned(),
                found: format!("{:?}", positions[bead]),
            });
        }
        self.unlabelled = positions;
        Ok(())
    }

    /// Positions of the frames without forces, nm.
    ///
    /// # Shapes
    /// `[frames·n_beads]`
    pub fn unlabelled(&self) -> &[[f32; 3]] {
        &self.unlabelled
    }

    /// Ends the current trajectory: the next frame begins another one.
    pub fn end_series(&mut self) {
        let n = self.n_frames();
        if self.series.last().is_some_and(|last| last.start < last.end) {
            self.series.push(n..n);
        }
    }

    /// Number of frames.
    pub fn n_frames(&self) -> usize {
        self.positions.len().checked_div(self.n_beads).unwrap_or(0)
    }

    /// Number of beads of each frame.
    pub fn n_beads(&self) -> usize {
        self.n_beads
    }

    /// All positions (nm), `[n_frames][n_beads][3]`, flat over frames.
    pub fn positions(&self) -> &[[f32; 3]] {
        &self.positions
    }

    /// All forces (kJ/mol/nm), as [`ForceData::positions`].
    pub fn forces(&self) -> &[[f32; 3]] {
        &self.forces
    }

    /// Standard errors of the forces (kJ/mol/nm), where they are known.
    pub fn errors(&self) -> Option<&[[f32; 3]]> {
        self.errors.as_deref()
    }

    /// Frames of each trajectory, in order.
    pub fn series(&self) -> &[Range<usize>] {
        match self.series.split_last() {
            Some((last, rest)) if last.start == last.end => rest,
            _ => &self.series,
        }
    }

    /// The positions of these frames, one after the other.
    ///
    /// # Panics
    /// If there is no such frame.
    pub fn positions_of(&self, frames: &[usize]) -> Vec<[f32; 3]> {
        let n = self.n_beads;
        let mut chosen = Vec::with_capacity(frames.len() * n);
        for &frame in frames {
            chosen.extend_from_slice(&self.positions[frame * n..(frame + 1) * n]);
        }
        chosen
    }

    /// Forces minus those of the priors: what a network is to learn.
    ///
    /// # Errors
    /// [`Error::Length`] for priors of another number of beads; [`Error::Label`] for a frame at which
    /// they are not finite.
    pub fn delta_forces(&self, priors: &Priors) -> Result<Vec<[f32; 3]>> {
        if priors.n_beads() != self.n_beads {
            return Err(Error::Length {
                what: "beads of the priors",
                expected: self.n_beads,
                found: priors.n_beads(),
            });
        }
        let n = self.n_beads.max(1);
        let mut deltas = self.forces.clone();
        deltas
            .par_chunks_exact_mut(n)
            .zip(self.positions.par_chunks_exact(n))
            .enumerate()
            .try_for_each(|(frame, (delta, positions))| {
                let mut prior = vec![[0.0f64; 3]; n];
                let wide: Vec<[f64; 3]> = positions.iter().map(|x| x.map(f64::from)).collect();
                priors.energy_forces_f64(&wide, &mut prior);
                for (delta, prior) in delta.iter_mut().zip(&prior) {
                    for (d, p) in delta.iter_mut().zip(prior) {
                        *d = (f64::from(*d) - p) as f32;
                    }
                }
                match delta.as_flattened().iter().find(|d| !d.is_finite()) {
                    None => Ok(()),
                    Some(value) => Err(Error::Label {
                        frame,
                        expected: "finite forces of the priors".to_owned(),
                        found: value.to_string(),
                    }),
                }
            })?;
        Ok(deltas)
    }

    /// Weight of each force component in the loss: 1 without standard errors, else inverse variances,
    /// scaled to a mean of 1 over all frames.
    ///
    /// # Shapes
    /// As [`ForceData::positions`].
    pub fn weights(&self) -> Vec<[f32; 3]> {
        let Some(errors) = &self.errors else {
            return vec![[1.0; 3]; self.forces.len()];
        };
        let inverse = |e: f32| f64::from(e).powi(-2);
        let total: f64 = errors.as_flattened().iter().map(|&e| inverse(e)).sum();
        let mean = total / (3 * errors.len()).max(1) as f64;
        let weight = |e: f32| (inverse(e) / mean) as f32;
        errors.iter().map(|e| e.map(weight)).collect()
    }
}

#[cfg(test)]
mod tests;
