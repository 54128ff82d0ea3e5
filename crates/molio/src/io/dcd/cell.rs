//! The six numbers that describe a cell.

use crate::Cell;

/// Reads a cell from `numbers` (Å) as one of three conventions:
///
/// - A, γ, B, β, α, C with the cosines of the angles (NAMD since 2.5, VMD, OpenMM);
/// - the same with the angles in degrees (older programs, and mdtraj);
/// - the lower triangle xx, xy, yy, xz, yz, zz of the symmetric shape matrix (CHARMM since 25).
///
/// Angles come first for versions up to 24, which is what everybody but CHARMM writes; the matrix
/// first for CHARMM's own later versions. `None` where no reading makes a cell, and for zeros.
pub(super) fn from_numbers(numbers: [f64; 6], version: i32) -> Option<Cell> {
    let [_, gamma, _, beta, alpha, _] = numbers;
    let n_right_angles = [alpha, beta, gamma]
        .iter()
        .filter(|angle| **angle == 90.0)
        .count();
    if version > 24 && n_right_angles < 2 {
        from_matrix(numbers).or_else(|| from_angles(numbers))
    } else {
        from_angles(numbers).or_else(|| from_matrix(numbers))
    }
}

fn from_angles([a, gamma, b, beta, alpha, c]: [f64; 6]) -> Option<Cell> {
    let angles = [alpha, beta, gamma];
    let degrees = if angles.iter().all(|angle| angle.abs() <= 1.0) {
        // 90 − asin keeps right angles exact, which acos does not
        angles.map(|cosine| 90.0 - cosine.asin().to_degrees())
    } else {
        angles
    };
    Cell::from_lengths_angles([a, b, c].map(|length| length / 10.0), degrees)
}

/// Columns of the shape matrix are the cell's vectors. Cells more oblique than 30° are no cells that
/// programs write, but angles in degrees that look like a matrix.
fn from_matrix([xx, xy, yy, xz, yz, zz]: [f64; 6]) -> Option<Cell> {
    let matrix = Cell {
        vectors: [[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]].map(|v| v.map(|x| x / 10.0)),
    };
    let plausible = matrix
        .angles_degrees()
        .iter()
        .all(|angle| (30.0..=150.0).contains(angle));
    (plausible && xx > 0.0 && yy > 0.0 && zz > 0.0 && matrix.volume() > 0.0).then_some(matrix)
}

/// A, γ, B, β, α, C in Å with cosines.
pub(super) fn to_numbers(cell: &Cell) -> [f64; 6] {
    let [a, b, c] = cell.lengths().map(|length| length * 10.0);
    let [alpha, beta, gamma] = cell.angles_degrees().map(|angle| {
        if angle == 90.0 {
            0.0
        } else {
            angle.to_radians().cos()
        }
    });
    [a, gamma, b, beta, alpha, c]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conventions_are_told_apart() {
        let cosines = from_numbers([30.0, 0.5, 40.0, 0.0, 0.0, 50.0], 24).unwrap();
        let degrees = from_numbers([30.0, 60.0, 40.0, 90.0, 90.0, 50.0], 24).unwrap();
        let late = from_numbers([30.0, 60.0, 40.0, 90.0, 90.0, 50.0], 35).unwrap();
        for cell in [cosines, degrees, late] {
            assert!((cell.angles_degrees()[2] - 60.0).abs() < 1e-9);
            assert!((cell.lengths()[2] - 5.0).abs() < 1e-12);
        }
        let matrix = from_numbers([30.0, 5.0, 40.0, 0.0, 0.0, 50.0], 36).unwrap();
        assert!((matrix.lengths()[0] - (9.0_f64 + 0.25).sqrt()).abs() < 1e-12);
        assert!(from_numbers([0.0; 6], 24).is_none());
        assert!(from_numbers([f64::NAN; 6], 24).is_none());
    }
}
