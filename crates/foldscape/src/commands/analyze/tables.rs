//! An analysis as CSV (one row a frame) and as NPZ (one array a quantity).

use super::measures::{Analysis, RamachandranFrame, Rows};
use anyhow::{Context, Result, ensure};
use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;

/// Writes by the extension of the file's name.
pub(super) fn write(analysis: &Analysis, path: &Path) -> Result<()> {
    check_name(path)?;
    if is(path, "csv") {
        write_csv(analysis, path)
    } else {
        write_npz(analysis, path)
    }
}

/// Refuses a name whose extension is that of no table.
pub(super) fn check_name(path: &Path) -> Result<()> {
    ensure!(
        is(path, "csv") || is(path, "npz"),
        "{}: expected a name that ends in .csv or .npz",
        path.display()
    );
    Ok(())
}

fn is(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

impl Analysis {
    /// All numbers as arrays: name, shape, values. Secondary structure, which is letters, stays out.
    pub(super) fn arrays(&self) -> Vec<(String, Vec<usize>, Vec<f64>)> {
        let line = |name: &str, values: Vec<f64>| (name.to_owned(), vec![values.len()], values);
        let counts = |name: &str, values: &[Option<u32>]| {
            line(
                name,
                values
                    .iter()
                    .map(|n| n.map_or(f64::NAN, f64::from))
                    .collect(),
            )
        };
        let rows = |name: &str, rows: &Rows| {
            let values = rows.values.iter().map(|&x| f64::from(x)).collect();
            let rest = if rows.flat { None } else { Some(rows.width) };
            let shape = [self.frames].into_iter().chain(rest).collect();
            (name.to_owned(), shape, values)
        };
        let class = |name: &str, of: fn(&RamachandranFrame) -> usize| {
            let frames = self.ramachandran.iter();
            let values = frames.map(|frame| frame.as_ref().map_or(f64::NAN, |f| of(f) as f64));
            line(name, values.collect())
        };
        let mut arrays = vec![
            line("rmsd", self.rmsd.clone()),
            line("rg", self.rg.clone()),
            line("rmsf", self.rmsf.clone()),
            rows("end_to_end", &self.end_to_end),
            rows("phi", &self.phi),
            rows("psi", &self.psi),
            rows("omega", &self.omega),
            rows("chi1", &self.chi1),
            class("ramachandran_favored", |frame| frame.favored),
            class("ramachandran_allowed", |frame| frame.allowed),
            class("ramachandran_outlier", |frame| frame.outlier),
            counts("chirality_errors", &self.chirality_errors),
            line("dope", self.dope.clone()),
            line("native_contacts", self.native_contacts.clone()),
            line("sasa", self.sasa.clone()),
            counts("hydrogen_bonds", &self.hydrogen_bonds),
            counts("clashes", &self.clashes),
            counts("strained_bonds", &self.strained_bonds),
        ];
        for (name, values) in &self.columns {
            arrays.push(rows(name, values));
        }
        arrays
    }
}

/// One column of the table for each number a frame has; NaN where undefined.
fn columns(analysis: &Analysis) -> Vec<(String, Vec<f64>)> {
    let mut columns = Vec::new();
    for (name, shape, values) in analysis.arrays() {
        if name == "rmsf" {
            continue;
        }
        let width = shape.get(1).copied().unwrap_or(1);
        for index in 0..width {
            let label = if shape.len() == 1 {
                name.clone()
            } else {
                format!("{name}_{}", index + 1)
            };
            let of = values.iter().skip(index).step_by(width).copied();
            columns.push((label, of.collect()));
        }
    }
    columns
}

fn write_csv(analysis: &Analysis, path: &Path) -> Result<()> {
    let columns = columns(analysis);
    let mut text = String::from("frame");
    for (name, _) in &columns {
        let quoted = if name.contains([',', '"', '\n']) {
            format!("\"{}\"", name.replace('"', "\"\""))
        } else {
            name.clone()
        };
        let _ = write!(text, ",{quoted}");
    }
    text.push('\n');
    for frame in 0..analysis.frames {
        let _ = write!(text, "{frame}");
        for (_, values) in &columns {
            // An undefined value is an empty field.
            if values[frame].is_finite() {
                let _ = write!(text, ",{}", values[frame]);
            } else {
                text.push(',');
            }
        }
        text.push('\n');
    }
    std::fs::write(path, text).with_context(|| path.display().to_string())
}

fn write_npz(analysis: &Analysis, path: &Path) -> Result<()> {
    let name = || path.display().to_string();
    let file = std::fs::File::create(path).with_context(name)?;
    let mut archive = zip::ZipWriter::new(std::io::BufWriter::new(file));
    for (array, shape, values) in analysis.arrays() {
        archive
            .start_file(
                format!("{array}.npy"),
                zip::write::SimpleFileOptions::default(),
            )
            .with_context(name)?;
        archive.write_all(&npy_header(&shape)).with_context(name)?;
        for value in values {
            archive.write_all(&value.to_le_bytes()).with_context(name)?;
        }
    }
    archive
        .finish()
        .with_context(name)?
        .flush()
        .with_context(name)
}

/// The header of a `.npy` file, version 1.0, of little-endian f64.
fn npy_header(shape: &[usize]) -> Vec<u8> {
    let sizes: String = shape.iter().map(|n| format!("{n},")).collect();
    let mut text = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({sizes}), }}");
    // Magic, version and length are ten bytes; the whole is a multiple of 64 and ends a line.
    let padded = (10 + text.len() + 1).next_multiple_of(64) - 10;
    while text.len() < padded - 1 {
        text.push(' ');
    }
    text.push('\n');
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend((text.len() as u16).to_le_bytes());
    header.extend(text.bytes());
    header
}
