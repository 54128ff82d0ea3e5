//! What `energy`, `minimize` and `md` compute with.

use crate::{data, failure, foldscape, in_folder, json};
use dynamics::Batch;
use forcefield_gpu::system::BornModel;
use forcefield_gpu::{Engine, EngineConfig, ForceField, Solvent, SystemOptions};

/// Two atoms and a spring of 1000 kJ/mol/nm², 0.1 nm long.
const SYSTEM: &str = r#"<?xml version="1.0" ?>
<!-- a System, as OpenMM writes it -->
<System openmmVersion="8.6" type="System" version="1">
  <Particles><Particle mass="35.45"/><Particle mass="35.45"/></Particles>
  <Constraints/>
  <Forces>
    <Force forceGroup="0" name="HarmonicBondForce" type="HarmonicBondForce" usesPeriodic="0" version="2">
      <Bonds><Bond d=".1" k="1000" p1="0" p2="1"/></Bonds>
    </Force>
  </Forces>
</System>
"#;

/// 0.12 nm apart.
const STRUCTURE: &str = "\
HETATM    1 CL1  CL2 A   1       0.000   0.000   0.000  1.00  0.00          CL
HETATM    2 CL2  CL2 A   1       1.200   0.000   0.000  1.00  0.00          CL
END
";

#[test]
fn salt_and_cutoff_are_those_of_the_library() {
    let file = data("cln025.pdb");
    let topology = molio::read_topology(&file).unwrap();
    let positions = molio::Trajectory::read(&file)
        .unwrap()
        .positions(0)
        .to_vec();
    let gbn2 = Solvent::new(BornModel::Gbn2);
    let vacuum = SystemOptions::default();
    let cases: [(&[&str], SystemOptions); 3] = [
        (
            &["--cutoff", "0.9"],
            SystemOptions {
                cutoff: Some(0.9),
                ..vacuum.clone()
            },
        ),
        (
            &["--solvent", "gbn2", "--salt", "0.15"],
            SystemOptions {
                solvent: Some(gbn2.with_salt(0.15, 298.15)),
                ..vacuum.clone()
            },
        ),
        (
            &["--solvent", "gbn2", "--salt", "0.15", "--cutoff", "0.9"],
            SystemOptions {
                solvent: Some(gbn2.with_salt(0.15, 298.15)),
                cutoff: Some(0.9),
                ..vacuum
            },
        ),
    ];
    let mut totals = Vec::new();
    for (arguments, options) in cases {
        let found = json(&[&["energy", &file, "--json"], arguments].concat());
        let system = ForceField::ff14sb()
            .unwrap()
            .create_system(&topology, &options)
            .unwrap();
        let engine = Engine::new(&system, EngineConfig::default()).unwrap();
        let mut batch = Batch::from_positions(topology.n_atoms(), &positions);
        let expected = engine.energies_per_term(&mut batch).unwrap()[0].total();
        let total = found["frames"][0]["total"].as_f64().unwrap();
        assert!(
            (total - expected).abs() < 1e-6 * expected.abs(),
            "{arguments:?}: {total} {expected}"
        );
        totals.push(total);
    }
    assert!((totals[1] - totals[2]).abs() > 1.0, "{totals:?}");
    assert!(failure(&["energy", &file, "--salt", "0.1"]).contains("--solvent"));
    assert!(failure(&["energy", &file, "--cutoff=-1"]).contains("cutoff"));
    let negative = ["energy", &file, "--solvent", "hct", "--salt=-1"];
    assert!(failure(&negative).contains("--salt"));
}

#[test]
fn a_serialised_system_is_taken_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = in_folder(&folder, name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let system = path("system.xml", SYSTEM);
    let structure = path("start.pdb", STRUCTURE);
    let out = in_folder(&folder, "out.pdb");
    let found = json(&["energy", &structure, "--ff", &system, "--json"]);
    // ½ · 1000 · 0.02²
    let bond = found["frames"][0]["bond"].as_f64().unwrap();
    assert!((bond - 0.2).abs() < 1e-5, "{bond}");
    let minimised = json(&["minimize", &structure, &out, "--ff", &system, "--json"]);
    assert_eq!(minimised["frames"][0]["outcome"], "converged");
    let run = in_folder(&folder, "run.xtc");
    let run = ["md", &structure, &run, "--ff", &system, "--steps", "20"];
    assert!(foldscape(&run).status.success());
    // what it says is not said again
    for more in [
        &["--solvent", "gbn2"][..],
        &["--cutoff", "1"],
        &["--salt", "0.1"],
    ] {
        let text = failure(&[&["energy", &structure, "--ff", &system], more].concat());
        assert!(text.contains("its own solvent"), "{text}");
    }
    let other = in_folder(&folder, "other.xtc");
    for more in [&["--constraints", "all"][..], &["--hmr", "3"]] {
        let base = ["md", &structure, &other, "--ff", &system, "--steps", "1"];
        let text = failure(&[&base, more].concat());
        assert!(text.contains("its own masses"), "{text}");
    }
    let text = failure(&["energy", &data("cln025.pdb"), "--ff", &system]);
    assert!(
        text.contains("2 particles") && text.contains("166"),
        "{text}"
    );
    let unknown = SYSTEM.replace("HarmonicBondForce", "CustomBondForce");
    let unknown = path("unknown.xml", &unknown);
    let text = failure(&["energy", &structure, "--ff", &unknown]);
    assert!(text.contains("CustomBondForce"), "{text}");
}

#[test]
fn a_force_field_that_is_not_there_is_told_from_those_built_in() {
    let file = data("cln025.pdb");
    let text = failure(&["energy", &file, "--ff", "amber99"]);
    assert!(
        text.contains("amber99") && text.contains("ff14SB"),
        "{text}"
    );
    let text = failure(&["energy", &file, "--ff", "ff14SB,ff19SB"]);
    assert!(text.contains("built in"), "{text}");
}

#[test]
fn atoms_on_top_of_each_other_are_named_with_their_frame() {
    let folder = tempfile::tempdir().unwrap();
    let top = data("cln025.pdb");
    let topology = molio::read_topology(&top).unwrap();
    let good = molio::Trajectory::read(&top).unwrap().positions(0).to_vec();
    let mut bad = good.clone();
    bad[20] = bad[3];
    let file = in_folder(&folder, "frames.trr");
    let mut writer = molio::create(&file, &topology).unwrap();
    // behind the first batch
    for index in 0..1030 {
        let positions = if index == 1027 { &bad } else { &good };
        let frame = molio::Frame::from_positions(positions.clone());
        writer.write_frame(&frame).unwrap();
    }
    writer.finish().unwrap();
    let text = failure(&["energy", &file, "--top", &top]);
    let name = |atom: usize| {
        let residue = topology.residue_of(atom);
        format!(
            "{} of {} {}",
            topology.atoms()[atom].name,
            residue.name,
            residue.number
        )
    };
    assert!(text.contains("frame 1027"), "{text}");
    assert!(
        text.contains(&name(3)) && text.contains(&name(20)),
        "{text}"
    );
}
