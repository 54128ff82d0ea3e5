//! The command line as a user or a script meets it.

mod backmap;
mod cg;
mod cg_labels;
mod cg_simulate;
mod comparisons;
mod demo;
mod files;
mod learn;
mod md;
mod physics;
mod structures;
mod training;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn foldscape(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_foldscape"))
        .args(arguments)
        .output()
        .expect("the binary starts")
}

/// The JSON document that a successful command prints.
fn json(arguments: &[&str]) -> Value {
    let output = foldscape(arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("one JSON document on standard output")
}

/// What a failing command says.
fn failure(arguments: &[&str]) -> String {
    let output = foldscape(arguments);
    assert!(!output.status.success(), "{arguments:?} should fail");
    assert!(output.stdout.is_empty(), "errors belong on standard error");
    String::from_utf8(output.stderr).expect("UTF-8")
}

fn data(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data")
        .join(name);
    path.to_str().expect("UTF-8").to_owned()
}

fn in_folder(folder: &tempfile::TempDir, name: &str) -> String {
    path_text(&folder.path().join(name))
}

fn path_text(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}

/// A file of the folder of real inputs, if there is one.
#[allow(clippy::print_stderr, reason = "says what a run leaves out")]
fn real_input(name: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("FOLDSCAPE_TEST_DATA") else {
        eprintln!("left out without FOLDSCAPE_TEST_DATA: {name}");
        return None;
    };
    Some(path_text(&PathBuf::from(folder).join(name)))
}
