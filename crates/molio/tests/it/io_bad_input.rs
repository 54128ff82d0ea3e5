//! Damaged and hostile files: an error, never a panic, never memory that the file does not justify.

use super::io_common::{frames, written};
use molio::{Format, Result};

const FORMATS: [(&str, Format); 9] = [
    ("run.pdb", Format::Pdb),
    ("run.xtc", Format::Xtc),
    ("run.trr", Format::Trr),
    ("run.dcd", Format::Dcd),
    ("run.cif", Format::Mmcif),
    ("run.gro", Format::Gro),
    ("run.xyz", Format::Xyz),
    ("run.npy", Format::Npy),
    ("run.npz", Format::Npz),
];

fn read_all(format: Format, name: &str, bytes: &[u8]) -> Result<usize> {
    let _ = molio::read_topology_bytes(format, name, bytes.to_vec());
    let mut reader = molio::open_bytes(format, name, bytes.to_vec())?;
    let _ = reader.n_frames();
    let n_frames = frames(&mut *reader)?.len();
    let _ = reader.seek(1);
    Ok(n_frames)
}

#[test]
fn every_truncation_is_an_error_or_fewer_frames() {
    for (name, format) in FORMATS {
        let bytes = written(name, 3);
        // text that ends inside its last line may still be whole, and PDB ends anywhere
        let text = matches!(
            format,
            Format::Pdb | Format::Mmcif | Format::Gro | Format::Xyz
        );
        for length in (0..bytes.len()).step_by(if text { 61 } else { 7 }) {
            if let Ok(n_frames) = read_all(format, name, &bytes[..length]) {
                assert!(n_frames < 3 || text, "{name} cut to {length} bytes");
            }
        }
    }
}

#[test]
fn flipped_bytes_do_not_panic() {
    for (name, format) in FORMATS {
        let bytes = written(name, 2);
        for at in 0..bytes.len() {
            for flip in [0x01, 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                let _ = read_all(format, name, &damaged);
            }
        }
    }
}

/// The error of reading `bytes` with four bytes at `at` replaced.
fn with_int(format: Format, name: &str, bytes: &[u8], at: usize, value: [u8; 4]) -> String {
    let mut damaged = bytes.to_vec();
    damaged[at..at + 4].copy_from_slice(&value);
    read_all(format, name, &damaged).unwrap_err().to_string()
}

#[test]
fn counts_beyond_the_file_are_refused() {
    let dcd = written("run.dcd", 2);
    let huge = i32::MAX.to_le_bytes();
    let n_atoms_at = 92 + 172 + 4;
    let error = with_int(Format::Dcd, "run.dcd", &dcd, n_atoms_at, huge);
    assert!(
        error.contains("the file ends inside the first frame"),
        "{error}"
    );
    let error = with_int(Format::Dcd, "run.dcd", &dcd, 92, huge);
    assert!(error.contains("the file ends inside the title"), "{error}");
    let error = with_int(
        Format::Dcd,
        "run.dcd",
        &dcd,
        8 + 4 * 8,
        16_i32.to_le_bytes(),
    );
    assert!(
        error.contains("expected at most 15 fixed atoms, found 16"),
        "{error}"
    );

    let xtc = written("run.xtc", 2);
    let mut both = xtc.clone();
    both[4..8].copy_from_slice(&i32::MAX.to_be_bytes());
    let error = with_int(Format::Xtc, "run.xtc", &both, 52, i32::MAX.to_be_bytes());
    assert!(error.contains("bytes of packed positions"), "{error}");
    let error = with_int(Format::Xtc, "run.xtc", &xtc, 88, [0xff; 4]);
    assert!(
        error.contains("the file ends inside the packed positions"),
        "{error}"
    );
    let error = with_int(Format::Xtc, "run.xtc", &xtc, 84, 73_i32.to_be_bytes());
    assert!(
        error.contains("an index into the table of sizes, found 73"),
        "{error}"
    );

    let trr = written("run.trr", 2);
    let error = with_int(
        Format::Trr,
        "run.trr",
        &trr,
        24 + 40,
        i32::MAX.to_be_bytes(),
    );
    assert!(error.contains("blocks of f32 or f64"), "{error}");
    let error = with_int(
        Format::Trr,
        "run.trr",
        &trr,
        24 + 12,
        i32::MAX.to_be_bytes(),
    );
    assert!(
        error.contains("the file ends inside the blocks of a frame"),
        "{error}"
    );
}

#[test]
fn frames_of_different_size_are_refused() {
    for (name, format) in FORMATS {
        let mut bytes = written(name, 1);
        match format {
            Format::Pdb => {
                bytes.extend(b"ATOM      1  CA  ALA A   1       1.000   2.000   3.000\n");
            }
            // GROMACS formats are concatenations of frames; nine atoms stand unpacked in XTC
            Format::Xtc | Format::Trr => {
                let topology = super::io_common::topology().select(&[0, 1, 2]);
                let (_folder, path) = super::io_common::scratch(name);
                let mut writer = molio::create(&path, &topology).unwrap();
                writer
                    .write_frame(&super::io_common::frame(1).select(&[0, 1, 2]))
                    .unwrap();
                writer.finish().unwrap();
                bytes.extend(std::fs::read(path).unwrap());
            }
            _ => continue,
        }
        let error = read_all(format, name, &bytes).unwrap_err().to_string();
        assert!(
            error.contains("frame 1: expected 15 atoms, found"),
            "{error}"
        );
    }
}

#[test]
fn numbers_that_are_none_are_refused() {
    let mut dcd = written("run.dcd", 2);
    let x_of_atom_0 = 276 + 56 + 4;
    dcd[x_of_atom_0..x_of_atom_0 + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    let error = read_all(Format::Dcd, "run.dcd", &dcd)
        .unwrap_err()
        .to_string();
    assert_eq!(error, "run.dcd, frame 0: atom 0 has the coordinate NaN");

    let pdb = b"ATOM      1  CA  ALA A   1       1.000     nan   3.000\n";
    let error = read_all(Format::Pdb, "a.pdb", pdb).unwrap_err().to_string();
    assert_eq!(error, "a.pdb, frame 0: atom 0 has the coordinate NaN");
    let pdb = b"ATOM      1  CA  ALA A   1       1.000********   3.000\n";
    let error = read_all(Format::Pdb, "a.pdb", pdb).unwrap_err().to_string();
    assert!(
        error.starts_with("a.pdb, line 1: expected three coordinates"),
        "{error}"
    );
}

#[test]
fn rows_behind_the_table_belong_to_no_model() {
    let mut cif = written("run.cif", 2);
    let rows: Vec<u8> = cif
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| line.starts_with(b"ATOM") || line.starts_with(b"HETATM"))
        .flatten()
        .copied()
        .collect();
    // a second table, or what a damaged first one looks like
    for heading in ["", "#\n", "loop_\n_atom_site.id\n", "_site.id\n"] {
        cif.extend(heading.as_bytes());
        cif.extend(&rows);
        let mut reader = molio::open_bytes(Format::Mmcif, "run.cif", cif.clone()).unwrap();
        let counted = reader.n_frames().unwrap();
        assert_eq!(counted, Some(2), "{heading}");
        assert_eq!(frames(&mut *reader).unwrap().len(), 2, "{heading}");
        assert_eq!(frames(&mut *reader).unwrap().len(), 0, "{heading}");
        reader.seek(1).unwrap();
        assert_eq!(frames(&mut *reader).unwrap().len(), 1, "{heading}");
    }
}

/// Archives of arrays carry checksums: what comes back is what was written, or an error.
#[test]
fn damage_to_an_archive_shows() {
    let bytes = written("run.npz", 2);
    let read = |bytes: Vec<u8>| -> Result<Vec<Vec<[f32; 3]>>> {
        let mut reader = molio::open_bytes(Format::Npz, "run.npz", bytes)?;
        let frames = frames(&mut *reader)?;
        Ok(frames.into_iter().map(|frame| frame.positions).collect())
    };
    let whole = read(bytes.clone()).unwrap();
    let mut n_errors = 0;
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        match read(damaged) {
            Ok(positions) => assert_eq!(positions, whole, "byte {at}"),
            Err(_) => n_errors += 1,
        }
    }
    // positions alone are 360 bytes; velocities and forces as many
    assert!(n_errors > 3 * 360, "{n_errors}");
    // frames in any order are not summed, and are there
    let mut reader = molio::open_bytes(Format::Npz, "run.npz", bytes).unwrap();
    reader.seek(1).unwrap();
    assert_eq!(frames(&mut *reader).unwrap()[0].positions, whole[1]);
    reader.seek(0).unwrap();
    assert_eq!(frames(&mut *reader).unwrap().len(), 2);
}

#[test]
fn compressed_files_are_read_to_their_checksum() {
    for name in ["run.pdb.gz", "run.cif.gz", "run.gro.gz", "run.xyz.gz"] {
        let bytes = written(name, 2);
        let (_folder, path) = super::io_common::scratch(name);
        std::fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
        let read = || -> Result<()> {
            let mut reader = molio::open(&path)?;
            frames(&mut *reader)?;
            Ok(())
        };
        let error = read().unwrap_err().to_string();
        assert!(
            error.contains("the file ends inside the compressed data"),
            "{error}"
        );
    }
}

#[test]
fn what_is_no_frame_is_named_where_it_starts() {
    let text = written("run.pdb", 1);
    for (name, format, magic) in [
        ("run.xtc", Format::Xtc, "1995"),
        ("run.trr", Format::Trr, "1993"),
    ] {
        let error = read_all(format, name, &text).unwrap_err().to_string();
        let expected = format!("{name}, byte 0: expected the magic number {magic}");
        assert!(error.starts_with(&expected), "{error}");
        // and behind whole frames, where those end
        let mut bytes = written(name, 2);
        let end = bytes.len();
        bytes.extend(&text);
        let error = read_all(format, name, &bytes).unwrap_err().to_string();
        assert!(error.contains(&format!("byte {end}: ")), "{error}");
    }
}
