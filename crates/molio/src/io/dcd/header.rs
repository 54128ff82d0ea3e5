//! The records before the first frame.

use super::AKMA;
use crate::Result;
use crate::io::input::Input;

/// How bytes are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) big_endian: bool,
    /// Whether record lengths take eight bytes.
    pub(super) wide: bool,
}

impl Layout {
    pub(super) fn int(self, bytes: [u8; 4]) -> i32 {
        if self.big_endian {
            i32::from_be_bytes(bytes)
        } else {
            i32::from_le_bytes(bytes)
        }
    }

    pub(super) fn float(self, bytes: [u8; 4]) -> f32 {
        f32::from_bits(self.int(bytes) as u32)
    }

    pub(super) fn double(self, bytes: [u8; 8]) -> f64 {
        if self.big_endian {
            f64::from_be_bytes(bytes)
        } else {
            f64::from_le_bytes(bytes)
        }
    }

    /// Bytes of a record's length, which stands before and behind it.
    pub(super) fn width(self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    /// The length of a record, from the first of `bytes`.
    pub(super) fn length_in(self, bytes: &[u8]) -> i64 {
        if self.wide {
            let bytes = std::array::from_fn(|k| bytes[k]);
            if self.big_endian {
                i64::from_be_bytes(bytes)
            } else {
                i64::from_le_bytes(bytes)
            }
        } else {
            i64::from(self.int(std::array::from_fn(|k| bytes[k])))
        }
    }

    fn length(self, input: &mut Input, what: &'static str) -> Result<u64> {
        let mut bytes = [0; 8];
        input.read_exact(&mut bytes[..self.width()], what)?;
        let length = u64::try_from(self.length_in(&bytes)).ok();
        length.ok_or_else(|| input.malformed("the length of a record", "a negative number"))
    }

    /// Reads a record whole; it must be `expected` bytes long, if that is known.
    fn record(
        self,
        input: &mut Input,
        bytes: &mut Vec<u8>,
        expected: Option<u64>,
        what: &'static str,
    ) -> Result<()> {
        let length = self.length(input, what)?;
        if let Some(expected) = expected
            && expected != length
        {
            return Err(input.malformed(format!("{what} of {expected} bytes"), length.to_string()));
        }
        input.read_bytes(bytes, length, what)?;
        let again = self.length(input, what)?;
        if again != length {
            return Err(input.malformed(
                format!("the length {length} again after {what}"),
                again.to_string(),
            ));
        }
        Ok(())
    }
}

/// What the header says about the frames.
pub(super) struct Header {
    pub(super) layout: Layout,
    pub(super) n_atoms: usize,
    /// Indices of the atoms that frames after the first hold; `None` if they hold all.
    pub(super) free: Option<Vec<usize>>,
    pub(super) has_cell: bool,
    pub(super) has_fourth_dimension: bool,
    /// CHARMM's version; 0 for X-PLOR.
    pub(super) version: i32,
    pub(super) first_step: i64,
    pub(super) steps_between: i64,
    /// Time step in ps; zero if unknown.
    pub(super) time_step: f64,
    /// Where the first frame starts.
    pub(super) start: u64,
}

impl Header {
    pub(super) fn read(input: &mut Input) -> Result<Self> {
        let layout = detect(input)?;
        let mut bytes = Vec::new();
        layout.record(input, &mut bytes, Some(84), "the first record")?;
        let quad = |index: usize| {
            let at = 4 + 4 * index;
            [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]
        };
        let control = |index: usize| layout.int(quad(index));
        let version = control(19);
        let charmm = version != 0;
        // CHARMM keeps the time step as f32, X-PLOR as f64 in the same place
        let time_step = if charmm {
            f64::from(layout.float(quad(9)))
        } else {
            let mut both = [0; 8];
            both.copy_from_slice(&bytes[40..48]);
            layout.double(both)
        };
        let mut header = Self {
            layout,
            n_atoms: 0,
            free: None,
            has_cell: charmm && control(10) != 0,
            has_fourth_dimension: charmm && control(11) != 0,
            version,
            first_step: i64::from(control(1)),
            steps_between: i64::from(control(2)),
            time_step: if time_step.is_finite() {
                time_step * AKMA
            } else {
                0.0
            },
            start: 0,
        };
        let n_fixed = control(8);
        let length = layout.length(input, "the title")?;
        input.skip(length, "the title")?;
        layout.length(input, "the title")?;
        layout.record(input, &mut bytes, Some(4), "the number of atoms")?;
        let n_atoms = layout.int([bytes[0], bytes[1], bytes[2], bytes[3]]);
        header.n_atoms = usize::try_from(n_atoms)
            .map_err(|_| input.malformed("a number of atoms", n_atoms.to_string()))?;
        header.free = header.read_free(input, n_fixed, &mut bytes)?;
        header.start = input.position();
        header.check_first_frame(input)?;
        Ok(header)
    }

    fn read_free(
        &self,
        input: &mut Input,
        n_fixed: i32,
        bytes: &mut Vec<u8>,
    ) -> Result<Option<Vec<usize>>> {
        if n_fixed == 0 {
            return Ok(None);
        }
        let n_free = usize::try_from(n_fixed)
            .ok()
            .and_then(|n_fixed| self.n_atoms.checked_sub(n_fixed));
        let Some(n_free) = n_free else {
            let expected = format!("at most {} fixed atoms", self.n_atoms);
            return Err(input.malformed(expected, n_fixed.to_string()));
        };
        self.layout.record(
            input,
            bytes,
            Some(4 * n_free as u64),
            "the list of free atoms",
        )?;
        let mut free = Vec::with_capacity(n_free);
        for &index in bytes.as_chunks::<4>().0 {
            let index = self.layout.int(index);
            match usize::try_from(index) {
                Ok(index) if (1..=self.n_atoms).contains(&index) => free.push(index - 1),
                _ => {
                    let expected = format!("a free atom from 1 to {}", self.n_atoms);
                    return Err(input.malformed(expected, index.to_string()));
                }
            }
        }
        Ok(Some(free))
    }

    /// No more atoms than the file can hold, if it holds any frame.
    fn check_first_frame(&self, input: &Input) -> Result<()> {
        match input.length() {
            Some(length) if length > self.start && self.frame_bytes(0) > length - self.start => {
                Err(input.truncated("the first frame"))
            }
            _ => Ok(()),
        }
    }

    /// Atoms that frame `index` holds.
    pub(super) fn n_stored(&self, index: usize) -> usize {
        match &self.free {
            Some(free) if index > 0 => free.len(),
            _ => self.n_atoms,
        }
    }

    /// Bytes that frame `index` takes.
    pub(super) fn frame_bytes(&self, index: usize) -> u64 {
        let around = 2 * self.layout.width() as u64;
        let cell = if self.has_cell { 48 + around } else { 0 };
        let axes = if self.has_fourth_dimension { 4 } else { 3 };
        cell + axes * (4 * self.n_stored(index) as u64 + around)
    }
}

/// Byte order and width of record lengths, from the length (84) and tag of the first record.
fn detect(input: &mut Input) -> Result<Layout> {
    let start: [u8; 12] = input.read_array("the first record")?;
    input.seek(0)?;
    for big_endian in [false, true] {
        for wide in [false, true] {
            let mut expected = vec![0; if wide { 8 } else { 4 }];
            let last = expected.len() - 1;
            expected[if big_endian { last } else { 0 }] = 84;
            let tag = &start[expected.len()..];
            if start.starts_with(&expected) {
                if tag.starts_with(b"CORD") {
                    return Ok(Layout { big_endian, wide });
                }
                if tag.starts_with(b"VELD") {
                    return Err(input.malformed("positions (CORD)", "velocities (VELD)"));
                }
            }
        }
    }
    let found = start
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    Err(input.malformed("a record of 84 bytes that starts with CORD", found))
}
