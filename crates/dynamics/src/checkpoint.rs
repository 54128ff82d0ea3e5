//! The whole state of a simulation as bytes.
//!
//! # Layout
//! `FOLDDYN\0`, version (u32), length of the payload (u64), its CRC-32 (u32), payload; integers
//! little-endian. The payload is postcard of configuration, step, replicas and faults.

use crate::{Error, Fault, Potential, ReplicaState, Result, Simulation, SimulationConfig};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

const MAGIC: &[u8; 8] = b"FOLDDYN\0";
const VERSION: u32 = 1;
const HEADER: usize = 24;

#[derive(Serialize, Deserialize)]
struct Snapshot {
    config: SimulationConfig,
    step: u64,
    replicas: Vec<ReplicaState>,
    faults: Vec<Fault>,
}

impl<P: Potential> Simulation<P> {
    /// The whole state as bytes, see [`Simulation::resume`].
    ///
    /// # Errors
    /// [`Error::Unfinished`].
    pub fn checkpoint(&self) -> Result<Vec<u8>> {
        if !self.in_step() {
            return Err(Error::Unfinished);
        }
        let snapshot = Snapshot {
            config: self.config().clone(),
            step: self.step(),
            replicas: (0..self.n_replicas()).map(|r| self.state(r)).collect(),
            faults: self.faults().to_vec(),
        };
        let payload = postcard::to_stdvec(&snapshot)
            .map_err(|error| broken("payload", "serialisable state", error))?;
        let mut bytes = Vec::with_capacity(HEADER + payload.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&(payload.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&crc32fast::hash(&payload).to_le_bytes());
        bytes.extend_from_slice(&payload);
        Ok(bytes)
    }

    /// The simulation of which [`Simulation::checkpoint`] wrote `bytes`. It goes on as the one that
    /// was never interrupted would have, bit for bit.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] for bytes that are not a whole checkpoint, or of a simulation that was
    /// configured otherwise; [`Error::Setting`] for a configuration that does not fit the potential.
    pub fn resume(potential: P, config: &SimulationConfig, bytes: &[u8]) -> Result<Self> {
        let snapshot = decode(bytes)?;
        if snapshot.config != *config {
            let difference = difference(config, &snapshot.config);
            return Err(broken(
                "configuration",
                "that of this simulation",
                difference,
            ));
        }
        let n_replicas = config.replicas.len();
        if snapshot.replicas.len() != n_replicas {
            return Err(broken("replicas", n_replicas, snapshot.replicas.len()));
        }
        if let Some(fault) = snapshot.faults.iter().find(|f| f.replica >= n_replicas) {
            return Err(broken("fault", format!("of {n_replicas} replicas"), fault));
        }
        let mut simulation = Self::unplaced(potential, snapshot.config)?;
        for (index, replica) in snapshot.replicas.iter().enumerate() {
            simulation
                .set_state(index, replica)
                .map_err(|error| broken("replica", "finite state of all atoms", error))?;
        }
        simulation.start_from(snapshot.step, snapshot.faults);
        Ok(simulation)
    }

    /// Writes a checkpoint so that `path` holds, at any time, either the former one or this one.
    ///
    /// # Errors
    /// [`Error::Unfinished`], [`Error::File`].
    pub fn save(&self, path: &Path) -> Result<()> {
        write_atomically(path, &self.checkpoint()?)
    }

    /// [`Simulation::resume`] from a file.
    ///
    /// # Errors
    /// [`Error::File`], and as [`Simulation::resume`].
    pub fn load(potential: P, config: &SimulationConfig, path: &Path) -> Result<Self> {
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|mut file| file.read_to_end(&mut bytes))
            .map_err(|source| Error::File {
                path: path.to_owned(),
                source,
            })?;
        Self::resume(potential, config, &bytes)
    }
}

/// Writes a file so that `path` holds, at any time and through a crash, either what it held or `bytes`.
///
/// # Errors
/// [`Error::File`].
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |source| Error::File {
        path: path.to_owned(),
        source,
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = path.with_file_name(name);
    let written = write_through(&partial, bytes).and_then(|()| std::fs::rename(&partial, path));
    if written.is_err() {
        // the error of interest is the first; a left-over is named after the file
        let _ = std::fs::remove_file(&partial);
    }
    written.map_err(failed)?;
    let folder = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    sync_folder(folder.unwrap_or(Path::new("."))).map_err(failed)
}

fn decode(bytes: &[u8]) -> Result<Snapshot> {
    let Some((header, payload)) = bytes.split_at_checked(HEADER) else {
        return Err(broken("header", format!("{HEADER} bytes"), bytes.len()));
    };
    let (magic, numbers) = header.split_at(8);
    if magic != MAGIC {
        return Err(broken("magic", MAGIC.escape_ascii(), magic.escape_ascii()));
    }
    let word = |at: usize| {
        let mut four = [0; 4];
        four.copy_from_slice(&numbers[at..at + 4]);
        u32::from_le_bytes(four)
    };
    if word(0) != VERSION {
        return Err(broken("version", VERSION, word(0)));
    }
    let length = u64::from(word(4)) | u64::from(word(8)) << 32;
    if length != payload.len() as u64 {
        return Err(broken("length of the payload", length, payload.len()));
    }
    let checksum = crc32fast::hash(payload);
    if checksum != word(12) {
        return Err(broken("checksum", word(12), checksum));
    }
    match postcard::take_from_bytes(payload) {
        Ok((snapshot, [])) => Ok(snapshot),
        Ok((_, rest)) => Err(broken("payload", "nothing after the state", rest.len())),
        Err(error) => Err(broken("payload", "postcard", error)),
    }
}

/// Which setting differs first, for the message.
fn difference(this: &SimulationConfig, other: &SimulationConfig) -> &'static str {
    if this.masses != other.masses {
        "other masses"
    } else if this.replicas != other.replicas {
        "other replicas or temperatures"
    } else if this.integrator != other.integrator {
        "another integrator or friction"
    } else if this.time_step != other.time_step {
        "another time step"
    } else if this.seed != other.seed {
        "another seed"
    } else {
        "other constraints"
    }
}

#[expect(clippy::needless_pass_by_value, reason = "called with temporaries")]
fn broken(what: &'static str, expected: impl ToString, found: impl ToString) -> Error {
    Error::Checkpoint {
        what,
        expected: expected.to_string(),
        found: found.to_string(),
    }
}

fn write_through(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes a rename last through a power failure; folders cannot be opened everywhere.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
