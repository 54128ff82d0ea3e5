//! `foldscape generate`

use crate::{input, matching, output};
use anyhow::{Context, Result, bail, ensure};
use autoencoder::Generator;
use candle_core::Device;
use molio::{Frame, Trajectory};
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["point", "points", "from"])))]
pub(crate) struct Arguments {
    /// Checkpoint, or the folder of a run (its best epoch is taken).
    checkpoint: PathBuf,
    /// File to write: PDB, XTC, …
    #[arg(value_parser = output::file())]
    out: PathBuf,
    /// A latent point, as numbers with commas between them; may be given several times.
    #[arg(long, value_name = "X,Y", allow_hyphen_values = true)]
    point: Vec<String>,
    /// Latent points, a NumPy array of shape (points, latent).
    #[arg(long, value_name = "FILE.npy")]
    points: Option<PathBuf>,
    /// Where a latent path starts: FILE, or FILE:FRAME with frames counted from 0.
    #[arg(long, value_name = "FILE[:FRAME]", requires = "to")]
    from: Option<String>,
    /// Where it ends.
    #[arg(long, value_name = "FILE[:FRAME]", requires = "from")]
    to: Option<String>,
    /// Topology of the files of --from and --to, where they have none.
    #[arg(long, value_name = "FILE")]
    top: Option<PathBuf>,
    /// Structures along the path, both ends included.
    #[arg(long, default_value_t = 21)]
    steps: usize,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Generated {
    file: String,
    atoms: usize,
    frames: usize,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let checkpoint = if arguments.checkpoint.is_dir() {
        arguments.checkpoint.join("best.safetensors")
    } else {
        arguments.checkpoint.clone()
    };
    let generator = Generator::load(&checkpoint, &Device::Cpu)?;
    let trajectory = decode(arguments, &generator)?;
    trajectory.write(&arguments.out, generator.topology())?;
    let generated = Generated {
        file: arguments.out.display().to_string(),
        atoms: trajectory.n_atoms(),
        frames: trajectory.n_frames(),
    };
    if arguments.json {
        return output::json(&generated);
    }
    output::table(&[
        ("written", generated.file),
        ("atoms", generated.atoms.to_string()),
        ("frames", generated.frames.to_string()),
    ])
}

fn decode(arguments: &Arguments, generator: &Generator) -> Result<Trajectory> {
    if let (Some(from), Some(to)) = (&arguments.from, &arguments.to) {
        ensure!(
            arguments.steps >= 2,
            "--steps: expected at least 2, the ends of the path, found {}",
            arguments.steps
        );
        let top = arguments.top.as_deref();
        let from = conformation(generator, from, top)?;
        let to = conformation(generator, to, top)?;
        return Ok(generator.interpolate(&from, &to, arguments.steps)?);
    }
    let points = match &arguments.points {
        Some(path) => points_from_file(path)?,
        None => arguments
            .point
            .iter()
            .map(|text| parse_point(text))
            .collect::<Result<_>>()?,
    };
    ensure!(!points.is_empty(), "no latent points given");
    Ok(generator.decode(&points)?)
}

fn parse_point(text: &str) -> Result<Vec<f32>> {
    let number = |part: &str| {
        part.trim()
            .parse::<f32>()
            .with_context(|| format!("--point {text}: {part:?} is no number"))
    };
    text.split(',').map(number).collect()
}

fn points_from_file(path: &Path) -> Result<Vec<Vec<f32>>> {
    let array = input::array(path)?;
    let [_, width] = array.shape[..] else {
        bail!(
            "{}: expected an array of shape (points, latent), found {:?}",
            path.display(),
            array.shape
        );
    };
    let rows = array.values.chunks_exact(width.max(1));
    Ok(rows
        .map(|row| row.iter().map(|&value| value as f32).collect())
        .collect())
}

/// The model's atoms in one frame of a file.
fn conformation(generator: &Generator, text: &str, top: Option<&Path>) -> Result<Vec<[f32; 3]>> {
    let (file, index) = split_frame(text);
    let topology = input::topology(file, top)?;
    let atoms = matching::matching_atoms(generator.topology(), &topology)
        .with_context(|| file.display().to_string())?;
    let mut reader = molio::open(file)?;
    reader.seek(index)?;
    let mut frame = Frame::default();
    ensure!(
        reader.read_frame(&mut frame)?,
        "{}: there is no frame {index}",
        file.display()
    );
    input::check_atoms(file, &topology, &frame)?;
    Ok(frame.select(&atoms).positions)
}

/// `FILE:FRAME`, unless a file of that whole name exists.
fn split_frame(text: &str) -> (&Path, usize) {
    if let Some((file, index)) = text.rsplit_once(':')
        && let Ok(index) = index.parse()
        && !Path::new(text).exists()
    {
        return (Path::new(file), index);
    }
    (Path::new(text), 0)
}
