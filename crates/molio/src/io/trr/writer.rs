//! Writing TRR.

use super::header::{MAGIC, VERSION};
use crate::io::Written;
use crate::io::output::Output;
use crate::{Error, Frame, FrameWriter, Result};
use std::path::Path;

/// Writes TRR with f32 numbers; velocities and forces where a frame has them.
pub(crate) struct Writer {
    output: Output,
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn create(path: &Path, n_atoms: usize) -> Result<Self> {
        Ok(Self {
            output: Output::create(path, n_atoms)?,
            bytes: Vec::new(),
        })
    }

    pub(crate) fn append(path: &Path, n_atoms: usize, written: &Written) -> Result<Self> {
        Ok(Self {
            output: Output::append(path, n_atoms, written)?,
            bytes: Vec::new(),
        })
    }

    fn header(&self, frame: &Frame) -> Result<[i32; 13]> {
        let too_many = |found: String| {
            let expected = "blocks and steps below 2^31";
            Error::malformed(self.output.path(), self.output.place(), expected, found)
        };
        let n_atoms = frame.n_atoms();
        let block =
            i32::try_from(12 * n_atoms).map_err(|_| too_many(format!("{n_atoms} atoms")))?;
        let step = frame.step.unwrap_or(self.output.n_frames() as i64 - 1);
        let step = i32::try_from(step).map_err(|_| too_many(format!("step {step}")))?;
        let cell = if frame.cell.is_some() { 36 } else { 0 };
        let velocities = if frame.velocities.is_some() { block } else { 0 };
        let forces = if frame.forces.is_some() { block } else { 0 };
        // n_atoms fits because 12 times as much does
        Ok([
            0,
            0,
            cell,
            0,
            0,
            0,
            0,
            block,
            velocities,
            forces,
            n_atoms as i32,
            step,
            0,
        ])
    }
}

impl FrameWriter for Writer {
    fn write_frame(&mut self, frame: &Frame) -> Result<()> {
        self.output.begin_frame(frame)?;
        let header = self.header(frame)?;
        let bytes = &mut self.bytes;
        bytes.clear();
        bytes.extend(MAGIC.to_be_bytes());
        bytes.extend(13_i32.to_be_bytes());
        bytes.extend(12_i32.to_be_bytes());
        bytes.extend(VERSION);
        bytes.extend(header.iter().flat_map(|value| value.to_be_bytes()));
        let time = frame.time.unwrap_or((self.output.n_frames() - 1) as f64) as f32;
        bytes.extend(time.to_be_bytes());
        bytes.extend(0_f32.to_be_bytes());
        let cell = frame
            .cell
            .map(|cell| cell.vectors.map(|vector| vector.map(|x| x as f32)));
        let cell = cell.as_ref().map(|vectors| &vectors[..]);
        let blocks = [
            cell,
            Some(&frame.positions),
            frame.velocities.as_deref(),
            frame.forces.as_deref(),
        ];
        for block in blocks.into_iter().flatten() {
            bytes.extend(block.as_flattened().iter().flat_map(|x| x.to_be_bytes()));
        }
        self.output.write(&self.bytes)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.output.finish()
    }
}
