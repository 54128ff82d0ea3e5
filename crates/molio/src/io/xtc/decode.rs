//! Unpacking of positions.
//!
//! Positions are integers, x·precision rounded. An atom is either packed relative to the lowest
//! position of the frame, with as many bits as the largest number in the mixed base of the three
//! extents needs; or, in runs of up to eight, relative to the atom before, in a smaller cube whose edge
//! is taken from a table and moves up and down by one entry at a time. The first two atoms of a run
//! are swapped, which suits water (Green, van der Spoel et al., GROMACS `xdrfile`, LGPL: the format is
//! theirs, the code here is not).
//!
//! Whole groups of bits are taken from the stream with one unaligned load, and the mixed-base digits
//! come apart with multiplications by reciprocals instead of divisions.

use super::header::Packing;

/// Edge of the small cube: 2^(index/3), rounded up so that three of them fill `index` bits.
#[rustfmt::skip]
const EDGES: [u32; 73] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0,
    8, 10, 12, 16, 20, 25, 32, 40, 50, 64, 80, 101, 128, 161, 203, 256, 322, 406, 512, 645, 812, 1024, 1290, 1625,
    2048, 2580, 3250, 4096, 5060, 6501, 8192, 10321, 13003, 16384, 20642, 26007, 32768, 41285, 52015, 65536, 82570,
    104031, 131072, 165140, 208063, 262144, 330280, 416127, 524287, 660561, 832255, 1048576, 1321122, 1664510,
    2097152, 2642245, 3329021, 4194304, 5284491, 6658042, 8388607, 10568983, 13316085, 16777216,
];

/// First index with an edge.
const FIRST_INDEX: u32 = 9;

/// Larger extents are stored axis by axis instead of as one number.
const LARGEST_PACKED_EXTENT: u64 = 0xff_ffff;

/// Zero bytes wanted after the packed positions, so that loads near the end stay inside.
pub(super) const PADDING: usize = 16;

/// What is wrong with packed positions.
pub(super) enum Fault {
    /// The bits run out at this atom.
    Short(usize),
    /// The edge of the small cube leaves the table at this atom.
    Edge(usize),
    /// A run goes on beyond the last atom.
    Run,
}

pub(super) fn is_small_index(index: u32) -> bool {
    (FIRST_INDEX..EDGES.len() as u32).contains(&index)
}

/// Unpacks into `positions`, in nm. `bytes` ends with [`PADDING`] zeros.
pub(super) fn decode(
    packing: &Packing,
    bytes: &[u8],
    positions: &mut [[f32; 3]],
) -> Result<(), Fault> {
    let scale = 1.0 / packing.precision;
    let lowest = packing.lowest;
    let position = |at: [i32; 3]| at.map(|x| x as f32 * scale);
    let full = FullCube::new(packing);
    let mut bits = Bits {
        bytes,
        position: 0,
        end: 8 * (bytes.len() - PADDING),
    };
    let mut index = packing.small_index;
    let mut small = SmallCube::new(index);
    let mut run = 0;
    let mut atom = 0;
    while atom < positions.len() {
        let offset = full.read(&mut bits);
        let mut previous: [i32; 3] = std::array::from_fn(|k| lowest[k].wrapping_add(offset[k]));
        let mut change = 0;
        if bits.take(1) == 1 {
            let code = bits.take(5) as usize;
            run = code / 3;
            change = code as i32 % 3 - 1;
        }
        if bits.position > bits.end {
            return Err(Fault::Short(atom));
        }
        // the run's first atom comes before the atom it is relative to
        let out = positions.get_mut(atom..=atom + run).ok_or(Fault::Run)?;
        atom += run + 1;
        if run == 0 {
            out[0] = position(previous);
        } else {
            let first = small.read(&mut bits, previous);
            out[0] = position(first);
            out[1] = position(previous);
            previous = first;
            for out in &mut out[2..] {
                previous = small.read(&mut bits, previous);
                *out = position(previous);
            }
        }
        if change != 0 {
            index = index.wrapping_add_signed(change);
            if !is_small_index(index) {
                return Err(Fault::Edge(atom));
            }
            small = SmallCube::new(index);
        }
    }
    if bits.position > bits.end {
        return Err(Fault::Short(atom));
    }
    Ok(())
}

/// A stream of bits, the highest of each byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    position: usize,
    end: usize,
}

impl Bits<'_> {
    /// The 64 bits from the byte that holds `position`; zeros beyond the end.
    #[inline(always)]
    fn window(&self, byte: usize) -> u64 {
        match self.bytes.get(byte..byte + 8) {
            Some(window) => u64::from_be_bytes(window.try_into().unwrap_or([0; 8])),
            None => 0,
        }
    }

    /// The next `count` bits as a number, at most 32.
    #[inline(always)]
    fn take(&mut self, count: u32) -> u32 {
        if count == 0 {
            return 0;
        }
        let window = self.window(self.position / 8) << (self.position % 8);
        self.position += count as usize;
        (window >> (64 - count)) as u32
    }

    /// The next `count` bits, at most 57, as the number that they make when cut into bytes from the
    /// front, the lowest byte first and the last one incomplete.
    #[inline(always)]
    fn take_bytes(&mut self, count: u32) -> u64 {
        let window = self.window(self.position / 8) << (self.position % 8);
        self.position += count as usize;
        bytes_to_number(window, count)
    }

    /// As [`Bits::take_bytes`], for up to 72 bits.
    fn take_many_bytes(&mut self, count: u32) -> u128 {
        let low = self.take_bytes(count.min(56));
        if count <= 56 {
            return u128::from(low);
        }
        u128::from(low) | u128::from(self.take_bytes(count - 56)) << 56
    }
}

/// The first `count` bits of `window` (at most 57 of them valid) as little-endian bytes.
#[inline(always)]
fn bytes_to_number(window: u64, count: u32) -> u64 {
    let whole = count & !7;
    let rest = count & 7;
    let swapped = window.swap_bytes();
    // of the incomplete byte, the bits that count are its highest
    let low = swapped & ((1_u64 << whole) - 1);
    let high = (swapped >> whole & 0xff) >> (8 - rest);
    low | high << whole
}

/// Division by a number that does not change, as a multiplication (Granlund & Montgomery 1994,
/// DOI 10.1145/178243.178249): exact as long as dividend × divisor stays below 2^64.
#[derive(Clone, Copy)]
struct Divisor {
    divisor: u64,
    reciprocal: u64,
}

impl Divisor {
    fn new(divisor: u64) -> Self {
        Self {
            divisor,
            reciprocal: u64::MAX / divisor + 1,
        }
    }

    /// Quotient and remainder.
    #[inline(always)]
    fn split(self, dividend: u64) -> (u64, u64) {
        let quotient = ((u128::from(dividend) * u128::from(self.reciprocal)) >> 64) as u64;
        (
            quotient,
            dividend.wrapping_sub(quotient.wrapping_mul(self.divisor)),
        )
    }
}

/// How an atom is packed relative to the lowest position.
enum FullCube {
    /// Axis by axis.
    Separate([u32; 3]),
    /// One number, small enough for reciprocals.
    Quick { n_bits: u32, y: Divisor, z: Divisor },
    /// One number of up to 72 bits.
    Wide { n_bits: u32, y: u128, z: u128 },
}

impl FullCube {
    fn new(packing: &Packing) -> Self {
        let extents: [u64; 3] = std::array::from_fn(|axis| {
            (i64::from(packing.highest[axis]) - i64::from(packing.lowest[axis]) + 1) as u64
        });
        let n_bits = |number: u128| u128::BITS - number.leading_zeros();
        if extents.iter().any(|extent| *extent > LARGEST_PACKED_EXTENT) {
            return Self::Separate(extents.map(|extent| n_bits(u128::from(extent)).min(32)));
        }
        let [x, y, z] = extents.map(u128::from);
        let n_bits = n_bits(x * y * z);
        // every number of that many bits may occur in a corrupt file; a wrong digit does no harm there
        if n_bits <= 57 && extents[1] > 1 && extents[2] > 1 && x * y * z * y.max(z) < 1 << 64 {
            Self::Quick {
                n_bits,
                y: Divisor::new(extents[1]),
                z: Divisor::new(extents[2]),
            }
        } else {
            Self::Wide { n_bits, y, z }
        }
    }

    #[inline(always)]
    fn read(&self, bits: &mut Bits<'_>) -> [i32; 3] {
        match *self {
            Self::Separate(n_bits) => n_bits.map(|n_bits| bits.take(n_bits) as i32),
            Self::Quick { n_bits, y, z } => {
                let (rest, z) = z.split(bits.take_bytes(n_bits));
                let (x, y) = y.split(rest);
                [x as i32, y as i32, z as i32]
            }
            Self::Wide { n_bits, y, z } => {
                let number = bits.take_many_bytes(n_bits);
                let rest = number / z;
                [(rest / y) as i32, (rest % y) as i32, (number % z) as i32]
            }
        }
    }
}

/// The cube around the previous atom.
struct SmallCube {
    n_bits: u32,
    half: i32,
    edge: u64,
    divisor: Divisor,
    quick: bool,
}

impl SmallCube {
    /// `index` is one of the table's with an edge.
    fn new(index: u32) -> Self {
        let edge = EDGES[index as usize];
        Self {
            n_bits: index,
            half: (edge / 2) as i32,
            edge: u64::from(edge),
            divisor: Divisor::new(u64::from(edge)),
            // edge⁴ < 2^64
            quick: index < 48,
        }
    }

    #[inline(always)]
    fn read(&self, bits: &mut Bits<'_>, previous: [i32; 3]) -> [i32; 3] {
        let [x, y, z] = if self.quick {
            let (rest, z) = self.divisor.split(bits.take_bytes(self.n_bits));
            let (x, y) = self.divisor.split(rest);
            [x, y, z]
        } else {
            let number = bits.take_many_bytes(self.n_bits);
            let edge = u128::from(self.edge);
            let (rest, z) = (number / edge, number % edge);
            [(rest / edge) as u64, (rest % edge) as u64, z as u64]
        };
        let shift = |from: i32, by: u64| from.wrapping_add(by as i32).wrapping_sub(self.half);
        [
            shift(previous[0], x),
            shift(previous[1], y),
            shift(previous[2], z),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reciprocals_divide_exactly() {
        for edge in EDGES.into_iter().filter(|edge| (2..65536).contains(edge)) {
            let (edge, divisor) = (u64::from(edge), Divisor::new(u64::from(edge)));
            let largest = edge * edge * edge;
            for dividend in [
                0,
                1,
                edge - 1,
                edge,
                edge + 1,
                largest / 3,
                largest - edge,
                largest - 1,
            ] {
                assert_eq!(divisor.split(dividend), (dividend / edge, dividend % edge));
            }
        }
    }

    #[test]
    fn bits_are_cut_into_bytes_from_the_front() {
        let mut bytes = vec![0xab, 0xcd, 0xef, 0x12];
        bytes.extend([0; PADDING]);
        let mut bits = Bits {
            bytes: &bytes,
            position: 4,
            end: 32,
        };
        // 0xbc, 0xde, then the three bits 111 of 0xf
        assert_eq!(bits.take_bytes(19), 0xbc | 0xde << 8 | 0b111 << 16);
        assert_eq!(bits.take(1), 1);
        assert_eq!(bits.take(8), 0x12);
    }
}
