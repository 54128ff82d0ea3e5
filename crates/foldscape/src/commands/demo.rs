//! `foldscape demo`: the main job, from frames to a report, in one command.

mod findings;
mod report;

use crate::config::{Config, DEFAULT_SELECTION, DataConfig, SourceConfig, SplitConfig};
use crate::{interrupt, output, training};
use anyhow::{Context, Result, bail};
use autoencoder::{Conv1dConfig, Generator, ModelConfig, Outcome, Pca, TrainerConfig};
use candle_core::Device;
use findings::{Findings, mean};
use molio::{Dataset, Trajectory};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// CLN025 in implicit solvent, folded, unfolding and unfolded; `cln025.json` tells how it was made.
const DEMO_TOPOLOGY: &[u8] = include_bytes!("../../data/cln025.pdb");
const DEMO_TRAJECTORY: &[u8] = include_bytes!("../../data/cln025.xtc");

/// Structures on the decoded path.
const PATH_POINTS: usize = 41;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Your own trajectory instead of the bundled one.
    #[arg(long, value_name = "TRAJECTORY")]
    data: Option<PathBuf>,
    /// Its topology, where the trajectory has none.
    #[arg(long, value_name = "FILE", requires = "data")]
    top: Option<PathBuf>,
    /// Which atoms to learn.
    #[arg(long, value_name = "SELECTION", default_value = DEFAULT_SELECTION)]
    select: String,
    /// Folder for report, checkpoint and structures.
    #[arg(long, value_name = "FOLDER", default_value = "foldscape-demo")]
    out: PathBuf,
    /// Passes over the training frames, at most.
    #[arg(long, default_value_t = 200)]
    epochs: usize,
    /// Decides initial parameters, order of frames, and which blocks of time are held out.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let start = Instant::now();
    std::fs::create_dir_all(&arguments.out).with_context(|| arguments.out.display().to_string())?;
    let data = frames(arguments)?;
    let dataset = training::dataset(&data)?;
    if dataset.split().test.is_empty() {
        bail!("{} frames are too few to hold any out", dataset.n_frames());
    }
    let config = configure(arguments, data, dataset.n_atoms());
    let outcome = training::train(&config, &dataset, interrupt::flag()?.as_ref())?;
    if outcome == Outcome::Interrupted {
        bail!(
            "stopped; the same command goes on from {}",
            config.out.display()
        );
    }
    let findings = examine(arguments, &config, &dataset, start)?;
    let summary = findings.summary();
    write_results(arguments, &findings, &summary)?;
    if arguments.json {
        return output::json(&summary);
    }
    output::table(&summary.autoencoder.rows())?;
    println!(
        "\n{} holds report.html, interpolation.pdb, summary.json and the checkpoint",
        arguments.out.display()
    );
    Ok(())
}

/// Where the frames come from, and which blocks of time are held out.
fn frames(arguments: &Arguments) -> Result<DataConfig> {
    let source = match &arguments.data {
        Some(data) => SourceConfig {
            trajectory: data.clone(),
            topology: arguments.top.clone(),
        },
        None => bundled(&arguments.out)?,
    };
    Ok(DataConfig {
        selection: arguments.select.clone(),
        split: SplitConfig {
            blocks: 20,
            validation: 0.1,
            test: 0.15,
            seed: arguments.seed,
            ..SplitConfig::default()
        },
        ..DataConfig::new(vec![source])
    })
}

fn configure(arguments: &Arguments, data: DataConfig, n_atoms: usize) -> Config {
    Config {
        out: arguments.out.join("model"),
        data,
        model: ModelConfig::Conv1d(network(n_atoms)),
        trainer: TrainerConfig {
            epochs: arguments.epochs,
            patience: Some(30),
            seed: arguments.seed,
            ..TrainerConfig::default()
        },
    }
}

/// The convolutional network with as many halvings as leave a few positions of the chain, and more channels at
/// its narrowest than the published one, whose single channel leaves small proteins one number.
fn network(n_atoms: usize) -> Conv1dConfig {
    let halvings = (n_atoms as f64 / 3.0).log2() as usize;
    Conv1dConfig {
        depth: halvings.saturating_sub(2).clamp(1, 4),
        bottleneck_channels: 64,
        ..Conv1dConfig::default()
    }
}

/// Puts the bundled trajectory beside the results, where the user can look at it.
fn bundled(out: &Path) -> Result<SourceConfig> {
    let write = |name: &str, bytes: &[u8]| -> Result<PathBuf> {
        let path = out.join(name);
        std::fs::write(&path, bytes).with_context(|| path.display().to_string())?;
        Ok(path)
    };
    Ok(SourceConfig {
        trajectory: write("cln025.xtc", DEMO_TRAJECTORY)?,
        topology: Some(write("cln025.pdb", DEMO_TOPOLOGY)?),
    })
}

fn examine(
    arguments: &Arguments,
    config: &Config,
    dataset: &Dataset,
    start: Instant,
) -> Result<Findings> {
    let generator = training::best(&config.out)?;
    let all: Vec<usize> = (0..dataset.n_frames()).collect();
    let held_out = dataset.split().test.clone();
    let pca = Pca::new(dataset, &dataset.split().train, 2, &Device::Cpu)?;
    let rmsd = training::held_out_rmsd(generator.model(), dataset)?;
    let rmsd_pca = training::held_out_rmsd(&pca, dataset)?;
    let codes = autoencoder::encode_frames(generator.model(), dataset, &all, 64, &Device::Cpu)?;

    let trace = trace_atoms(dataset);
    let rmsd_to_first = distances(dataset, &trace, 0)?;
    let farthest = (0..rmsd_to_first.len())
        .max_by(|&a, &b| rmsd_to_first[a].total_cmp(&rmsd_to_first[b]))
        .unwrap_or(0);
    let path_codes = autoencoder::straight_line(&codes[0], &codes[farthest], PATH_POINTS)?;
    let path = generator.decode(&path_codes)?;
    let to_end = |end: usize| -> Result<Vec<f64>> {
        let target = dataset.positions(end)?;
        (0..path.n_frames())
            .map(|i| Ok(molio::rmsd(path.positions(i), &target)?))
            .collect()
    };
    let (overlay, overlay_rmsd) = median_overlay(dataset, &generator, &held_out, &rmsd, &trace)?;
    let has_times = all.iter().all(|&i| dataset.time(i).is_some());
    Ok(Findings {
        system: describe(arguments, dataset),
        n_atoms: dataset.n_atoms(),
        model: "A one-dimensional convolutional autoencoder (Ramaswamy et al. 2021)",
        n_parameters: generator.n_parameters(),
        epochs: training::logged_epochs(&config.out)?,
        codes: pairs(&codes),
        times: all
            .iter()
            .map(|&i| dataset.time(i).filter(|_| has_times).unwrap_or(i as f64))
            .collect(),
        has_times,
        rmsd_to_first,
        held_out,
        rmsd,
        rmsd_pca,
        overlay,
        overlay_rmsd,
        path: pairs(&path_codes),
        path_rmsd: [to_end(0)?, to_end(farthest)?],
        path_pdb: pdb(&arguments.out.join("interpolation.pdb"), dataset, &path)?,
        seconds: start.elapsed().as_secs_f64(),
    })
}

fn describe(arguments: &Arguments, dataset: &Dataset) -> String {
    let name = match &arguments.data {
        Some(data) => data.display().to_string(),
        None => "CLN025 (YYDPETGTWY), ff14SB with GBn2 solvent, from the crystal structure at 300 K, 500 K and 300 K".to_owned(),
    };
    let topology = dataset.topology();
    format!(
        "{name}: {} frames of {} atoms in {} residues ({})",
        dataset.n_frames(),
        topology.n_atoms(),
        topology.n_residues(),
        arguments.select
    )
}

/// The CA atoms, or all atoms of something that has none.
fn trace_atoms(dataset: &Dataset) -> Vec<usize> {
    let atoms = dataset.topology().atoms();
    let trace: Vec<usize> = (0..atoms.len())
        .filter(|&i| atoms[i].name == "CA")
        .collect();
    if trace.len() < 3 {
        (0..atoms.len()).collect()
    } else {
        trace
    }
}

fn distances(dataset: &Dataset, trace: &[usize], from: usize) -> Result<Vec<f64>> {
    let pick = |positions: &[[f32; 3]]| trace.iter().map(|&i| positions[i]).collect::<Vec<_>>();
    let reference = pick(&dataset.positions(from)?);
    (0..dataset.n_frames())
        .map(|i| Ok(molio::rmsd(&pick(&dataset.positions(i)?), &reference)?))
        .collect()
}

/// The held-out frame whose error is the median, and its decoded form superposed on it.
fn median_overlay(
    dataset: &Dataset,
    generator: &Generator,
    held_out: &[usize],
    rmsd: &[f64],
    trace: &[usize],
) -> Result<([Vec<[f32; 3]>; 2], f64)> {
    let mut order: Vec<usize> = (0..rmsd.len()).collect();
    order.sort_by(|&a, &b| rmsd[a].total_cmp(&rmsd[b]));
    let median = order[order.len() / 2];
    let index = held_out[median];
    let input = dataset.positions(index)?;
    let mut decoded = generator
        .decode(&[generator.encode(&input)?])?
        .positions(0)
        .to_vec();
    molio::superpose(&decoded, &input, None)?.apply(&mut decoded);
    let pick = |positions: &[[f32; 3]]| trace.iter().map(|&i| positions[i]).collect::<Vec<_>>();
    Ok(([pick(&input), pick(&decoded)], rmsd[median]))
}

fn pairs(codes: &[Vec<f32>]) -> Vec<[f64; 2]> {
    codes
        .iter()
        .map(|code| [f64::from(code[0]), f64::from(code[1])])
        .collect()
}

/// Writes a trajectory as multi-model PDB; its bytes.
fn pdb(path: &Path, dataset: &Dataset, trajectory: &Trajectory) -> Result<Vec<u8>> {
    let mut writer = molio::create(path, dataset.topology())?;
    for index in 0..trajectory.n_frames() {
        writer.write_frame(&trajectory.frame(index))?;
    }
    writer.finish()?;
    std::fs::read(path).with_context(|| path.display().to_string())
}

fn write_results(
    arguments: &Arguments,
    findings: &Findings,
    summary: &findings::Summary,
) -> Result<()> {
    report::report(findings, summary)?.write(arguments.out.join("report.html"))?;
    let path = arguments.out.join("summary.json");
    let text = serde_json::to_string_pretty(summary)? + "\n";
    std::fs::write(&path, text).with_context(|| path.display().to_string())?;
    if mean(&findings.rmsd) >= mean(&findings.rmsd_pca) {
        tracing::warn!(
            "on this split the autoencoder is no better than a principal component analysis"
        );
    }
    Ok(())
}
