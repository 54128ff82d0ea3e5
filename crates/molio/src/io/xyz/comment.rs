//! Keys of an extended XYZ comment.

use crate::io::numbers::parse_float;
use crate::{Cell, Result};

/// Which columns hold the symbol and the first coordinate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) species: usize,
    pub(super) position: usize,
}

impl Columns {
    const PLAIN: Self = Self {
        species: 0,
        position: 1,
    };
}

/// Cell and columns of a comment line; plain XYZ's where it says nothing.
pub(super) fn parse(comment: &str) -> Result<(Option<Cell>, Columns), &'static str> {
    let cell = match value(comment, "Lattice=") {
        Some(lattice) => Some(cell(lattice).ok_or("a lattice of nine numbers")?),
        None => None,
    };
    let columns = match value(comment, "Properties=") {
        Some(properties) => columns(properties).ok_or("properties with species and pos")?,
        None => Columns::PLAIN,
    };
    Ok((cell, columns))
}

fn value<'a>(comment: &'a str, key: &str) -> Option<&'a str> {
    let rest = &comment[comment.find(key)? + key.len()..];
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split_whitespace().next(),
    }
}

fn cell(lattice: &str) -> Option<Cell> {
    let numbers: Option<Vec<f64>> = lattice
        .split_whitespace()
        .map(|word| parse_float(word.as_bytes()))
        .collect();
    let n: [f64; 9] = numbers?.try_into().ok()?;
    let vectors = [[n[0], n[1], n[2]], [n[3], n[4], n[5]], [n[6], n[7], n[8]]];
    crate::io::xtc::cell(vectors.map(|vector| vector.map(|x| x / 10.0)))
}

fn columns(properties: &str) -> Option<Columns> {
    let mut next = 0_usize;
    let (mut species, mut position) = (None, None);
    let mut words = properties.split(':');
    while let Some(name) = words.next() {
        let (_kind, count) = (words.next()?, words.next()?.parse::<u16>().ok()?);
        match name {
            "species" => species = Some(next),
            "pos" if count == 3 => position = Some(next),
            _ => {}
        }
        next += usize::from(count);
    }
    Some(Columns {
        species: species?,
        position: position?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_keys() {
        let comment = r#"Lattice="20 0 0 0 30 0 0 0 40" Properties=id:I:1:species:S:1:pos:R:3 x=1"#;
        let (cell, columns) = parse(comment).unwrap();
        assert_eq!(cell.unwrap().lengths(), [2.0, 3.0, 4.0]);
        assert_eq!((columns.species, columns.position), (1, 2));
        assert_eq!(parse("frame 3"), Ok((None, Columns::PLAIN)));
        assert!(parse("Properties=pos:R:3").is_err());
        assert!(parse("Lattice=\"1 2 3\"").is_err());
    }
}
