//! What stands before the packed positions of a frame.

use crate::io::input::Input;
use crate::{Cell, Result};

/// Up to this many atoms, positions are stored as they are.
pub(super) const UNPACKED_ATOMS: usize = 9;

/// Frames say in their first four bytes how wide their byte count is.
const MAGIC: i32 = 1995;
const MAGIC_WIDE: i32 = 2023;

pub(super) struct Header {
    pub(super) n_atoms: usize,
    pub(super) step: i32,
    pub(super) time: f32,
    pub(super) cell: Option<Cell>,
    pub(super) body: Body,
    /// Bytes from here to the next frame.
    pub(super) n_bytes: u64,
}

pub(super) enum Body {
    Plain,
    Packed(Packing),
}

/// How positions are packed.
pub(super) struct Packing {
    pub(super) precision: f32,
    pub(super) lowest: [i32; 3],
    pub(super) highest: [i32; 3],
    pub(super) small_index: u32,
    /// Bytes of the packed positions, without the padding.
    pub(super) n_bytes: u64,
}

impl Header {
    /// Reads the header at the input's position and checks it against the length of the file.
    pub(super) fn read(input: &mut Input) -> Result<Self> {
        let start = input.position();
        let bytes: [u8; 56] = input.read_array("a frame header")?;
        let int = |index: usize| {
            let at = 4 * index;
            i32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let magic = int(0);
        if magic != MAGIC && magic != MAGIC_WIDE {
            let expected = format!("the magic number {MAGIC} or {MAGIC_WIDE}");
            return Err(input.malformed_at(start, expected, magic.to_string()));
        }
        let (n_atoms, repeated) = (int(1), int(13));
        if n_atoms < 0 || n_atoms != repeated {
            let found = format!("{n_atoms} and then {repeated}");
            return Err(input.malformed_at(start + 4, "the number of atoms, twice", found));
        }
        let n_atoms = n_atoms as usize;
        let mut vectors = [[0.0; 3]; 3];
        for (index, value) in vectors.as_flattened_mut().iter_mut().enumerate() {
            *value = f64::from(f32::from_bits(int(4 + index) as u32));
        }
        let cell = cell(vectors);
        let (body, n_bytes) = if n_atoms <= UNPACKED_ATOMS {
            (Body::Plain, 12 * n_atoms as u64)
        } else {
            let packing = Packing::read(input, magic == MAGIC_WIDE)?;
            packing.check(input, n_atoms)?;
            let padded = packing.n_bytes.next_multiple_of(4);
            (Body::Packed(packing), padded)
        };
        Ok(Self {
            n_atoms,
            step: int(2),
            time: f32::from_bits(int(3) as u32),
            cell,
            body,
            n_bytes,
        })
    }
}

impl Packing {
    fn read(input: &mut Input, wide: bool) -> Result<Self> {
        let bytes: [u8; 32] = input.read_array("the packing of a frame")?;
        let int = |index: usize| {
            let at = 4 * index;
            i32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let n_bytes = if wide {
            u64::from_be_bytes(input.read_array("the packing of a frame")?)
        } else {
            u64::from(u32::from_be_bytes(
                input.read_array("the packing of a frame")?,
            ))
        };
        Ok(Self {
            precision: f32::from_bits(int(0) as u32),
            lowest: [int(1), int(2), int(3)],
            highest: [int(4), int(5), int(6)],
            small_index: int(7) as u32,
            n_bytes,
        })
    }

    fn check(&self, input: &Input, n_atoms: usize) -> Result<()> {
        if !(self.precision > 0.0 && self.precision.is_finite()) {
            return Err(input.malformed("a positive precision", self.precision.to_string()));
        }
        if (0..3).any(|axis| self.lowest[axis] > self.highest[axis]) {
            let found = format!("{:?} to {:?}", self.lowest, self.highest);
            return Err(input.malformed("bounds of the positions", found));
        }
        if !super::decode::is_small_index(self.small_index) {
            let found = self.small_index.to_string();
            return Err(input.malformed("an index into the table of sizes", found));
        }
        let rest = input
            .length()
            .map(|length| length.saturating_sub(input.position()));
        // written as is: some writers leave the padding of the last frame out
        if rest.is_some_and(|rest| self.n_bytes > rest) || self.n_bytes > u64::MAX / 16 {
            return Err(input.truncated("the packed positions"));
        }
        // no packing takes less than two bits an atom
        if n_atoms as u64 > 4 * self.n_bytes {
            let expected = format!("at least {} bytes of packed positions", n_atoms.div_ceil(4));
            return Err(input.malformed(expected, self.n_bytes.to_string()));
        }
        Ok(())
    }
}

/// A cell from GROMACS box vectors; all zero means none.
pub(crate) fn cell(vectors: [[f64; 3]; 3]) -> Option<Cell> {
    let cell = Cell { vectors };
    let volume = cell.volume();
    (volume > 0.0 && volume.is_finite()).then_some(cell)
}
