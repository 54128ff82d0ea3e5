//! Writing arrays.

use super::header::{self, Kind};
use super::zip::{Archive, Open};
use crate::io::output::Output;
use crate::{Error, Frame, FrameWriter, Place, Result};
use std::fs::File;
use std::io::{BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

fn bytes_of(vectors: &[[f32; 3]], bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.extend(vectors.as_flattened().iter().flat_map(|x| x.to_le_bytes()));
}

/// Writes positions as one f32 array (frames, atoms, 3) in nm.
pub(crate) struct NpyWriter {
    output: Output,
    bytes: Vec<u8>,
}

impl NpyWriter {
    pub(crate) fn create(path: &Path, n_atoms: usize) -> Result<Self> {
        let mut output = Output::create(path, n_atoms)?;
        output.write(&header::to_bytes(Kind::F32, &[0, n_atoms as u64, 3]))?;
        Ok(Self {
            output,
            bytes: Vec::new(),
        })
    }
}

impl FrameWriter for NpyWriter {
    fn write_frame(&mut self, frame: &Frame) -> Result<()> {
        self.output.begin_frame(frame)?;
        bytes_of(&frame.positions, &mut self.bytes);
        self.output.write(&self.bytes)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        let shape = [
            self.output.n_frames() as u64,
            self.output.n_atoms() as u64,
            3,
        ];
        self.output.patch(0, &header::to_bytes(Kind::F32, &shape))?;
        self.output.finish()
    }
}

/// Writes all that frames have. Positions go straight into the archive; velocities and forces wait in
/// files beside it, named after it, until [`FrameWriter::finish`] appends and removes them. Which arrays
/// there are is decided by the first frame.
pub(crate) struct NpzWriter {
    output: Output,
    archive: Archive,
    positions: Open,
    velocities: Option<Spool>,
    forces: Option<Spool>,
    cells: Vec<[[f64; 3]; 3]>,
    times: Vec<f64>,
    steps: Vec<i64>,
    bytes: Vec<u8>,
}

impl NpzWriter {
    pub(crate) fn create(path: &Path, n_atoms: usize) -> Result<Self> {
        let mut output = Output::create(path, n_atoms)?;
        let mut archive = Archive::new();
        let positions = archive.begin(&mut output, "positions.npy", header::SIZE)?;
        Ok(Self {
            output,
            archive,
            positions,
            velocities: None,
            forces: None,
            cells: Vec::new(),
            times: Vec::new(),
            steps: Vec::new(),
            bytes: Vec::new(),
        })
    }

    /// Frames after the first must have what it had, and no more.
    fn check_same(&self, has: bool, had: bool, what: &str) -> Result<()> {
        if has == had {
            return Ok(());
        }
        let words = |has: bool| format!("{} {what}", if has { "with" } else { "without" });
        let (path, place) = (self.output.path(), self.output.place());
        Err(Error::malformed(
            path,
            place,
            format!("a frame {}", words(had)),
            format!("one {}", words(has)),
        ))
    }

    fn append(&mut self, name: &str, kind: Kind, shape: &[u64], bytes: &[u8]) -> Result<()> {
        let mut open = self.archive.begin(&mut self.output, name, header::SIZE)?;
        Archive::write(&mut self.output, &mut open, bytes)?;
        let head = header::to_bytes(kind, shape);
        self.archive.end(&mut self.output, &open, &head)
    }

    fn append_spool(&mut self, name: &str, spool: Option<Spool>, shape: &[u64]) -> Result<()> {
        let Some(mut spool) = spool else {
            return Ok(());
        };
        let mut open = self.archive.begin(&mut self.output, name, header::SIZE)?;
        spool.rewind()?;
        let mut buffer = vec![0; 1 << 18];
        loop {
            let read = spool.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            Archive::write(&mut self.output, &mut open, &buffer[..read])?;
        }
        let head = header::to_bytes(Kind::F32, shape);
        self.archive.end(&mut self.output, &open, &head)
    }
}

impl FrameWriter for NpzWriter {
    fn write_frame(&mut self, frame: &Frame) -> Result<()> {
        self.output.begin_frame(frame)?;
        if self.output.n_frames() == 1 {
            let path = self.output.path();
            self.velocities = frame
                .velocities
                .as_ref()
                .map(|_| Spool::create(path, "velocities"))
                .transpose()?;
            self.forces = frame
                .forces
                .as_ref()
                .map(|_| Spool::create(path, "forces"))
                .transpose()?;
        }
        self.check_same(
            frame.velocities.is_some(),
            self.velocities.is_some(),
            "velocities",
        )?;
        self.check_same(frame.forces.is_some(), self.forces.is_some(), "forces")?;
        bytes_of(&frame.positions, &mut self.bytes);
        Archive::write(&mut self.output, &mut self.positions, &self.bytes)?;
        for (vectors, spool) in [
            (&frame.velocities, &mut self.velocities),
            (&frame.forces, &mut self.forces),
        ] {
            if let (Some(vectors), Some(spool)) = (vectors, spool) {
                bytes_of(vectors, &mut self.bytes);
                spool.write(&self.bytes)?;
            }
        }
        self.cells
            .push(frame.cell.map_or([[0.0; 3]; 3], |cell| cell.vectors));
        self.times.push(frame.time.unwrap_or(f64::NAN));
        self.steps.push(frame.step.unwrap_or(-1));
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        let n_frames = self.output.n_frames() as u64;
        let shape = [n_frames, self.output.n_atoms() as u64, 3];
        let head = header::to_bytes(Kind::F32, &shape);
        self.archive.end(&mut self.output, &self.positions, &head)?;
        let velocities = self.velocities.take();
        self.append_spool("velocities.npy", velocities, &shape)?;
        let forces = self.forces.take();
        self.append_spool("forces.npy", forces, &shape)?;
        if self.cells.iter().any(|cell| *cell != [[0.0; 3]; 3]) {
            let cells = self.cells.as_flattened().as_flattened();
            let bytes: Vec<u8> = cells.iter().flat_map(|x| x.to_le_bytes()).collect();
            self.append("cell.npy", Kind::F64, &[n_frames, 3, 3], &bytes)?;
        }
        if self.times.iter().any(|time| !time.is_nan()) {
            let bytes: Vec<u8> = self.times.iter().flat_map(|x| x.to_le_bytes()).collect();
            self.append("time.npy", Kind::F64, &[n_frames], &bytes)?;
        }
        if self.steps.iter().any(|step| *step >= 0) {
            let bytes: Vec<u8> = self.steps.iter().flat_map(|x| x.to_le_bytes()).collect();
            self.append("step.npy", Kind::I64, &[n_frames], &bytes)?;
        }
        let this = *self;
        let mut output = this.output;
        this.archive.finish(&mut output)?;
        output.finish()
    }
}

/// A file that holds one array until the archive is ready for it, and goes away when dropped.
struct Spool {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Spool {
    fn create(beside: &Path, what: &str) -> Result<Self> {
        let mut name = beside.as_os_str().to_owned();
        name.push(format!(".{what}.part"));
        let path = PathBuf::from(name);
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(true);
        let file = options
            .open(&path)
            .map_err(|e| Error::io(&path, Place::File, "the file", e))?;
        Ok(Self {
            path,
            file: BufWriter::with_capacity(1 << 18, file),
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|e| self.error(e))
    }

    fn rewind(&mut self) -> Result<()> {
        self.file.rewind().map_err(|e| self.error(e))
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.file.get_mut().read(buffer).map_err(|e| self.error(e))
    }

    fn error(&self, source: std::io::Error) -> Error {
        Error::io(&self.path, Place::File, "the file", source)
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // nothing can be done about a file that does not go away, and it does no harm
        let _ = std::fs::remove_file(&self.path);
    }
}
