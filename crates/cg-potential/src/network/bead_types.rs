//! Numbers of bead types in the dictionaries of others.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Whose numbers of residue types an embedding is indexed by.
///
/// # References
/// The tables of torchmd/torchmd-cg, torchmd/torchmd-protein-thermodynamics, CGML_Modules and
/// ClementiGroup/mlcg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BeadTypes {
    /// torchmd-cg: ALA 1 … ILE 21.
    TorchmdCg,
    /// torchmd-protein-thermodynamics and torchmd-exp: as torchmd-cg up to 17, then ARG 19 … ILE 22.
    Majewski,
    /// CGML: rank among 22 names in alphabetical order, from 1.
    Ucsc,
    /// mlcg's CA beads: ALA 0 … VAL 20.
    Mlcg,
}

impl BeadTypes {
    /// Names and numbers.
    pub fn table(self) -> Vec<(&'static str, u32)> {
        const TORCHMD: [&str; 17] = [
            "ALA", "GLY", "PHE", "TYR", "ASP", "GLU", "TRP", "PRO", "ASN", "GLN", "HIS", "SER",
            "THR", "VAL", "MET", "CYS", "NLE",
        ];
        const LAST: [&str; 4] = ["ARG", "LYS", "LEU", "ILE"];
        const UCSC: [&str; 22] = [
            "ALA", "ARG", "ASN", "ASP", "ASX", "CYS", "GLN", "GLU", "GLX", "GLY", "HIS", "ILE",
            "LEU", "LYS", "MET", "PHE", "PRO", "SER", "THR", "TRP", "TYR", "VAL",
        ];
        const MLCG: [&str; 21] = [
            "ALA", "ARG", "ASN", "ASP", "CYS", "GLN", "GLU", "GLY", "HIS", "HSD", "ILE", "LEU",
            "LYS", "MET", "PHE", "PRO", "SER", "THR", "TRP", "TYR", "VAL",
        ];
        let first = || TORCHMD.into_iter().zip(1..);
        match self {
            Self::TorchmdCg => first().chain(LAST.into_iter().zip(18..)).collect(),
            Self::Majewski => first().chain(LAST.into_iter().zip(19..)).collect(),
            Self::Ucsc => UCSC.into_iter().zip(1..).collect(),
            Self::Mlcg => MLCG.into_iter().zip(0..).collect(),
        }
    }

    /// The numbers of residues of CA beads; protonation variants count as their parent.
    ///
    /// # Errors
    /// [`Error::Setting`] for a residue that the dictionary lacks.
    ///
    /// # Examples
    /// Chignolin CLN025, YYDPETGTWY:
    /// ```
    /// use cg_potential::BeadTypes;
    ///
    /// let names = ["TYR", "TYR", "ASP", "PRO", "GLU", "THR", "GLY", "THR", "TRP", "TYR"];
    /// assert_eq!(BeadTypes::Majewski.numbers(names)?, [4, 4, 5, 8, 6, 13, 2, 13, 7, 4]);
    /// # Ok::<(), cg_potential::Error>(())
    /// ```
    pub fn numbers<'a>(self, residues: impl IntoIterator<Item = &'a str>) -> Result<Vec<u32>> {
        let table = self.table();
        let number = |name: &str| {
            let found = table.iter().find(|(known, _)| *known == name);
            found.map(|&(_, number)| number)
        };
        residues
            .into_iter()
            .map(|name| {
                number(name)
                    .or_else(|| number(parent(name)?))
                    .ok_or_else(|| {
                        Error::setting("residue", format!("one that {self:?} numbers"), name)
                    })
            })
            .collect()
    }
}

/// The residue that a protonation variant is a form of.
fn parent(name: &str) -> Option<&'static str> {
    Some(match name {
        "HID" | "HIE" | "HIP" | "HSD" | "HSE" | "HSP" => "HIS",
        "CYX" | "CYM" => "CYS",
        "ASH" => "ASP",
        "GLH" => "GLU",
        "LYN" => "LYS",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_the_tables() {
        let of = |types: BeadTypes, name| types.numbers([name]).unwrap()[0];
        assert_eq!(of(BeadTypes::TorchmdCg, "ILE"), 21);
        assert_eq!(of(BeadTypes::Majewski, "ILE"), 22);
        assert_eq!(of(BeadTypes::Ucsc, "VAL"), 22);
        assert_eq!(of(BeadTypes::Mlcg, "VAL"), 20);
        assert_eq!(of(BeadTypes::Mlcg, "HIE"), 8);
        assert!(BeadTypes::Ucsc.numbers(["NLE"]).is_err());
    }
}
