//! The trajectories that a simulation writes, one a replica.

use anyhow::{Context, Result, ensure};
use dynamics::{Potential, Simulation};
use molio::{FrameWriter, Topology, Written};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::path::{Path, PathBuf};

/// How far an output file was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::commands) struct Mark {
    pub(in crate::commands) length: u64,
    pub(in crate::commands) n_frames: u64,
}

/// A file beside `out`, named after it.
pub(in crate::commands) fn beside(out: &Path, middle: &str, extension: &str) -> PathBuf {
    let mut name = out.file_stem().unwrap_or_default().to_owned();
    name.push(middle);
    name.push(".");
    name.push(extension);
    out.with_file_name(name)
}

/// Where the checkpoint of a trajectory goes.
pub(in crate::commands) fn checkpoint_path(out: &Path) -> PathBuf {
    beside(out, "", "checkpoint")
}

/// A file each, `OUT.r000.xtc`, `OUT.r001.xtc`, …; of a single replica `out` itself.
fn trajectory_paths(out: &Path, replicas: usize) -> Vec<PathBuf> {
    let extension = out.extension().unwrap_or_default().to_string_lossy();
    let digits = replicas.saturating_sub(1).to_string().len().max(3);
    match replicas {
        1 => vec![out.to_owned()],
        _ => (0..replicas)
            .map(|replica| beside(out, &format!(".r{replica:0digits$}"), &extension))
            .collect(),
    }
}

/// Fails if a trajectory to be written, or one of `others`, is there already.
pub(in crate::commands) fn check_free(
    out: &Path,
    replicas: usize,
    others: &[PathBuf],
) -> Result<()> {
    let trajectories = trajectory_paths(out, replicas);
    for path in trajectories.iter().chain(others) {
        ensure!(
            !path.exists(),
            "{} exists, and there is no {} to go on from; remove it, or choose another name",
            path.display(),
            checkpoint_path(out).display()
        );
    }
    Ok(())
}

/// Trajectories being written, up to the next checkpoint.
pub(in crate::commands) struct Tracks<'a> {
    out: &'a Path,
    paths: Vec<PathBuf>,
    topology: &'a Topology,
    /// Time (ps) and step of the first two frames.
    first: [(Option<f64>, Option<i64>); 2],
    writers: Vec<Box<dyn FrameWriter>>,
    marks: Vec<Mark>,
}

impl<'a> Tracks<'a> {
    /// Opens a trajectory for each mark where that says, created where there is nothing yet. `save`: steps from
    /// frame to frame; `time_step` in ps.
    pub(in crate::commands) fn open(
        out: &'a Path,
        topology: &'a Topology,
        marks: Vec<Mark>,
        (save, time_step): (u64, f64),
    ) -> Result<Self> {
        let stamp = |index: u64| {
            let step = index * save;
            (Some(step as f64 * time_step), i64::try_from(step).ok())
        };
        let mut tracks = Self {
            out,
            paths: trajectory_paths(out, marks.len()),
            topology,
            first: [stamp(1), stamp(2)],
            writers: Vec::new(),
            marks,
        };
        tracks.open_writers()?;
        Ok(tracks)
    }

    pub(in crate::commands) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    fn open_writers(&mut self) -> Result<()> {
        for (path, mark) in self.paths.iter().zip(&self.marks) {
            let writer = if mark.n_frames == 0 {
                molio::create(path, self.topology)?
            } else {
                let n_frames = mark.n_frames as usize;
                let written = Written {
                    length: mark.length,
                    n_frames,
                    first: self.first[..n_frames.min(2)].to_vec(),
                };
                molio::append(path, self.topology, &written).with_context(|| {
                    format!("going on from {}", checkpoint_path(self.out).display())
                })?
            };
            self.writers.push(writer);
        }
        Ok(())
    }

    /// Writes a frame of every replica that is not stopped.
    pub(in crate::commands) fn write<P: Potential>(
        &mut self,
        simulation: &Simulation<P>,
    ) -> Result<()> {
        for (replica, writer) in self.writers.iter_mut().enumerate() {
            if !simulation.is_frozen(replica) {
                writer.write_frame(&simulation.frame(replica))?;
                self.marks[replica].n_frames += 1;
            }
        }
        Ok(())
    }

    /// Brings everything to disk and says how far the files reach; they are open for more afterwards.
    pub(in crate::commands) fn settle(&mut self) -> Result<Vec<Mark>> {
        for writer in self.writers.drain(..) {
            writer.finish()?;
        }
        for (path, mark) in self.paths.iter().zip(&mut self.marks) {
            mark.length = synced_length(path).with_context(|| path.display().to_string())?;
        }
        self.open_writers()?;
        Ok(self.marks.clone())
    }
}

/// Brings a file to disk; its length in bytes.
pub(in crate::commands) fn synced_length(path: &Path) -> std::io::Result<u64> {
    let file = File::options().write(true).open(path)?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}
