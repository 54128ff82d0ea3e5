//! Readers of others on the same bytes.

use super::io_common::{frame, frames, largest_difference, topology, written};
use molio::Format;

/// Positions like a protein's, in water: near neighbours, long jumps, many runs.
fn chain(n_atoms: usize, spread: f32, seed: u64) -> Vec<[f32; 3]> {
    let mut state = seed;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    let mut at = [0.0; 3];
    (0..n_atoms)
        .map(|index| {
            let step = if index % 37 == 0 { spread } else { 0.3 };
            at = at.map(|x| x + step * random());
            at
        })
        .collect()
}

#[test]
fn molly_unpacks_the_same() {
    for (n_atoms, spread, seed) in [
        (10, 0.5, 1),
        (997, 3.0, 2),
        (4000, 60.0, 3),
        (500, 400.0, 4),
    ] {
        let positions = chain(n_atoms, spread, seed);
        let mut bytes = Vec::new();
        let theirs = molly::Frame {
            step: 7,
            time: 1.5,
            boxvec: [3.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 3.0],
            precision: 1000.0,
            positions: positions.as_flattened().to_vec(),
        };
        molly::XTCWriter::new(&mut bytes)
            .write_frame(&theirs)
            .unwrap();
        let mut reader = molly::XTCReader::new(std::io::Cursor::new(&bytes));
        let mut expected = theirs.clone();
        reader.read_frame(&mut expected).unwrap();
        let ours = frames(&mut *molio::open_bytes(Format::Xtc, "a.xtc", bytes).unwrap()).unwrap();
        assert_eq!(
            ours[0].positions.as_flattened(),
            expected.positions,
            "{n_atoms} atoms"
        );
        assert!(largest_difference(&ours[0].positions, &positions) < 6e-4);
        assert_eq!((ours[0].step, ours[0].time), (Some(7), Some(1.5)));
    }
}

#[test]
fn pdbtbx_reads_our_structures() {
    for (name, format) in [
        ("run.pdb", pdbtbx::Format::Pdb),
        ("run.cif", pdbtbx::Format::Mmcif),
    ] {
        let bytes = written(name, 1);
        let (theirs, _) = pdbtbx::ReadOptions::default()
            .set_format(format)
            .set_level(pdbtbx::StrictnessLevel::Loose)
            .read_raw(std::io::BufReader::new(&bytes[..]))
            .unwrap();
        assert_eq!(theirs.model_count(), 1, "{name}");
        let model = theirs.model(0).unwrap();
        let topology = topology();
        assert_eq!(model.atom_count(), topology.n_atoms(), "{name}");
        for (index, (atom, ours)) in model.atoms().zip(topology.atoms()).enumerate() {
            assert_eq!(atom.name(), ours.name, "{name}");
            let (x, y, z) = atom.pos();
            for (theirs, ours) in [x, y, z].into_iter().zip(frame(0).positions[index]) {
                assert!((theirs / 10.0 - f64::from(ours)).abs() < 1e-6, "{name}");
            }
        }
    }
}

#[test]
fn npyz_reads_our_arrays() {
    let bytes = written("a.npz", 3);
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).unwrap();
    let mut names: Vec<_> = archive
        .file_names()
        .map(|name| name.unwrap().into_owned())
        .collect();
    names.sort();
    let known = ["cell", "forces", "positions", "step", "time", "velocities"];
    assert_eq!(names, known.map(|name| format!("{name}.npy")));
    // reading to the end checks the checksum
    let positions = npyz::NpyFile::new(archive.by_name("positions.npy").unwrap()).unwrap();
    assert_eq!(positions.shape(), [3, 15, 3]);
    let values: Vec<f32> = positions.into_vec().unwrap();
    let expected: Vec<f32> = (0..3)
        .flat_map(|index| frame(index).positions.into_flattened())
        .collect();
    assert_eq!(values, expected);
    let bytes = written("a.npy", 3);
    let values: Vec<f32> = npyz::NpyFile::new(&bytes[..]).unwrap().into_vec().unwrap();
    assert_eq!(values, expected);
}

/// The C library on files of ours, and ours on files of the C library.
#[cfg(feature = "xdrfile")]
#[test]
fn the_c_library_agrees() {
    use super::io_common::scratch;
    use molio::Frame;
    use xdrfile::{TRRTrajectory, Trajectory, XTCTrajectory};
    let positions = chain(3000, 4.0, 9);
    let mut builder = molio::TopologyBuilder::default();
    for _ in &positions {
        builder.add_atom(molio::AtomRecord::new("CA", molio::Element::CARBON));
    }
    let topology = builder.build();
    for name in ["a.xtc", "a.trr"] {
        let (folder, path) = scratch(name);
        let mut writer = molio::create(&path, &topology).unwrap();
        writer
            .write_frame(&Frame::from_positions(positions.clone()))
            .unwrap();
        writer.finish().unwrap();
        let mut theirs = xdrfile::Frame::with_len(positions.len());
        let ours = frames(&mut *molio::open(&path).unwrap()).unwrap();
        let back = folder.path().join(format!("back-{name}"));
        if name == "a.xtc" {
            XTCTrajectory::open_read(&path)
                .unwrap()
                .read(&mut theirs)
                .unwrap();
            let mut writer = XTCTrajectory::open_write(&back).unwrap();
            writer.write(&theirs).unwrap();
            writer.flush().unwrap();
        } else {
            TRRTrajectory::open_read(&path)
                .unwrap()
                .read(&mut theirs)
                .unwrap();
            let mut writer = TRRTrajectory::open_write(&back).unwrap();
            writer.write(&theirs).unwrap();
            writer.flush().unwrap();
        }
        assert_eq!(theirs.coords, ours[0].positions, "{name}");
        let again = frames(&mut *molio::open(&back).unwrap()).unwrap();
        assert_eq!(again[0].positions, ours[0].positions, "{name}");
    }
}
