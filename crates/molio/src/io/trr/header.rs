//! The header of a TRR frame: the sizes of the blocks that follow.

use crate::Result;
use crate::io::input::Input;

pub(super) const MAGIC: i32 = 1993;
pub(super) const VERSION: &[u8; 12] = b"GMX_trn_file";

/// Sizes in bytes of the blocks, in file order.
pub(super) struct Header {
    pub(super) n_atoms: usize,
    pub(super) step: i32,
    pub(super) time: f64,
    /// Whether numbers are f64.
    pub(super) double: bool,
    /// Blocks before the cell that no program uses any more.
    pub(super) before_cell: u64,
    pub(super) has_cell: bool,
    /// Virial, pressure, topology, symbol table.
    pub(super) after_cell: u64,
    pub(super) has_positions: bool,
    pub(super) has_velocities: bool,
    pub(super) has_forces: bool,
}

impl Header {
    pub(super) fn read(input: &mut Input) -> Result<Self> {
        let (what, start) = ("a frame header", input.position());
        let magic = i32::from_be_bytes(input.read_array(what)?);
        if magic != MAGIC {
            let expected = format!("the magic number {MAGIC}");
            return Err(input.malformed_at(start, expected, magic.to_string()));
        }
        // a length with, then one without the terminating zero, as XDR and GROMACS each want it
        let lengths: [u8; 8] = input.read_array(what)?;
        let version: [u8; 12] = input.read_array(what)?;
        if lengths != [0, 0, 0, 13, 0, 0, 0, 12] || version != *VERSION {
            return Err(input.malformed(
                "the version GMX_trn_file",
                super::super::lines::shown(&version),
            ));
        }
        let bytes: [u8; 52] = input.read_array(what)?;
        let int = |index: usize| {
            let at = 4 * index;
            i32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let sizes: [u64; 10] = {
            let mut sizes = [0; 10];
            for (index, size) in sizes.iter_mut().enumerate() {
                *size = u64::try_from(int(index))
                    .map_err(|_| input.malformed("the size of a block", int(index).to_string()))?;
            }
            sizes
        };
        let [
            ir,
            energy,
            cell,
            virial,
            pressure,
            topology,
            symbols,
            positions,
            velocities,
            forces,
        ] = sizes;
        let n_atoms = usize::try_from(int(10))
            .map_err(|_| input.malformed("a number of atoms", int(10).to_string()))?;
        let double = double(cell, [positions, velocities, forces], n_atoms).ok_or_else(|| {
            input.malformed(
                "blocks of f32 or f64",
                format!("{sizes:?} bytes for {n_atoms} atoms"),
            )
        })?;
        let width = if double { 8 } else { 4 };
        for (size, whole) in [
            (cell, 9 * width),
            (positions, 3 * width * n_atoms as u64),
            (velocities, 3 * width * n_atoms as u64),
            (forces, 3 * width * n_atoms as u64),
        ] {
            if size != 0 && size != whole {
                return Err(input.malformed(format!("a block of {whole} bytes"), size.to_string()));
            }
        }
        // time, then the free-energy coupling that nothing here uses
        let time = if double {
            let [time, _] = [input.read_array(what)?, input.read_array(what)?];
            f64::from_be_bytes(time)
        } else {
            let [time, _] = [input.read_array(what)?, input.read_array(what)?];
            f64::from(f32::from_be_bytes(time))
        };
        let header = Self {
            n_atoms,
            step: int(11),
            time,
            double,
            before_cell: ir + energy,
            has_cell: cell != 0,
            after_cell: virial + pressure + topology + symbols,
            has_positions: positions != 0,
            has_velocities: velocities != 0,
            has_forces: forces != 0,
        };
        let rest = input
            .length()
            .map(|length| length.saturating_sub(input.position()));
        if rest.is_some_and(|rest| header.n_bytes() > rest) {
            return Err(input.truncated("the blocks of a frame"));
        }
        Ok(header)
    }

    /// Bytes of one number.
    pub(super) fn width(&self) -> u64 {
        if self.double { 8 } else { 4 }
    }

    /// Bytes from here to the next frame.
    pub(super) fn n_bytes(&self) -> u64 {
        let blocks = [self.has_positions, self.has_velocities, self.has_forces];
        let n_vectors = blocks.into_iter().filter(|has| *has).count() as u64 * self.n_atoms as u64
            + if self.has_cell { 3 } else { 0 };
        self.before_cell + self.after_cell + 3 * self.width() * n_vectors
    }
}

/// Whether numbers are f64, from the size of any block; `None` if neither width fits.
fn double(cell: u64, blocks: [u64; 3], n_atoms: usize) -> Option<bool> {
    let n_numbers = 3 * n_atoms as u64;
    let (size, count) = match blocks.into_iter().find(|size| *size != 0) {
        Some(size) => (size, n_numbers),
        None if cell != 0 => (cell, 9),
        None => return Some(false),
    };
    match count {
        0 => None,
        _ if size == 4 * count => Some(false),
        _ if size == 8 * count => Some(true),
        _ => None,
    }
}
