//! Bonds between the heavy atoms of standard residues, as in the wwPDB chemical component dictionary.

use super::{standard_amino_acid, standard_nucleotide};

/// Name pairs of bonded heavy atoms in the residue called `name`; empty for residues without a template.
///
/// Pairs of which an atom is missing do not apply: an amino acid has `C-OXT` only at the end.
pub(crate) fn heavy_bonds(name: &str) -> Vec<(&'static str, &'static str)> {
    let lists: Vec<&'static str> = if let Some(standard) = standard_amino_acid(name) {
        let mut lists = vec![BACKBONE, CHARMM_CAPS];
        lists.extend(lookup(&SIDE_CHAINS, standard));
        // at an end, AMBER puts N or C in front
        let plain = name.get(name.len() - 3..).unwrap_or(name);
        lists.extend(lookup(&MODIFICATIONS, plain));
        lists
    } else if let Some(standard) = standard_nucleotide(name) {
        let mut lists = vec![SUGAR_PHOSPHATE];
        lists.extend(lookup(&BASES, &standard[standard.len() - 1..]));
        lists
    } else {
        lookup(&CAPS, name).into_iter().collect()
    };
    lists
        .into_iter()
        .flat_map(str::split_whitespace)
        .filter_map(|pair| pair.split_once('-'))
        .collect()
}

/// Other programs' names of heavy atoms, in the PDB's spelling.
pub(crate) fn pdb_atom_name<'a>(residue: &str, atom: &'a str) -> std::borrow::Cow<'a, str> {
    use std::borrow::Cow;
    if standard_nucleotide(residue).is_some() {
        return match atom {
            "O1P" => Cow::Borrowed("OP1"),
            "O2P" => Cow::Borrowed("OP2"),
            "C5M" => Cow::Borrowed("C7"),
            _ if atom.contains('*') => Cow::Owned(atom.replace('*', "'")),
            _ => Cow::Borrowed(atom),
        };
    }
    Cow::Borrowed(match atom {
        "OT1" | "OC1" | "O1" => "O",
        "OT2" | "OC2" | "O2" | "OT" => "OXT",
        "CD" if standard_amino_acid(residue) == Some("ILE") => "CD1",
        _ => atom,
    })
}

fn lookup(table: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    table
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, bonds)| *bonds)
}

const BACKBONE: &str = "N-CA CA-C C-O C-OXT CA-CB";

/// CHARMM keeps its caps (ACE, ACP: ..Y; CT1, CT2, CT3: ..T) within the residue that they cap.
const CHARMM_CAPS: &str = "CY-N CY-OY CY-CAY C-NT NT-CAT C-OT1 C-OT2";

#[rustfmt::skip]
const SIDE_CHAINS: [(&str, &str); 21] = [
    ("ARG", "CB-CG CG-CD CD-NE NE-CZ CZ-NH1 CZ-NH2"),
    ("ASN", "CB-CG CG-OD1 CG-ND2"),
    ("ASP", "CB-CG CG-OD1 CG-OD2"),
    ("CYS", "CB-SG"),
    ("GLN", "CB-CG CG-CD CD-OE1 CD-NE2"),
    ("GLU", "CB-CG CG-CD CD-OE1 CD-OE2"),
    ("HIS", "CB-CG CG-ND1 CG-CD2 ND1-CE1 CD2-NE2 CE1-NE2"),
    ("ILE", "CB-CG1 CB-CG2 CG1-CD1"),
    ("LEU", "CB-CG CG-CD1 CG-CD2"),
    ("LYS", "CB-CG CG-CD CD-CE CE-NZ"),
    ("MET", "CB-CG CG-SD SD-CE CG-SE SE-CE"),
    ("PHE", "CB-CG CG-CD1 CG-CD2 CD1-CE1 CD2-CE2 CE1-CZ CE2-CZ"),
    ("PRO", "CB-CG CG-CD CD-N"),
    ("SER", "CB-OG"),
    ("THR", "CB-OG1 CB-CG2"),
    ("TRP", "CB-CG CG-CD1 CG-CD2 CD1-NE1 NE1-CE2 CE2-CD2 CD2-CE3 CE2-CZ2 CE3-CZ3 CZ2-CH2 CZ3-CH2"),
    ("TYR", "CB-CG CG-CD1 CG-CD2 CD1-CE1 CD2-CE2 CE1-CZ CE2-CZ CZ-OH"),
    ("VAL", "CB-CG1 CB-CG2"),
    ("SEC", "CB-SE"),
    ("PYL", "CB-CG CG-CD CD-CE CE-NZ NZ-C2 C2-O2 C2-CA2 CA2-N2 CA2-CB2 CB2-CG2 CB2-CD2 CG2-CE2 CE2-N2"),
    ("ALA", ""),
];

#[rustfmt::skip]
const MODIFICATIONS: [(&str, &str); 4] = [
    ("HYP", "CG-OD1"),
    ("SEP", "OG-P P-O1P P-O2P P-O3P"),
    ("TPO", "OG1-P P-O1P P-O2P P-O3P"),
    ("PTR", "OH-P P-O1P P-O2P P-O3P"),
];

#[rustfmt::skip]
const CAPS: [(&str, &str); 7] = [
    ("ACE", "C-O C-CH3"), ("NME", "N-C N-CH3"), ("NMA", "N-C N-CH3 N-CA"), ("NAC", "N-C N-CH3"), ("FOR", "C-O"),
    ("CT3", "N-C N-CH3 NT-CAT"), ("NHE", ""),
];

const SUGAR_PHOSPHATE: &str = "P-OP1 P-OP2 P-OP3 P-O5' O5'-C5' C5'-C4' C4'-O4' C4'-C3' C3'-O3' C3'-C2' C2'-O2' \
     C2'-C1' C1'-O4'";

#[rustfmt::skip]
const BASES: [(&str, &str); 6] = [
    ("A", "C1'-N9 N9-C8 C8-N7 N7-C5 C5-C6 C6-N6 C6-N1 N1-C2 C2-N3 N3-C4 C4-C5 C4-N9"),
    ("G", "C1'-N9 N9-C8 C8-N7 N7-C5 C5-C6 C6-O6 C6-N1 N1-C2 C2-N2 C2-N3 N3-C4 C4-C5 C4-N9"),
    ("I", "C1'-N9 N9-C8 C8-N7 N7-C5 C5-C6 C6-O6 C6-N1 N1-C2 C2-N3 N3-C4 C4-C5 C4-N9"),
    ("C", "C1'-N1 N1-C2 C2-O2 C2-N3 N3-C4 C4-N4 C4-C5 C5-C6 C6-N1"),
    ("U", "C1'-N1 N1-C2 C2-O2 C2-N3 N3-C4 C4-O4 C4-C5 C5-C6 C6-N1"),
    ("T", "C1'-N1 N1-C2 C2-O2 C2-N3 N3-C4 C4-O4 C4-C5 C5-C6 C6-N1 C5-C7"),
];
