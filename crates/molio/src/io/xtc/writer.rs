//! Writing XTC through molly.

use crate::io::Written;
use crate::io::output::Output;
use crate::{Error, Frame, FrameWriter, Place, Result};
use std::path::Path;

/// Integers per nm: GROMACS's own default, 0.001 nm.
const PRECISION: f32 = 1000.0;

/// Writes XTC at a precision of 0.001 nm.
pub(crate) struct Writer {
    output: Output,
    frame: molly::Frame,
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn create(path: &Path, n_atoms: usize) -> Result<Self> {
        Ok(Self::new(Output::create(path, n_atoms)?, n_atoms))
    }

    pub(crate) fn append(path: &Path, n_atoms: usize, written: &Written) -> Result<Self> {
        Ok(Self::new(Output::append(path, n_atoms, written)?, n_atoms))
    }

    fn new(output: Output, n_atoms: usize) -> Self {
        Self {
            output,
            frame: molly::Frame {
                step: 0,
                time: 0.0,
                boxvec: [0.0; 9],
                precision: PRECISION,
                positions: Vec::with_capacity(3 * n_atoms),
            },
            bytes: Vec::new(),
        }
    }

    /// Refuses what the packing cannot hold: integers beyond 32 bits, or a box of them beyond 63.
    fn check_range(&self, positions: &[[f32; 3]]) -> Result<()> {
        let mut volume = 1.0;
        for axis in 0..3 {
            let values = positions.iter().map(|position| position[axis] * PRECISION);
            let (low, high) = values.fold((f32::MAX, f32::MIN), |(low, high), value| {
                (low.min(value), high.max(value))
            });
            let extent = f64::from(high) - f64::from(low) + 2.0;
            volume *= extent.max(1.0);
            let largest = f64::from(low).abs().max(f64::from(high).abs());
            if !positions.is_empty() && (largest > 2e9 || extent > 16e6 || volume > 9e18) {
                return Err(Error::malformed(
                    self.output.path(),
                    self.output.place(),
                    "positions within 16 µm of each other and 2 mm of the origin",
                    format!("{} nm to {} nm", low / PRECISION, high / PRECISION),
                ));
            }
        }
        Ok(())
    }
}

impl FrameWriter for Writer {
    fn write_frame(&mut self, frame: &Frame) -> Result<()> {
        self.output.begin_frame(frame)?;
        self.check_range(&frame.positions)?;
        let index = self.output.n_frames() - 1;
        let step = frame.step.unwrap_or(index as i64);
        // GROMACS wraps here; a number that means something else helps nobody
        let step = i32::try_from(step).map_err(|_| {
            let place = Place::Frame(index);
            Error::malformed(
                self.output.path(),
                place,
                "a step below 2^31",
                step.to_string(),
            )
        })?;
        self.frame.step = step as u32;
        self.frame.time = frame.time.unwrap_or(index as f64) as f32;
        let vectors = frame.cell.map_or([[0.0; 3]; 3], |cell| cell.vectors);
        for (to, from) in self.frame.boxvec.iter_mut().zip(vectors.as_flattened()) {
            *to = *from as f32;
        }
        self.frame.positions.clear();
        self.frame
            .positions
            .extend_from_slice(frame.positions.as_flattened());
        self.bytes.clear();
        let written = molly::XTCWriter::new(&mut self.bytes).write_frame(&self.frame);
        written.map_err(|e| self.output.error(e))?;
        self.output.write(&self.bytes)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.output.finish()
    }
}
