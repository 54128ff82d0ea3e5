//! Frames of a DCD file.

use super::cell;
use super::header::Header;
use crate::io::input::Input;
use crate::io::{check_finite, no_such_frame};
use crate::{Frame, FrameReader, Place, Result};

/// Reads DCD. The number of frames comes from the file's length, because programs that were killed
/// leave a wrong one in the header.
pub(crate) struct Reader {
    input: Input,
    header: Header,
    next: usize,
    /// Positions of the first frame in nm, which later frames with fixed atoms build on.
    first: Vec<[f32; 3]>,
    block: Vec<u8>,
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

    fn read_cell(&mut self) -> Result<Option<crate::Cell>> {
        if !self.header.has_cell {
            return Ok(None);
        }
        let layout = self.header.layout;
        layout.record(&mut self.input, &mut self.block, Some(48), "the cell")?;
        let numbers = self.block.as_chunks::<8>().0;
        let numbers: [f64; 6] = std::array::from_fn(|k| layout.double(numbers[k]));
        Ok(cell::from_numbers(numbers, self.header.version))
    }

    /// Reads one axis of the positions into `positions`.
    fn read_axis(
        &mut self,
        axis: usize,
        n_stored: usize,
        positions: &mut Vec<[f32; 3]>,
    ) -> Result<()> {
        let layout = self.header.layout;
        let n_bytes = 4 * n_stored as u64;
        layout.record(
            &mut self.input,
            &mut self.block,
            Some(n_bytes),
            "the positions",
        )?;
        let values = self.block.as_chunks::<4>().0;
        if let Some(free) = self.header.free.as_ref().filter(|_| self.next > 0) {
            for (&atom, &value) in free.iter().zip(values) {
                positions[atom][axis] = layout.float(value) * 0.1;
            }
            return Ok(());
        }
        // only now is it certain that the file holds this many
        positions.resize(n_stored, [0.0; 3]);
        if layout.big_endian {
            for (position, &value) in positions.iter_mut().zip(values) {
                position[axis] = f32::from_be_bytes(value) * 0.1;
            }
        } else {
            for (position, &value) in positions.iter_mut().zip(values) {
                position[axis] = f32::from_le_bytes(value) * 0.1;
            }
        }
        Ok(())
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

impl FrameReader for Reader {
    fn read_frame(&mut self, frame: &mut Frame) -> Result<bool> {
        // a frame of no bytes would never end
        if self.input.at_end()? {
            return Ok(false);
        }
        frame.cell = self.read_cell()?;
        let n_stored = self.header.n_stored(self.next);
        if self.header.free.is_some() && self.next > 0 {
            frame.positions.clone_from(&self.first);
        }
        for axis in 0..3 {
            self.read_axis(axis, n_stored, &mut frame.positions)?;
        }
        if self.header.has_fourth_dimension {
            let n_bytes = 4 * n_stored as u64;
            let layout = self.header.layout;
            layout.record(
                &mut self.input,
                &mut self.block,
                Some(n_bytes),
                "the fourth dimension",
            )?;
        }
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
