//! The `%FLAG` sections of a prmtop: fixed-width fields under a name.

use crate::xml::read_text;
use crate::{Error, Result};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// One section as text.
struct Section {
    /// Line of its flag.
    line: usize,
    width: usize,
    lines: Vec<String>,
}

/// All sections of a file.
pub(super) struct Sections {
    path: PathBuf,
    sections: HashMap<String, Section>,
}

impl Sections {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = read_text(path)?;
        let mut sections: HashMap<String, Section> = HashMap::new();
        let mut current: Option<String> = None;
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            if let Some(flag) = line.strip_prefix("%FLAG") {
                let name = flag.trim().to_owned();
                let section = Section {
                    line: number,
                    width: 0,
                    lines: Vec::new(),
                };
                if sections.insert(name.clone(), section).is_some() {
                    return Err(Error::malformed(path, number, "each flag once", name));
                }
                current = Some(name);
            } else if let Some(section) = current.as_ref().and_then(|name| sections.get_mut(name)) {
                if line.starts_with("%FORMAT") {
                    section.width = field_width(line).ok_or_else(|| {
                        Error::malformed(path, number, "%FORMAT(count, letter, width)", line)
                    })?;
                } else if !line.starts_with('%') {
                    if section.width == 0 {
                        return Err(Error::malformed(
                            path,
                            number,
                            "a %FORMAT before values",
                            line,
                        ));
                    }
                    section.lines.push(line.to_owned());
                }
            }
        }
        if sections.is_empty() {
            return Err(Error::malformed(path, 0, "%FLAG sections", "none"));
        }
        Ok(Self {
            path: path.to_owned(),
            sections,
        })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.sections.contains_key(name)
    }

    /// Line of a section's flag, 0 if there is none.
    pub(super) fn line(&self, name: &str) -> usize {
        self.sections.get(name).map_or(0, |section| section.line)
    }

    #[expect(clippy::needless_pass_by_value, reason = "called with temporaries")]
    pub(super) fn malformed(&self, name: &str, expected: String, found: String) -> Error {
        Error::malformed(
            &self.path,
            self.line(name),
            format!("{expected} in {name}"),
            found,
        )
    }

    pub(super) fn unsupported(&self, name: &str, force: &str, detail: String) -> Error {
        Error::UnsupportedForce {
            path: self.path.clone(),
            line: self.line(name),
            force: force.to_owned(),
            detail,
        }
    }

    /// The numbers of a section; one that is not there has none.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<f64>> {
        let parse = |field: &str| {
            // Fortran may write exponents with D
            let number: f64 = field.replace(['D', 'd'], "E").parse().ok()?;
            number.is_finite().then_some(number)
        };
        self.parsed(name, "numbers", parse)
    }

    /// The numbers of a section, of which there must be `count`.
    pub(super) fn counted(&self, name: &str, count: usize) -> Result<Vec<f64>> {
        let numbers = self.numbers(name)?;
        if numbers.len() != count {
            return Err(self.malformed(
                name,
                format!("{count} numbers"),
                numbers.len().to_string(),
            ));
        }
        Ok(numbers)
    }

    pub(super) fn integers(&self, name: &str) -> Result<Vec<i64>> {
        self.parsed(name, "integers", |field| field.parse().ok())
    }

    fn parsed<T>(
        &self,
        name: &str,
        what: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>> {
        let Some(section) = self.sections.get(name) else {
            return Ok(Vec::new());
        };
        let mut values = Vec::new();
        for line in &section.lines {
            let line = line.trim_end();
            if !line.is_ascii() {
                return Err(self.malformed(name, what.to_owned(), line.to_owned()));
            }
            for start in (0..line.len()).step_by(section.width) {
                let field = line[start..line.len().min(start + section.width)].trim();
                let value = parse(field)
                    .ok_or_else(|| self.malformed(name, what.to_owned(), field.to_owned()))?;
                values.push(value);
            }
        }
        Ok(values)
    }
}

/// The width in `%FORMAT(10I8)`, `%FORMAT(5E16.8)`, `%FORMAT(20a4)`.
fn field_width(line: &str) -> Option<usize> {
    let inside = line.split('(').nth(1)?;
    let after_count = inside.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = after_count.get(1..)?;
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    let width = digits.get(..end)?.parse().ok()?;
    (1..=80).contains(&width).then_some(width)
}
