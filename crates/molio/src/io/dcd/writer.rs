//! Writing DCD.

use super::{AKMA, cell};
use crate::io::Written;
use crate::io::output::Output;
use crate::{Error, Frame, FrameWriter, Place, Result};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes before the first frame.
const HEADER: usize = 92 + 172 + 12;

/// Lowest byte of the header's flag for cells.
const HAS_CELL: usize = 48;

/// Where the header has the number of atoms.
const N_ATOMS: std::ops::Range<usize> = 268..272;

/// Writes DCD as CHARMM 24: little-endian, cells as lengths and cosines.
///
/// The format has one constant time step, which is taken from the first two frames; and cells in every
/// frame or in none, as the first frame has it.
pub(crate) struct Writer {
    output: Output,
    has_cell: bool,
    /// Time (ps) and step of the first two frames.
    stamps: Vec<(Option<f64>, Option<i64>)>,
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn create(path: &Path, n_atoms: usize) -> Result<Self> {
        let mut writer = Self {
            output: Output::create(path, n_atoms)?,
            has_cell: false,
            stamps: Vec::new(),
            bytes: Vec::new(),
        };
        let header = writer.header()?;
        writer.output.write(&header)?;
        Ok(writer)
    }

    pub(crate) fn append(path: &Path, n_atoms: usize, written: &Written) -> Result<Self> {
        let mut header = [0; HEADER];
        File::open(path)
            .and_then(|mut file| file.read_exact(&mut header))
            .map_err(|e| Error::io(path, Place::File, "the header", e))?;
        let writer = Self {
            output: Output::append(path, n_atoms, written)?,
            has_cell: header[HAS_CELL] != 0,
            stamps: written.first.iter().take(2).copied().collect(),
            bytes: Vec::new(),
        };
        let own = writer.header()?;
        if header[..8] != own[..8] || header[N_ATOMS] != own[N_ATOMS] {
            return Err(Error::malformed(
                path,
                Place::File,
                format!("the DCD header of {n_atoms} atoms"),
                "another header",
            ));
        }
        Ok(writer)
    }

    fn header(&self) -> Result<Vec<u8>> {
        let too_many = |_| {
            let found = format!(
                "{} atoms, {} frames",
                self.output.n_atoms(),
                self.output.n_frames()
            );
            Error::malformed(
                self.output.path(),
                self.output.place(),
                "counts below 2^29",
                found,
            )
        };
        let n_atoms = i32::try_from(4 * self.output.n_atoms()).map_err(too_many)? / 4;
        let n_frames = i32::try_from(self.output.n_frames()).map_err(too_many)?;
        let (first, between, step_ps) = self.timing();
        let last = first.saturating_add(between.saturating_mul(n_frames));
        let mut control = [0_i32; 20];
        control[0] = n_frames;
        control[1] = first;
        control[2] = between;
        control[3] = last;
        control[9] = ((step_ps / AKMA) as f32).to_bits() as i32;
        control[10] = i32::from(self.has_cell);
        control[19] = 24;
        let mut bytes = Vec::with_capacity(HEADER);
        bytes.extend(84_i32.to_le_bytes());
        bytes.extend(b"CORD");
        bytes.extend(control.iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend(84_i32.to_le_bytes());
        bytes.extend(164_i32.to_le_bytes());
        bytes.extend(2_i32.to_le_bytes());
        bytes.extend(format!("{:80}{:80}", "REMARKS WRITTEN BY MOLIO", "REMARKS").bytes());
        bytes.extend(164_i32.to_le_bytes());
        bytes.extend([4, n_atoms, 4].iter().flat_map(|value| value.to_le_bytes()));
        Ok(bytes)
    }

    /// First step, steps between frames, and the time step in ps.
    ///
    /// Frames without steps are numbered so that the first has step 0 or, if it has a time, the step
    /// that gives it back.
    fn timing(&self) -> (i32, i32, f64) {
        let (time, step) = self.stamps.first().copied().unwrap_or_default();
        let (next_time, next_step) = self.stamps.get(1).copied().unwrap_or_default();
        let interval = time
            .zip(next_time)
            .map(|(a, b)| b - a)
            .filter(|dt| *dt > 0.0);
        let small = |value: i64| i32::try_from(value).ok();
        let between = step
            .zip(next_step)
            .and_then(|(a, b)| small(b - a))
            .filter(|n| *n > 0);
        let between = between.unwrap_or(1);
        let step_ps = match interval {
            Some(interval) => interval / f64::from(between),
            None => {
                time.filter(|time| *time > 0.0).unwrap_or(0.0) / step.unwrap_or(1).max(1) as f64
            }
        };
        let counted = time
            .filter(|_| step_ps > 0.0)
            .map(|time| (time / step_ps).round() as i64);
        let first = counted.or(step).and_then(small).unwrap_or(0);
        (first, between, step_ps)
    }
}

impl FrameWriter for Writer {
    fn write_frame(&mut self, frame: &Frame) -> Result<()> {
        self.output.begin_frame(frame)?;
        if self.stamps.len() < 2 {
            self.stamps.push((frame.time, frame.step));
        }
        if self.output.n_frames() == 1 {
            self.has_cell = frame.cell.is_some();
        }
        let bytes = &mut self.bytes;
        bytes.clear();
        if self.has_cell {
            let numbers = frame.cell.as_ref().map_or([0.0; 6], cell::to_numbers);
            bytes.extend(48_i32.to_le_bytes());
            bytes.extend(numbers.iter().flat_map(|x| x.to_le_bytes()));
            bytes.extend(48_i32.to_le_bytes());
        } else if frame.cell.is_some() {
            let expected = "no cell, as in the first frame";
            return Err(Error::malformed(
                self.output.path(),
                self.output.place(),
                expected,
                "a cell",
            ));
        }
        let length = (4 * frame.n_atoms() as i32).to_le_bytes();
        for axis in 0..3 {
            bytes.extend(length);
            bytes.extend(
                frame
                    .positions
                    .iter()
                    .flat_map(|x| (x[axis] * 10.0).to_le_bytes()),
            );
            bytes.extend(length);
        }
        self.output.write(&self.bytes)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        let header = self.header()?;
        self.output.patch(0, &header)?;
        self.output.finish()
    }
}
