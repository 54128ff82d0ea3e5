//! An analysis as CSV (one row a frame) and as NPZ (one array a quantity).

use super::measures::{Analysis, RamachandranFrame, Rows};
use anyhow::{Context, Result, ensure};
use std::fmt::Write as _;
use std::io::{BufWriter, Write};
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

/// One quantity: its name, its shape, and its values by their place in that shape, NaN where undefined.
/// They are not copied: a long run has hundreds of millions.
struct Array<'a> {
    name: String,
    shape: Vec<usize>,
    value: Box<dyn Fn(usize) -> f64 + 'a>,
    /// Whether the values were measured as f32, which need fewer digits.
    single: bool,
}

impl<'a> Array<'a> {
    fn new(name: &str, n: usize, value: impl Fn(usize) -> f64 + 'a) -> Self {
        Self {
            name: name.to_owned(),
            shape: vec![n],
            value: Box::new(value),
            single: false,
        }
    }

    fn line(name: &str, values: &'a [f64]) -> Self {
        Self::new(name, values.len(), |i| values[i])
    }

    fn counts(name: &str, values: &'a [Option<u32>]) -> Self {
        let value = |i: usize| values[i].map_or(f64::NAN, f64::from);
        Self::new(name, values.len(), value)
    }

    fn rows(name: &str, n_frames: usize, rows: &'a Rows) -> Self {
        let mut array = Self::new(name, n_frames, |i| f64::from(rows.values[i]));
        array.shape.extend((!rows.flat).then_some(rows.width));
        array.single = true;
        array
    }

    /// Residues of a Ramachandran class.
    fn class(
        name: &str,
        frames: &'a [Option<RamachandranFrame>],
        of: fn(&RamachandranFrame) -> usize,
    ) -> Self {
        let value = move |i: usize| frames[i].as_ref().map_or(f64::NAN, |f| of(f) as f64);
        Self::new(name, frames.len(), value)
    }

    fn n_values(&self) -> usize {
        self.shape.iter().product()
    }
}

impl Analysis {
    /// All numbers as arrays. Secondary structure, which is letters, stays out.
    fn arrays(&self) -> Vec<Array<'_>> {
        let rows = |name, rows| Array::rows(name, self.frames, rows);
        let class = |name, of| Array::class(name, &self.ramachandran, of);
        let mut arrays = vec![
            Array::line("rmsd", &self.rmsd),
            Array::line("rg", &self.rg),
            Array::line("rmsf", &self.rmsf),
            rows("end_to_end", &self.end_to_end),
            rows("phi", &self.phi),
            rows("psi", &self.psi),
            rows("omega", &self.omega),
            rows("chi1", &self.chi1),
            class("ramachandran_favored", |frame| frame.favored),
            class("ramachandran_allowed", |frame| frame.allowed),
            class("ramachandran_outlier", |frame| frame.outlier),
            Array::counts("chirality_errors", &self.chirality_errors),
            Array::line("dope", &self.dope),
            Array::line("native_contacts", &self.native_contacts),
            Array::line("sasa", &self.sasa),
            Array::counts("hydrogen_bonds", &self.hydrogen_bonds),
            Array::counts("clashes", &self.clashes),
            Array::counts("strained_bonds", &self.strained_bonds),
        ];
        for (name, values) in &self.columns {
            arrays.push(rows(name, values));
        }
        arrays
    }
}

/// One column of the table for each number a frame has; an undefined value is an empty field.
fn write_csv(analysis: &Analysis, path: &Path) -> Result<()> {
    let name = || path.display().to_string();
    let mut file = BufWriter::new(std::fs::File::create(path).with_context(name)?);
    let mut arrays = analysis.arrays();
    arrays.retain(|array| array.name != "rmsf");
    let mut line = String::from("frame");
    for array in &arrays {
        match array.shape.get(1) {
            None => push_name(&mut line, &array.name),
            Some(&width) => {
                (1..=width).for_each(|i| push_name(&mut line, &format!("{}_{i}", array.name)));
            }
        }
    }
    for frame in 0..analysis.frames {
        writeln!(file, "{line}").with_context(name)?;
        line.clear();
        let _ = write!(line, "{frame}");
        for array in &arrays {
            let width = array.shape.get(1).copied().unwrap_or(1);
            for index in frame * width..(frame + 1) * width {
                let value = (array.value)(index);
                let _ = match (value.is_finite(), array.single) {
                    (false, _) => write!(line, ","),
                    (true, false) => write!(line, ",{value}"),
                    (true, true) => write!(line, ",{}", value as f32),
                };
            }
        }
    }
    writeln!(file, "{line}").with_context(name)?;
    file.flush().with_context(name)
}

/// The name of a column, in quotes where it must be.
fn push_name(line: &mut String, name: &str) {
    line.push(',');
    if name.contains([',', '"', '\n', '\r']) {
        let _ = write!(line, "\"{}\"", name.replace('"', "\"\""));
    } else {
        line.push_str(name);
    }
}

fn write_npz(analysis: &Analysis, path: &Path) -> Result<()> {
    let name = || path.display().to_string();
    let file = std::fs::File::create(path).with_context(name)?;
    let mut archive = zip::ZipWriter::new(BufWriter::new(file));
    for array in analysis.arrays() {
        // Beyond 4 GiB an entry needs wider sizes, which old readers do not know.
        let large = array.n_values() > (u32::MAX / 16) as usize;
        let options = zip::write::SimpleFileOptions::default().large_file(large);
        archive
            .start_file(format!("{}.npy", array.name), options)
            .with_context(name)?;
        archive
            .write_all(&npy_header(&array.shape))
            .with_context(name)?;
        for index in 0..array.n_values() {
            let value = (array.value)(index);
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
