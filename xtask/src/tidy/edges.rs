//! Which crate may depend on which.

use super::Finding;
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::path::Path;

/// A crate, the workspace crates it may depend on, and whether candle is allowed to it.
struct Rule {
    name: &'static str,
    may_use: &'static [&'static str],
    candle: Candle,
}

#[derive(PartialEq)]
enum Candle {
    Absent,
    Optional,
    Required,
}

/// The dependency graph of `ARCHITECTURE.md`. A new edge changes both.
const RULES: &[Rule] = &[
    Rule {
        name: "molio",
        may_use: &[],
        candle: Candle::Absent,
    },
    Rule {
        name: "dynamics",
        may_use: &["molio"],
        candle: Candle::Absent,
    },
    Rule {
        name: "metrics",
        may_use: &["molio"],
        candle: Candle::Absent,
    },
    Rule {
        name: "active-learning",
        may_use: &["molio", "dynamics"],
        candle: Candle::Absent,
    },
    Rule {
        name: "forcefield-gpu",
        may_use: &["molio", "dynamics"],
        candle: Candle::Optional,
    },
    Rule {
        name: "cg-potential",
        may_use: &["molio", "dynamics"],
        candle: Candle::Required,
    },
    Rule {
        name: "autoencoder",
        may_use: &["molio"],
        candle: Candle::Required,
    },
];

pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let names: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    for rule in RULES {
        let path = format!("crates/{}/Cargo.toml", rule.name);
        let text = std::fs::read_to_string(root.join(&path)).with_context(|| path.clone())?;
        let manifest: toml::Table = toml::from_str(&text).with_context(|| path.clone())?;
        let Some(dependencies) = manifest.get("dependencies").and_then(toml::Value::as_table)
        else {
            continue;
        };
        for (dependency, value) in dependencies {
            if names.contains(dependency.as_str()) && !rule.may_use.contains(&dependency.as_str()) {
                findings.push(format!(
                    "{path}: {} must not depend on {dependency}",
                    rule.name
                ));
            }
            let optional = value.get("optional").and_then(toml::Value::as_bool) == Some(true);
            let refused = match rule.candle {
                Candle::Absent => true,
                Candle::Optional => !optional,
                Candle::Required => false,
            };
            if dependency.starts_with("candle") && refused {
                findings.push(format!(
                    "{path}: {dependency} must be {}",
                    if rule.candle == Candle::Absent {
                        "absent"
                    } else {
                        "optional"
                    }
                ));
            }
        }
    }
    Ok(findings)
}
