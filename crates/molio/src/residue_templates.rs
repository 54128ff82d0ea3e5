//! What residues are called, and what kind of molecule they belong to.

mod heavy_bonds;

pub(crate) use heavy_bonds::{heavy_bonds, pdb_atom_name};

/// What a residue is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResidueKind {
    /// An amino acid, or a cap of a peptide (ACE, NME, NH2).
    Protein,
    /// A nucleotide.
    Nucleic,
    /// A water molecule.
    Water,
    /// A single-atom ion.
    Ion,
    /// Anything else.
    Other,
}

/// The kind of the residue called `name` in PDB, AMBER, CHARMM or GROMACS files.
///
/// AMBER's terminal residues (`NALA`, `CGLY`) count as the residue they start or end with.
///
/// # Examples
/// ```
/// use molio::{ResidueKind, residue_kind};
/// assert_eq!(residue_kind("HSD"), ResidueKind::Protein);
/// assert_eq!(residue_kind("NALA"), ResidueKind::Protein);
/// assert_eq!(residue_kind("TIP3"), ResidueKind::Water);
/// assert_eq!(residue_kind("ATP"), ResidueKind::Other);
/// ```
pub fn residue_kind(name: &str) -> ResidueKind {
    if standard_amino_acid(name).is_some() || CAPS.contains(&name) || OTHER_AMINO.contains(&name) {
        ResidueKind::Protein
    } else if standard_nucleotide(name).is_some() {
        ResidueKind::Nucleic
    } else if WATER.contains(&name) {
        ResidueKind::Water
    } else if is_ion(name) {
        ResidueKind::Ion
    } else {
        ResidueKind::Other
    }
}

/// The three-letter code of the amino acid that `name` is a protonation state, a disulfide partner, a
/// terminal form or another program's name of; `None` for what is no standard amino acid.
///
/// # Examples
/// ```
/// assert_eq!(molio::standard_amino_acid("CHIE"), Some("HIS"));
/// assert_eq!(molio::standard_amino_acid("MSE"), Some("MET"));
/// assert_eq!(molio::standard_amino_acid("ACE"), None);
/// ```
pub fn standard_amino_acid(name: &str) -> Option<&'static str> {
    let known = |name: &str| {
        AMINO_ACIDS
            .iter()
            .find(|(standard, others)| *standard == name || others.contains(&name))
            .map(|(standard, _)| *standard)
    };
    // AMBER marks residues at the ends with a fourth letter: NALA, CALA
    let terminal = || {
        (name.len() == 4)
            .then(|| name.strip_prefix(['N', 'C']))
            .flatten()
            .and_then(known)
    };
    known(name).or_else(terminal)
}

/// The one-letter base (A, C, G, U, T or I) with its sugar's prefix that `name` stands for, as the
/// PDB spells it: `A` or `DA`.
pub(crate) fn standard_nucleotide(name: &str) -> Option<&'static str> {
    NUCLEOTIDES
        .iter()
        .find(|(standard, others)| *standard == name || others.contains(&name))
        .map(|(standard, _)| *standard)
}

fn is_ion(name: &str) -> bool {
    ION_NAMES.contains(&name.trim_end_matches(['+', '-', '1', '2', '3']))
}

#[rustfmt::skip]
const AMINO_ACIDS: [(&str, &[&str]); 22] = [
    ("ALA", &["ALAD"]), ("ARG", &["ARGN", "ARN"]), ("ASN", &["ASN1"]), ("ASP", &["ASH", "ASPH", "ASPP", "AS4"]),
    ("CYS", &["CYX", "CYM", "CYS1", "CYS2", "CYSH", "CYN", "CYN1", "CYN2"]), ("GLN", &[]),
    ("GLU", &["GLH", "GLUH", "GLUP", "GL4"]), ("GLY", &[]),
    ("HIS", &["HIE", "HID", "HIP", "HSD", "HSE", "HSP", "HISA", "HISB", "HISD", "HISE", "HISH", "HIS1", "HIS2"]),
    ("ILE", &[]), ("LEU", &[]), ("LYS", &["LYN", "LYSH", "LSN"]), ("MET", &["MSE"]), ("PHE", &[]), ("PRO", &["HYP"]),
    ("SER", &["SEP"]), ("THR", &["TPO"]), ("TRP", &[]), ("TYR", &["PTR", "TYM"]), ("VAL", &[]),
    ("SEC", &["CSE"]), ("PYL", &[]),
];

/// Amino acids without a standard one that they vary.
const OTHER_AMINO: [&str; 10] = [
    "UNK", "AIB", "ORN", "NLE", "DAB", "ASX", "GLX", "XAA", "CME", "CSO",
];

const CAPS: [&str; 9] = [
    "ACE", "NME", "NMA", "NHE", "NH2", "NAC", "FOR", "CT3", "CT2",
];

#[rustfmt::skip]
const NUCLEOTIDES: [(&str, &[&str]); 10] = [
    ("A", &["ADE", "RA", "A5", "A3", "AN", "RA5", "RA3", "RAN"]),
    ("C", &["CYT", "RC", "C5", "C3", "CN", "RC5", "RC3", "RCN"]),
    ("G", &["GUA", "RG", "G5", "G3", "GN", "RG5", "RG3", "RGN"]),
    ("U", &["URA", "RU", "U5", "U3", "UN", "RU5", "RU3", "RUN"]),
    ("DA", &["DA5", "DA3", "DAN", "DAD"]), ("DC", &["DC5", "DC3", "DCN"]), ("DG", &["DG5", "DG3", "DGN"]),
    ("DT", &["THY", "DT5", "DT3", "DTN", "T"]), ("DI", &[]), ("I", &[]),
];

const WATER: [&str; 17] = [
    "HOH", "WAT", "H2O", "DOD", "D2O", "SOL", "TIP", "TIP2", "TIP3", "TIP4", "TIP5", "TP3", "TP4",
    "TIP3P", "SPC", "T3P", "OH2",
];

#[rustfmt::skip]
const ION_NAMES: [&str; 37] = [
    "LI", "NA", "K", "RB", "CS", "MG", "CA", "SR", "BA", "ZN", "CD", "HG", "CU", "CU1", "FE", "MN", "CO", "NI", "AL",
    "AG", "F", "CL", "BR", "I", "IOD", "SOD", "CLA", "POT", "CAL", "CES", "LIT", "RUB", "CIO", "IB", "PB", "PT",
    "YB",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for name in [
            "ALA", "HIE", "HID", "HIP", "HSD", "HSE", "HSP", "CYX", "CYM", "ASH", "GLH", "LYN",
            "MSE", "NALA", "CGLY", "NHIE", "CCYX", "ACE", "NME", "NHE", "NH2",
        ] {
            assert_eq!(residue_kind(name), ResidueKind::Protein, "{name}");
        }
        for name in ["DA", "A", "ADE", "DT5", "RU3", "GUA"] {
            assert_eq!(residue_kind(name), ResidueKind::Nucleic, "{name}");
        }
        for name in ["NA", "CL", "NA+", "Cl-", "ZN", "SOD", "CLA"] {
            let kind = residue_kind(&name.to_ascii_uppercase());
            assert_eq!(kind, ResidueKind::Ion, "{name}");
        }
        for name in ["", "ATP", "NATP", "é", "NXXX", "LIG"] {
            assert_eq!(residue_kind(name), ResidueKind::Other, "{name}");
        }
    }

    #[test]
    fn terminal_forms_are_not_mistaken() {
        assert_eq!(standard_amino_acid("CYS2"), Some("CYS"));
        assert_eq!(standard_amino_acid("NCYX"), Some("CYS"));
        assert_eq!(standard_amino_acid("N"), None);
    }
}
