//! AMBER prmtops against what OpenMM reads from them.

use crate::energy_support::{reference, term};
use forcefield_gpu::system::BornModel;
use forcefield_gpu::{ConstrainedBonds, Error, ForceField, System, SystemOptions};
use serde_json::Value;
use std::path::PathBuf;

fn path(file: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/prmtop");
    PathBuf::from(folder).join(file)
}

fn golden(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path(&format!("{name}.json"))).unwrap()).unwrap()
}

fn vectors(value: &Value) -> Vec<[f64; 3]> {
    serde_json::from_value(value.clone()).unwrap()
}

fn options(case: &str) -> SystemOptions {
    let model = match case {
        "vacuum" => return SystemOptions::default(),
        "hct" => BornModel::Hct,
        "obc1" => BornModel::Obc1,
        "gbn" => BornModel::Gbn,
        "gbn2" => BornModel::Gbn2,
        _ => panic!("{case}"),
    };
    SystemOptions::with_solvent(model)
}

#[test]
fn energies_and_forces_are_openmms() {
    for name in ["ff14sb", "ff19sb"] {
        let golden = golden(name);
        let positions = vectors(&golden["positions"]);
        let cases = golden["cases"].as_object().unwrap();
        assert_eq!(cases.len(), 5);
        for (case, expected) in cases {
            let system =
                System::from_prmtop(path(&format!("{name}.prmtop")), &options(case)).unwrap();
            let (energies, forces) = reference(&system, &positions);
            let terms = expected["energies"].as_object().unwrap();
            assert_eq!(terms.contains_key("cmap"), name == "ff19sb");
            assert_eq!(terms.contains_key("solvation"), case != "vacuum");
            for (which, energy) in terms {
                let (found, energy) = (term(&energies, which), energy.as_f64().unwrap());
                let error = (found - energy).abs() / energy.abs().max(1.0);
                assert!(
                    error < 1e-6,
                    "{name} {case} {which}: {found}, OpenMM {energy}"
                );
            }
            let expected = vectors(&expected["forces"]);
            let largest = expected
                .iter()
                .flatten()
                .fold(0.0_f64, |a, f| a.max(f.abs()));
            for (atom, (found, expected)) in forces.iter().zip(&expected).enumerate() {
                for axis in 0..3 {
                    let error = (found[axis] - expected[axis]).abs() / largest;
                    assert!(
                        error < 1e-6,
                        "{name} {case} atom {atom}: {found:?}, {expected:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn constraints_and_heavy_hydrogens_are_those_of_the_force_field() {
    let options = SystemOptions {
        constraints: ConstrainedBonds::Hydrogen,
        hydrogen_mass: Some(4.0),
        ..SystemOptions::default()
    };
    let file = path("ff14sb.prmtop");
    let ours = System::from_prmtop(&file, &options).unwrap();
    let topology = molio::read_topology(&file).unwrap();
    let built = ForceField::ff14sb()
        .unwrap()
        .create_system(&topology, &options)
        .unwrap();
    let sorted = |system: &System| {
        let mut all: Vec<_> = system
            .constraints
            .iter()
            .map(|c| {
                (
                    [c.atoms[0].min(c.atoms[1]), c.atoms[0].max(c.atoms[1])],
                    c.length,
                )
            })
            .collect();
        all.sort_by_key(|(atoms, _)| *atoms);
        all
    };
    let (ours_sorted, built_sorted) = (sorted(&ours), sorted(&built));
    assert_eq!(ours_sorted.len(), built_sorted.len());
    for (a, b) in ours_sorted.iter().zip(&built_sorted) {
        assert_eq!(a.0, b.0);
        assert!((a.1 - b.1).abs() < 1e-7, "{a:?} {b:?}");
    }
    for (a, b) in ours.masses.iter().zip(&built.masses) {
        assert!((a - b).abs() < 0.02, "{a} {b}");
    }
    assert_eq!(
        ours.bonds.len() + ours.constraints.len(),
        built.bonds.len() + built.constraints.len()
    );
}

/// The error that a changed file gives.
fn error_of(change: impl Fn(&mut Vec<String>)) -> Error {
    let text = std::fs::read_to_string(path("ff19sb.prmtop")).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("changed.prmtop");
    std::fs::write(&file, lines.join("\n")).unwrap();
    System::from_prmtop(&file, &options("gbn2")).unwrap_err()
}

/// The first line of values of a section.
fn values<'a>(lines: &'a mut [String], flag: &str) -> &'a mut String {
    let at = lines
        .iter()
        .position(|line| line.trim_end() == format!("%FLAG {flag}"));
    &mut lines[at.unwrap() + 2]
}

#[test]
fn what_is_not_known_is_named() {
    let unknown = |change: &dyn Fn(&mut Vec<String>), name: &str| {
        let error = error_of(change);
        assert!(matches!(error, Error::UnsupportedForce { .. }), "{error}");
        assert!(error.to_string().contains(name), "{name}: {error}");
    };
    unknown(
        &|lines| {
            // the second entry of the triangle is the pair of types 1 and 2
            let line = values(lines, "LENNARD_JONES_ACOEF");
            line.replace_range(16..32, "  1.00000000E+05");
        },
        "NBFIX",
    );
    unknown(
        &|lines| lines.extend(["%FLAG CTITLE", "%FORMAT(a80)", "x"].map(str::to_owned)),
        "CHARMM",
    );
    unknown(
        &|lines| {
            lines.extend(["%FLAG LENNARD_JONES_CCOEF", "%FORMAT(5E16.8)", ""].map(str::to_owned));
        },
        "12-6-4",
    );
    unknown(
        &|lines| "       1".clone_into(values(lines, "IPOL")),
        "polarisability",
    );
}

#[test]
fn the_least_integer_is_no_index() {
    for flag in ["ATOM_TYPE_INDEX", "EXCLUDED_ATOMS_LIST", "CMAP_INDEX"] {
        let error = error_of(|lines| {
            // all fields as wide as that number is long, the first of them replaced
            let start = lines
                .iter()
                .position(|line| line.trim_end() == format!("%FLAG {flag}"))
                .unwrap();
            let is_value = |line: &&String| !line.starts_with('%');
            let n_lines = lines[start + 2..].iter().take_while(is_value).count();
            let section = lines[start + 2..start + 2 + n_lines].concat();
            let mut fields: Vec<i64> = section
                .split_whitespace()
                .map(|field| field.parse().unwrap())
                .collect();
            fields[0] = i64::MIN;
            let wide = fields.iter().map(|field| format!("{field:20}"));
            let new = ["%FORMAT(4I20)".to_owned()].into_iter().chain(wide);
            lines.splice(start + 1..start + 2 + n_lines, new);
        });
        assert!(matches!(error, Error::Malformed { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(flag) && text.contains("-92233"), "{text}");
    }
}

#[test]
fn broken_files_are_errors() {
    let malformed = |change: &dyn Fn(&mut Vec<String>), name: &str| {
        let error = error_of(change);
        assert!(matches!(error, Error::Malformed { .. }), "{error}");
        assert!(error.to_string().contains(name), "{name}: {error}");
    };
    let put = |flag: &'static str, range: std::ops::Range<usize>, text: &'static str| {
        move |lines: &mut Vec<String>| values(lines, flag).replace_range(range.clone(), text)
    };
    malformed(&put("ANGLES_INC_HYDROGEN", 0..8, "  999999"), "ANGLES");
    malformed(
        &put("ANGLES_INC_HYDROGEN", 24..32, "    9999"),
        "ANGLE_EQUIL_VALUE",
    );
    malformed(
        &put("DIHEDRALS_INC_HYDROGEN", 0..8, "       1"),
        "DIHEDRALS",
    );
    malformed(&put("ATOM_TYPE_INDEX", 0..8, "       0"), "ATOM_TYPE_INDEX");
    malformed(
        &put("NUMBER_EXCLUDED_ATOMS", 0..8, "      -1"),
        "NUMBER_EXCLUDED_ATOMS",
    );
    malformed(
        &put("NUMBER_EXCLUDED_ATOMS", 0..8, "99999999"),
        "NUMBER_EXCLUDED_ATOMS",
    );
    malformed(
        &put("EXCLUDED_ATOMS_LIST", 0..8, "       1"),
        "EXCLUDED_ATOMS_LIST",
    );
    malformed(&put("RADII", 0..16, "             NaN"), "RADII");
    malformed(&put("CMAP_RESOLUTION", 0..4, "9999"), "CMAP_RESOLUTION");
    malformed(&put("CMAP_INDEX", 0..8, "       0"), "CMAP_INDEX");
    let cut = |lines: &mut Vec<String>| {
        let at = lines
            .iter()
            .position(|line| line.contains("RADII"))
            .unwrap();
        lines.truncate(at);
    };
    // whatever section is looked for first in what was cut off
    malformed(&cut, "numbers in");
    // wherever a file is cut, it is an error or the whole system, never a panic
    let text = std::fs::read_to_string(path("ff14sb.prmtop")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cut.prmtop");
    for end in (0..text.len()).step_by(997) {
        std::fs::write(&file, &text[..end]).unwrap();
        let _ = System::from_prmtop(&file, &options("gbn2"));
    }
    assert!(System::from_prmtop(folder.path().join("none.prmtop"), &options("vacuum")).is_err());
}
