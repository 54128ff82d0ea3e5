//! Files that are written whole or not at all.

use crate::{Error, Label, Result};
use molio::{AtomRecord, Element, Frame, Topology, TopologyBuilder, Trajectory};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Calls `write` with the name of a temporary file beside `path`, and then puts it in place of `path`.
pub(super) fn write_whole(path: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(Error::file(folder))?;
    // in front, because the format is chosen by the end
    let mut name = std::ffi::OsString::from("partial-");
    name.push(path.file_name().unwrap_or_default());
    let partial = path.with_file_name(name);
    write(&partial)?;
    let synced = File::open(&partial).and_then(|file| file.sync_all());
    synced.map_err(Error::file(&partial))?;
    std::fs::rename(&partial, path).map_err(Error::file(path))?;
    sync_folder(folder)
}

/// Makes the names in a folder last through a power failure; folders cannot be opened everywhere.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    if cfg!(unix) {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(Error::file(folder))?;
    }
    Ok(())
}

pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    write_whole(path, |partial| {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Error::state(path, "numbers and text", error))?;
        std::fs::write(partial, text + "\n").map_err(Error::file(partial))
    })
}

pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).map_err(Error::file(path))?;
    serde_json::from_str(&text)
        .map_err(|error| Error::state(path, "what a campaign wrote there", error))
}

/// A topology of beads of which only the number is known: enough to write frames to formats that hold
/// no more.
///
/// # Examples
/// ```
/// assert_eq!(active_learning::unnamed_beads(3).n_atoms(), 3);
/// ```
pub fn unnamed_beads(n_beads: usize) -> Topology {
    let mut builder = TopologyBuilder::default();
    for _ in 0..n_beads {
        builder.add_atom(AtomRecord::new("CA", Element::CARBON));
    }
    builder.build()
}

/// Positions as TRR, bit for bit; with forces where every frame has them. An empty trajectory makes an
/// empty file.
pub(super) fn write_frames(path: &Path, frames: &Trajectory) -> Result<()> {
    write_whole(path, |partial| {
        let mut writer = molio::create(partial, &unnamed_beads(frames.n_atoms()))?;
        for index in 0..frames.n_frames() {
            let mut frame = frames.frame(index);
            frame.velocities = None;
            writer.write_frame(&frame)?;
        }
        Ok(writer.finish()?)
    })
}

/// Reads what [`write_frames`] wrote; `n_atoms` is what an empty file holds frames of.
pub(super) fn read_frames(path: &Path, n_atoms: usize) -> Result<Trajectory> {
    let frames = Trajectory::read(path)?;
    if frames.n_frames() == 0 {
        return Ok(Trajectory::new(n_atoms));
    }
    Ok(frames)
}

/// Stands in the file of errors for labels that have none.
const NO_ERROR: [f32; 3] = [-1.0; 3];

/// Labels as a TRR file, after their errors and energies, if any has them, in files beside it.
pub(super) fn write_labels(path: &Path, n_beads: usize, labels: &[Label]) -> Result<()> {
    if labels.iter().any(|label| label.force_errors.is_some()) {
        let mut errors = Trajectory::new(n_beads);
        for label in labels {
            let none = || vec![NO_ERROR; n_beads];
            let rows = label.force_errors.clone().unwrap_or_else(none);
            errors.push(&Frame::from_positions(rows))?;
        }
        write_whole(&errors_path(path), |partial| {
            Ok(errors.write(partial, &unnamed_beads(n_beads))?)
        })?;
    }
    if labels.iter().any(|label| label.energy.is_some()) {
        let energies: Vec<Option<f64>> = labels.iter().map(|label| label.energy).collect();
        write_json(&energies_path(path), &energies)?;
    }
    let mut frames = Trajectory::new(n_beads);
    for label in labels {
        frames.push(&label.frame)?;
    }
    write_frames(path, &frames)
}

/// Reads what [`write_labels`] wrote.
pub(super) fn read_labels(path: &Path, n_beads: usize) -> Result<Vec<Label>> {
    let frames = read_frames(path, n_beads)?;
    let errors_path = errors_path(path);
    let errors = if errors_path.exists() {
        Some(Trajectory::read(&errors_path)?)
    } else {
        None
    };
    if let Some(errors) = &errors
        && (errors.n_frames(), errors.n_atoms()) != (frames.n_frames(), frames.n_atoms())
    {
        let shape = |t: &Trajectory| format!("{} × {}", t.n_frames(), t.n_atoms());
        return Err(Error::state(&errors_path, shape(&frames), shape(errors)));
    }
    let energies_path = energies_path(path);
    let energies: Vec<Option<f64>> = match energies_path.exists() {
        true => read_json(&energies_path)?,
        false => vec![None; frames.n_frames()],
    };
    if energies.len() != frames.n_frames() {
        let (expected, found) = (frames.n_frames(), energies.len());
        return Err(Error::state(&energies_path, expected, found));
    }
    let label = |index| Label {
        frame: frames.frame(index),
        force_errors: errors
            .as_ref()
            .map(|errors| errors.positions(index).to_vec())
            .filter(|errors| errors.first() != Some(&NO_ERROR)),
        energy: energies[index],
    };
    Ok((0..frames.n_frames()).map(label).collect())
}

fn errors_path(labels: &Path) -> PathBuf {
    beside(labels, "errors.npy")
}

fn energies_path(labels: &Path) -> PathBuf {
    beside(labels, "energies.json")
}

fn beside(labels: &Path, what: &str) -> PathBuf {
    let stem = labels.file_stem().unwrap_or_default().to_string_lossy();
    labels.with_file_name(format!("{stem}-{what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(x: f32, error: Option<f32>, energy: Option<f64>) -> Label {
        Label {
            frame: Frame {
                forces: Some(vec![[x / 3.0; 3]; 2]),
                ..Frame::from_positions(vec![[x; 3]; 2])
            },
            force_errors: error.map(|e| vec![[e; 3]; 2]),
            energy,
        }
    }

    #[test]
    fn labels_come_back_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        for (name, errors, energies) in [
            ("plain", [None; 2], [None; 2]),
            ("erring", [Some(0.1), Some(0.0)], [None; 2]),
            ("mixed", [Some(0.1), None], [Some(-1141.88234), None]),
        ] {
            let path = folder.path().join(name).join("labels-000.trr");
            let labels = [
                label(0.7, errors[0], energies[0]),
                label(1e-7, errors[1], energies[1]),
            ];
            write_labels(&path, 2, &labels).unwrap();
            let read = read_labels(&path, 2).unwrap();
            for (read, written) in read.iter().zip(&labels) {
                assert_eq!(read.frame.positions, written.frame.positions);
                assert_eq!(read.frame.forces, written.frame.forces);
                assert_eq!(read.force_errors, written.force_errors);
                assert_eq!(read.energy, written.energy);
            }
            assert_eq!(read.len(), 2);
        }
        let path = folder.path().join("none.trr");
        write_labels(&path, 2, &[]).unwrap();
        assert!(read_labels(&path, 2).unwrap().is_empty());
    }

    #[test]
    fn a_failed_write_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_json(&path, &1).unwrap();
        let failed = write_whole(&path, |partial| {
            std::fs::write(partial, "half").map_err(Error::file(partial))?;
            Err(Error::setting("disk", "space", "none"))
        });
        assert!(failed.is_err());
        assert_eq!(read_json::<i32>(&path).unwrap(), 1);
        std::fs::write(&path, "{").unwrap();
        assert!(matches!(read_json::<i32>(&path), Err(Error::State { .. })));
    }
}
