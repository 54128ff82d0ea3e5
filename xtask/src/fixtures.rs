//! Golden data, made by the programs that we compare ourselves with.

#[cfg(test)]
mod coverage;

use anyhow::{Context, Result, bail, ensure};
use std::path::Path;
use std::process::Command;

/// A script under `xtask/python`, the packages it needs, and where its results go.
struct Topic {
    name: &'static str,
    about: &'static str,
    script: &'static str,
    /// Pinned packages: `xtask/python/requirements-<name>.txt`.
    requirements: &'static str,
    /// Further arguments; `$DATA` is the folder of `FOLDSCAPE_TEST_DATA`.
    arguments: &'static [&'static str],
}

const TOPICS: &[Topic] = &[
    Topic {
        name: "demo",
        about: "the CLN025 trajectory that the program carries: the same recipe, other frames each time (half an hour on two cores)",
        script: "demo_trajectory.py",
        requirements: "md",
        arguments: &["$DATA/chignolin/5awl.pdb", "crates/foldscape/data"],
    },
    Topic {
        name: "forcefield",
        about: "peptides with every residue form: OpenMM's parameters, energies and forces, at the positions that are committed",
        script: "forcefield_golden.py",
        requirements: "md",
        arguments: &["crates/forcefield-gpu/tests/data/system", "$DATA"],
    },
    Topic {
        name: "energy",
        about: "every term and solvent model on random molecules, by OpenMM's Reference platform",
        script: "energy_terms.py",
        requirements: "md",
        arguments: &["crates/forcefield-gpu/tests/data/energy"],
    },
    Topic {
        name: "structures",
        about: "bonds of residue templates, superpositions and selections, by OpenMM, mdtraj and MDAnalysis",
        script: "molio_structures.py",
        requirements: "md",
        arguments: &["crates/molio/tests/data/structures", "--data", "$DATA"],
    },
    Topic {
        name: "autoencoder",
        about: "operations and their gradients, by PyTorch",
        script: "autoencoder_ops.py",
        requirements: "torch",
        arguments: &["crates/autoencoder/tests/data"],
    },
    Topic {
        name: "cg-import",
        about: "networks of torchmd-net and mlcg, converted, with their energies and forces, by PyTorch",
        script: "cg_import_golden.py",
        requirements: "torch",
        arguments: &["crates/cg-potential/tests/data/import"],
    },
    Topic {
        name: "cg-network",
        about: "CGSchNet energies, forces and force-loss gradients, by PyTorch",
        script: "cg_network.py",
        requirements: "torch",
        arguments: &["crates/cg-potential/tests/data/network"],
    },
    Topic {
        name: "cg-labels",
        about: "priors, force maps and fits of coarse-grained models, by OpenMM, NumPy and SciPy",
        script: "cg_labels.py",
        requirements: "md",
        arguments: &["crates/cg-potential/tests/data/labels"],
    },
    Topic {
        name: "distribution",
        about: "TICA, transport, densities and Markov models, by deeptime, POT and scipy",
        script: "distribution_golden.py",
        requirements: "md",
        arguments: &["crates/metrics/tests/data/distribution"],
    },
    Topic {
        name: "formats",
        about: "trajectories written by MDAnalysis and mdtraj",
        script: "io_golden.py",
        requirements: "md",
        arguments: &["crates/molio/tests/data/io_golden"],
    },
    Topic {
        name: "formats-real",
        about: "what MDAnalysis sees in real trajectories",
        script: "io_golden.py",
        requirements: "md",
        arguments: &[
            "--real",
            "$DATA",
            "crates/molio/tests/data/io_real/values.json",
        ],
    },
    Topic {
        name: "formats-check",
        about: "makes nothing: reads what molio wrote, fuzz/seeds, with MDAnalysis, mdtraj and NumPy",
        script: "io_golden.py",
        requirements: "md",
        arguments: &["--check", "fuzz/seeds"],
    },
    Topic {
        name: "langevin",
        about: "paths of OpenMM's Langevin-middle integrator without friction",
        script: "langevin_middle.py",
        requirements: "md",
        arguments: &["crates/dynamics/tests/data"],
    },
    Topic {
        name: "dihedrals",
        about: "torsions of alanine dipeptide in GBn2, sampled by OpenMM",
        script: "dihedral_distribution.py",
        requirements: "md",
        arguments: &["crates/forcefield-gpu/tests/data/distribution"],
    },
    Topic {
        name: "prmtop",
        about: "AMBER prmtops by ParmEd, and their energies and forces by OpenMM",
        script: "prmtop_golden.py",
        requirements: "md",
        arguments: &["crates/forcefield-gpu/tests/data/prmtop"],
    },
    Topic {
        name: "prepare",
        about: "the atoms of prepared structures, by PDBFixer and OpenMM",
        script: "prepare_golden.py",
        requirements: "md",
        arguments: &["crates/molio/tests/data/prepare", "$DATA"],
    },
    Topic {
        name: "structure",
        about: "structure metrics of peptides and of real structures, by mdtraj",
        script: "structure_metrics.py",
        requirements: "md",
        arguments: &["crates/metrics/tests/data/structure", "$DATA"],
    },
];

impl Topic {
    /// Folders or files that the script writes, relative to the root.
    fn made(&self) -> impl Iterator<Item = &'static str> {
        let arguments = self.arguments.iter().copied();
        arguments.filter(|argument| argument.starts_with("crates/"))
    }
}

/// Regenerates the named topics, each in the environment of its requirements, and says what is
/// another than what is committed.
pub(crate) fn run(root: &Path, names: &[&str]) -> Result<()> {
    if names.is_empty() {
        for topic in TOPICS {
            println!("{:24} {}", topic.name, topic.about);
        }
        return Ok(());
    }
    for name in names {
        let topic = TOPICS
            .iter()
            .find(|topic| topic.name == *name)
            .with_context(|| format!("no topic {name}; `cargo xtask fixtures` lists them"))?;
        regenerate(root, topic)?;
        report_changes(root, topic)?;
    }
    Ok(())
}

fn regenerate(root: &Path, topic: &Topic) -> Result<()> {
    let python = environment(root, topic.requirements)?;
    let data = std::env::var("FOLDSCAPE_TEST_DATA");
    let mut command = Command::new(python);
    command
        .current_dir(root)
        .arg(Path::new("xtask/python").join(topic.script));
    for argument in topic.arguments {
        if argument.contains("$DATA") {
            let Ok(data) = &data else {
                bail!(
                    "{}: set FOLDSCAPE_TEST_DATA to the folder of real inputs",
                    topic.name
                );
            };
            command.arg(argument.replace("$DATA", data));
        } else {
            command.arg(argument);
        }
    }
    run_checked(&mut command, topic.script)
}

fn report_changes(root: &Path, topic: &Topic) -> Result<()> {
    for made in topic.made() {
        let output = Command::new("git")
            .args(["status", "--short", "--untracked-files=all", "--", made])
            .current_dir(root)
            .output()
            .context("starting git")?;
        let changes = String::from_utf8_lossy(&output.stdout);
        if changes.is_empty() {
            println!("{}: {made} is as committed, byte for byte", topic.name);
        } else {
            println!("{}: changed\n{}", topic.name, changes.trim_end());
        }
    }
    Ok(())
}

/// The Python of a virtual environment under `target/` that holds exactly the pinned packages.
pub(crate) fn environment(root: &Path, requirements: &str) -> Result<std::path::PathBuf> {
    let list = root.join(format!("xtask/python/requirements-{requirements}.txt"));
    let wanted = std::fs::read_to_string(&list).with_context(|| list.display().to_string())?;
    let folder = root.join("target/fixtures").join(requirements);
    let python = folder.join("bin/python");
    let stamp = folder.join("installed.txt");
    if std::fs::read_to_string(&stamp).ok().as_deref() != Some(&wanted) {
        run_checked(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&folder),
            "python3 -m venv",
        )?;
        run_checked(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--requirement"])
                .arg(&list),
            "pip install",
        )?;
        std::fs::write(&stamp, wanted).with_context(|| stamp.display().to_string())?;
    }
    Ok(python)
}

fn run_checked(command: &mut Command, what: &str) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("starting {what}"))?;
    ensure!(status.success(), "{what} failed");
    Ok(())
}
