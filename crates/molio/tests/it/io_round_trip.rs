//! Every format gives back what was written into it, in order and at random.

use super::io_common::{frame, frames, largest_difference, scratch, topology, written};
use molio::Frame;

/// Extensions, precision of positions (nm), and whether the format keeps the cell, time, velocities
/// and forces.
const FORMATS: [(&str, f32, [bool; 4]); 9] = [
    ("pdb", 2e-7, [true, true, false, false]),
    ("xtc", 2e-7, [true, true, false, false]),
    ("trr", 0.0, [true, true, true, true]),
    ("dcd", 3e-7, [true, true, false, false]),
    ("cif", 2e-7, [true, false, false, false]),
    ("gro", 2e-7, [true, true, true, false]),
    ("xyz", 2e-7, [true, true, false, false]),
    ("npy", 0.0, [false, false, false, false]),
    ("npz", 0.0, [true, true, true, true]),
];

fn check(read: &Frame, index: usize, precision: f32, keeps: [bool; 4], what: &str) {
    let expected = frame(index);
    let difference = largest_difference(&read.positions, &expected.positions);
    assert!(difference <= precision, "{what}: {difference}");
    let [cell, time, velocities, forces] = keeps;
    assert_eq!(read.cell.is_some(), cell, "{what}");
    if let (Some(read), Some(expected)) = (read.cell, expected.cell) {
        for (read, expected) in read.lengths().iter().zip(expected.lengths()) {
            assert!((read - expected).abs() < 1e-6, "{what}");
        }
        assert_eq!(read.angles_degrees(), [90.0; 3], "{what}");
    }
    match read.time.filter(|_| time) {
        Some(read) => assert!(
            (read - expected.time.unwrap()).abs() < 1e-5,
            "{what}: {read} ps"
        ),
        None => assert!(!time, "{what}"),
    }
    for (read, expected, keeps) in [
        (&read.velocities, &expected.velocities, velocities),
        (&read.forces, &expected.forces, forces),
    ] {
        assert_eq!(read.is_some(), keeps, "{what}");
        if let (Some(read), Some(expected)) = (read, expected) {
            assert!(largest_difference(read, expected) < 6e-5, "{what}");
        }
    }
}

#[test]
fn what_was_written_is_read() {
    for (extension, precision, keeps) in FORMATS {
        let name = format!("run.{extension}");
        let bytes = written(&name, 5);
        let format = molio::Format::of(name.as_ref()).unwrap();
        let mut reader = molio::open_bytes(format, &name, bytes).unwrap();
        assert_eq!(reader.n_frames().unwrap(), Some(5), "{name}");
        let all = frames(&mut *reader).unwrap();
        assert_eq!(all.len(), 5);
        for (index, frame) in all.iter().enumerate() {
            check(frame, index, precision, keeps, &name);
        }
        let mut frame = Frame::default();
        for index in [3, 0, 4, 4, 1] {
            reader.seek(index).unwrap();
            assert!(reader.read_frame(&mut frame).unwrap());
            assert_eq!(frame, all[index], "{name}");
        }
        let error = reader.seek(5).unwrap_err().to_string();
        assert!(
            error.contains("expected a frame below 5, found 5"),
            "{error}"
        );
    }
}

#[test]
fn no_frames_are_no_error_in_binary_formats() {
    for extension in ["xtc", "trr", "dcd", "gro", "xyz", "npy", "npz"] {
        let name = format!("run.{extension}");
        let format = molio::Format::of(name.as_ref()).unwrap();
        let mut reader = molio::open_bytes(format, &name, written(&name, 0)).unwrap();
        assert_eq!(reader.n_frames().unwrap(), Some(0));
        assert!(!reader.read_frame(&mut Frame::default()).unwrap());
    }
}

#[test]
fn writers_refuse_what_readers_would() {
    for (extension, ..) in FORMATS {
        let (_folder, path) = scratch(&format!("run.{extension}"));
        let mut writer = molio::create(&path, &topology()).unwrap();
        let mut odd = frame(0);
        odd.positions[4][1] = f32::NAN;
        let error = writer.write_frame(&odd).unwrap_err().to_string();
        assert!(error.contains("atom 4 has the coordinate NaN"), "{error}");
        let mut short = frame(0);
        short.positions.pop();
        let error = writer.write_frame(&short).unwrap_err().to_string();
        assert!(error.contains("expected 15 atoms, found 14"), "{error}");
    }
}

#[test]
fn gzip_is_looked_through() {
    let (_folder, path) = scratch("run.pdb.gz");
    let mut writer = molio::create(&path, &topology()).unwrap();
    for index in 0..3 {
        writer.write_frame(&frame(index)).unwrap();
    }
    writer.finish().unwrap();
    assert_eq!(std::fs::read(&path).unwrap()[..2], [0x1f, 0x8b]);
    let mut reader = molio::open(&path).unwrap();
    let all = frames(&mut *reader).unwrap();
    assert_eq!(all.len(), 3);
    reader.seek(1).unwrap();
    assert_eq!(frames(&mut *reader).unwrap(), all[1..]);
    let read = molio::read_topology(&path).unwrap();
    assert_eq!(read.residues(), topology().residues());
    assert_eq!(read.atoms(), topology().atoms());
}

#[test]
fn unknown_extensions_name_the_known_ones() {
    let error = molio::open("notes.docx").err().unwrap().to_string();
    assert!(
        error.contains("notes.docx: cannot read frames from this format"),
        "{error}"
    );
    let error = molio::read_topology("run.xtc").unwrap_err().to_string();
    assert!(error.contains("run.xtc"), "{error}");
    assert!(
        error.contains("No such file") || error.contains("topology"),
        "{error}"
    );
}

#[test]
fn names_are_kept() {
    for extension in ["pdb", "cif"] {
        let name = format!("run.{extension}");
        let format = molio::Format::of(name.as_ref()).unwrap();
        let read = molio::read_topology_bytes(format, &name, written(&name, 2)).unwrap();
        assert_eq!(read.atoms(), topology().atoms(), "{name}");
        assert_eq!(read.residues(), topology().residues(), "{name}");
        assert_eq!(read.chains(), topology().chains(), "{name}");
    }
    let read =
        molio::read_topology_bytes(molio::Format::Gro, "a.gro", written("a.gro", 1)).unwrap();
    assert_eq!(read.n_residues(), 3);
    assert_eq!(read.atoms()[8].name, "CA");
    let read =
        molio::read_topology_bytes(molio::Format::Xyz, "a.xyz", written("a.xyz", 1)).unwrap();
    assert_eq!(read.atoms()[14].element, molio::Element::HYDROGEN);
}

#[test]
fn compressed_arrays_are_read() {
    // the members of our own archive, deflated by an independent writer
    let bytes = written("a.npz", 4);
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).unwrap();
    let (_folder, path) = scratch("deflated.npz");
    let mut writer = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for name in ["positions.npy", "forces.npy", "time.npy"] {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated);
        writer.start_file(name, options).unwrap();
        std::io::copy(&mut archive.by_name(name).unwrap(), &mut writer).unwrap();
    }
    writer.finish().unwrap();
    let mut reader = molio::open(&path).unwrap();
    let all = frames(&mut *reader).unwrap();
    assert_eq!(all.len(), 4);
    for (index, read) in all.iter().enumerate() {
        assert_eq!(read.positions, frame(index).positions);
        assert_eq!(read.forces, frame(index).forces);
        assert_eq!(read.time, frame(index).time);
    }
    reader.seek(1).unwrap();
    assert_eq!(frames(&mut *reader).unwrap(), all[1..]);
}

#[test]
fn a_trajectory_written_in_parts_is_the_same_bytes() {
    let topology = topology();
    for (extension, has_cell) in [("xtc", true), ("trr", true), ("dcd", true), ("dcd", false)] {
        let part = |index| Frame {
            step: Some(250 * (index as i64 + 1)),
            time: Some(250.0 * (index as f64 + 1.0) * 0.0037),
            cell: frame(index).cell.filter(|_| has_cell),
            ..frame(index)
        };
        let first: Vec<_> = (0..2).map(|k| (part(k).time, part(k).step)).collect();
        let (_folder, path) = scratch(&format!("run.{extension}"));
        let mut writer = molio::create(&path, &topology).unwrap();
        for index in 0..5 {
            writer.write_frame(&part(index)).unwrap();
        }
        writer.finish().unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..=5 {
            let mut writer = molio::create(&path, &topology).unwrap();
            for index in 0..cut {
                writer.write_frame(&part(index)).unwrap();
            }
            writer.finish().unwrap();
            let length = std::fs::metadata(&path).unwrap().len();
            let known = cut.min(2);
            let written = molio::Written {
                length,
                n_frames: cut,
                first: first[..known].to_vec(),
            };
            // the rest twice: what stands behind the recorded length is cut off
            for _ in 0..2 {
                let mut writer = molio::append(&path, &topology, &written).unwrap();
                for index in cut..5 {
                    writer.write_frame(&part(index)).unwrap();
                }
                writer.finish().unwrap();
                let found = std::fs::read(&path).unwrap();
                assert!(found == whole, "{extension}, cut at {cut}");
            }
        }
        let longer = molio::Written {
            length: whole.len() as u64 + 1,
            ..molio::Written::default()
        };
        let error = molio::append(&path, &topology, &longer).err().unwrap();
        assert!(error.to_string().contains("at least"), "{error}");
    }
}
