//! Parameters of the neck integral between two atoms (GBn, GBn2).

use super::neck_tables::{D0, M0};

/// How far beyond contact a neck reaches, nm.
pub(crate) const CUTOFF: f64 = 0.68;

/// Distance (nm) and value (1/nm) of the maximum of the neck integral of an atom of radius `own`
/// (nm, offset included) with an atom of radius `other`: bilinear in the tables.
pub(crate) fn maximum(own: f64, other: f64) -> (f64, f64) {
    let (row, row_weight) = table_position(other);
    let (column, column_weight) = table_position(own);
    let lookup = |table: &[[f64; 21]; 21]| {
        let along =
            |row: &[f64; 21]| row[column] * (1.0 - column_weight) + row[column + 1] * column_weight;
        along(&table[row]) * (1.0 - row_weight) + along(&table[row + 1]) * row_weight
    };
    (lookup(&D0), lookup(&M0))
}

/// Index of the entry below a radius, and the weight of the next.
fn table_position(radius: f64) -> (usize, f64) {
    let position = ((radius - 0.1) * 200.0).clamp(0.0, 20.0);
    let below = (position.floor() as usize).min(19);
    (below, position - below as f64)
}

#[cfg(test)]
mod tests {
    use super::maximum;

    #[test]
    fn corners_and_midpoints_of_the_tables() {
        assert_eq!(maximum(0.1, 0.1), (0.226685, 0.381511));
        assert_eq!(maximum(0.2, 0.2), (0.43084, 0.111863));
        // the column is the atom's own radius
        let (d0, m0) = maximum(0.105, 0.1);
        assert!((d0 - 0.232548).abs() < 1e-12 && (m0 - 0.338587).abs() < 1e-12);
        let (d0, _) = maximum(0.1025, 0.1);
        assert!((d0 - 0.5 * (0.226685 + 0.232548)).abs() < 1e-12);
    }
}
