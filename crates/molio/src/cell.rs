//! Periodic cells.

use serde::{Deserialize, Serialize};

/// A periodic cell: three vectors in nm, rows **a**, **b**, **c**.
///
/// # Examples
/// ```
/// let cell = molio::Cell::from_lengths_angles([3.0, 3.0, 3.0], [90.0; 3]).unwrap();
/// assert!((cell.volume() - 27.0).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// **a**, **b**, **c** in nm.
    pub vectors: [[f64; 3]; 3],
}

impl Cell {
    /// A cell from edge lengths (nm) and the angles α (**b**,**c**), β (**a**,**c**), γ (**a**,**b**)
    /// in degrees, **a** along x and **b** in the xy plane, as crystallographers and GROMACS have it.
    ///
    /// `None` where no such cell exists: a length that is not positive, or angles that do not close.
    pub fn from_lengths_angles(lengths: [f64; 3], angles_degrees: [f64; 3]) -> Option<Self> {
        if lengths.iter().any(|l| !(*l > 0.0 && l.is_finite())) {
            return None;
        }
        // exact right angles stay exact
        let cos = angles_degrees.map(|angle| {
            if angle == 90.0 {
                0.0
            } else {
                angle.to_radians().cos()
            }
        });
        let sin_gamma = (1.0 - cos[2] * cos[2]).sqrt();
        let cy = (cos[0] - cos[1] * cos[2]) / sin_gamma;
        let cz2 = 1.0 - cos[1] * cos[1] - cy * cy;
        // NaN (angles outside 0..180) fails the comparison too
        if !(sin_gamma > 0.0 && cz2 > 0.0) {
            return None;
        }
        let [a, b, c] = lengths;
        Some(Self {
            vectors: [
                [a, 0.0, 0.0],
                [b * cos[2], b * sin_gamma, 0.0],
                [c * cos[1], c * cy, c * cz2.sqrt()],
            ],
        })
    }

    /// A rectangular cell with these edges in nm.
    pub fn rectangular(lengths: [f64; 3]) -> Self {
        let [a, b, c] = lengths;
        Self {
            vectors: [[a, 0.0, 0.0], [0.0, b, 0.0], [0.0, 0.0, c]],
        }
    }

    /// Edge lengths in nm.
    pub fn lengths(&self) -> [f64; 3] {
        self.vectors.map(|v| dot(v, v).sqrt())
    }

    /// α, β, γ in degrees.
    pub fn angles_degrees(&self) -> [f64; 3] {
        let [a, b, c] = self.vectors;
        [
            angle_degrees(b, c),
            angle_degrees(a, c),
            angle_degrees(a, b),
        ]
    }

    /// Volume in nm³.
    pub fn volume(&self) -> f64 {
        let [a, b, c] = self.vectors;
        let cross = [
            b[1] * c[2] - b[2] * c[1],
            b[2] * c[0] - b[0] * c[2],
            b[0] * c[1] - b[1] * c[0],
        ];
        dot(a, cross).abs()
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn angle_degrees(a: [f64; 3], b: [f64; 3]) -> f64 {
    let cos = dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
    if cos == 0.0 {
        90.0
    } else {
        cos.clamp(-1.0, 1.0).acos().to_degrees()
    }
}

#[cfg(test)]
mod tests {
    use super::Cell;

    #[test]
    fn triclinic_round_trip() {
        let cell = Cell::from_lengths_angles([3.0, 4.0, 5.0], [80.0, 95.0, 110.0]).unwrap();
        for (got, expected) in cell.lengths().iter().zip([3.0, 4.0, 5.0]) {
            assert!((got - expected).abs() < 1e-12);
        }
        for (got, expected) in cell.angles_degrees().iter().zip([80.0, 95.0, 110.0]) {
            assert!((got - expected).abs() < 1e-10);
        }
    }

    #[test]
    fn impossible_cells_are_refused() {
        assert!(Cell::from_lengths_angles([0.0, 1.0, 1.0], [90.0; 3]).is_none());
        assert!(Cell::from_lengths_angles([1.0; 3], [10.0, 10.0, 170.0]).is_none());
        assert!(Cell::from_lengths_angles([1.0; 3], [f64::NAN, 90.0, 90.0]).is_none());
    }
}
