//! Files of MDAnalysis and mdtraj, DCD variants made by hand, and real trajectories as MDAnalysis sees
//! them (`xtask/python/io_golden.py`).

use super::io_common::{frames, largest_difference, test_data};
use molio::Cell;
use serde_json::Value;
use std::path::PathBuf;

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn json(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(data(name)).unwrap()).unwrap()
}

fn vector(value: &Value) -> [f64; 3] {
    std::array::from_fn(|axis| value[axis].as_f64().unwrap())
}

fn assert_close(read: [f64; 3], expected: [f64; 3], tolerance: f64, what: &str) {
    for (read, expected) in read.into_iter().zip(expected) {
        assert!(
            (read - expected).abs() <= tolerance,
            "{what}: {read} for {expected}"
        );
    }
}

fn assert_cell(cell: Option<Cell>, lengths: [f64; 3], angles: [f64; 3], what: &str) {
    let cell = cell.unwrap_or_else(|| panic!("{what}: no cell"));
    assert_close(cell.lengths(), lengths, 1e-4, what);
    assert_close(cell.angles_degrees(), angles, 1e-2, what);
}

#[test]
fn files_of_others() {
    let values = json("io_golden/values.json");
    let expected: Vec<Vec<[f32; 3]>> = values["positions_nm"]
        .as_array()
        .unwrap()
        .iter()
        .map(|frame| {
            frame
                .as_array()
                .unwrap()
                .iter()
                .map(|atom| vector(atom).map(|x| x as f32))
                .collect()
        })
        .collect();
    let (lengths, angles) = (
        vector(&values["lengths_nm"]),
        vector(&values["angles_degrees"]),
    );
    let cells = ["mdanalysis", "mdtraj"]
        .into_iter()
        .flat_map(|who| {
            ["xtc", "trr", "dcd", "gro", "pdb", "xyz"].map(|format| format!("{who}.{format}"))
        })
        .map(|name| (!name.ends_with("xyz"), name));
    let variants = [
        ("big-endian", true),
        ("wide", true),
        ("big-endian-wide", false),
        ("xplor", false),
        ("fixed", true),
        ("fourth", false),
        ("degrees", true),
    ];
    let variants = variants.map(|(name, has_cell)| (has_cell, format!("{name}.dcd")));
    for (has_cell, name) in cells.chain(variants) {
        let mut reader = molio::open(data("io_golden").join(&name)).unwrap();
        let read = frames(&mut *reader).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(
            read.len(),
            if name == "mdanalysis.gro" { 1 } else { 3 },
            "{name}"
        );
        assert_eq!(reader.n_frames().unwrap(), Some(read.len()), "{name}");
        for (index, frame) in read.iter().enumerate() {
            let mut expected = expected[index].clone();
            if name == "fixed.dcd" {
                for atom in [0, 3, 4] {
                    expected[atom] = read[0].positions[atom];
                }
            }
            assert!(
                largest_difference(&frame.positions, &expected) < 3e-7,
                "{name}"
            );
            assert_eq!(frame.cell.is_some(), has_cell, "{name}");
            if has_cell {
                assert_cell(frame.cell, lengths, angles, &name);
            }
            if name.ends_with("dcd") && !name.starts_with("md") {
                // step 100 + 50·frame of 0.02 AKMA units
                assert_eq!(frame.step, Some(100 + 50 * index as i64), "{name}");
                let time = (100 + 50 * index) as f64 * 0.02 * 0.048_888_21;
                assert!((frame.time.unwrap() - time).abs() < 1e-7, "{name}");
            }
        }
        if name == "mdanalysis.trr" {
            let half: Vec<_> = expected[2].iter().map(|v| v.map(|x| x / 2.0)).collect();
            assert!(largest_difference(read[2].velocities.as_ref().unwrap(), &half) < 1e-6);
            let forces: Vec<_> = expected[2].iter().map(|v| v.map(|x| x * 250.0)).collect();
            assert!(largest_difference(read[2].forces.as_ref().unwrap(), &forces) < 1e-3);
        }
        if read.len() == 3 {
            reader.seek(2).unwrap();
            assert_eq!(frames(&mut *reader).unwrap(), read[2..], "{name}");
        }
    }
}

#[test]
fn real_trajectories() {
    let Some(folder) = test_data("trajectories of CHARMM, NAMD, VMD and GROMACS") else {
        return;
    };
    let values = json("io_real/values.json");
    for (name, expected) in values["files"].as_object().unwrap() {
        let mut reader = molio::open(folder.join(name)).unwrap();
        let all = frames(&mut *reader).unwrap();
        assert_eq!(
            Some(all.len() as u64),
            expected["n_frames"].as_u64(),
            "{name}"
        );
        assert_eq!(reader.n_frames().unwrap(), Some(all.len()), "{name}");
        for (frame, expected) in [(&all[0], 0), (&all[all.len() - 1], 1)]
            .map(|(frame, index)| (frame, &expected["frames"][index]))
        {
            let first = frame.positions[0].map(f64::from);
            assert_close(first, vector(&expected["first"]), 2e-6, name);
            let mut sum = [0.0; 3];
            for position in &frame.positions {
                for axis in 0..3 {
                    sum[axis] += f64::from(position[axis]);
                }
            }
            assert_close(sum, vector(&expected["sum"]), 3e-3, name);
            let cell = &expected["cell"];
            let lengths: [f64; 3] = std::array::from_fn(|k| cell[k].as_f64().unwrap_or(0.0) / 10.0);
            if lengths == [0.0; 3] {
                assert_eq!(frame.cell, None, "{name}");
            } else {
                let angles = std::array::from_fn(|k| cell[k + 3].as_f64().unwrap());
                assert_cell(frame.cell, lengths, angles, name);
            }
            for (field, expected) in [
                (&frame.velocities, &expected["velocity"]),
                (&frame.forces, &expected["force"]),
            ] {
                assert_eq!(field.is_some(), !expected.is_null(), "{name}");
                if let Some(field) = field {
                    assert_close(field[0].map(f64::from), vector(expected), 2e-3, name);
                }
            }
        }
        if let (Some(a), Some(b)) = (all[0].time, all.get(1).and_then(|frame| frame.time)) {
            let dt = expected["dt"].as_f64().unwrap();
            assert!((b - a - dt).abs() < 1e-4 * dt, "{name}: {} for {dt}", b - a);
        }
    }
}
