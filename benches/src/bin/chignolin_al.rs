//! Active learning, rule against rule: every rule of selection with several seeds at the same number of
//! frames asked of the oracle, and none of it.
//!
//! `chignolin_al CONFIG.toml FOLDER [SEEDS [ARM,ARM…]]` runs `foldscape learn` (the program beside this one) with
//! the configuration of `examples/chignolin.toml`, once an arm and seed, each in its own folder below FOLDER;
//! what is done stays done, so it can be stopped and started again. Without names all arms run. Arms of one seed
//! share their base model. The configuration's `[refinement]` is for frames that are drawn at random, whose answers
//! are an ensemble: the other rules go without, and `matched` is random without it.
//! Prints a table in Markdown and leaves the numbers in `FOLDER/table.json`.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use serde_json::{Value, json};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What is done in one arm.
#[derive(Clone, Copy)]
struct Arm {
    name: &'static str,
    /// Of selection; none asks nothing.
    rule: Option<&'static str>,
    refined: bool,
}

const fn arm(name: &'static str, rule: Option<&'static str>, refined: bool) -> Arm {
    Arm {
        name,
        rule,
        refined,
    }
}

const ARMS: [Arm; 6] = [
    arm("none", None, true),
    arm("random", Some("random"), true),
    arm("matched", Some("random"), false),
    arm("top-k", Some("top-k"), false),
    arm("k-centre", Some("farthest-first"), false),
    arm("committee", Some("committee"), false),
];

const MEASURES: [&str; 8] = [
    "tica_w1_ucsc",
    "tica_w1",
    "bond_w1",
    "angle_w1",
    "dihedral_w1",
    "end_to_end_w1",
    "rg_w1",
    "rmsd_to_native_w1",
];

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let usage = "chignolin_al CONFIG.toml FOLDER [SEEDS [ARM,ARM…]]";
    let config = PathBuf::from(arguments.next().ok_or(usage)?);
    let folder = PathBuf::from(arguments.next().ok_or(usage)?);
    let n_seeds: i64 = match arguments.next() {
        Some(text) => text.to_string_lossy().parse()?,
        None => 3,
    };
    let wanted = arguments
        .next()
        .map(|text| text.to_string_lossy().into_owned());
    let arms = arms(wanted.as_deref())?;
    std::fs::create_dir_all(&folder)?;
    let folder = folder.canonicalize()?;
    let mut table = Vec::new();
    for seed in 1..=n_seeds {
        for &arm in &arms {
            let name = arm.name;
            eprintln!("arm {name}, seed {seed}");
            let outcome = run(&config, &folder, seed, arm)?;
            table.push(json!({ "arm": name, "seed": seed, "outcome": outcome }));
            let text = serde_json::to_string_pretty(&table)?;
            std::fs::write(folder.join("table.json"), text)?;
        }
    }
    print_table(&table);
    Ok(())
}

/// The arms of these names, after the one whose base models the others share.
fn arms(names: Option<&str>) -> Result<Vec<Arm>> {
    let Some(names) = names else {
        return Ok(ARMS.into());
    };
    let named = |name: &str| {
        let found = ARMS.into_iter().find(|arm| arm.name == name);
        found.ok_or_else(|| {
            format!(
                "no arm {name}; there are {}",
                ARMS.map(|a| a.name).join(", ")
            )
        })
    };
    let others = names.split(',').filter(|&name| name != ARMS[0].name);
    let chosen = std::iter::once(Ok(ARMS[0])).chain(others.map(named));
    Ok(chosen.collect::<std::result::Result<_, _>>()?)
}

/// Runs one arm, or what is left of it, and returns what `foldscape learn --json` prints.
fn run(config: &Path, folder: &Path, seed: i64, arm: Arm) -> Result<Value> {
    let name = arm.name;
    let own = folder.join(format!("{name}-{seed}"));
    let mut settings: toml::Table = std::fs::read_to_string(config)?.parse()?;
    let inner = |settings: &mut toml::Table, section: &str, key: &str, value: toml::Value| {
        let section = settings
            .get_mut(section)
            .and_then(toml::Value::as_table_mut)
            .ok_or_else(|| format!("no [{section}]"))?;
        section.insert(key.to_owned(), value);
        Ok::<(), Box<dyn Error>>(())
    };
    let text = own.to_str().ok_or("the folder's name is not UTF-8")?;
    settings.insert("folder".to_owned(), text.into());
    settings.insert("seed".to_owned(), seed.into());
    if !arm.refined {
        settings.remove("refinement");
    }
    match arm.rule {
        None => inner(&mut settings, "rounds", "rounds", 0.into())?,
        Some(rule) => {
            inner(&mut settings, "selection", "method", rule.into())?;
            // a committee trains networks of its own, so its base model is not the others'
            if rule != "committee" {
                share_base(&folder.join(format!("none-{seed}")), &own)?;
            }
        }
    }
    // beside the original, so that relative paths mean the same
    let file = config.with_file_name(format!(".chignolin_al-{}.toml", std::process::id()));
    std::fs::write(&file, settings.to_string())?;
    let program = std::env::current_exe()?.with_file_name("foldscape");
    let run = Command::new(&program)
        .args(["learn", "--json"])
        .arg(&file)
        .stderr(Stdio::inherit())
        .output();
    std::fs::remove_file(&file)?;
    let run = run.map_err(|error| format!("{}: {error}", program.display()))?;
    if !run.status.success() {
        return Err(format!("arm {name}, seed {seed}: {}", run.status).into());
    }
    Ok(serde_json::from_slice(&run.stdout)?)
}

/// Gives an arm that has not begun the data and the base model of the arm that asks nothing.
fn share_base(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        return Ok(());
    }
    let partial = to.with_extension("partial");
    if partial.exists() {
        std::fs::remove_dir_all(&partial)?;
    }
    for part in ["data", "round-000"] {
        copy(&from.join(part), &partial.join(part))?;
    }
    Ok(std::fs::rename(&partial, to)?)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            std::fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

/// The last accepted value of a measure.
fn last(outcome: &Value, measure: &str) -> Option<f64> {
    let rounds = outcome["rounds"].as_array()?;
    let round = rounds.iter().rev().find(|r| r["accepted"].is_u64())?;
    let attempt = &round["attempts"][round["accepted"].as_u64()? as usize];
    let measures = attempt["measures"].as_array()?;
    let found = measures.iter().find(|m| m["name"] == measure)?;
    found["value"].as_f64()
}

/// Mean and standard error over seeds.
fn over_seeds(values: &[f64]) -> String {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    if values.len() < 2 {
        return format!("{mean:.4}");
    }
    let spread: f64 = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    format!("{mean:.4} ± {:.4}", (spread / n).sqrt())
}

fn print_table(table: &[Value]) {
    println!(
        "| arm | seeds | oracle frames | {} | seconds |",
        MEASURES.join(" | ")
    );
    println!("|{}", "---|".repeat(MEASURES.len() + 4));
    for Arm { name, .. } in ARMS {
        let outcomes: Vec<&Value> = table
            .iter()
            .filter(|row| row["arm"] == name)
            .map(|row| &row["outcome"])
            .collect();
        let mean = |of: &dyn Fn(&Value) -> Option<f64>| {
            let values: Vec<f64> = outcomes.iter().filter_map(|outcome| of(outcome)).collect();
            if values.is_empty() {
                "–".to_owned()
            } else {
                over_seeds(&values)
            }
        };
        let measures = MEASURES.map(|measure| mean(&|outcome| last(outcome, measure)));
        println!(
            "| {name} | {} | {} | {} | {} |",
            outcomes.len(),
            mean(&|outcome| outcome["oracle_frames"].as_f64()),
            measures.join(" | "),
            mean(&|outcome| outcome["seconds"].as_f64()),
        );
    }
}
