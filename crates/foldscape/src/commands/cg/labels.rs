//! Streaming all-atom frames with forces through a map.

use super::extras::Extras;
use crate::commands::replicas::Rungs;
use crate::{output, progress};
use anyhow::{Context, Result, bail, ensure};
use cg_potential::{
    CgMap, ConstraintGroups, ForceData, ForceMap, ForceMapKind, ForceMoments, Mapping, NoiseMap,
};
use molio::{Frame, Topology};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Which constraints the simulation of the frames had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Constraints {
    /// All bonds with hydrogens.
    #[default]
    Hydrogens,
    /// None.
    None,
    /// Bonds whose length does not change over the first frames.
    Detect,
}

/// All-atom trajectories of one molecule.
pub(crate) struct Atoms {
    pub(crate) trajectories: Vec<PathBuf>,
    pub(crate) topology: Topology,
    /// Frames of each file to leave out at its start.
    pub(crate) skip: usize,
    /// Takes every n-th of the others.
    pub(crate) stride: usize,
    /// For each trajectory the only frames that are taken, ascending; all without it.
    pub(crate) chosen: Option<Vec<Vec<usize>>>,
    /// Of a replica exchange, takes frames of one temperature only.
    pub(crate) rungs: Option<Rungs>,
}

/// Told trajectory and frame, whether it starts another series, and the frame; says whether to go on.
type VisitPlace<'a> = dyn FnMut([usize; 2], bool, &Frame) -> Result<bool> + 'a;

/// Frames that [`Constraints::Detect`] looks at.
const DETECTION_FRAMES: usize = 50;
/// Of the mean square of atomic forces: keeps the optimal map defined with few frames.
const REGULARISATION: f64 = 1e-6;
/// Bond lengths (nm) that deviate less are constrained.
const TOLERANCE: f64 = 2e-4;

/// A map of positions with its map of forces, and how much each kind of force map leaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Maps {
    pub(crate) positions: CgMap,
    pub(crate) forces: ForceMap,
    /// Root mean square force on beads (kJ/mol/nm): of the constraint-aware sum, and of the map in use.
    pub(crate) rms: [f64; 2],
    /// Moves beads and replaces the map of forces, if wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) noise: Option<NoiseMap>,
}

/// Noise on the beads: the forces that belong to it have far less noise of their own.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoiseConfig {
    /// Standard deviation of each coordinate, nm: the density is smeared out by it.
    pub(crate) sigma: f64,
    #[serde(default)]
    pub(crate) seed: u64,
}

/// Mean square of the components of forces.
pub(crate) fn mean_square(forces: &[[f32; 3]]) -> f64 {
    let squares = forces.as_flattened().iter().map(|&f| f64::from(f).powi(2));
    squares.sum::<f64>() / (3 * forces.len()).max(1) as f64
}

impl Maps {
    /// Positions and forces of beads of the frame that has this number.
    pub(crate) fn apply(
        &self,
        number: u64,
        frame: &Frame,
        x: &mut [[f32; 3]],
        f: &mut [[f32; 3]],
    ) -> Result<()> {
        let from = forces(frame)?;
        match &self.noise {
            Some(noise) => noise.apply(number, &frame.positions, from, x, f),
            None => {
                self.positions.positions(&frame.positions, x);
                self.forces.forces(from, f);
            }
        }
        Ok(())
    }

    /// Standard errors of the forces on beads, those on atoms being independent.
    fn errors(&self, of_atoms: &[[f64; 3]]) -> Vec<[f32; 3]> {
        let rows = self.forces.rows().iter();
        rows.map(|row| {
            std::array::from_fn(|axis| {
                let squares = row.iter().map(|&(a, w)| (w * of_atoms[a][axis]).powi(2));
                squares.sum::<f64>().sqrt() as f32
            })
        })
        .collect()
    }
}

/// No bond is as long (nm), however hot; atoms in another order than the topology's have bonds that are.
const LONGEST_BOND: f64 = 0.35;

/// Whether bonded atoms lie together: a TRR file has no names to compare with the topology's.
fn whole(topology: &Topology, frame: &Frame) -> Result<()> {
    for &[a, b] in topology.bonds() {
        let axes = frame.positions[a].iter().zip(frame.positions[b]);
        let length = axes
            .map(|(x, y)| f64::from(x - y).powi(2))
            .sum::<f64>()
            .sqrt();
        ensure!(
            length < LONGEST_BOND,
            "{} and {} are bonded, but {length:.2} nm apart: expected the molecule whole and its atoms in the \
             topology's order",
            output::atom(topology, a),
            output::atom(topology, b)
        );
    }
    Ok(())
}

impl Atoms {
    /// Calls `visit` with each frame: whether it starts another trajectory, and the frame.
    pub(crate) fn visit(
        &self,
        what: &str,
        stop: &AtomicBool,
        visit: &mut dyn FnMut(bool, &Frame) -> Result<bool>,
    ) -> Result<()> {
        self.visit_places(what, stop, &mut |_, new, frame| visit(new, frame))
    }

    /// The same, told also which frame of which trajectory it is.
    pub(crate) fn visit_places(
        &self,
        what: &str,
        stop: &AtomicBool,
        visit: &mut VisitPlace<'_>,
    ) -> Result<()> {
        ensure!(self.stride > 0, "stride: expected at least 1, found 0");
        ensure!(!self.trajectories.is_empty(), "no trajectory given");
        let bar = progress::bar(None, what);
        let mut frame = Frame::default();
        let mut last_time = None;
        for (file, path) in self.trajectories.iter().enumerate() {
            let mut reader = molio::open(path)?;
            let mut index = 0;
            let mut first = true;
            while reader.read_frame(&mut frame)? {
                let chosen = self.chosen.as_ref().map(|chosen| &chosen[file]);
                let mut wanted = index >= self.skip
                    && (index - self.skip).is_multiple_of(self.stride)
                    && chosen.is_none_or(|chosen| chosen.binary_search(&index).is_ok());
                if let (true, Some(rungs)) = (wanted, &self.rungs) {
                    wanted = rungs.wants(path, frame.time)?;
                }
                index += 1;
                if !wanted {
                    continue;
                }
                ensure!(
                    frame.n_atoms() == self.topology.n_atoms(),
                    "{}, frame {}: {} atoms, the topology has {}",
                    path.display(),
                    index - 1,
                    frame.n_atoms(),
                    self.topology.n_atoms()
                );
                if first {
                    whole(&self.topology, &frame)
                        .with_context(|| format!("{}, frame {}", path.display(), index - 1))?;
                }
                // segments of one run go on in time; another run starts again
                let goes_on = match (last_time, frame.time) {
                    (Some(before), Some(now)) => now > before,
                    _ => !first,
                };
                // replicas of an exchange never go on in another file
                let new = !goes_on || (first && self.rungs.is_some());
                first = false;
                last_time = frame.time;
                bar.inc(1);
                if stop.load(Ordering::Relaxed) {
                    bail!("stopped");
                }
                if !visit([file, index - 1], new, &frame)
                    .with_context(|| format!("{}, frame {}", path.display(), index - 1))?
                {
                    return Ok(());
                }
            }
        }
        bar.finish_and_clear();
        Ok(())
    }

    fn groups(&self, constraints: Constraints, stop: &AtomicBool) -> Result<ConstraintGroups> {
        Ok(match constraints {
            Constraints::None => ConstraintGroups::none(self.topology.n_atoms()),
            Constraints::Hydrogens => ConstraintGroups::hydrogens(&self.topology)?,
            Constraints::Detect => {
                let mut positions = Vec::new();
                let mut n = 0;
                self.visit("frames looked at", stop, &mut |_, frame| {
                    positions.extend_from_slice(&frame.positions);
                    n += 1;
                    Ok(n < DETECTION_FRAMES)
                })?;
                ConstraintGroups::detect(&self.topology, &positions, TOLERANCE)?
            }
        })
    }

    /// The maps of positions and forces; the optimal one takes a pass over all frames.
    pub(crate) fn maps(
        &self,
        mapping: &Mapping,
        kind: ForceMapKind,
        constraints: Constraints,
        stop: &AtomicBool,
    ) -> Result<Maps> {
        self.maps_with_noise(mapping, kind, constraints, None, stop)
    }

    /// The same with noise (at a temperature in K) on the beads.
    pub(crate) fn maps_with_noise(
        &self,
        mapping: &Mapping,
        kind: ForceMapKind,
        constraints: Constraints,
        noise: Option<(NoiseConfig, f64)>,
        stop: &AtomicBool,
    ) -> Result<Maps> {
        let positions = CgMap::new(&self.topology, mapping)?;
        let groups = self.groups(constraints, stop)?;
        let mut moments = ForceMoments::new(groups.clone());
        self.visit("frames for the force map", stop, &mut |_, frame| {
            moments.add(forces(frame)?)?;
            Ok(true)
        })?;
        let aware = ForceMap::constraint_aware(&positions, &groups);
        let rms = |map: &ForceMap| moments.mean_square(map).sqrt();
        let aware_rms = aware.as_ref().map_or(f64::NAN, rms);
        let noise = match noise {
            Some((NoiseConfig { sigma, seed }, kelvin)) => {
                ensure!(
                    kind == ForceMapKind::Optimal,
                    "noise: expected the optimal map of forces, found another"
                );
                Some(moments.noise_map(&positions, sigma, kelvin, REGULARISATION, seed)?)
            }
            None => None,
        };
        let chosen = match kind {
            ForceMapKind::Slice => {
                let slice = ForceMap::slice(&positions);
                slice.check(&positions, &groups).context(
                    "the slice map drops forces that constraints share; use constraint-aware or optimal",
                )?;
                slice
            }
            ForceMapKind::ConstraintAware => aware?,
            ForceMapKind::Optimal => moments.optimal_map(&positions, REGULARISATION)?,
        };
        Ok(Maps {
            rms: [aware_rms, rms(&chosen)],
            positions,
            forces: chosen,
            noise,
        })
    }

    /// All frames as labels.
    pub(crate) fn labels(&self, maps: &Maps, stop: &AtomicBool) -> Result<ForceData> {
        let none = vec![Extras::default(); self.trajectories.len()];
        self.labels_with(maps, &none, stop)
    }

    /// All frames as labels, with the standard errors of their forces, and with energies if they are wanted.
    pub(crate) fn labels_with_extras(
        &self,
        maps: &Maps,
        energies: bool,
        stop: &AtomicBool,
    ) -> Result<ForceData> {
        let n = self.topology.n_atoms();
        let files = self.trajectories.iter();
        let extras = files.map(|path| Extras::read(path, n, energies));
        self.labels_with(maps, &extras.collect::<Result<Vec<_>>>()?, stop)
    }

    fn labels_with(&self, maps: &Maps, extras: &[Extras], stop: &AtomicBool) -> Result<ForceData> {
        let n = maps.positions.n_beads();
        let mut data = ForceData::new(n);
        let (mut x, mut f) = (vec![[0.0; 3]; n], vec![[0.0; 3]; n]);
        let mut energies = Vec::new();
        self.visit_places("frames mapped", stop, &mut |[file, index], new, frame| {
            if new {
                data.end_series();
            }
            maps.apply(data.n_frames() as u64, frame, &mut x, &mut f)?;
            let errors = extras[file].errors(index)?;
            ensure!(
                errors.is_none() || maps.noise.is_none(),
                "standard errors of forces: expected none beside noise on the beads"
            );
            let errors = errors.map(|errors| maps.errors(&errors));
            data.push(&x, &f, errors.as_deref())?;
            energies.extend(extras[file].energy(index)?);
            Ok(true)
        })?;
        if !energies.is_empty() {
            ensure!(
                energies.len() == data.n_frames(),
                "energies: {} for {} frames; expected one for each frame",
                energies.len(),
                data.n_frames()
            );
            data.set_energies(energies)?;
        }
        Ok(data)
    }
}

/// The forces of a frame; their lack is an error.
pub(crate) fn forces(frame: &Frame) -> Result<&[[f32; 3]]> {
    frame
        .forces
        .as_deref()
        .context("the frame has no forces; TRR and NPZ files can hold them")
}

/// Files that a path names, whose components may hold `*`; sorted.
pub(crate) fn expand(pattern: &Path) -> Result<Vec<PathBuf>> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let text = component.as_os_str().to_string_lossy();
        if !text.contains('*') {
            for path in &mut found {
                path.push(component);
            }
            continue;
        }
        let mut next = Vec::new();
        for folder in &found {
            let here = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            };
            let Ok(entries) = std::fs::read_dir(here) else {
                continue;
            };
            for entry in entries {
                let name = entry
                    .with_context(|| here.display().to_string())?
                    .file_name();
                if matches(&text, &name.to_string_lossy()) {
                    next.push(folder.join(name));
                }
            }
        }
        next.sort();
        found = next;
    }
    if found.is_empty() {
        bail!("{}: no file fits", pattern.display());
    }
    Ok(found)
}

/// Whether a name fits a pattern in which `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            (0..=name.len()).any(|at| name.is_char_boundary(at) && matches(rest, &name[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_names() {
        assert!(matches("r*.trr", "r03.trr") && matches("*", "x") && matches("a*b*c", "a1b2c"));
        assert!(!matches("r*.trr", "r03.xtc") && !matches("ab", "abc") && !matches("a*a", "a"));
    }
}
