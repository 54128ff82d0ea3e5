//! Standard output: one JSON document, or a table for people.

use anyhow::Result;
use serde::Serialize;
use std::io::Write;

/// Prints one JSON document.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
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
