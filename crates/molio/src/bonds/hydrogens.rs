//! Which heavy atom a hydrogen's name says it is bonded to.

use crate::{ResidueKind, residue_kind};
use std::collections::HashMap;

/// The heavy atom of the residue that the hydrogen called `name` belongs to; `None` if the name tells
/// of no atom that is there. `heavy` has the residue's heavy atoms under their PDB names.
///
/// Hydrogens are called after their heavy atom: `HD11` is one of those on the atom with remoteness
/// letter D and branch 1 (`CD1`), which PDB 2 writes `1HD1`; `HZ` of phenylalanine that on `CZ`.
pub(super) fn parent(residue: &str, name: &str, heavy: &HashMap<String, usize>) -> Option<usize> {
    // PDB 2: the leading digit is the last one of PDB 3
    let digits = name.chars().take_while(char::is_ascii_digit).count();
    let rotated = format!("{}{}", &name[digits..], &name[..digits]);
    let rest = rotated.strip_prefix(['H', 'D'])?;
    if residue_kind(residue) == ResidueKind::Nucleic {
        of_nucleotide(residue, &rest.replace('*', "'"), heavy)
    } else {
        of_amino_acid(residue, rest, heavy)
    }
}

fn of_amino_acid(residue: &str, rest: &str, heavy: &HashMap<String, usize>) -> Option<usize> {
    let get = |name: &str| heavy.get(name).copied();
    let numbered = rest.bytes().all(|b| b.is_ascii_digit());
    if numbered && !rest.is_empty() && matches!(residue, "NME" | "NMA" | "NAC" | "ACE" | "CT3") {
        // the methyl hydrogens of caps have only a number
        return get("CH3").or_else(|| (residue != "ACE").then(|| get("C")).flatten());
    }
    // amide and terminal hydrogens: H, H1, HN, HN1, HT1
    let on_nitrogen = |r: &str| r.bytes().all(|b| b.is_ascii_digit());
    if on_nitrogen(rest.strip_prefix(['N', 'T']).unwrap_or(rest)) {
        let formyl = (residue == "FOR").then(|| get("C")).flatten();
        return get("N").or(formyl);
    }
    let shorter = shortened(rest);
    after(rest, heavy)
        // HOP3 on OP3
        .or_else(|| get(rest))
        .or_else(|| after(shorter?, heavy))
        .or_else(|| after(shortened(shorter?)?, heavy))
        .or_else(|| {
            // only one heavy atom with that letter: ILE's HD2 on CD1
            let letter = rest.get(..1)?;
            let mut same = heavy
                .iter()
                .filter(|(name, _)| name.get(1..2) == Some(letter));
            let only = same.next()?;
            same.next().is_none().then_some(*only.1)
        })
}

fn of_nucleotide(residue: &str, rest: &str, heavy: &HashMap<String, usize>) -> Option<usize> {
    let get = |name: String| heavy.get(&name).copied();
    let digit = rest.chars().find(char::is_ascii_digit)?;
    // in CHARMM's nucleotides H2' is the hydroxyl's, H2'' the carbon's
    if rest == "2'" && matches!(residue, "ADE" | "CYT" | "GUA" | "URA" | "THY") {
        return get("O2'".to_owned()).or_else(|| get("C2'".to_owned()));
    }
    if rest.contains('\'') {
        let element = if rest.starts_with('O') { 'O' } else { 'C' };
        return get(format!("{element}{digit}'"));
    }
    if rest.ends_with('T') {
        return get(format!("O{digit}'"));
    }
    // H61 is on the amino group N6, H6 on C6; H71 (CHARMM: H51) on the methyl group C7
    let order = if rest.len() == 2 {
        ['N', 'C']
    } else {
        ['C', 'N']
    };
    let methyl = (rest.len() == 2 && matches!(digit, '5' | '7'))
        .then(|| get("C7".to_owned()))
        .flatten();
    methyl.or_else(|| {
        order
            .iter()
            .find_map(|element| get(format!("{element}{digit}")))
    })
}

/// The heavy atom whose name after its element is `suffix`, as `CD1` has `D1`.
fn after(suffix: &str, heavy: &HashMap<String, usize>) -> Option<usize> {
    ["C", "N", "O", "S", "SE"]
        .iter()
        .find_map(|element| heavy.get(&format!("{element}{suffix}")).copied())
}

/// Without the number that counts hydrogens on the same atom.
fn shortened(rest: &str) -> Option<&str> {
    rest.strip_suffix(|c: char| c.is_ascii_digit())
        .filter(|r| !r.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(residue: &str, heavy: &[&str], pairs: &[(&str, &str)]) {
        let of_name = heavy
            .iter()
            .enumerate()
            .map(|(i, name)| ((*name).to_owned(), i))
            .collect();
        for (hydrogen, expected) in pairs {
            let found = parent(residue, hydrogen, &of_name).map(|i| heavy[i]);
            assert_eq!(found.unwrap_or("-"), *expected, "{residue} {hydrogen}");
        }
    }

    #[test]
    fn names_of_several_programs() {
        check(
            "ILE",
            &["N", "CA", "CB", "CG1", "CG2", "CD1"],
            &[
                ("H", "N"),
                ("HN", "N"),
                ("HT2", "N"),
                ("3H", "N"),
                ("HA", "CA"),
                ("HB", "CB"),
                ("1HG1", "CG1"),
                ("HG12", "CG1"),
                ("HG21", "CG2"),
                ("HD11", "CD1"),
                ("HD2", "CD1"),
                ("QQQ", "-"),
            ],
        );
        check(
            "ARG",
            &["N", "CG", "CD", "NE", "CZ", "NH1", "NH2"],
            &[
                ("HE", "NE"),
                ("HD2", "CD"),
                ("HH11", "NH1"),
                ("2HH2", "NH2"),
            ],
        );
        check(
            "TRP",
            &["CD1", "NE1", "CE3", "CZ2", "CZ3", "CH2"],
            &[("HE1", "NE1"), ("HH2", "CH2"), ("HE3", "CE3")],
        );
        check(
            "HIE",
            &["ND1", "CD2", "CE1", "NE2"],
            &[("HE2", "NE2"), ("HE1", "CE1"), ("HD2", "CD2")],
        );
        check(
            "SER",
            &["CB", "OG"],
            &[("HG", "OG"), ("HG1", "OG"), ("HB3", "CB")],
        );
        check(
            "GLN",
            &["CG", "CD", "OE1", "NE2"],
            &[("HE21", "NE2"), ("2HE2", "NE2")],
        );
        check(
            "ACE",
            &["C", "O", "CH3"],
            &[("H1", "CH3"), ("HH31", "CH3"), ("1HH3", "CH3")],
        );
        check("NME", &["N", "C"], &[("H", "N"), ("HN", "N"), ("H1", "C")]);
        check(
            "DA",
            &["O5'", "C5'", "C2'", "C2", "C6", "N6", "C8"],
            &[
                ("H5''", "C5'"),
                ("HO5'", "O5'"),
                ("H5T", "O5'"),
                ("1H2'", "C2'"),
                ("H2*1", "C2'"),
                ("H2", "C2"),
                ("H61", "N6"),
                ("H8", "C8"),
            ],
        );
        check("DT", &["C7", "N3"], &[("H71", "C7"), ("H3", "N3")]);
        check("ALA", &["N"], &[("", "-"), ("é", "-"), ("1", "-")]);
    }
}
