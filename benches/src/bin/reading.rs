//! Frames per second of XTC, DCD, TRR and PDB, beside mdtraj and MDAnalysis on the same files.
//!
//! `cargo run --release -p foldscape-benches --bin reading -- FOLDER [--frames N] [--python PYTHON]`
//! writes the files into FOLDER where they are missing; PYTHON has the packages of
//! `benches/peers/requirements.txt`. CPU time, best of three.

use molio::{AtomRecord, Element, Frame, TopologyBuilder};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const N_ATOMS: usize = 10_000;

type BoxError = Box<dyn std::error::Error>;

fn main() -> Result<(), BoxError> {
    let mut arguments = std::env::args().skip(1);
    let (mut folder, mut n_frames, mut python) = (PathBuf::from("target/reading"), 500, None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--frames" => n_frames = arguments.next().unwrap_or_default().parse()?,
            "--python" => python = arguments.next(),
            path => folder = path.into(),
        }
    }
    std::fs::create_dir_all(&folder)?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "{N_ATOMS} atoms, {n_frames} frames; frames/s by CPU time, best of three"
    )?;
    for format in ["xtc", "dcd", "trr", "pdb"] {
        let path = folder.join(format!("{n_frames}.{format}"));
        if !path.exists() {
            write(&path, n_frames)?;
        }
        let megabytes = std::fs::metadata(&path)?.len() as f64 / 1e6;
        let ours = ours(&path, n_frames)?;
        let rate = ours / n_frames as f64 * megabytes;
        write!(
            out,
            "{format}: {megabytes:.0} MB; molio {ours:.0} ({rate:.0} MB/s)"
        )?;
        if let Some(python) = python.as_ref().filter(|_| matches!(format, "xtc" | "dcd")) {
            let peers = peers(python, &path)?;
            let best = peers.iter().map(|(_, rate)| *rate).fold(0.0, f64::max);
            for (name, rate) in &peers {
                write!(out, ", {name} {rate:.0}")?;
            }
            write!(out, "; {:.2} times the best", ours / best)?;
        }
        writeln!(out)?;
    }
    writeln!(out, "peak memory {} MB", peak_memory()?)?;
    Ok(())
}

fn write(path: &Path, n_frames: usize) -> Result<(), BoxError> {
    let mut builder = TopologyBuilder::default();
    for atom in 0..N_ATOMS {
        if atom % 3 == 0 {
            builder.start_residue("HOH", (atom / 3) as i32, None, true);
        }
        builder.add_atom(AtomRecord::new(
            ["O", "H1", "H2"][atom % 3],
            Element::OXYGEN,
        ));
    }
    let mut writer = molio::create(path, &builder.build())?;
    let mut state = 1_u64;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32
    };
    for index in 0..n_frames {
        // molecules of three atoms anywhere in 4.6 nm, as in water
        let mut centre = [0.0; 3];
        let positions = (0..N_ATOMS).map(|atom| {
            if atom % 3 == 0 {
                centre = std::array::from_fn(|_| 4.6 * random());
            }
            centre.map(|x| x + 0.1 * random())
        });
        writer.write_frame(&Frame {
            time: Some(index as f64),
            step: Some(index as i64),
            ..Frame::from_positions(positions.collect())
        })?;
    }
    Ok(writer.finish()?)
}

fn ours(path: &Path, expected: usize) -> Result<f64, BoxError> {
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let start = cpu_seconds()?;
        let mut reader = molio::open(path)?;
        let (mut frame, mut n_frames) = (Frame::default(), 0);
        while reader.read_frame(&mut frame)? {
            n_frames += 1;
        }
        assert_eq!(n_frames, expected);
        best = best.min(cpu_seconds()? - start);
    }
    Ok(expected as f64 / best)
}

fn peers(python: &str, path: &Path) -> Result<Vec<(String, f64)>, BoxError> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/reading.py");
    let output = Command::new(python).arg(script).arg(path).output()?;
    let text = String::from_utf8(output.stdout)?;
    let line = text
        .lines()
        .last()
        .ok_or("the peers' script printed nothing")?;
    let rates = line.trim_matches(['{', '}']).split(", ").map(|pair| {
        let (name, rate) = pair.split_once(": ").ok_or("no rate")?;
        Ok((name.trim_matches('"').to_owned(), rate.parse()?))
    });
    rates.collect()
}

/// User and system time of this process, as Python's `process_time`.
fn cpu_seconds() -> Result<f64, BoxError> {
    let stat = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds: f64 = stat.split(' ').next().ok_or("schedstat")?.parse()?;
    Ok(nanoseconds / 1e9)
}

fn peak_memory() -> Result<u64, BoxError> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .ok_or("VmHWM")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).ok_or("VmHWM")?.parse()?;
    Ok(kilobytes / 1000)
}
