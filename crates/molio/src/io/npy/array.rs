//! One array on disk, read along its first axis.

use super::checked::Checked;
use super::header::{Header, Kind};
use super::inflate::inflate;
use super::zip::Member;
use crate::Result;
use crate::io::input::{Input, ReadSeek};

pub(super) struct Array {
    input: Input,
    header: Header,
    /// Offset of the numbers.
    start: u64,
    /// Numbers of one entry of the first axis.
    stride: u64,
    bytes: Vec<u8>,
}

impl Array {
    /// The array at the input's position, which goes on for `length` bytes.
    pub(super) fn new(mut input: Input, length: Option<u64>) -> Result<Self> {
        let from = input.position();
        let header = Header::read(&mut input)?;
        let start = input.position();
        let too_long = || format!("{:?}", header.shape);
        let stride = header.stride().filter(|stride| *stride < 1 << 48);
        let n_bytes = stride
            .and_then(|stride| stride.checked_mul(header.width()))
            .and_then(|bytes| bytes.checked_mul(header.shape.first().copied().unwrap_or(1)));
        let (Some(stride), Some(n_bytes)) = (stride, n_bytes) else {
            return Err(input.malformed("a shape that fits in memory", too_long()));
        };
        if length.is_some_and(|length| n_bytes > length.saturating_sub(start - from)) {
            return Err(input.truncated("an array"));
        }
        Ok(Self {
            input,
            header,
            start,
            stride,
            bytes: Vec::new(),
        })
    }

    /// The array in a member of an archive.
    pub(super) fn in_archive(archive: &Input, member: &Member) -> Result<Self> {
        let mut input = archive.reopen()?;
        let start = member.start(&mut input)?;
        if !member.deflated {
            let bytes = start..start.saturating_add(member.length);
            let mut input =
                input.map(|source| Box::new(Checked::new(source, bytes, member.checksum)))?;
            input.seek(start)?;
            return Self::new(input, Some(member.compressed));
        }
        let path = input.path().to_owned();
        let source: Box<dyn ReadSeek> = input.into_source();
        let inflated = inflate(source, start, member.compressed)
            .map_err(|e| archive.error("a member of the archive", e))?;
        let checked = Checked::new(Box::new(inflated), 0..member.length, member.checksum);
        Self::new(Input::wrap(&path, Box::new(checked)), None)
    }

    /// Takes (atoms, 3) as a single frame.
    pub(super) fn make_frames(&mut self) {
        if self.header.shape.len() == 2 {
            self.header.shape.insert(0, 1);
            self.stride = self.header.stride().unwrap_or(self.stride);
        }
    }

    pub(super) fn shape(&self) -> &[u64] {
        &self.header.shape
    }

    pub(super) fn input(&self) -> &Input {
        &self.input
    }

    /// Moves to an entry of the first axis.
    pub(super) fn seek(&mut self, index: u64) -> Result<()> {
        let offset = index.saturating_mul(self.stride * self.header.width());
        self.input.seek(self.start.saturating_add(offset))
    }

    /// Calls `visit` with each number of the next entry.
    fn read(&mut self, visit: &mut dyn FnMut(f64)) -> Result<()> {
        let n_bytes = self.stride.saturating_mul(self.header.width());
        self.input
            .read_bytes(&mut self.bytes, n_bytes, "an array")?;
        let four = |b: &[u8; 4]| {
            if self.header.big_endian {
                u32::from_be_bytes(*b)
            } else {
                u32::from_le_bytes(*b)
            }
        };
        let eight = |b: &[u8; 8]| {
            if self.header.big_endian {
                u64::from_be_bytes(*b)
            } else {
                u64::from_le_bytes(*b)
            }
        };
        let fours = self.bytes.as_chunks::<4>().0.iter().map(four);
        let eights = self.bytes.as_chunks::<8>().0.iter().map(eight);
        match self.header.kind {
            Kind::F32 => fours.for_each(|bits| visit(f64::from(f32::from_bits(bits)))),
            Kind::F64 => eights.for_each(|bits| visit(f64::from_bits(bits))),
            Kind::I32 => fours.for_each(|bits| visit(f64::from(bits as i32))),
            Kind::I64 => eights.for_each(|bits| visit(bits as i64 as f64)),
        }
        Ok(())
    }

    /// Reads the next entry as vectors.
    pub(super) fn read_vectors(&mut self, vectors: &mut Vec<[f32; 3]>) -> Result<()> {
        vectors.clear();
        let (mut vector, mut axis) = ([0.0; 3], 0);
        self.read(&mut |value| {
            vector[axis] = value as f32;
            axis += 1;
            if axis == 3 {
                vectors.push(vector);
                axis = 0;
            }
        })
    }

    /// Reads the next entry of an array of single numbers or 3×3 matrices.
    pub(super) fn read_numbers<const N: usize>(&mut self) -> Result<[f64; N]> {
        let (mut numbers, mut next) = ([0.0; N], 0);
        self.read(&mut |value| {
            if let Some(number) = numbers.get_mut(next) {
                *number = value;
                next += 1;
            }
        })?;
        Ok(numbers)
    }
}
