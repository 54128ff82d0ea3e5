//! Finding minima.

use crate::potentials::{Springs, Together, Wells, chain, methyls, zigzag};
use dynamics::{MinimiseConfig, Outcome, Potential, minimise};

#[test]
fn stiff_and_soft_springs_are_relaxed() {
    // a quadratic form with a condition number near 10⁴ and its minimum at the origin
    let potential = Springs {
        n_atoms: 6,
        springs: vec![
            ([0, 1], 0.0, 1e5),
            ([1, 2], 0.0, 1e4),
            ([2, 3], 0.0, 1e3),
            ([3, 4], 0.0, 5e4),
            ([4, 5], 0.0, 20.0),
        ],
        well: 10.0,
        lennard_jones: None,
    };
    let starts: Vec<_> = (0..17).map(|s| zigzag(6, s)).collect();
    let config = MinimiseConfig {
        tolerance: 0.01,
        ..MinimiseConfig::new()
    };
    for result in minimise(&potential, &starts, &config).unwrap() {
        assert_eq!(result.outcome, Outcome::Converged);
        assert!(
            result.rms_force < 0.01 && result.energy < 1e-4,
            "{result:?}"
        );
        assert!(result.evaluations < 300, "{}", result.evaluations);
    }
}

#[test]
fn clashes_are_resolved_one_conformer_at_a_time() {
    let n_atoms = 10;
    let potential = chain(n_atoms);
    let mut starts: Vec<_> = (0..18).map(|s| zigzag(n_atoms, s)).collect();
    // two atoms on top of each other, all atoms within a sphere of 0.01 nm, and a fold onto itself
    starts[3][7] = starts[3][2];
    starts[9] = starts[9].iter().map(|x| x.map(|x| 0.003 * x)).collect();
    for i in 5..n_atoms {
        starts[17][i] = starts[17][n_atoms - 1 - i].map(|x| x + 0.001);
    }
    let config = MinimiseConfig {
        tolerance: 1.0,
        max_iterations: 3000,
        ..MinimiseConfig::new()
    };
    let results = minimise(&potential, &starts, &config).unwrap();
    for (index, result) in results.iter().enumerate() {
        assert_eq!(result.outcome, Outcome::Converged, "{index} {result:?}");
        assert!(result.positions.iter().flatten().all(|x| x.is_finite()));
        let mut forces = vec![[0.0; 3]; n_atoms];
        let energy = potential
            .energy_forces(&result.positions, &mut forces)
            .unwrap();
        assert_eq!(energy, result.energy);
        assert!(energy < 0.0, "{index}: {energy}");
        let squared: f32 = forces.iter().flatten().map(|f| f * f).sum();
        assert!((squared / 30.0).sqrt() < 1.0 + 1e-3);
    }
    // each conformer is on its own path
    for index in [3, 4, 9, 17] {
        let alone = minimise(&potential, &starts[index..=index], &config).unwrap();
        if index != 3 && index != 9 {
            assert_eq!(alone[0], results[index]);
        }
    }
    let together = minimise(&Together(potential), &starts, &config).unwrap();
    assert_eq!(together, results);
}

#[test]
fn constraints_hold_and_fixed_atoms_stay() {
    let (potential, _, constraints, start) = methyls();
    let config = MinimiseConfig {
        tolerance: 5.0,
        constraints: constraints.clone(),
        fixed: vec![0, 5],
        ..MinimiseConfig::new()
    };
    let result = &minimise(&potential, std::slice::from_ref(&start), &config).unwrap()[0];
    assert_eq!(result.outcome, Outcome::Converged);
    let mut before = vec![[0.0; 3]; 16];
    assert!(result.energy < potential.energy_forces(&start, &mut before).unwrap());
    assert_eq!(
        (result.positions[0], result.positions[5]),
        (start[0], start[5])
    );
    for constraint in &constraints {
        let [a, b] = constraint
            .atoms
            .map(|atom| result.positions[atom].map(f64::from));
        let length = (0..3)
            .map(|axis| (a[axis] - b[axis]).powi(2))
            .sum::<f64>()
            .sqrt();
        assert!(
            (length / constraint.distance - 1.0).abs() < 3e-6,
            "{length}"
        );
    }
}

#[test]
fn hopeless_and_bad_input_is_reported() {
    let nan = Wells {
        n_atoms: 2,
        k: f32::NAN,
    };
    let config = MinimiseConfig::new();
    let start = vec![[0.1; 3]; 2];
    let result = &minimise(&nan, std::slice::from_ref(&start), &config).unwrap()[0];
    assert_eq!(result.outcome, Outcome::NonFinite);
    assert!(result.energy.is_nan() && result.positions.iter().flatten().all(|x| x.is_finite()));
    let well = Wells { n_atoms: 2, k: 1.0 };
    assert!(minimise(&well, &[], &config).unwrap().is_empty());
    assert!(minimise(&well, &[vec![[0.0; 3]]], &config).is_err());
    assert!(minimise(&well, &[vec![[f32::NAN; 3]; 2]], &config).is_err());
    let changes: [fn(&mut MinimiseConfig); 4] = [
        |c| c.tolerance = -1.0,
        |c| c.fixed = vec![2],
        |c| c.history = 0,
        |c| {
            c.constraints = vec![dynamics::Constraint {
                atoms: [0, 2],
                distance: 0.1,
            }];
        },
    ];
    for change in changes {
        let mut bad = config.clone();
        change(&mut bad);
        assert!(minimise(&well, std::slice::from_ref(&start), &bad).is_err());
    }
}
