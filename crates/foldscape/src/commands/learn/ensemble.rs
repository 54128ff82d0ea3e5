//! The ensemble of what is known: one basin, and the answers outside it.

use active_learning::Label;
use anyhow::Result;

/// What each label counts, 1 on average, where `inside` says which ones are in the base set's basin and that basin has
/// `share` of the ensemble. If there is nothing on one side, the other has it all.
pub(super) fn weights(inside: &[bool], share: f64) -> Vec<f64> {
    let n = inside.len();
    let n_inside = inside.iter().filter(|&&inside| inside).count();
    let share = match n_inside {
        0 => 0.0,
        all if all == n => 1.0,
        _ => share,
    };
    let weight = |&inside: &bool| match inside {
        true => share * n as f64 / n_inside as f64,
        false => (1.0 - share) * n as f64 / (n - n_inside) as f64,
    };
    inside.iter().map(weight).collect()
}

/// Which labels are in the base set's basin: the first `n_base`, and answers within a distance of the native structure,
/// if it and the basin's width in nm are given.
pub(super) fn inside(
    labels: &[Label],
    n_base: usize,
    basin: Option<(&[[f32; 3]], f64)>,
) -> Result<Vec<bool>> {
    let inside = |(index, label): (usize, &Label)| match basin {
        _ if index < n_base => Ok(true),
        Some((native, width)) => Ok(molio::rmsd(native, &label.frame.positions)? <= width),
        None => Ok(false),
    };
    labels.iter().enumerate().map(inside).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use molio::Frame;

    #[test]
    fn both_sides_have_their_share() {
        assert_eq!(
            weights(&[true, true, true, false], 0.25),
            [1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0, 3.0]
        );
        assert_eq!(weights(&[true, true], 0.5), [1.0, 1.0]);
        assert_eq!(weights(&[false], 0.5), [1.0]);
        assert_eq!(weights(&[true, false], 0.0), [0.0, 2.0]);
    }

    #[test]
    fn answers_in_the_basin_belong_to_it() {
        let native = [[0.0; 3], [0.4, 0.0, 0.0], [0.4, 0.4, 0.0]];
        let label = |stretch: f32| {
            let positions = native.map(|x| x.map(|x| x * stretch)).to_vec();
            Label {
                energy: None,
                frame: Frame::from_positions(positions),
                force_errors: None,
            }
        };
        let labels = [2.0, 1.1, 2.0].map(label);
        let basin = Some((&native[..], 0.1));
        assert_eq!(inside(&labels, 1, basin).unwrap(), [true, true, false]);
        assert_eq!(inside(&labels, 1, None).unwrap(), [true, false, false]);
    }
}
