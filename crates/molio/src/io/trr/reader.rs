//! Frames of a TRR file.

use super::header::Header;
use crate::io::frame_starts::FrameStarts;
use crate::io::input::Input;
use crate::io::{check_atom_count, check_finite};
use crate::{Error, Frame, FrameReader, Place, Result};

/// Reads TRR, f32 and f64. Frames without positions, which GROMACS writes where velocities or forces
/// are saved more often, are an error: nothing downstream could place them.
pub(crate) struct Reader {
    input: Input,
    n_atoms: Option<usize>,
    next: usize,
    starts: FrameStarts<Input>,
    block: Vec<u8>,
}

impl Reader {
    pub(crate) fn new(input: Input) -> Self {
        Self {
            starts: FrameStarts::from_here(&input),
            input,
            n_atoms: None,
            next: 0,
            block: Vec::new(),
        }
    }

    fn read_vectors(
        &mut self,
        header: &Header,
        vectors: &mut Vec<[f32; 3]>,
        what: &'static str,
    ) -> Result<()> {
        let n_bytes = 3 * header.width() * header.n_atoms as u64;
        self.input.read_bytes(&mut self.block, n_bytes, what)?;
        vectors.clear();
        if header.double {
            let numbers = self.block.as_chunks::<8>().0;
            vectors.extend(
                numbers
                    .as_chunks::<3>()
                    .0
                    .iter()
                    .map(|v| v.map(|x| f64::from_be_bytes(x) as f32)),
            );
        } else {
            let numbers = self.block.as_chunks::<4>().0;
            vectors.extend(
                numbers
                    .as_chunks::<3>()
                    .0
                    .iter()
                    .map(|v| v.map(f32::from_be_bytes)),
            );
        }
        check_finite(self.input.path(), Place::Frame(self.next), vectors)
    }

    /// Fills `field` where the frame has this block, else clears it.
    fn read_optional(
        &mut self,
        header: &Header,
        has: bool,
        field: &mut Option<Vec<[f32; 3]>>,
        what: &'static str,
    ) -> Result<()> {
        if has {
            self.read_vectors(header, field.get_or_insert_default(), what)
        } else {
            *field = None;
            Ok(())
        }
    }

    fn read_cell(&mut self, header: &Header) -> Result<Option<crate::Cell>> {
        self.input
            .skip(header.before_cell, "the blocks before the cell")?;
        let mut vectors = [[0.0; 3]; 3];
        if header.has_cell {
            for value in vectors.as_flattened_mut() {
                *value = if header.double {
                    f64::from_be_bytes(self.input.read_array("the cell")?)
                } else {
                    f64::from(f32::from_be_bytes(self.input.read_array("the cell")?))
                };
            }
        }
        self.input
            .skip(header.after_cell, "the virial and pressure")?;
        Ok(crate::io::xtc::cell(vectors))
    }
}

fn skip_frame(input: &mut Input) -> Result<bool> {
    if input.at_end()? {
        return Ok(false);
    }
    let header = Header::read(input)?;
    input.skip(header.n_bytes(), "the blocks of a frame")?;
    Ok(true)
}

impl FrameReader for Reader {
    fn read_frame(&mut self, frame: &mut Frame) -> Result<bool> {
        if self.input.at_end()? {
            return Ok(false);
        }
        let header = Header::read(&mut self.input)?;
        check_atom_count(self.input.path(), self.next, self.n_atoms, header.n_atoms)?;
        self.n_atoms = Some(header.n_atoms);
        frame.cell = self.read_cell(&header)?;
        if !header.has_positions && header.n_atoms > 0 {
            let place = Place::Frame(self.next);
            return Err(Error::malformed(
                self.input.path(),
                place,
                "positions",
                "a frame without them",
            ));
        }
        self.read_vectors(&header, &mut frame.positions, "the positions")?;
        self.read_optional(
            &header,
            header.has_velocities,
            &mut frame.velocities,
            "the velocities",
        )?;
        self.read_optional(&header, header.has_forces, &mut frame.forces, "the forces")?;
        frame.time = Some(header.time);
        frame.step = Some(i64::from(header.step));
        self.next += 1;
        Ok(true)
    }

    fn n_frames(&mut self) -> Result<Option<usize>> {
        self.starts.count(&mut self.input, skip_frame).map(Some)
    }

    fn seek(&mut self, index: usize) -> Result<()> {
        self.starts.seek(&mut self.input, index, skip_frame)?;
        self.next = index;
        Ok(())
    }
}
