//! Committees.

use crate::network::cases;
use cg_potential::{Committee, ForceModel, Network};

#[test]
fn a_committee_is_the_mean_of_its_members() {
    let case = &cases()[2];
    let (first, _) = case.network();
    let second = Network::new(first.config().clone(), first.bead_types(), 3).unwrap();
    let committee = Committee::from_members(&[first.clone(), second.clone()]).unwrap();
    let positions: Vec<[f32; 3]> = case.positions.iter().map(|x| x.map(|x| x as f32)).collect();
    let n = positions.len();
    let (targets, weights) = (vec![[10.0; 3]; n], vec![[0.5; 3]; n]);
    let mut forces = vec![vec![[0.0; 3]; n]; 3];
    let energies = committee.energies_forces(&positions, &mut forces[0]);
    let mut gradient = vec![0.0; committee.parameters().len()];
    let loss = committee.force_loss(&positions, &targets, &weights, &mut gradient);
    let mut sums = (0.0, 0.0);
    for (index, member) in [&first, &second].into_iter().enumerate() {
        sums.0 += member.energies_forces(&positions, &mut forces[index + 1])[0];
        let mut of_member = vec![0.0; member.parameters().len()];
        sums.1 += member.force_loss(&positions, &targets, &weights, &mut of_member);
        let part = &gradient[index * of_member.len()..(index + 1) * of_member.len()];
        assert!(
            part.iter()
                .zip(&of_member)
                .all(|(a, b)| (a - 0.5 * b).abs() <= 1e-6 * b.abs())
        );
    }
    assert!((energies[0] - sums.0 / 2.0).abs() < 1e-9 * sums.0.abs());
    assert!((loss - sums.1 / 2.0).abs() < 1e-9 * sums.1);
    // two members: the variance is half the square of their difference
    let beads = first.bead_types().len();
    let squares = forces[1][..beads]
        .as_flattened()
        .iter()
        .zip(forces[2][..beads].as_flattened());
    let expected: f64 = squares.map(|(a, b)| f64::from(a - b).powi(2) / 2.0).sum();
    let found = committee.force_variance(&positions)[0];
    assert!((found - expected / (3 * beads) as f64).abs() < 1e-5 * found);
    assert!(Committee::from_members(&[]).is_err());
}
