//! Frames of an XTC file.

use super::decode::{self, Fault};
use super::header::{Body, Header};
use crate::io::frame_starts::FrameStarts;
use crate::io::input::Input;
use crate::io::{check_atom_count, check_finite};
use crate::{Error, Frame, FrameReader, Place, Result};

/// Reads XTC. What random access needs is made on first use from the headers alone.
pub(crate) struct Reader {
    input: Input,
    n_atoms: Option<usize>,
    next: usize,
    starts: FrameStarts<Input>,
    packed: Vec<u8>,
}

impl Reader {
    pub(crate) fn new(input: Input) -> Self {
        Self {
            starts: FrameStarts::from_here(&input),
            input,
            n_atoms: None,
            next: 0,
            packed: Vec::new(),
        }
    }

    fn place(&self) -> Place {
        Place::Frame(self.next)
    }

    fn read_plain(&mut self, n_atoms: usize, positions: &mut Vec<[f32; 3]>) -> Result<()> {
        let what = "the positions";
        self.input
            .read_bytes(&mut self.packed, 12 * n_atoms as u64, what)?;
        positions.clear();
        positions.extend(self.packed.chunks_exact(12).map(|vector| {
            std::array::from_fn(|k| {
                let at = 4 * k;
                f32::from_be_bytes([vector[at], vector[at + 1], vector[at + 2], vector[at + 3]])
            })
        }));
        Ok(())
    }

    fn read_packed(&mut self, header: &Header, positions: &mut Vec<[f32; 3]>) -> Result<()> {
        let Body::Packed(packing) = &header.body else {
            return self.read_plain(header.n_atoms, positions);
        };
        self.input
            .read_bytes(&mut self.packed, packing.n_bytes, "the packed positions")?;
        // the padding of the last frame may be missing
        let padding = header.n_bytes - packing.n_bytes;
        let mut pad = [0; 4];
        if padding > 0 && !self.input.at_end()? {
            self.input
                .read_exact(&mut pad[..padding as usize], "the padding of a frame")?;
        }
        self.packed.resize(self.packed.len() + decode::PADDING, 0);
        positions.resize(header.n_atoms, [0.0; 3]);
        decode::decode(packing, &self.packed, positions).map_err(|fault| {
            let (expected, found) = match fault {
                Fault::Short(atom) => {
                    ("more packed positions", format!("their end at atom {atom}"))
                }
                Fault::Edge(atom) => (
                    "a size within the table",
                    format!("one outside at atom {atom}"),
                ),
                Fault::Run => ("as many positions as atoms", "more".to_owned()),
            };
            Error::malformed(self.input.path(), self.place(), expected, found)
        })
    }
}

fn skip_frame(input: &mut Input) -> Result<bool> {
    if input.at_end()? {
        return Ok(false);
    }
    let header = Header::read(input)?;
    let rest = input.length().map(|length| length - input.position());
    // the padding of the last frame may be missing
    let last = rest.filter(|rest| header.n_bytes.saturating_sub(*rest) < 4);
    let ahead = last.map_or(header.n_bytes, |rest| header.n_bytes.min(rest));
    input.skip(ahead, "the packed positions")?;
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
        self.read_packed(&header, &mut frame.positions)?;
        check_finite(self.input.path(), self.place(), &frame.positions)?;
        frame.velocities = None;
        frame.forces = None;
        frame.cell = header.cell;
        frame.time = Some(f64::from(header.time));
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
