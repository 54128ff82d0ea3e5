//! What a campaign begins with: the molecule, the base set, the reference.
//!
//! Mapped once and kept in the campaign's folder, so that a campaign goes on with the same frames even
//! where trajectories have grown since.

use super::config::{Config, SystemConfig};
use crate::commands::cg::labels::{Atoms, Maps, expand};
use crate::commands::replicas::Rungs;
use crate::input;
use active_learning::{BoxError, Label};
use anyhow::{Context, Result, anyhow, bail, ensure};
use cg_potential::CgMap;
use dynamics::{Batch, Potential};
use forcefield_gpu::{Engine, EngineConfig};
use molio::{ChainPlan, Frame, ProteinBuilder, Topology, Trajectory, parse_sequence};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// All that is known before the first model.
pub(super) struct Data {
    pub(super) topology: Topology,
    pub(super) maps: Maps,
    /// The native structure's beads, nm.
    pub(super) native: Option<Vec<[f32; 3]>>,
    pub(super) base: Vec<Label>,
    /// Frames of the base set with all atoms, spread over it.
    pub(super) templates: Trajectory,
    /// Frames of each trajectory of the base set.
    pub(super) series: Vec<usize>,
    /// Beads, trajectory by trajectory.
    pub(super) reference: Vec<Trajectory>,
}

/// `data/description.json`
#[derive(Serialize, Deserialize)]
struct Description {
    /// The sections of the configuration that decide about the data.
    settings: BTreeMap<String, String>,
    maps: Maps,
    series: Vec<usize>,
    reference: Vec<usize>,
}

/// Energies of the base set, in the campaign's folder.
const ENERGIES: &str = "energies.json";

/// Frames with all atoms, in the campaign's folder.
const TEMPLATES: &str = "templates.trr";

/// Of them, at most.
const MOST_TEMPLATES: usize = 4000;

const SECTIONS: [&str; 4] = ["system", "base", "reference", "map"];

impl Data {
    /// Reads what an earlier start kept, or else maps the trajectories and keeps them.
    pub(super) fn new(config: &Config, stop: &AtomicBool) -> Result<Self> {
        let topology = molecule(&config.system)?;
        let folder = config.folder.join("data");
        let path = folder.join("description.json");
        let mut settings = config.sections().clone();
        settings.retain(|name, _| SECTIONS.contains(&name.as_str()));
        if !path.exists() {
            std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
            let description = map(config, &topology, settings.clone(), stop)?;
            let text = serde_json::to_vec(&description)?;
            dynamics::write_atomically(&path, &text)?;
        }
        let name = || path.display().to_string();
        let text = std::fs::read(&path).with_context(name)?;
        let kept: Description = serde_json::from_slice(&text).with_context(name)?;
        for (section, now) in &settings {
            let began = kept.settings.get(section).map_or("", |text| text);
            ensure!(
                began == now,
                "{}: this campaign began with {section} = {began}, now it is {now}",
                path.display()
            );
        }
        let native = match native(&config.system) {
            Some(path) => Some(native_beads(path, &config.map.beads, &kept.maps)?),
            None => None,
        };
        let base = frames(&folder.join("base.trr"), kept.maps.positions.n_beads())?;
        let total: usize = kept.series.iter().sum();
        ensure!(
            base.n_frames() == total,
            "{}: {} frames, expected {total}",
            folder.join("base.trr").display(),
            base.n_frames()
        );
        let energies = energies(&folder.join(ENERGIES), total)?;
        let label = |index: usize| Label {
            frame: base.frame(index),
            force_errors: None,
            energy: energies.as_ref().map(|energies| energies[index]),
        };
        let mut data = Self {
            topology,
            native,
            base: (0..total).map(label).collect(),
            templates: Trajectory::read(folder.join(TEMPLATES))?,
            reference: Vec::new(),
            series: kept.series,
            maps: kept.maps,
        };
        if !kept.reference.is_empty() {
            data.reference = split(&folder.join("reference.trr"), &kept.reference, &data.maps)?;
        }
        for label in &mut data.base {
            (label.frame.time, label.frame.step) = (None, None);
        }
        Ok(data)
    }

    /// The base set, trajectory by trajectory.
    pub(super) fn base_trajectories(&self) -> Result<Vec<Trajectory>> {
        let n_beads = self.maps.positions.n_beads();
        let mut frames = self.base.iter();
        let of_one = self.series.iter().map(|&length| {
            let own = frames.by_ref().take(length);
            let positions = own.flat_map(|label| label.frame.positions.clone());
            Ok(Trajectory::from_positions(n_beads, positions.collect())?)
        });
        of_one.collect()
    }

    /// The positions of the base set.
    pub(super) fn base_frames(&self) -> Result<Trajectory> {
        let positions = self.base.iter().flat_map(|l| l.frame.positions.clone());
        Ok(Trajectory::from_positions(
            self.maps.positions.n_beads(),
            positions.collect(),
        )?)
    }
}

/// Beads and the forces on them, of a frame of all atoms.
pub(super) fn project(maps: &Maps, frame: &Frame) -> Result<Frame, BoxError> {
    let forces = frame.forces.as_deref().ok_or("a frame without forces")?;
    let mut mapped = vec![[0.0; 3]; maps.positions.n_beads()];
    maps.forces.forces(forces, &mut mapped);
    Ok(Frame {
        forces: Some(mapped),
        ..Frame::from_positions(beads(maps, &frame.positions))
    })
}

fn beads(maps: &Maps, atoms: &[[f32; 3]]) -> Vec<[f32; 3]> {
    let mut positions = vec![[0.0; 3]; maps.positions.n_beads()];
    maps.positions.positions(atoms, &mut positions);
    positions
}

fn molecule(system: &SystemConfig) -> Result<Topology> {
    if let Some(path) = &system.structure {
        return Ok(molio::read_topology(path)?);
    }
    let sequence = system.sequence.as_deref().unwrap_or_default();
    let forms = parse_sequence(sequence).context("system.sequence")?;
    let builder = ProteinBuilder::new(&[ChainPlan::new("A", &forms)], &[])?;
    Ok(builder.topology().clone())
}

/// The file of the native structure, if there is one.
fn native(system: &SystemConfig) -> Option<&Path> {
    system.native.as_deref().or(system.structure.as_deref())
}

/// Topology and positions (nm) of the first frame of a structure file.
fn structure(path: &Path) -> Result<(Topology, Vec<[f32; 3]>)> {
    let topology = molio::read_topology(path)?;
    let mut frame = Frame::default();
    let found = molio::open(path)?.read_frame(&mut frame)?;
    ensure!(found, "{}: no frame", path.display());
    Ok((topology, frame.positions))
}

/// The beads of a structure whose atoms may come in another order than the system's, nm.
fn native_beads(path: &Path, mapping: &str, maps: &Maps) -> Result<Vec<[f32; 3]>> {
    let (topology, atoms) = structure(path)?;
    let map = same_beads(path, &topology, mapping, &maps.positions)?;
    let mut positions = vec![[0.0; 3]; map.n_beads()];
    map.positions(&atoms, &mut positions);
    Ok(positions)
}

/// The map of another file's atoms onto the beads of the system.
fn same_beads(path: &Path, topology: &Topology, mapping: &str, of: &CgMap) -> Result<CgMap> {
    let map =
        CgMap::new(topology, &mapping.parse()?).with_context(|| path.display().to_string())?;
    let names = |map: &CgMap| -> Vec<String> {
        let beads = map.beads();
        let name = |(bead, atom): (usize, &molio::Atom)| {
            format!("{} {}", beads.residue_of(bead).name, atom.name)
        };
        beads.atoms().iter().enumerate().map(name).collect()
    };
    let (here, there) = (names(&map), names(of));
    ensure!(
        here.len() == there.len(),
        "{}: {} beads, the system has {}",
        path.display(),
        here.len(),
        there.len()
    );
    if let Some(bead) = (0..here.len()).find(|&bead| here[bead] != there[bead]) {
        anyhow::bail!(
            "{}: bead {bead} is {}, that of the system is {}",
            path.display(),
            here[bead],
            there[bead]
        );
    }
    Ok(map)
}

/// Maps all trajectories, and writes the beads.
fn map(
    config: &Config,
    topology: &Topology,
    settings: BTreeMap<String, String>,
    stop: &AtomicBool,
) -> Result<Description> {
    let folder = config.folder.join("data");
    let files = |patterns: &[PathBuf]| -> Result<Vec<PathBuf>> {
        let found = patterns.iter().map(|pattern| expand(pattern));
        Ok(found.collect::<Result<Vec<_>>>()?.concat())
    };
    let rungs = |table| Rungs::read_if_any(table, Some(config.system.temperature));
    let base = &config.base;
    let mut atoms = Atoms {
        trajectories: files(&base.trajectories)?,
        topology: topology.clone(),
        skip: base.skip,
        stride: base.stride,
        chosen: None,
        rungs: rungs(base.temperatures.as_deref())?,
    };
    if base.max_rmsd_nm.is_some() || base.max_frames.is_some() {
        atoms.chosen = Some(choose(config, &atoms, stop)?);
    }
    let mapping = config.map.beads.parse()?;
    let maps = atoms.maps(&mapping, config.map.forces, config.map.constraints, stop)?;
    let labels = atoms.labels(&maps, stop)?;
    ensure!(labels.n_frames() > 0, "base: no frames");
    let n = labels.n_beads();
    let mut writer = molio::create(folder.join("base.trr"), maps.positions.beads())?;
    for (x, f) in labels.positions().chunks(n).zip(labels.forces().chunks(n)) {
        writer.write_frame(&Frame {
            forces: Some(f.to_vec()),
            ..Frame::from_positions(x.to_vec())
        })?;
    }
    writer.finish()?;
    write_templates(&folder.join(TEMPLATES), &atoms, labels.n_frames(), stop)?;
    write_energies(&folder.join(ENERGIES), config, &atoms, stop)?;
    let series = labels.series().iter().map(ExactSizeIterator::len).collect();

    let mut reference = Vec::new();
    if let Some(wanted) = &config.reference {
        let (topology, onto_beads) = match &wanted.topology {
            Some(path) => {
                let topology = molio::read_topology(path)?;
                let map = same_beads(path, &topology, &config.map.beads, &maps.positions)?;
                (topology, map)
            }
            None => (topology.clone(), maps.positions.clone()),
        };
        let atoms = Atoms {
            trajectories: files(&wanted.trajectories)?,
            topology,
            skip: wanted.skip,
            stride: wanted.stride,
            chosen: None,
            rungs: rungs(wanted.temperatures.as_deref())?,
        };
        let mut writer = molio::create(folder.join("reference.trr"), maps.positions.beads())?;
        let what = "frames of the reference";
        atoms.visit(what, stop, &mut |new, frame| {
            if new || reference.is_empty() {
                reference.push(0);
            }
            if let Some(last) = reference.last_mut() {
                *last += 1;
            }
            let mut positions = vec![[0.0; 3]; n];
            onto_beads.positions(&frame.positions, &mut positions);
            writer.write_frame(&Frame::from_positions(positions))?;
            Ok(true)
        })?;
        writer.finish()?;
    }
    Ok(Description {
        settings,
        maps,
        series,
        reference,
    })
}

/// All atoms of every n-th frame of the base set.
fn write_templates(path: &Path, atoms: &Atoms, n_frames: usize, stop: &AtomicBool) -> Result<()> {
    let stride = n_frames.div_ceil(MOST_TEMPLATES);
    let mut writer = molio::create(path, &atoms.topology)?;
    let mut index = 0;
    atoms.visit("templates", stop, &mut |_, frame| {
        if index % stride == 0 {
            writer.write_frame(&Frame::from_positions(frame.positions.clone()))?;
        }
        index += 1;
        Ok(true)
    })?;
    Ok(writer.finish()?)
}

/// Potential energies (kJ/mol) of the base set, by what the oracle simulates.
fn write_energies(path: &Path, config: &Config, atoms: &Atoms, stop: &AtomicBool) -> Result<()> {
    let system = super::oracle::system(config, &atoms.topology)?;
    let engine = Engine::new(&system, EngineConfig::default())?;
    let n_atoms = atoms.topology.n_atoms();
    let mut energies: Vec<f64> = Vec::new();
    let mut waiting: Vec<[f32; 3]> = Vec::new();
    let mut evaluate = |waiting: &mut Vec<[f32; 3]>| -> Result<()> {
        let mut batch = Batch::from_positions(n_atoms, waiting);
        let found = engine.energy_forces_batch(&mut batch);
        energies.extend(found.map_err(|error| anyhow!(error))?);
        waiting.clear();
        Ok(())
    };
    atoms.visit("energies", stop, &mut |_, frame| {
        waiting.extend_from_slice(&frame.positions);
        if waiting.len() == n_atoms * AT_ONCE {
            evaluate(&mut waiting)?;
        }
        Ok(true)
    })?;
    if !waiting.is_empty() {
        evaluate(&mut waiting)?;
    }
    if let Some(frame) = energies.iter().position(|energy| !energy.is_finite()) {
        bail!(
            "base: frame {frame} of those chosen has no finite energy; expected frames of a simulation"
        );
    }
    Ok(dynamics::write_atomically(
        path,
        &serde_json::to_vec(&energies)?,
    )?)
}

/// Frames whose energies are evaluated together.
const AT_ONCE: usize = 256;

/// `None` for a campaign that began without.
fn energies(path: &Path, n_frames: usize) -> Result<Option<Vec<f64>>> {
    if !path.exists() {
        return Ok(None);
    }
    let name = || path.display().to_string();
    let text = std::fs::read(path).with_context(name)?;
    let energies: Vec<f64> = serde_json::from_slice(&text).with_context(name)?;
    ensure!(
        energies.len() == n_frames,
        "{}: {} energies, expected {n_frames}",
        path.display(),
        energies.len()
    );
    Ok(Some(energies))
}

/// For each trajectory the frames near the native structure, thinned out evenly to the number that is wanted.
fn choose(config: &Config, atoms: &Atoms, stop: &AtomicBool) -> Result<Vec<Vec<usize>>> {
    let base = &config.base;
    let alphas = |topology: &Topology| input::select("name CA", topology);
    let pick = |positions: &[[f32; 3]], atoms: &[usize]| -> Vec<[f32; 3]> {
        atoms.iter().map(|&atom| positions[atom]).collect()
    };
    let own = alphas(&atoms.topology)?;
    let near = match base.max_rmsd_nm {
        Some(most) => {
            let path = native(&config.system).context(
                "base.max_rmsd_nm: there is no native structure; name one as system.native",
            )?;
            let (topology, positions) = structure(path)?;
            let native = pick(&positions, &alphas(&topology)?);
            ensure!(
                native.len() == own.len(),
                "{}: {} CA atoms, the system has {}",
                path.display(),
                native.len(),
                own.len()
            );
            Some((native, most))
        }
        None => None,
    };
    let mut places = Vec::new();
    atoms.visit_places("frames looked at", stop, &mut |place, _, frame| {
        let wanted = match &near {
            Some((native, most)) => molio::rmsd(native, &pick(&frame.positions, &own))? <= *most,
            None => true,
        };
        if wanted {
            places.push(place);
        }
        Ok(true)
    })?;
    let n = places.len();
    let most = base.max_frames.unwrap_or(n).min(n);
    let mut chosen = vec![Vec::new(); atoms.trajectories.len()];
    for i in 0..most {
        let [file, index] = places[i * n / most];
        chosen[file].push(index);
    }
    Ok(chosen)
}

fn frames(path: &Path, n_beads: usize) -> Result<Trajectory> {
    let read = Trajectory::read(path)?;
    ensure!(
        read.n_frames() == 0 || read.n_atoms() == n_beads,
        "{}: {} beads, expected {n_beads}",
        path.display(),
        read.n_atoms()
    );
    Ok(read)
}

fn split(path: &Path, lengths: &[usize], maps: &Maps) -> Result<Vec<Trajectory>> {
    let n_beads = maps.positions.n_beads();
    let all = frames(path, n_beads)?;
    let total: usize = lengths.iter().sum();
    ensure!(
        all.n_frames() == total,
        "{}: {} frames, expected {total}",
        path.display(),
        all.n_frames()
    );
    let mut rest = all.all_positions();
    lengths
        .iter()
        .map(|&length| {
            let (own, others) = rest.split_at(length * n_beads);
            rest = others;
            Ok(Trajectory::from_positions(n_beads, own.to_vec())?)
        })
        .collect()
}
