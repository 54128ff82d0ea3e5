//! What commands write: files that the user names, and standard output (one JSON document, or a table for people).

use anyhow::{Context, Result};
use clap::builder::{PathBufValueParser, TypedValueParser};
use molio::Topology;
use npyz::WriterBuilder;
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The name of a file to be written, refused before any work is done if there is no folder for it.
pub(crate) fn file() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match hindrance(&path) {
        Some(hindrance) => Err(hindrance),
        None => Ok(path),
    })
}

fn hindrance(path: &Path) -> Option<String> {
    if path.is_dir() {
        return Some("this is a folder".to_owned());
    }
    let folder = path.parent()?;
    (folder != Path::new("") && !folder.is_dir())
        .then(|| format!("there is no folder {}", folder.display()))
}

/// Writes a `.npy` file.
pub(crate) fn array<T: npyz::AutoSerialize>(
    path: &Path,
    shape: &[u64],
    values: impl IntoIterator<Item = T>,
) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let mut writer = npyz::WriteOptions::new()
            .default_dtype()
            .shape(shape)
            .writer(std::io::BufWriter::new(std::fs::File::create(path)?))
            .begin_nd()?;
        writer.extend(values)?;
        writer.finish()
    };
    write().with_context(|| path.display().to_string())
}

/// Prints one JSON document.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    // Standard output alone would write each of millions of lines by itself.
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

/// Prints rows of label and value, the values aligned.
pub(crate) fn table(rows: &[(&str, String)]) -> Result<()> {
    let width = rows
        .iter()
        .map(|(label, _)| label.chars().count())
        .max()
        .unwrap_or(0);
    let mut out = std::io::stdout().lock();
    for (label, value) in rows {
        writeln!(out, "{label:width$}  {value}")?;
    }
    Ok(())
}

/// Whether the reader of our output went away (`foldscape … | head`), which is no failure.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let kind = error.chain().find_map(|cause| {
        let io = cause
            .downcast_ref::<std::io::Error>()
            .map(std::io::Error::kind);
        io.or_else(|| {
            cause
                .downcast_ref::<serde_json::Error>()
                .and_then(serde_json::Error::io_error_kind)
        })
    });
    kind == Some(std::io::ErrorKind::BrokenPipe)
}

/// An error and its causes in one line; a cause that the words before it end with is not said again.
pub(crate) fn in_words(error: &anyhow::Error) -> String {
    let mut words = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if words.is_empty() {
            words = cause;
        } else if !words.ends_with(&cause) {
            words = format!("{words}: {cause}");
        }
    }
    words
}

/// An atom as messages name it: `CB of TYR 1`.
pub(crate) fn atom(topology: &Topology, atom: usize) -> String {
    let residue = topology.residue_of(atom);
    let atom = &topology.atoms()[atom].name;
    format!("{atom} of {} {}", residue.name, residue.number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn files_need_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let below = |name: &str| hindrance(&folder.path().join(name));
        assert_eq!(hindrance(Path::new("a.pdb")), None);
        assert_eq!(below("a.pdb"), None);
        assert!(below("no/such/a.pdb").unwrap().ends_with("no/such"));
        assert!(hindrance(folder.path()).is_some());
    }

    #[test]
    fn causes_are_said_once() {
        let missing = molio::read_topology("no/such.pdb").context("the demo");
        let words = in_words(&missing.err().unwrap());
        assert_eq!(words.matches("os error 2").count(), 1, "{words}");
        assert!(words.starts_with("the demo: no/such.pdb"), "{words}");
        let error = anyhow::anyhow!("b").context("a");
        assert_eq!(in_words(&error), "a: b");
    }
}
