//! `foldscape backmap`

use super::{data, failure, in_folder, json, path_text, real_input};
use active_learning::{StructureFaults, StructureRules};
use molio::{Topology, Trajectory};
use std::path::Path;

/// Writes the atoms called `beads` of every `stride`-th frame; the topology of all atoms and those frames.
fn write_beads(
    beads: &[&str],
    trajectory: &str,
    topology: &str,
    stride: usize,
    folder: &Path,
) -> (Topology, Trajectory) {
    let topology = molio::read_topology(topology).unwrap();
    let frames = Trajectory::read_strided(trajectory, stride).unwrap();
    let kept: Vec<usize> = (0..topology.n_atoms())
        .filter(|&atom| beads.contains(&topology.atoms()[atom].name.as_str()))
        .collect();
    let mut traces = Trajectory::new(kept.len());
    for index in 0..frames.n_frames() {
        traces.push(&frames.frame(index).select(&kept)).unwrap();
    }
    let beads = topology.select(&kept);
    traces.write(folder.join("beads.trr"), &beads).unwrap();
    let mut first = Trajectory::new(kept.len());
    first.push(&traces.frame(0)).unwrap();
    first.write(folder.join("beads.pdb"), &beads).unwrap();
    (topology, frames)
}

fn distance(a: [f32; 3], b: [f32; 3]) -> f64 {
    let squares = a.iter().zip(b);
    squares
        .map(|(a, b)| f64::from(a - b).powi(2))
        .sum::<f64>()
        .sqrt()
}

/// Rebuilds from the traces in `folder` and compares: all frames sound, beads in place, and the backbone
/// (N, CA, C, O, without superposition) within `limit` nm of the original.
#[allow(clippy::print_stdout, reason = "the accuracy is worth reading")]
fn round_trip(name: &str, folder: &Path, original: (Topology, Trajectory), limit: f64) {
    let file = |name: &str| path_text(&folder.join(name));
    let report = json(&[
        "backmap",
        &file("beads.trr"),
        "--top",
        &file("beads.pdb"),
        &file("all.trr"),
        "--write-top",
        &file("all.pdb"),
        "--json",
    ]);
    let (topology, frames) = original;
    assert_eq!(
        report["frames_written"],
        frames.n_frames(),
        "{name}: {report}"
    );
    let rebuilt = Trajectory::read(folder.join("all.trr")).unwrap();
    let new = molio::read_topology(folder.join("all.pdb")).unwrap();
    let rules = StructureRules::new(&new);
    let (mut squares, mut n, mut farthest) = (0.0, 0, 0.0_f64);
    for frame in 0..frames.n_frames() {
        let faults = rules.faults(rebuilt.positions(frame));
        assert_eq!(faults, StructureFaults::default(), "{name} {frame}");
        for residue in 0..topology.n_residues() {
            for atom in ["N", "CA", "C", "O"] {
                let found = (topology.find(residue, atom), new.find(residue, atom));
                let (Some(old), Some(new)) = found else {
                    continue;
                };
                let d = distance(frames.positions(frame)[old], rebuilt.positions(frame)[new]);
                squares += d * d;
                n += 1;
                if atom == "CA" {
                    farthest = farthest.max(d);
                }
            }
        }
    }
    let deviation = (squares / f64::from(n)).sqrt();
    println!("{name}: backbone RMSD {deviation:.4} nm, beads within {farthest:.4} nm");
    assert!(
        farthest < 0.01 && deviation < limit,
        "{name}: {farthest} {deviation}"
    );
}

#[test]
fn chignolin_comes_back() {
    for (beads, limit) in [
        (&["CA"][..], 0.08),
        (&["CA", "CB"], 0.06),
        (&["N", "CA", "C", "O", "CB"], 1e-6),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (frames, structure) = (data("cln025.xtc"), data("cln025.pdb"));
        let original = write_beads(beads, &frames, &structure, 10, folder.path());
        round_trip(&format!("CLN025 {beads:?}"), folder.path(), original, limit);
    }
}

#[test]
fn the_same_seed_gives_the_same_atoms() {
    let folder = tempfile::tempdir().unwrap();
    write_beads(
        &["CA"],
        &data("cln025.xtc"),
        &data("cln025.pdb"),
        100,
        folder.path(),
    );
    let file = |name: &str| path_text(&folder.path().join(name));
    let run = |out: &str, seed: &str| {
        let (beads, top, out) = (file("beads.trr"), file("beads.pdb"), file(out));
        json(&[
            "backmap", &beads, "--top", &top, &out, "--seed", seed, "--json",
        ]);
        std::fs::read(out).unwrap()
    };
    assert_eq!(run("a.trr", "3"), run("b.trr", "3"));
}

#[test]
fn proteins_come_back() {
    for (name, trajectory, topology, stride, limit) in [
        ("adk", "adk/adk_dims.dcd", "adk/adk_closed.pdb", 49, 0.06),
        (
            "murd",
            "murd/MurD_test.dcd",
            "murd/MurD_test_topo.pdb",
            15,
            0.06,
        ),
    ] {
        let (Some(trajectory), Some(topology)) = (real_input(trajectory), real_input(topology))
        else {
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        let original = write_beads(&["CA"], &trajectory, &topology, stride, folder.path());
        round_trip(name, folder.path(), original, limit);
    }
}

#[test]
fn errors_say_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    write_beads(
        &["CA"],
        &data("cln025.xtc"),
        &data("cln025.pdb"),
        500,
        folder.path(),
    );
    let (beads, out) = (
        in_folder(&folder, "beads.trr"),
        in_folder(&folder, "out.xtc"),
    );
    let no_topology = failure(&["backmap", &beads, &out]);
    assert!(no_topology.contains("--top"), "{no_topology}");
    let text = std::fs::read_to_string(folder.path().join("beads.pdb")).unwrap();
    let odd = folder.path().join("odd.pdb");
    std::fs::write(&odd, text.replace("TRP", "XYZ")).unwrap();
    let odd = failure(&["backmap", &beads, "--top", &path_text(&odd), &out]);
    assert!(odd.contains("XYZ"), "{odd}");
    let all = data("cln025.pdb");
    let not_beads = failure(&["backmap", &data("cln025.xtc"), "--top", &all, &out]);
    assert!(not_beads.contains("bead"), "{not_beads}");
}
