//! What the format tests share: a small topology, frames with everything in them, scratch files.

use molio::{AtomRecord, Cell, Element, Frame, FrameReader, Topology, TopologyBuilder};
use std::path::PathBuf;

/// Two chains: an alanine dipeptide-like start with 12 atoms, and a water.
pub(crate) fn topology() -> Topology {
    let mut builder = TopologyBuilder::default();
    builder.start_chain("A");
    for number in 7..9 {
        builder.start_residue("ALA", number, (number == 8).then_some('B'), false);
        for (name, element) in [
            ("N", Element::NITROGEN),
            ("H", Element::HYDROGEN),
            ("CA", Element::CARBON),
            ("CB", Element::CARBON),
            ("C", Element::CARBON),
            ("O", Element::OXYGEN),
        ] {
            builder.add_atom(AtomRecord::new(name, element));
        }
    }
    builder.start_chain("W");
    builder.start_residue("HOH", 1, None, true);
    for (name, element) in [
        ("O", Element::OXYGEN),
        ("H1", Element::HYDROGEN),
        ("H2", Element::HYDROGEN),
    ] {
        builder.add_atom(AtomRecord::new(name, element));
    }
    let mut topology = builder.build();
    topology.set_bonds([[12, 13], [12, 14]]).unwrap();
    topology
}

/// Frame `index` of a small trajectory: positions on multiples of 0.001 nm, so that XTC, GRO and PDB
/// hold them exactly.
pub(crate) fn frame(index: usize) -> Frame {
    let n_atoms = topology().n_atoms();
    let vector = |atom: usize, scale: f32| {
        std::array::from_fn(|axis| {
            let thousandths = (atom * 137 + axis * 731 + index * 11) as i32 % 2500 - 700;
            thousandths as f32 / 1000.0 * scale
        })
    };
    Frame {
        positions: (0..n_atoms).map(|atom| vector(atom, 1.0)).collect(),
        velocities: Some((0..n_atoms).map(|atom| vector(atom, 0.5)).collect()),
        forces: Some((0..n_atoms).map(|atom| vector(atom, 250.0)).collect()),
        cell: Cell::from_lengths_angles([3.0, 3.5, 4.0], [90.0, 90.0, 90.0]),
        time: Some(2.0 * index as f64),
        step: Some(1000 * index as i64),
    }
}

/// A scratch folder and a file in it.
pub(crate) fn scratch(name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    (folder, path)
}

/// Bytes of a file of this name with `n_frames` frames, as our own writer makes it.
pub(crate) fn written(name: &str, n_frames: usize) -> Vec<u8> {
    let (_folder, path) = scratch(name);
    let mut writer = molio::create(&path, &topology()).unwrap();
    for index in 0..n_frames {
        writer.write_frame(&frame(index)).unwrap();
    }
    writer.finish().unwrap();
    std::fs::read(path).unwrap()
}

/// All frames that a reader still has.
pub(crate) fn frames(reader: &mut dyn FrameReader) -> molio::Result<Vec<Frame>> {
    let mut all = Vec::new();
    let mut frame = Frame::default();
    while reader.read_frame(&mut frame)? {
        all.push(frame.clone());
    }
    Ok(all)
}

/// Largest difference between two lists of vectors.
pub(crate) fn largest_difference(a: &[[f32; 3]], b: &[[f32; 3]]) -> f32 {
    assert_eq!(a.len(), b.len());
    let pairs = a.as_flattened().iter().zip(b.as_flattened());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// The folder of real files; without it, says what is left out.
pub(crate) fn test_data(what: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("FOLDSCAPE_TEST_DATA").map(PathBuf::from);
    if folder.is_none() {
        let mut stderr = std::io::stderr();
        let _ = std::io::Write::write_all(
            &mut stderr,
            format!("FOLDSCAPE_TEST_DATA is not set: left out {what}\n").as_bytes(),
        );
    }
    folder
}
