//! Decodes the built-in grids; `xtask/src/ramachandran.rs` describes the format.

use super::RamachandranClass;
use super::grid::N;

const DATA: &[u8] = include_bytes!("../../data/ramachandran.bin");
const MAGIC: &[u8] = b"RAMA8K01";

/// The six grids. Nodes away from the border between classes get a value that stands for the class.
///
/// # Panics
/// If the file in the crate is damaged, which a test rules out.
pub(super) fn decode() -> Vec<Vec<f32>> {
    decode_bytes(DATA).expect("the grids in the crate are whole")
}

fn decode_bytes(bytes: &[u8]) -> Option<Vec<Vec<f32>>> {
    let mut rest = bytes.strip_prefix(MAGIC)?;
    let grids = RamachandranClass::ALL
        .into_iter()
        .map(|class| decode_grid(class, &mut rest))
        .collect::<Option<Vec<_>>>()?;
    rest.is_empty().then_some(grids)
}

fn decode_grid(class: RamachandranClass, rest: &mut &[u8]) -> Option<Vec<f32>> {
    let mut classes: Vec<u8> = Vec::with_capacity(N * N);
    while classes.len() < N * N {
        let run = leb128(rest)?;
        let length = usize::try_from(run / 4).ok()?;
        if length == 0 || length > N * N - classes.len() || run % 4 > 2 {
            return None;
        }
        classes.resize(classes.len() + length, (run % 4) as u8);
    }
    let between = (class.allowed_threshold() * class.favored_threshold()).sqrt();
    let mut grid: Vec<f32> = classes
        .iter()
        .map(|class| [0.0, between as f32, 1.0][usize::from(*class)])
        .collect();
    for (value, _) in grid
        .iter_mut()
        .zip(mixed_nodes(&classes))
        .filter(|(_, mixed)| *mixed)
    {
        let (bytes, tail) = rest.split_first_chunk::<2>()?;
        *rest = tail;
        *value = match u16::from_le_bytes(*bytes) {
            0 => 0.0,
            code => (20.0 * ((f64::from(code) - 1.0) / 65_534.0 - 1.0)).exp() as f32,
        };
    }
    Some(grid)
}

/// Corners of the cells whose corners are not all of one class.
fn mixed_nodes(classes: &[u8]) -> Vec<bool> {
    let mut mixed = vec![false; N * N];
    for i in 0..N {
        for j in 0..N {
            let (next_i, next_j) = ((i + 1) % N, (j + 1) % N);
            let corners = [
                i * N + j,
                i * N + next_j,
                next_i * N + j,
                next_i * N + next_j,
            ];
            if corners
                .iter()
                .any(|&corner| classes[corner] != classes[corners[0]])
            {
                for corner in corners {
                    mixed[corner] = true;
                }
            }
        }
    }
    mixed
}

fn leb128(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let (&byte, tail) = rest.split_first()?;
        *rest = tail;
        value |= u64::from(byte & 127) << shift;
        if byte < 128 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_grids_are_whole() {
        assert_eq!(decode_bytes(DATA).unwrap().len(), 6);
    }

    #[test]
    fn damaged_grids_are_refused() {
        assert!(decode_bytes(&DATA[..DATA.len() - 1]).is_none());
        assert!(decode_bytes(&DATA[1..]).is_none());
        assert!(decode_bytes(&[DATA, &[0]].concat()).is_none());
        assert!(decode_bytes(&[MAGIC, &[255; 40]].concat()).is_none());
    }
}
