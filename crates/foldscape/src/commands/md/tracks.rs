//! The files that a run writes: a trajectory for each replica, and a table of energies.

use super::state::Mark;
use anyhow::{Context, Result, ensure};
use dynamics::Simulation;
use forcefield_gpu::Engine;
use molio::{FrameWriter, Topology, Written};
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const HEADING: &str = "step,time_ps,replica,temperature_K,potential_kJ/mol,kinetic_temperature_K\n";

/// Where everything goes.
pub(super) struct Paths {
    pub(super) trajectories: Vec<PathBuf>,
    pub(super) table: PathBuf,
    pub(super) checkpoint: PathBuf,
}

impl Paths {
    pub(super) fn new(out: &Path, replicas: usize) -> Self {
        let beside = |middle: &str, extension: &OsString| {
            let mut name = out.file_stem().unwrap_or_default().to_owned();
            name.push(middle);
            name.push(".");
            name.push(extension);
            out.with_file_name(name)
        };
        let extension = out.extension().unwrap_or_default().to_owned();
        let digits = (replicas - 1).to_string().len().max(3);
        let trajectories = match replicas {
            1 => vec![out.to_owned()],
            _ => (0..replicas)
                .map(|replica| beside(&format!(".r{replica:0digits$}"), &extension))
                .collect(),
        };
        Self {
            trajectories,
            table: beside("", &"csv".into()),
            checkpoint: beside("", &"checkpoint".into()),
        }
    }

    /// Fails if a file to be written is there already.
    pub(super) fn check_free(&self) -> Result<()> {
        for path in self.trajectories.iter().chain([&self.table]) {
            ensure!(
                !path.exists(),
                "{} exists, and there is no {} to go on from; remove it, or choose another name",
                path.display(),
                self.checkpoint.display()
            );
        }
        Ok(())
    }
}

/// Files being written, up to the next checkpoint.
pub(super) struct Tracks<'a> {
    paths: &'a Paths,
    topology: &'a Topology,
    /// Time (ps) and step of the first two frames.
    first: [(Option<f64>, Option<i64>); 2],
    writers: Vec<Box<dyn FrameWriter>>,
    table: BufWriter<File>,
    marks: Vec<Mark>,
    table_mark: Mark,
}

impl<'a> Tracks<'a> {
    /// Opens all files where the marks say, each created where there is nothing yet.
    pub(super) fn open(
        paths: &'a Paths,
        topology: &'a Topology,
        marks: Vec<Mark>,
        table_mark: Mark,
        (save, time_step): (u64, f64),
    ) -> Result<Self> {
        let stamp = |index: u64| {
            let step = index * save;
            (Some(step as f64 * time_step), i64::try_from(step).ok())
        };
        let mut tracks = Self {
            paths,
            topology,
            first: [stamp(1), stamp(2)],
            writers: Vec::new(),
            table: open_table(&paths.table, table_mark)
                .with_context(|| paths.table.display().to_string())?,
            marks,
            table_mark,
        };
        tracks.open_trajectories()?;
        Ok(tracks)
    }

    fn open_trajectories(&mut self) -> Result<()> {
        for (path, mark) in self.paths.trajectories.iter().zip(&self.marks) {
            let writer = if mark.n_frames == 0 {
                molio::create(path, self.topology)?
            } else {
                let n_frames = mark.n_frames as usize;
                let written = Written {
                    length: mark.length,
                    n_frames,
                    first: self.first[..n_frames.min(2)].to_vec(),
                };
                molio::append(path, self.topology, &written)
                    .with_context(|| format!("going on from {}", self.paths.checkpoint.display()))?
            };
            self.writers.push(writer);
        }
        Ok(())
    }

    /// Writes a frame of every replica that is alive.
    pub(super) fn write(&mut self, simulation: &Simulation<&Engine>) -> Result<()> {
        let energies = simulation.potential_energies();
        let kinetic = simulation.instantaneous_temperatures();
        let step = simulation.step();
        let time = step as f64 * simulation.config().time_step;
        for (replica, writer) in self.writers.iter_mut().enumerate() {
            if simulation.is_frozen(replica) {
                continue;
            }
            writer.write_frame(&simulation.frame(replica))?;
            self.marks[replica].n_frames += 1;
            writeln!(
                self.table,
                "{step},{time:.6},{replica},{:.3},{:.4},{:.3}",
                simulation.temperature(replica),
                energies[replica],
                kinetic[replica]
            )
            .with_context(|| self.paths.table.display().to_string())?;
        }
        Ok(())
    }

    /// Brings everything to disk and says how far the files reach; they are open for more afterwards.
    pub(super) fn settle(&mut self) -> Result<(Vec<Mark>, Mark)> {
        for writer in self.writers.drain(..) {
            writer.finish()?;
        }
        for (path, mark) in self.paths.trajectories.iter().zip(&mut self.marks) {
            mark.length = synced_length(path).with_context(|| path.display().to_string())?;
        }
        let name = || self.paths.table.display().to_string();
        self.table.flush().with_context(name)?;
        self.table_mark.length = synced_length(&self.paths.table).with_context(name)?;
        self.open_trajectories()?;
        Ok((self.marks.clone(), self.table_mark))
    }
}

/// A table with its heading, cut off at the mark.
fn open_table(path: &Path, mark: Mark) -> Result<BufWriter<File>> {
    let mut file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)?;
    let found = file.metadata()?.len();
    ensure!(
        found >= mark.length,
        "expected at least {} bytes, found {found}",
        mark.length
    );
    file.set_len(mark.length)?;
    file.seek(SeekFrom::End(0))?;
    let mut table = BufWriter::new(file);
    if mark.length == 0 {
        table.write_all(HEADING.as_bytes())?;
    }
    Ok(table)
}

fn synced_length(path: &Path) -> std::io::Result<u64> {
    let file = File::options().write(true).open(path)?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}
