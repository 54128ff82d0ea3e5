//! What a stopped simulation leaves for the next start, and the trajectories that it writes.

use crate::sealed::Seal;
use anyhow::{Context, Result, bail, ensure};
use dynamics::{Potential, ReplicaExchange, Simulation};
use molio::{FrameWriter, Topology, Written};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::path::{Path, PathBuf};

const SEAL: Seal = Seal {
    magic: b"FOLDCG\0\x01",
    command: "cg simulate",
};

/// How far a trajectory was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Mark {
    length: u64,
    n_frames: u64,
}

/// A checkpoint.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct State {
    /// Names and values of what must not change between starts.
    pub(super) settings: Vec<(String, String)>,
    pub(super) marks: Vec<Mark>,
    pub(super) exchange: Option<ReplicaExchange>,
    /// See [`Simulation::checkpoint`].
    pub(super) simulation: Vec<u8>,
}

/// Where the checkpoint of a trajectory goes.
pub(super) fn path(out: &Path) -> PathBuf {
    beside(out, "", "checkpoint")
}

/// A file beside `out`, named after it.
pub(super) fn beside(out: &Path, middle: &str, extension: &str) -> PathBuf {
    let mut name = out.file_stem().unwrap_or_default().to_owned();
    name.push(middle);
    name.push(".");
    name.push(extension);
    out.with_file_name(name)
}

impl State {
    /// Replaces the checkpoint; at any time there is a whole one.
    pub(super) fn save(&self, path: &Path) -> Result<()> {
        SEAL.save(path, self)
    }

    /// The checkpoint of an earlier start with the same settings, if there is one.
    pub(super) fn load(path: &Path, settings: &[(String, String)]) -> Result<Option<Self>> {
        let name = path.display();
        let Some(state) = SEAL.load::<Self>(path)? else {
            return Ok(None);
        };
        for ((what, now), (_, then)) in settings.iter().zip(&state.settings) {
            ensure!(
                now == then,
                "{what} was {then} when {name} was written and is {now} now; \
                 give the same settings to go on, or remove that file to begin anew"
            );
        }
        Ok(Some(state))
    }
}

/// The trajectories being written, one a replica.
pub(super) struct Tracks<'a> {
    paths: Vec<PathBuf>,
    beads: &'a Topology,
    /// Time (ps) and step of the first two frames.
    first: [(Option<f64>, Option<i64>); 2],
    writers: Vec<Box<dyn FrameWriter>>,
    marks: Vec<Mark>,
}

impl<'a> Tracks<'a> {
    /// Opens trajectories where the marks say; new ones, which must not be there yet, without marks.
    pub(super) fn open(
        out: &Path,
        replicas: usize,
        beads: &'a Topology,
        marks: Option<Vec<Mark>>,
        (save, time_step): (u64, f64),
    ) -> Result<Self> {
        let extension = out.extension().unwrap_or_default().to_string_lossy();
        let digits = (replicas - 1).to_string().len().max(3);
        let paths: Vec<PathBuf> = match replicas {
            1 => vec![out.to_owned()],
            _ => (0..replicas)
                .map(|replica| beside(out, &format!(".r{replica:0digits$}"), &extension))
                .collect(),
        };
        if marks.is_none()
            && let Some(path) = paths.iter().find(|path| path.exists())
        {
            bail!(
                "{} exists, and there is no {} to go on from; remove it, or choose another name",
                path.display(),
                self::path(out).display()
            );
        }
        let marks = marks.unwrap_or_else(|| vec![Mark::default(); replicas]);
        ensure!(
            marks.len() == replicas,
            "the checkpoint is of other replicas"
        );
        let stamp = |index: u64| {
            let step = index * save;
            (Some(step as f64 * time_step), i64::try_from(step).ok())
        };
        let mut tracks = Self {
            paths,
            beads,
            first: [stamp(1), stamp(2)],
            writers: Vec::new(),
            marks,
        };
        tracks.open_writers()?;
        Ok(tracks)
    }

    pub(super) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    fn open_writers(&mut self) -> Result<()> {
        for (path, mark) in self.paths.iter().zip(&self.marks) {
            let writer = if mark.n_frames == 0 {
                molio::create(path, self.beads)?
            } else {
                let n_frames = mark.n_frames as usize;
                let written = Written {
                    length: mark.length,
                    n_frames,
                    first: self.first[..n_frames.min(2)].to_vec(),
                };
                molio::append(path, self.beads, &written)?
            };
            self.writers.push(writer);
        }
        Ok(())
    }

    /// Writes a frame of every replica that is not stopped.
    pub(super) fn write<P: Potential>(&mut self, simulation: &Simulation<P>) -> Result<()> {
        for (replica, writer) in self.writers.iter_mut().enumerate() {
            if !simulation.is_frozen(replica) {
                writer.write_frame(&simulation.frame(replica))?;
                self.marks[replica].n_frames += 1;
            }
        }
        Ok(())
    }

    /// Brings everything to disk and says how far the files reach; they are open for more afterwards.
    pub(super) fn settle(&mut self) -> Result<Vec<Mark>> {
        for writer in self.writers.drain(..) {
            writer.finish()?;
        }
        for (path, mark) in self.paths.iter().zip(&mut self.marks) {
            let length = || {
                let file = File::options().write(true).open(path)?;
                file.sync_all()?;
                Ok::<_, std::io::Error>(file.metadata()?.len())
            };
            mark.length = length().with_context(|| path.display().to_string())?;
        }
        self.open_writers()?;
        Ok(self.marks.clone())
    }
}
