//! Random small systems that use every term.

use forcefield_gpu::System;
use forcefield_gpu::system::{
    BornModel, BornParticle, Cmap, CmapGrid, CmapTorsion, GeneralizedBorn, HarmonicAngle,
    HarmonicBond, Nonbonded, NonbondedException, NonbondedMethod, NonbondedParticle,
    PeriodicTorsion, PositionalRestraint, RyckaertBellemansTorsion, SoftRepulsion, SurfaceTerm,
};

/// SplitMix64: small, and the same everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// Uniform between two numbers.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Index below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

/// A chain of atoms without overlaps, nm.
pub(crate) fn chain(random: &mut Random, n_atoms: usize) -> Vec<[f64; 3]> {
    let mut positions: Vec<[f64; 3]> = vec![[0.0; 3]];
    while positions.len() < n_atoms {
        let last = positions[positions.len() - 1];
        let step = [0; 3].map(|_| random.between(-1.0, 1.0));
        let length = step.iter().map(|x| x * x).sum::<f64>().sqrt();
        let next: [f64; 3] = std::array::from_fn(|axis| last[axis] + 0.15 * step[axis] / length);
        let distance2 = |a: &[f64; 3]| {
            (0..3)
                .map(|axis| (a[axis] - next[axis]).powi(2))
                .sum::<f64>()
        };
        let close = positions
            .iter()
            .filter(|a| distance2(a) < 0.14 * 0.14)
            .count();
        if (0.3..1.0).contains(&length) && close == 0 {
            positions.push(next);
        }
    }
    positions
}

/// A system with every term, and one conformer of it.
pub(crate) fn system(seed: u64, n_atoms: usize, model: BornModel) -> (System, Vec<[f64; 3]>) {
    let mut random = Random(seed);
    let random = &mut random;
    let positions = chain(random, n_atoms);
    let mut system = System::new(vec![12.0; n_atoms]);
    for i in 0..n_atoms - 1 {
        system.bonds.push(HarmonicBond {
            atoms: [i, i + 1],
            length: random.between(0.13, 0.17),
            k: random.between(1e4, 1e5),
        });
    }
    for i in 0..n_atoms - 2 {
        system.angles.push(HarmonicAngle {
            atoms: [i, i + 1, i + 2],
            angle: random.between(1.5, 2.5),
            k: random.between(100.0, 500.0),
        });
    }
    for i in 0..n_atoms - 3 {
        system.torsions.push(PeriodicTorsion {
            atoms: [i, i + 1, i + 2, i + 3],
            periodicity: 1 + random.below(6) as u32,
            phase: random.between(-3.0, 3.0),
            k: random.between(-5.0, 5.0),
        });
    }
    system
        .ryckaert_bellemans_torsions
        .push(RyckaertBellemansTorsion {
            atoms: [3, 2, 1, 0],
            coefficients: [0; 6].map(|_| random.between(-5.0, 5.0)),
        });
    system.cmap = Cmap {
        grids: vec![CmapGrid {
            size: 8,
            energies: (0..64).map(|_| random.between(-5.0, 5.0)).collect(),
        }],
        torsions: vec![CmapTorsion {
            grid: 0,
            phi: [0, 1, 2, 3],
            psi: [1, 2, 3, 4],
        }],
    };
    system.nonbonded = Some(nonbonded(random, n_atoms));
    system.generalized_born = Some(generalized_born(random, n_atoms, model));
    system.soft_repulsion = Some(SoftRepulsion::molearn(vec![[0, 1], [1, 2]]));
    system.restraints.push(PositionalRestraint {
        atom: n_atoms - 1,
        position: [0.1, 0.2, -0.3],
        k: 100.0,
    });
    (system, positions)
}

fn nonbonded(random: &mut Random, n_atoms: usize) -> Nonbonded {
    let mut exceptions = Vec::new();
    for gap in 1..4 {
        for i in 0..n_atoms - gap {
            let kept = if gap == 3 { 0.5 } else { 0.0 };
            exceptions.push(NonbondedException {
                atoms: [i + gap, i],
                charge_product: kept * random.between(-0.2, 0.2),
                sigma: 0.25,
                epsilon: kept * 0.2,
            });
        }
    }
    Nonbonded {
        particles: (0..n_atoms)
            .map(|_| NonbondedParticle {
                charge: random.between(-0.6, 0.6),
                sigma: random.between(0.1, 0.2),
                epsilon: random.between(0.1, 0.6),
            })
            .collect(),
        exceptions,
        method: NonbondedMethod::NoCutoff,
    }
}

fn generalized_born(random: &mut Random, n_atoms: usize, model: BornModel) -> GeneralizedBorn {
    let radii = [0.12, 0.13, 0.15, 0.17];
    GeneralizedBorn {
        model,
        particles: (0..n_atoms)
            .map(|_| BornParticle {
                charge: random.between(-0.6, 0.6),
                radius: radii[random.below(4)],
                screen: [0.8, 1.1, -0.5][random.below(3)],
                alpha_beta_gamma: [0.8, 0.6, 0.3],
            })
            .collect(),
        solute_dielectric: 1.0,
        solvent_dielectric: 78.5,
        kappa: 0.7,
        surface: SurfaceTerm::Ace,
        cutoff: None,
    }
}
