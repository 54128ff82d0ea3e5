//! From beads to all atoms.

use active_learning::{AtomBuilder, BackmapConfig, Backmapper, ProteinBackmapper, StructureFaults};
use dynamics::{BoxError, Potential};
use molio::{Topology, Trajectory};
use std::sync::Arc;

/// Bonds and angles as springs between the distances of one structure, and repulsion of all others: enough
/// to relax clashes without a force field.
struct Springs {
    n_atoms: usize,
    /// atoms, distance (nm), stiffness (kJ/mol/nm²)
    springs: Vec<(usize, usize, f32, f32)>,
    /// atoms, distance (nm) below which they repel
    others: Vec<(usize, usize, f32)>,
}

impl Springs {
    fn new(topology: &Topology, positions: &[[f32; 3]]) -> Self {
        let neighbours = topology.neighbours();
        let n_atoms = topology.n_atoms();
        let heavy = |atom: usize| topology.atoms()[atom].element != molio::Element::HYDROGEN;
        let (mut springs, mut others) = (Vec::new(), Vec::new());
        for a in 0..n_atoms {
            for b in 0..a {
                let second = neighbours[a].iter().any(|n| neighbours[*n].contains(&b));
                let third = neighbours[a]
                    .iter()
                    .any(|n| neighbours[*n].iter().any(|m| neighbours[*m].contains(&b)));
                let length = distance(positions[a], positions[b]);
                if neighbours[a].contains(&b) {
                    springs.push((a, b, length, 2e5));
                } else if second {
                    springs.push((a, b, length, 4e4));
                } else if !third {
                    let reach = [0.18, 0.23, 0.29][usize::from(heavy(a)) + usize::from(heavy(b))];
                    others.push((a, b, reach));
                }
            }
        }
        Self {
            n_atoms,
            springs,
            others,
        }
    }
}

impl Potential for Springs {
    fn n_atoms(&self) -> usize {
        self.n_atoms
    }

    fn energy_forces(&self, x: &[[f32; 3]], f: &mut [[f32; 3]]) -> Result<f64, BoxError> {
        f.fill([0.0; 3]);
        let mut energy = 0.0;
        let mut pull = |a: usize, b: usize, d: f32, stretch: f32, k: f32| {
            for axis in 0..3 {
                let force = -k * stretch * (x[a][axis] - x[b][axis]) / d.max(1e-6);
                f[a][axis] += force;
                f[b][axis] -= force;
            }
            energy += f64::from(0.5 * k * stretch * stretch);
        };
        for &(a, b, length, k) in &self.springs {
            let d = distance(x[a], x[b]);
            pull(a, b, d, d - length, k);
        }
        for &(a, b, reach) in &self.others {
            let d = distance(x[a], x[b]);
            if d < reach {
                pull(a, b, d, d - reach, 5e4);
            }
        }
        Ok(energy)
    }
}

/// Residues of one structure, laid on N, CA and C; a seed turns side chains by thirds of a turn.
struct Template {
    topology: Topology,
    positions: Vec<[f32; 3]>,
}

impl AtomBuilder for Template {
    fn topology(&self) -> &Topology {
        &self.topology
    }

    fn complete(
        &self,
        known: &[Option<[f32; 3]>],
        seed: Option<u64>,
    ) -> Result<Vec<[f32; 3]>, BoxError> {
        let mut all = vec![[0.0; 3]; known.len()];
        for residue in 0..self.topology.n_residues() {
            let of = |name| self.topology.find(residue, name);
            let frame: Vec<usize> = ["N", "CA", "C"]
                .iter()
                .filter_map(|name| of(name))
                .collect();
            let from: Vec<[f32; 3]> = frame.iter().map(|&atom| self.positions[atom]).collect();
            let to: Vec<[f32; 3]> = frame.iter().filter_map(|&atom| known[atom]).collect();
            let motion = molio::superpose(&from, &to, None)?;
            // about CA–CB, which stands for the first axis of a superposition with itself turned
            let turn = seed.map_or(0, |seed| (seed as usize * 7 + residue * 5) % 3);
            for atom in self.topology.residues()[residue].atoms.clone() {
                let name = self.topology.atoms()[atom].name.as_str();
                let beyond_cb = ![
                    "N", "CA", "C", "O", "OXT", "CB", "HA", "H", "H1", "H2", "H3",
                ]
                .contains(&name);
                let mut x = self.positions[atom];
                let proline = self.topology.residues()[residue].name == "PRO";
                if let (Some(ca), Some(cb), true) = (of("CA"), of("CB"), beyond_cb && !proline) {
                    x = turned(x, self.positions[ca], self.positions[cb], turn);
                }
                all[atom] = known[atom].unwrap_or_else(|| motion.apply_to(x));
            }
        }
        Ok(all)
    }
}

/// A point turned by thirds of a turn about the line from `a` to `b`.
fn turned(x: [f32; 3], a: [f32; 3], b: [f32; 3], thirds: usize) -> [f32; 3] {
    let length = distance(a, b);
    let u: [f32; 3] = std::array::from_fn(|k| (b[k] - a[k]) / length);
    let v: [f32; 3] = std::array::from_fn(|k| x[k] - b[k]);
    let (sin, cos) = (thirds as f32 * std::f32::consts::TAU / 3.0).sin_cos();
    let along: f32 = (0..3).map(|k| u[k] * v[k]).sum();
    let cross = [
        u[1] * v[2] - u[2] * v[1],
        u[2] * v[0] - u[0] * v[2],
        u[0] * v[1] - u[1] * v[0],
    ];
    std::array::from_fn(|k| b[k] + cos * v[k] + sin * cross[k] + (1.0 - cos) * along * u[k])
}

fn distance(a: [f32; 3], b: [f32; 3]) -> f32 {
    let squares = a.iter().zip(b);
    squares.map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt()
}

/// CLN025: topology, its first structure, and every tenth frame of a run that unfolds.
fn cln025() -> (Topology, Trajectory, Trajectory) {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../foldscape/data/cln025");
    let topology = molio::read_topology(format!("{data}.pdb")).unwrap();
    let start = Trajectory::read(format!("{data}.pdb")).unwrap();
    let frames = Trajectory::read_strided(format!("{data}.xtc"), 20).unwrap();
    (topology, start, frames)
}

fn atoms_called(topology: &Topology, names: &[&str]) -> Vec<usize> {
    let atoms = topology.atoms().iter().enumerate();
    atoms
        .filter(|(_, atom)| names.contains(&atom.name.as_str()))
        .map(|(index, _)| index)
        .collect()
}

fn pick(frames: &Trajectory, atoms: &[usize]) -> Trajectory {
    let mut picked = Trajectory::new(atoms.len());
    for index in 0..frames.n_frames() {
        picked.push(&frames.frame(index).select(atoms)).unwrap();
    }
    picked
}

fn template(topology: &Topology, start: &Trajectory) -> Box<Template> {
    Box::new(Template {
        topology: topology.clone(),
        positions: start.positions(0).to_vec(),
    })
}

fn backmapper(topology: &Topology, start: &Trajectory, beads: &[usize]) -> ProteinBackmapper {
    let springs = Springs::new(topology, start.positions(0));
    let (beads, config) = (topology.select(beads), BackmapConfig::default());
    ProteinBackmapper::new(&beads, template(topology, start), Arc::new(springs), config).unwrap()
}

/// Root mean square deviation of N, CA, C and O, without superposition: the beads are in place.
fn backbone_deviation(topology: &Topology, a: &Trajectory, b: &Trajectory) -> f64 {
    let atoms = atoms_called(topology, &["N", "CA", "C", "O"]);
    let mut squares = 0.0;
    for frame in 0..a.n_frames() {
        for &atom in &atoms {
            squares +=
                f64::from(distance(a.positions(frame)[atom], b.positions(frame)[atom])).powi(2);
        }
    }
    (squares / (a.n_frames() * atoms.len()) as f64).sqrt()
}

#[test]
#[allow(clippy::print_stdout, reason = "the accuracy is worth reading")]
fn frames_come_back_sound() {
    let (topology, start, frames) = cln025();
    for (names, limit) in [
        (&["CA"][..], 0.09),
        (&["N", "CA", "C"], 0.05),
        (&["N", "CA", "C", "O"], 1e-6),
    ] {
        let beads = atoms_called(&topology, names);
        let backmapper = backmapper(&topology, &start, &beads);
        let traces = pick(&frames, &beads);
        let made = backmapper.backmap(&traces).unwrap();
        println!(
            "{names:?}: {} of {} frames",
            made.indices.len(),
            frames.n_frames()
        );
        assert!(10 * made.indices.len() >= 9 * frames.n_frames());
        let mut originals = Trajectory::new(topology.n_atoms());
        for (place, &index) in made.indices.iter().enumerate() {
            let (built, original) = (made.frames.positions(place), frames.positions(index));
            assert_eq!(backmapper.rules().faults(built), StructureFaults::default());
            assert!(beads.iter().all(|&bead| built[bead] == original[bead]));
            originals.push(&frames.frame(index)).unwrap();
        }
        let deviation = backbone_deviation(&topology, &made.frames, &originals);
        println!("{names:?}: backbone RMSD {deviation:.4} nm");
        assert!(deviation < limit, "{names:?} {deviation}");
    }
}

#[test]
fn a_frame_does_not_depend_on_the_others() {
    let (topology, start, frames) = cln025();
    let beads = atoms_called(&topology, &["CA"]);
    let backmapper = backmapper(&topology, &start, &beads);
    let traces = pick(&frames, &beads);
    let together = backmapper.backmap(&traces).unwrap();
    assert_eq!(together, backmapper.backmap(&traces).unwrap());
    let mut alone = Trajectory::new(beads.len());
    alone.push(&traces.frame(7)).unwrap();
    let alone = backmapper.backmap(&alone).unwrap();
    let place = together.indices.iter().position(|&index| index == 7);
    let as_before = place.map(|place| together.frames.frame(place));
    assert_eq!(alone.frames.n_frames() == 1, as_before.is_some());
    if let Some(as_before) = as_before {
        assert_eq!(alone.frames.positions(0), as_before.positions);
    }
}

#[test]
fn what_cannot_be_rebuilt_is_left_out() {
    let (topology, start, frames) = cln025();
    let beads = atoms_called(&topology, &["CA"]);
    let backmapper = backmapper(&topology, &start, &beads);
    let mut traces = pick(&frames, &beads);
    // two beads in one place, and a chain folded onto itself
    traces.positions_mut(1)[4] = traces.positions(1)[3];
    for bead in 5..10 {
        let twin = traces.positions(2)[9 - bead];
        traces.positions_mut(2)[bead] = [twin[0] + 0.05, twin[1], twin[2]];
    }
    let made = backmapper.backmap(&traces).unwrap();
    assert!(made.indices.contains(&0) && !made.indices.contains(&1) && !made.indices.contains(&2));
    assert_eq!(made.indices.len(), made.frames.n_frames());
}

#[test]
fn faults_are_found() {
    let (topology, start, frames) = cln025();
    let backmapper = backmapper(&topology, &start, &atoms_called(&topology, &["CA"]));
    let rules = backmapper.rules();
    let original = frames.positions(3);
    assert!(rules.faults(original).is_sound());
    let mirrored: Vec<[f32; 3]> = original.iter().map(|[x, y, z]| [*x, *y, -z]).collect();
    // glycine has no hand
    assert_eq!(rules.faults(&mirrored).d_residues, 9);
    let mut clashing = original.to_vec();
    let (tip, other) = (
        topology.find(0, "OH").unwrap(),
        topology.find(8, "CZ3").unwrap(),
    );
    clashing[tip] = clashing[other].map(|x| x + 0.08);
    assert!(rules.faults(&clashing).clashes > 0);
    // a methyl carbon of THR through the ring of TYR 2
    let mut pierced = original.to_vec();
    let ring = ["CG", "CD1", "CE1", "CZ", "CE2", "CD2"].map(|name| topology.find(1, name).unwrap());
    let at = |k: usize| pierced[ring[k]];
    let centre: [f32; 3] = std::array::from_fn(|k| (0..6).map(|i| at(i)[k]).sum::<f32>() / 6.0);
    let side = |k: usize| -> [f32; 3] { std::array::from_fn(|a| at(k)[a] - centre[a]) };
    let (u, v) = (side(0), side(1));
    let normal = [
        u[1] * v[2] - u[2] * v[1],
        u[2] * v[0] - u[0] * v[2],
        u[0] * v[1] - u[1] * v[0],
    ];
    let length = normal.iter().map(|x| x * x).sum::<f32>().sqrt();
    let (cb, cg) = (
        topology.find(5, "CB").unwrap(),
        topology.find(5, "CG2").unwrap(),
    );
    pierced[cb] = std::array::from_fn(|k| centre[k] - 0.07 * normal[k] / length);
    pierced[cg] = std::array::from_fn(|k| centre[k] + 0.08 * normal[k] / length);
    assert_eq!(rules.faults(&pierced).pierced_rings, 1);
}

#[test]
fn beads_that_do_not_fit_are_refused() {
    let (topology, start, _) = cln025();
    let builder = || template(&topology, &start);
    let springs = || Arc::new(Springs::new(&topology, start.positions(0)));
    let make = |beads: &[usize], config: BackmapConfig| {
        ProteinBackmapper::new(&topology.select(beads), builder(), springs(), config).is_ok()
    };
    let ca = atoms_called(&topology, &["CA"]);
    assert!(make(&ca, BackmapConfig::default()));
    assert!(!make(&ca[1..], BackmapConfig::default()));
    assert!(!make(
        &atoms_called(&topology, &["CB"]),
        BackmapConfig::default()
    ));
    assert!(!make(
        &atoms_called(&topology, &["CA", "HA"]),
        BackmapConfig::default()
    ));
    let none = BackmapConfig {
        attempts: 0,
        ..BackmapConfig::default()
    };
    assert!(!make(&ca, none));
}

#[test]
fn a_frame_like_a_template_keeps_what_is_hidden_from_beads() {
    let (topology, start, frames) = cln025();
    let beads = atoms_called(&topology, &["CA"]);
    let built = backmapper(&topology, &start, &beads);
    let mut known = Trajectory::new(topology.n_atoms());
    known.push(&frames.frame(3)).unwrap();
    let from_known = backmapper(&topology, &start, &beads)
        .with_templates(known.clone())
        .unwrap();

    // the template turned, and each of its beads moved a little; and the frame that is least like it
    let turned = |[x, y, z]: [f32; 3]| [-y + 1.0, x - 2.0, z + 0.5];
    let jitter = |bead: usize| 0.01 * (7.0 * bead as f32).sin();
    let like: Vec<[f32; 3]> = beads
        .iter()
        .enumerate()
        .map(|(bead, &atom)| turned(frames.positions(3)[atom]).map(|x| x + jitter(bead)))
        .collect();
    let traces = pick(&frames, &beads);
    let apart = |index: &usize| molio::rmsd(traces.positions(*index), &like).unwrap();
    let far = (0..traces.n_frames()).max_by(|a, b| apart(a).total_cmp(&apart(b)));
    let far = far.unwrap();
    assert!(apart(&far) > 0.25, "{}", apart(&far));
    let asked = [&like, traces.positions(far)].concat();
    let asked = Trajectory::from_positions(beads.len(), asked).unwrap();

    let deviation = |made: &Trajectory| {
        let side_chains = (0..topology.n_atoms()).filter(|&atom| {
            !["N", "CA", "C", "O", "CB"].contains(&topology.atoms()[atom].name.as_str())
                && topology.atoms()[atom].element != molio::Element::HYDROGEN
        });
        let apart = side_chains
            .map(|atom| distance(made.positions(0)[atom], turned(known.positions(0)[atom])));
        apart.fold(0.0, f32::max)
    };
    let (made, without) = (
        from_known.backmap(&asked).unwrap(),
        built.backmap(&asked).unwrap(),
    );
    assert_eq!(made.indices, [0, 1]);
    assert!(
        deviation(&made.frames) < 0.06,
        "{}",
        deviation(&made.frames)
    );
    assert!(
        deviation(&without.frames) > 0.2,
        "{}",
        deviation(&without.frames)
    );
    for (bead, &atom) in beads.iter().enumerate() {
        assert_eq!(made.frames.positions(0)[atom], like[bead]);
    }
    assert_eq!(made.frames.positions(1), without.frames.positions(1));

    let refused = backmapper(&topology, &start, &beads).with_templates(traces);
    assert!(refused.is_err());
}
