//! Names of atom types: `RES_ATOM`, with equivalent atoms and protonation variants merged.

/// The type of an atom: `ALA_CB`.
///
/// Names of protonation variants and of other programs count as the standard residue (`HSD`, `HIE` →
/// `HIS`, `CYX`, `CSS` → `CYS`, …). Atoms that a symmetric group makes indistinguishable share a type:
/// ARG NH1/NH2, ASP OD1/OD2, GLU OE1/OE2, LEU CD1/CD2, VAL CG1/CG2, PHE and TYR CD1/CD2 and CE1/CE2.
///
/// # Examples
/// ```
/// use metrics::statistical_potential::atom_type;
/// assert_eq!(atom_type("HSD", "CG"), "HIS_CG");
/// assert_eq!(atom_type("LEU", "CD2"), "LEU_CD1");
/// ```
pub fn atom_type(residue: &str, atom: &str) -> String {
    let residue = match residue {
        "HSD" | "HSE" | "HSP" | "HID" | "HIE" | "HIP" => "HIS",
        "CSS" | "CYX" | "CYM" => "CYS",
        "ASH" => "ASP",
        "GLH" => "GLU",
        "LYN" => "LYS",
        other => other,
    };
    let atom = match (residue, atom) {
        ("ARG", "NH2") => "NH1",
        ("ASP", "OD2") => "OD1",
        ("GLU", "OE2") => "OE1",
        ("LEU" | "PHE" | "TYR", "CD2") => "CD1",
        ("PHE" | "TYR", "CE2") => "CE1",
        ("VAL", "CG2") => "CG1",
        // CHARMM's name
        ("ILE", "CD") => "CD1",
        (_, other) => other,
    };
    format!("{residue}_{atom}")
}

/// Residue and atom of a type.
pub(crate) fn split_type(name: &str) -> Option<(&str, &str)> {
    name.split_once('_')
}
