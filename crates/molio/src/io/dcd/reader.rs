//! Frames of a DCD file.

use super::cell;
use super::header::Header;
use crate::io::input::Input;
use crate::io::{check_finite, no_such_frame};
use crate::{Frame, FrameReader, Place, Result};
use std::ops::Range;

/// nm in an Å.
const NM: f32 = 0.1;

/// Reads DCD. The number of frames comes from the file's length, because programs that were killed
/// leave a wrong one in the header.
pub(crate) struct Reader {
    input: Input,
    header: Header,
    next: usize,
    /// Positions of the first frame in nm, which later frames with fixed atoms build on.
    first: Vec<[f32; 3]>,
    /// The bytes of a frame.
    block: Vec<u8>,
}

/// Where in a frame's bytes its records are.
struct Records {
    cell: Option<Range<usize>>,
    axes: [Range<usize>; 3],
}

impl Reader {
    pub(crate) fn new(mut input: Input) -> Result<Self> {
        let header = Header::read(&mut input)?;
        Ok(Self {
            input,
            header,
            next: 0,
            first: Vec::new(),
            block: Vec::new(),
        })
    }

    /// Reads the next frame whole, and finds what is in it.
    fn read_records(&mut self) -> Result<Records> {
        let start = self.input.position();
        let n_bytes = self.header.frame_bytes(self.next);
        self.input.read_bytes(&mut self.block, n_bytes, "a frame")?;
        let mut at = 0;
        let mut record = |length| -> Result<Range<usize>> {
            let data = at + self.header.layout.width();
            let end = data + length;
            for marker in [at, end] {
                let found = self.header.layout.length_in(&self.block[marker..]);
                if found != length as i64 {
                    let offset = start + marker as u64;
                    let expected = format!("the length {length} before and behind a record");
                    return Err(self.input.malformed_at(offset, expected, found.to_string()));
                }
            }
            at = end + self.header.layout.width();
            Ok(data..end)
        };
        let cell = self.header.has_cell.then(|| record(48)).transpose()?;
        let n_bytes = 4 * self.header.n_stored(self.next);
        let axes = [record(n_bytes)?, record(n_bytes)?, record(n_bytes)?];
        if self.header.has_fourth_dimension {
            record(n_bytes)?;
        }
        Ok(Records { cell, axes })
    }

    fn cell(&self, record: Range<usize>) -> Option<crate::Cell> {
        let numbers = self.block[record].as_chunks::<8>().0;
        let numbers = std::array::from_fn(|k| self.header.layout.double(numbers[k]));
        cell::from_numbers(numbers, self.header.version)
    }

    /// Takes the axes of the frame read last apart, or of its free atoms.
    fn take_positions(&self, axes: [Range<usize>; 3], positions: &mut Vec<[f32; 3]>) {
        let axes = axes.map(|axis| self.block[axis].as_chunks::<4>().0);
        let layout = self.header.layout;
        match &self.header.free {
            Some(free) if self.next > 0 => {
                positions.clone_from(&self.first);
                for (index, &atom) in free.iter().enumerate() {
                    positions[atom] = axes.map(|axis| layout.float(axis[index]) * NM);
                }
            }
            _ => {
                // the file has proved to hold this many
                positions.resize(axes[0].len(), [0.0; 3]);
                if layout.big_endian {
                    interleave(axes, f32::from_be_bytes, positions);
                } else {
                    interleave(axes, f32::from_le_bytes, positions);
                }
            }
        }
    }

    fn offset(&self, index: usize) -> u64 {
        match index {
            0 => self.header.start,
            _ => {
                let later = self.header.frame_bytes(1).saturating_mul(index as u64 - 1);
                (self.header.start + self.header.frame_bytes(0)).saturating_add(later)
            }
        }
    }
}

/// Puts x, y and z of each atom together, in nm.
fn interleave(
    [x, y, z]: [&[[u8; 4]]; 3],
    number: impl Fn([u8; 4]) -> f32,
    positions: &mut [[f32; 3]],
) {
    // four atoms are three whole vector registers
    let (fours, rest) = positions.as_chunks_mut::<4>();
    let [(x, last_x), (y, last_y), (z, last_z)] = [x, y, z].map(<[_]>::as_chunks::<4>);
    for (((four, x), y), z) in fours.iter_mut().zip(x).zip(y).zip(z) {
        let [x, y, z] = [x, y, z].map(|axis| axis.map(|value| number(value) * NM));
        let registers = [
            [x[0], y[0], z[0], x[1]],
            [y[1], z[1], x[2], y[2]],
            [z[2], x[3], y[3], z[3]],
        ];
        four.as_flattened_mut()
            .copy_from_slice(registers.as_flattened());
    }
    for (((position, x), y), z) in rest.iter_mut().zip(last_x).zip(last_y).zip(last_z) {
        *position = [x, y, z].map(|value| number(*value) * NM);
    }
}

impl FrameReader for Reader {
    fn read_frame(&mut self, frame: &mut Frame) -> Result<bool> {
        // a frame of no bytes would never end
        if self.input.at_end()? {
            return Ok(false);
        }
        let Records { cell, axes } = self.read_records()?;
        frame.cell = cell.and_then(|cell| self.cell(cell));
        self.take_positions(axes, &mut frame.positions);
        check_finite(self.input.path(), Place::Frame(self.next), &frame.positions)?;
        if self.header.free.is_some() && self.next == 0 {
            self.first.clone_from(&frame.positions);
        }
        let step = self.header.first_step + self.header.steps_between * self.next as i64;
        frame.velocities = None;
        frame.forces = None;
        frame.step = Some(step);
        frame.time = (self.header.time_step != 0.0).then_some(step as f64 * self.header.time_step);
        self.next += 1;
        Ok(true)
    }

    fn n_frames(&mut self) -> Result<Option<usize>> {
        let Some(length) = self.input.length() else {
            return Ok(None);
        };
        let bytes = length - self.header.start.min(length);
        let first = self.header.frame_bytes(0);
        Ok(Some(match bytes.checked_sub(first) {
            None => 0,
            Some(rest) => 1 + (rest / self.header.frame_bytes(1)) as usize,
        }))
    }

    fn seek(&mut self, index: usize) -> Result<()> {
        if let Some(n_frames) = self.n_frames()?
            && index >= n_frames
        {
            return Err(no_such_frame(self.input.path(), index, n_frames));
        }
        // fixed atoms are only in the first frame
        if self.header.free.is_some() && self.first.is_empty() && index > 0 {
            self.input.seek(self.header.start)?;
            self.next = 0;
            self.read_frame(&mut Frame::default())?;
        }
        self.input.seek(self.offset(index))?;
        self.next = index;
        Ok(())
    }
}
