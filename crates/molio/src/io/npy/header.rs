//! The header of a `.npy` file: a Python dictionary of type, order and shape (NEP 1).

use crate::Result;
use crate::io::input::Input;

/// Element types that frames are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    F32,
    F64,
    I32,
    I64,
}

/// What an array is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) big_endian: bool,
    pub(super) shape: Vec<u64>,
}

/// Longer headers are none of an array of numbers.
const LONGEST: usize = 4096;

impl Header {
    pub(super) fn read(input: &mut Input) -> Result<Self> {
        let what = "the header of an array";
        let start: [u8; 8] = input.read_array(what)?;
        if !start.starts_with(b"\x93NUMPY") {
            return Err(input.malformed("a NumPy array", crate::io::lines::shown(&start[..6])));
        }
        let length = match start[6] {
            1 => usize::from(u16::from_le_bytes(input.read_array(what)?)),
            2 | 3 => u32::from_le_bytes(input.read_array(what)?) as usize,
            version => {
                return Err(input.malformed("version 1, 2 or 3 of the format", version.to_string()));
            }
        };
        if length > LONGEST {
            let expected = format!("a header of at most {LONGEST} bytes");
            return Err(input.malformed(expected, length.to_string()));
        }
        let mut text = vec![0; length];
        input.read_exact(&mut text, what)?;
        let text = String::from_utf8_lossy(&text);
        Self::parse(&text)
            .map_err(|expected| input.malformed(expected, format!("`{}`", text.trim())))
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let kind = value(text, "descr").ok_or("a type in the header")?;
        let kind = kind
            .split(['\'', '"'])
            .nth(1)
            .ok_or("a type in the header")?;
        let (order, kind) = kind.split_at_checked(1).ok_or("a type in the header")?;
        let big_endian = match order {
            "<" | "=" => false,
            ">" => true,
            _ => return Err("a type with a byte order"),
        };
        let kind = match kind {
            "f4" => Kind::F32,
            "f8" => Kind::F64,
            "i4" => Kind::I32,
            "i8" => Kind::I64,
            _ => return Err("a type of f4, f8, i4 or i8"),
        };
        if !value(text, "fortran_order").is_some_and(|order| order.starts_with("False")) {
            return Err("an array in C order");
        }
        let shape = value(text, "shape").and_then(|shape| shape.strip_prefix('('));
        let shape = shape
            .and_then(|shape| shape.split(')').next())
            .ok_or("a shape in the header")?;
        let numbers = shape
            .split(',')
            .map(str::trim)
            .filter(|number| !number.is_empty());
        let shape: Option<Vec<u64>> = numbers.map(|number| number.parse().ok()).collect();
        Ok(Self {
            kind,
            big_endian,
            shape: shape
                .filter(|shape| shape.len() <= 8)
                .ok_or("a shape of numbers")?,
        })
    }

    pub(super) fn width(&self) -> u64 {
        match self.kind {
            Kind::F32 | Kind::I32 => 4,
            Kind::F64 | Kind::I64 => 8,
        }
    }

    /// Numbers from one entry of the first axis to the next; `None` beyond 64 bits.
    pub(super) fn stride(&self) -> Option<u64> {
        self.shape
            .iter()
            .skip(1)
            .try_fold(1_u64, |product, n| product.checked_mul(*n))
    }
}

fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let at = ['\'', '"'].iter().find_map(|quote| {
        let quoted = format!("{quote}{key}{quote}");
        text.find(&quoted).map(|at| at + quoted.len())
    })?;
    Some(text[at..].trim_start().strip_prefix(':')?.trim_start())
}

/// Bytes of a header for a little-endian array, padded so that its length does not depend on the
/// number of frames.
pub(super) fn to_bytes(kind: Kind, shape: &[u64]) -> Vec<u8> {
    let kind = match kind {
        Kind::F32 => "<f4",
        Kind::F64 => "<f8",
        Kind::I32 => "<i4",
        Kind::I64 => "<i8",
    };
    let shape: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let text = format!(
        "{{'descr': '{kind}', 'fortran_order': False, 'shape': ({}), }}",
        shape.trim_end()
    );
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(((SIZE - 10) as u16).to_le_bytes());
    bytes.extend(text.bytes());
    bytes.resize(SIZE - 1, b' ');
    bytes.push(b'\n');
    bytes
}

/// Bytes of every header that [`to_bytes`] makes: shapes of three 64-bit numbers fit.
pub(super) const SIZE: usize = 192;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_round_trip() {
        for (kind, shape) in [
            (Kind::F32, vec![7, 3, 3]),
            (Kind::I64, vec![7]),
            (Kind::F64, vec![u64::MAX; 3]),
        ] {
            let bytes = to_bytes(kind, &shape);
            assert_eq!(bytes.len(), SIZE);
            let mut input = Input::from_bytes("a.npy".as_ref(), bytes);
            let header = Header::read(&mut input).unwrap();
            assert_eq!((header.kind, header.shape), (kind, shape));
        }
    }

    #[test]
    fn odd_headers() {
        let parse = Header::parse;
        assert!(
            parse("{'descr': '>f8', 'fortran_order': False, 'shape': ()}")
                .unwrap()
                .big_endian
        );
        assert!(parse("{'descr': '<f8', 'fortran_order': True, 'shape': (1,)}").is_err());
        assert!(parse("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}").is_err());
        assert!(parse("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}").is_err());
        assert!(parse("{'descr': '<f8', 'fortran_order': False, 'shape': ((((((((").is_err());
        assert!(parse("{'descr': 'é', 'fortran_order': False}").is_err());
    }
}
