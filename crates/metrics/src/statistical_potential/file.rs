//! Pair tables on disk: IMP's layout, which we write too, and Modeller's.
//!
//! IMP: a line `bin-width n-types offset` (Å), then for each pair of types, in the order of
//! [`PairTable`], both names and the values at offset + (k + ½) · width.
//!
//! Modeller (as its manual describes restraints on atom groups): lines `R form modality feature group
//! n-atoms n-parameters n-features 'A' 'B' parameters…` of which form 10 (spline) on feature 1
//! (distance) are read; parameters are open, low, high, delta, two end derivatives, and the values.

use super::PairTable;
use super::pair_table::pair_index;
use crate::Result;
use crate::error::Error;
use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;

const NM_PER_ANGSTROM: f64 = 0.1;

impl PairTable {
    /// Reads a table in IMP's layout (`dope_score.lib`) or Modeller's (`dist-mf.lib`), told apart by
    /// the first line. End derivatives in Modeller's files are not used: splines are natural.
    ///
    /// # Errors
    /// A file that cannot be read or is in neither layout.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::io(path, source))?;
        let first = text.lines().find(|line| !line.trim().is_empty());
        if first.is_some_and(|line| line.starts_with("R ") || line.starts_with("MOD")) {
            read_modeller(path, &text)
        } else {
            read_imp(path, &text)
        }
    }

    /// Writes the table in IMP's layout, with all digits.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let step = self.step / NM_PER_ANGSTROM;
        let offset = self.first / NM_PER_ANGSTROM - 0.5 * step;
        let types = self.types();
        let mut text = format!("{step} {} {offset}\n", types.len());
        for a in 0..types.len() {
            for b in a..types.len() {
                // writing to a string cannot fail
                let _ = write!(text, "{} {}", types[a], types[b]);
                for value in self.curve(a, b) {
                    let _ = write!(text, " {value}");
                }
                text.push('\n');
            }
        }
        std::fs::write(path, text).map_err(|source| Error::io(path, source))
    }
}

fn read_imp(path: &Path, text: &str) -> Result<PairTable> {
    let mut lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let (_, header) = lines
        .next()
        .ok_or_else(|| Error::malformed(path, 0, "a pair table", "an empty file"))?;
    let numbers: Option<Vec<f64>> = header.split_whitespace().map(|f| f.parse().ok()).collect();
    let Some([width, n_types, offset]) = numbers.as_deref() else {
        let expected = "bin width, number of types, offset";
        return Err(Error::malformed(path, 1, expected, header));
    };
    let mut names = Names::default();
    let mut rows = Vec::new();
    for (number, line) in lines {
        let mut fields = line.split_whitespace();
        let pair = (fields.next(), fields.next());
        let values: Option<Vec<f32>> = fields.map(|f| f.parse().ok()).collect();
        let (Some(a), Some(b), Some(values)) = (pair.0, pair.1, values) else {
            let found = line.chars().take(60).collect::<String>();
            return Err(Error::malformed(
                path,
                number + 1,
                "two types and numbers",
                found,
            ));
        };
        rows.push(Row {
            line: number + 1,
            pair: [names.index(a), names.index(b)],
            values,
        });
    }
    if names.list.len() as f64 != *n_types {
        let expected = format!("{n_types} types");
        return Err(Error::malformed(
            path,
            1,
            expected,
            names.list.len().to_string(),
        ));
    }
    let first = (offset + 0.5 * width) * NM_PER_ANGSTROM;
    assemble(path, names, &rows, first, width * NM_PER_ANGSTROM)
}

fn read_modeller(path: &Path, text: &str) -> Result<PairTable> {
    let mut names = Names::default();
    let mut rows = Vec::new();
    let mut scale: Option<[f64; 2]> = None;
    for (number, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.starts_with("R "))
    {
        let (pair, numbers) = modeller_line(line).ok_or_else(|| {
            let expected = "a spline on the distance of two atom groups";
            Error::malformed(
                path,
                number + 1,
                expected,
                line.chars().take(60).collect::<String>(),
            )
        })?;
        let [_, low, _, delta, _, _, values @ ..] = &numbers[..] else {
            let expected = "six parameters and the values of a spline";
            return Err(Error::malformed(
                path,
                number + 1,
                expected,
                numbers.len().to_string(),
            ));
        };
        if *scale.get_or_insert([*low, *delta]) != [*low, *delta] {
            let expected = "the same nodes in every spline";
            return Err(Error::malformed(
                path,
                number + 1,
                expected,
                format!("{low} + k {delta}"),
            ));
        }
        rows.push(Row {
            line: number + 1,
            pair: pair.map(|name| names.index(&name.replace(':', "_"))),
            values: values.iter().map(|v| *v as f32).collect(),
        });
    }
    let [low, delta] =
        scale.ok_or_else(|| Error::malformed(path, 0, "lines that start with R", "none"))?;
    assemble(
        path,
        names,
        &rows,
        low * NM_PER_ANGSTROM,
        delta * NM_PER_ANGSTROM,
    )
}

/// The groups, without quotes, and the parameters.
fn modeller_line(line: &str) -> Option<([&str; 2], Vec<f64>)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let header: Vec<usize> = fields
        .get(1..8)?
        .iter()
        .map(|f| f.parse().ok())
        .collect::<Option<_>>()?;
    let [form, _, feature, _, n_atoms, n_parameters, _] = header[..] else {
        return None;
    };
    if (form, feature, n_atoms) != (10, 1, 2) {
        return None;
    }
    let pair = [*fields.get(8)?, *fields.get(9)?].map(|name| name.trim_matches('\''));
    let numbers: Vec<f64> = fields[10..]
        .iter()
        .map(|f| f.parse().ok())
        .collect::<Option<_>>()?;
    (numbers.len() == n_parameters).then_some((pair, numbers))
}

struct Row {
    line: usize,
    pair: [usize; 2],
    values: Vec<f32>,
}

#[derive(Default)]
struct Names {
    list: Vec<String>,
    index: HashMap<String, usize>,
}

impl Names {
    fn index(&mut self, name: &str) -> usize {
        if let Some(&index) = self.index.get(name) {
            return index;
        }
        self.list.push(name.to_owned());
        self.index.insert(name.to_owned(), self.list.len() - 1);
        self.list.len() - 1
    }
}

fn assemble(path: &Path, names: Names, rows: &[Row], first: f64, step: f64) -> Result<PairTable> {
    let n_types = names.list.len();
    let n_pairs = n_types * (n_types + 1) / 2;
    if rows.len() != n_pairs {
        let expected = format!("{n_pairs} pairs of {n_types} types");
        return Err(Error::malformed(path, 0, expected, rows.len().to_string()));
    }
    let n_nodes = rows.first().map_or(0, |row| row.values.len());
    let mut values = vec![0.0; n_pairs * n_nodes];
    let mut seen = vec![false; n_pairs];
    for row in rows {
        let pair = pair_index(n_types, row.pair[0], row.pair[1]);
        if row.values.len() != n_nodes || std::mem::replace(&mut seen[pair], true) {
            let expected = format!("{n_nodes} values, for a pair that has none yet");
            let found = format!("{} values", row.values.len());
            return Err(Error::malformed(path, row.line, expected, found));
        }
        values[pair * n_nodes..(pair + 1) * n_nodes].copy_from_slice(&row.values);
    }
    PairTable::new(names.list, first, step, values)
        .map_err(|error| Error::malformed(path, 0, "a pair table", error.to_string()))
}
