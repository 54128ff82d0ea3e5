//! The files that a run writes: a trajectory for each replica, and a table of energies.

use super::tracks::{Mark, Tracks, beside, synced_length};
use anyhow::{Context, Result, ensure};
use dynamics::{Potential, Simulation};
use molio::Topology;
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const HEADING: &str = "step,time_ps,replica,temperature_K,potential_kJ/mol,kinetic_temperature_K\n";

/// Where the table goes.
pub(in crate::commands) fn table_path(out: &Path) -> PathBuf {
    beside(out, "", "csv")
}

/// Files being written, up to the next checkpoint.
pub(in crate::commands) struct Files<'a> {
    pub(in crate::commands) tracks: Tracks<'a>,
    table: Table,
}

impl<'a> Files<'a> {
    /// Opens all files where the marks say, each created where there is nothing yet. `timing`: steps from frame
    /// to frame, and the time step in ps.
    pub(in crate::commands) fn open(
        out: &'a Path,
        topology: &'a Topology,
        marks: Vec<Mark>,
        table_mark: Mark,
        timing: (u64, f64),
    ) -> Result<Self> {
        Ok(Self {
            table: Table::open(table_path(out), table_mark)?,
            tracks: Tracks::open(out, topology, marks, timing)?,
        })
    }

    /// Writes a frame and a row of every replica that is alive.
    pub(in crate::commands) fn write<P: Potential>(
        &mut self,
        simulation: &Simulation<P>,
    ) -> Result<()> {
        self.tracks.write(simulation)?;
        self.table.write(simulation)
    }

    /// Brings everything to disk and says how far the files reach; they are open for more afterwards.
    pub(in crate::commands) fn settle(&mut self) -> Result<(Vec<Mark>, Mark)> {
        Ok((self.tracks.settle()?, self.table.settle()?))
    }
}

/// The table being written.
struct Table {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Table {
    /// A table with its heading, cut off at the mark.
    fn open(path: PathBuf, mark: Mark) -> Result<Self> {
        let file = open(&path, mark).with_context(|| path.display().to_string())?;
        Ok(Self { path, file })
    }

    /// A row for every replica that is alive.
    fn write<P: Potential>(&mut self, simulation: &Simulation<P>) -> Result<()> {
        let energies = simulation.potential_energies();
        let kinetic = simulation.instantaneous_temperatures();
        let step = simulation.step();
        let time = step as f64 * simulation.config().time_step;
        for replica in 0..energies.len() {
            if simulation.is_frozen(replica) {
                continue;
            }
            writeln!(
                self.file,
                "{step},{time:.6},{replica},{:.3},{:.4},{:.3}",
                simulation.temperature(replica),
                energies[replica],
                kinetic[replica]
            )
            .with_context(|| self.path.display().to_string())?;
        }
        Ok(())
    }

    /// Brings the table to disk and says how far it reaches.
    fn settle(&mut self) -> Result<Mark> {
        let length = self
            .file
            .flush()
            .and_then(|()| synced_length(&self.path))
            .with_context(|| self.path.display().to_string())?;
        Ok(Mark {
            length,
            n_frames: 0,
        })
    }
}

fn open(path: &Path, mark: Mark) -> Result<BufWriter<File>> {
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
