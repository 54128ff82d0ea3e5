//! The table of residues.

use super::Shape::{Planar, PlanarTurnable, Tetrahedral};
use super::TorsionRule::{Chi, Fixed};
use super::{HeavyRule, HydrogenRule, ResidueTemplate, Shape, TorsionRule};

const fn heavy(
    name: &'static str,
    references: [&'static str; 3],
    length_angstrom: f64,
    angle_degrees: f64,
    torsion: TorsionRule,
) -> HeavyRule {
    HeavyRule {
        name,
        references,
        length_angstrom,
        angle_degrees,
        torsion,
    }
}

const fn hydrogens(
    parent: &'static str,
    names: &'static [&'static str],
    shape: Shape,
) -> HydrogenRule {
    HydrogenRule {
        parent,
        names,
        shape,
    }
}

/// CB from the improper torsion C–N–CA–CB, which makes the residue L.
const fn cb(length: f64, angle: f64, improper: f64) -> HeavyRule {
    heavy("CB", ["CA", "N", "C"], length, angle, Fixed(improper))
}

const CB: HeavyRule = cb(1.530, 110.5, -122.6);
const HA: HydrogenRule = hydrogens("CA", &["HA"], Tetrahedral);
const HB: HydrogenRule = hydrogens("CB", &["HB2", "HB3"], Tetrahedral);
const HG: HydrogenRule = hydrogens("CG", &["HG2", "HG3"], Tetrahedral);
const HD: HydrogenRule = hydrogens("CD", &["HD2", "HD3"], Tetrahedral);

macro_rules! residue {
    ($name:ident, $heavy:expr, $hydrogens:expr, $closures:expr) => {
        pub(super) static $name: ResidueTemplate = ResidueTemplate {
            heavy: &$heavy,
            hydrogens: &$hydrogens,
            closures: &$closures,
        };
    };
    ($name:ident, $heavy:expr, $hydrogens:expr) => {
        residue!($name, $heavy, $hydrogens, []);
    };
}

residue!(GLY, [], [hydrogens("CA", &["HA2", "HA3"], Tetrahedral)]);

residue!(
    ALA,
    [cb(1.521, 110.4, -122.9)],
    [HA, hydrogens("CB", &["HB1", "HB2", "HB3"], Tetrahedral)]
);

residue!(
    VAL,
    [
        cb(1.540, 111.5, -122.0),
        heavy("CG1", ["CB", "CA", "N"], 1.521, 110.5, Chi(0, 0.0)),
        heavy("CG2", ["CB", "CA", "N"], 1.521, 110.5, Chi(0, 123.0)),
    ],
    [
        HA,
        hydrogens("CB", &["HB"], Tetrahedral),
        hydrogens("CG1", &["HG11", "HG12", "HG13"], Tetrahedral),
        hydrogens("CG2", &["HG21", "HG22", "HG23"], Tetrahedral),
    ]
);

residue!(
    ILE,
    [
        cb(1.540, 111.5, -122.0),
        heavy("CG1", ["CB", "CA", "N"], 1.530, 110.4, Chi(0, 0.0)),
        heavy("CG2", ["CB", "CA", "N"], 1.521, 110.5, Chi(0, -122.8)),
        heavy("CD1", ["CG1", "CB", "CA"], 1.513, 113.8, Chi(1, 0.0)),
    ],
    [
        HA,
        hydrogens("CB", &["HB"], Tetrahedral),
        hydrogens("CG1", &["HG12", "HG13"], Tetrahedral),
        hydrogens("CG2", &["HG21", "HG22", "HG23"], Tetrahedral),
        hydrogens("CD1", &["HD11", "HD12", "HD13"], Tetrahedral),
    ]
);

residue!(
    LEU,
    [
        CB,
        heavy("CG", ["CB", "CA", "N"], 1.530, 116.3, Chi(0, 0.0)),
        heavy("CD1", ["CG", "CB", "CA"], 1.521, 110.7, Chi(1, 0.0)),
        heavy("CD2", ["CG", "CB", "CA"], 1.521, 110.7, Chi(1, 123.3)),
    ],
    [
        HA,
        HB,
        hydrogens("CG", &["HG"], Tetrahedral),
        hydrogens("CD1", &["HD11", "HD12", "HD13"], Tetrahedral),
        hydrogens("CD2", &["HD21", "HD22", "HD23"], Tetrahedral),
    ]
);

residue!(
    SER,
    [
        CB,
        heavy("OG", ["CB", "CA", "N"], 1.417, 111.1, Chi(0, 0.0))
    ],
    [HA, HB, hydrogens("OG", &["HG"], Tetrahedral)]
);

residue!(
    THR,
    [
        cb(1.540, 111.5, -122.0),
        heavy("OG1", ["CB", "CA", "N"], 1.433, 109.6, Chi(0, 0.0)),
        heavy("CG2", ["CB", "CA", "N"], 1.521, 110.5, Chi(0, -120.5)),
    ],
    [
        HA,
        hydrogens("CB", &["HB"], Tetrahedral),
        hydrogens("OG1", &["HG1"], Tetrahedral),
        hydrogens("CG2", &["HG21", "HG22", "HG23"], Tetrahedral),
    ]
);

residue!(
    CYS,
    [
        CB,
        heavy("SG", ["CB", "CA", "N"], 1.808, 114.4, Chi(0, 0.0))
    ],
    [HA, HB, hydrogens("SG", &["HG"], Tetrahedral)]
);

residue!(
    MET,
    [
        CB,
        heavy("CG", ["CB", "CA", "N"], 1.520, 114.1, Chi(0, 0.0)),
        heavy("SD", ["CG", "CB", "CA"], 1.803, 112.7, Chi(1, 0.0)),
        heavy("CE", ["SD", "CG", "CB"], 1.791, 100.9, Chi(2, 0.0)),
    ],
    [
        HA,
        HB,
        HG,
        hydrogens("CE", &["HE1", "HE2", "HE3"], Tetrahedral)
    ]
);

residue!(
    ASP,
    [
        CB,
        heavy("CG", ["CB", "CA", "N"], 1.516, 112.6, Chi(0, 0.0)),
        heavy("OD1", ["CG", "CB", "CA"], 1.249, 118.4, Chi(1, 0.0)),
        heavy("OD2", ["CG", "CB", "CA"], 1.249, 118.4, Chi(1, 180.0)),
    ],
    [HA, HB, hydrogens("OD2", &["HD2"], PlanarTurnable)]
);

residue!(
    ASN,
    [
        CB,
        heavy("CG", ["CB", "CA", "N"], 1.516, 112.6, Chi(0, 0.0)),
        heavy("OD1", ["CG", "CB", "CA"], 1.231, 120.8, Chi(1, 0.0)),
        heavy("ND2", ["CG", "CB", "CA"], 1.328, 116.4, Chi(1, 180.0)),
    ],
    [HA, HB, hydrogens("ND2", &["HD21", "HD22"], Planar)]
);

residue!(
    GLU,
    [
        CB,
        heavy("CG", ["CB", "CA", "N"], 1.520, 114.1, Chi(0, 0.0)),
        heavy("CD", ["CG", "CB", "CA"], 1.516, 112.6, Chi(1, 0.0)),
        heavy("OE1", ["CD", "CG", "CB"], 1.249, 118.4, Chi(2, 0.0)),
        heavy("OE2", ["CD", "CG", "CB"], 1.249, 118.4, Chi(2, 180.0)),
    ],
    [HA, HB, HG, hydrogens("OE2", &["HE2"], PlanarTurnable)]
);

residue!(
    GLN,
    [
        CB,
        heavy("CG", ["CB", "CA", "N"], 1.520, 114.1, Chi(0, 0.0)),
        heavy("CD", ["CG", "CB", "CA"], 1.516, 112.6, Chi(1, 0.0)),
        heavy("OE1", ["CD", "CG", "CB"], 1.231, 120.8, Chi(2, 0.0)),
        heavy("NE2", ["CD", "CG", "CB"], 1.328, 116.4, Chi(2, 180.0)),
    ],
    [HA, HB, HG, hydrogens("NE2", &["HE21", "HE22"], Planar)]
);

residue!(
    LYS,
    [
        CB,
        heavy("CG", ["CB", "CA", "N"], 1.520, 114.1, Chi(0, 0.0)),
        heavy("CD", ["CG", "CB", "CA"], 1.520, 111.3, Chi(1, 0.0)),
        heavy("CE", ["CD", "CG", "CB"], 1.520, 111.3, Chi(2, 0.0)),
        heavy("NZ", ["CE", "CD", "CG"], 1.489, 111.9, Chi(3, 0.0)),
    ],
    [
        HA,
        HB,
        HG,
        HD,
        hydrogens("CE", &["HE2", "HE3"], Tetrahedral),
        hydrogens("NZ", &["HZ1", "HZ2", "HZ3"], Tetrahedral),
    ]
);

residue!(
    ARG,
    [
        CB,
        heavy("CG", ["CB", "CA", "N"], 1.520, 114.1, Chi(0, 0.0)),
        heavy("CD", ["CG", "CB", "CA"], 1.520, 111.3, Chi(1, 0.0)),
        heavy("NE", ["CD", "CG", "CB"], 1.461, 112.0, Chi(2, 0.0)),
        heavy("CZ", ["NE", "CD", "CG"], 1.329, 124.2, Chi(3, 0.0)),
        heavy("NH1", ["CZ", "NE", "CD"], 1.326, 120.0, Fixed(0.0)),
        heavy("NH2", ["CZ", "NE", "CD"], 1.326, 120.0, Fixed(180.0)),
    ],
    [
        HA,
        HB,
        HG,
        HD,
        hydrogens("NE", &["HE"], Planar),
        hydrogens("NH1", &["HH12", "HH11"], Planar),
        hydrogens("NH2", &["HH22", "HH21"], Planar),
    ]
);

residue!(
    HIS,
    [
        CB,
        heavy("CG", ["CB", "CA", "N"], 1.497, 113.8, Chi(0, 0.0)),
        heavy("ND1", ["CG", "CB", "CA"], 1.378, 121.6, Chi(1, 0.0)),
        heavy("CD2", ["CG", "CB", "CA"], 1.356, 129.1, Chi(1, 180.0)),
        heavy("CE1", ["ND1", "CG", "CB"], 1.319, 105.6, Fixed(180.0)),
        heavy("NE2", ["CD2", "CG", "CB"], 1.374, 106.5, Fixed(180.0)),
    ],
    [
        HA,
        HB,
        hydrogens("ND1", &["HD1"], Planar),
        hydrogens("CD2", &["HD2"], Planar),
        hydrogens("CE1", &["HE1"], Planar),
        hydrogens("NE2", &["HE2"], Planar),
    ],
    [["CE1", "NE2"]]
);

residue!(
    PHE,
    [
        CB,
        heavy("CG", ["CB", "CA", "N"], 1.502, 113.8, Chi(0, 0.0)),
        heavy("CD1", ["CG", "CB", "CA"], 1.384, 120.7, Chi(1, 0.0)),
        heavy("CD2", ["CG", "CB", "CA"], 1.384, 120.7, Chi(1, 180.0)),
        heavy("CE1", ["CD1", "CG", "CB"], 1.382, 120.7, Fixed(180.0)),
        heavy("CE2", ["CD2", "CG", "CB"], 1.382, 120.7, Fixed(180.0)),
        heavy("CZ", ["CE1", "CD1", "CG"], 1.382, 120.0, Fixed(0.0)),
    ],
    [
        HA,
        HB,
        hydrogens("CD1", &["HD1"], Planar),
        hydrogens("CD2", &["HD2"], Planar),
        hydrogens("CE1", &["HE1"], Planar),
        hydrogens("CE2", &["HE2"], Planar),
        hydrogens("CZ", &["HZ"], Planar),
    ],
    [["CE2", "CZ"]]
);

residue!(
    TYR,
    [
        CB,
        heavy("CG", ["CB", "CA", "N"], 1.512, 113.9, Chi(0, 0.0)),
        heavy("CD1", ["CG", "CB", "CA"], 1.389, 120.8, Chi(1, 0.0)),
        heavy("CD2", ["CG", "CB", "CA"], 1.389, 120.8, Chi(1, 180.0)),
        heavy("CE1", ["CD1", "CG", "CB"], 1.382, 121.2, Fixed(180.0)),
        heavy("CE2", ["CD2", "CG", "CB"], 1.382, 121.2, Fixed(180.0)),
        heavy("CZ", ["CE1", "CD1", "CG"], 1.378, 119.6, Fixed(0.0)),
        heavy("OH", ["CZ", "CE1", "CD1"], 1.376, 119.9, Fixed(180.0)),
    ],
    [
        HA,
        HB,
        hydrogens("CD1", &["HD1"], Planar),
        hydrogens("CD2", &["HD2"], Planar),
        hydrogens("CE1", &["HE1"], Planar),
        hydrogens("CE2", &["HE2"], Planar),
        hydrogens("OH", &["HH"], PlanarTurnable),
    ],
    [["CE2", "CZ"]]
);

residue!(
    TRP,
    [
        CB,
        heavy("CG", ["CB", "CA", "N"], 1.498, 113.6, Chi(0, 0.0)),
        heavy("CD1", ["CG", "CB", "CA"], 1.365, 126.9, Chi(1, 0.0)),
        heavy("CD2", ["CG", "CB", "CA"], 1.433, 126.8, Chi(1, 180.0)),
        heavy("NE1", ["CD1", "CG", "CB"], 1.374, 110.2, Fixed(180.0)),
        heavy("CE2", ["CD2", "CG", "CB"], 1.409, 107.2, Fixed(180.0)),
        heavy("CE3", ["CD2", "CG", "CB"], 1.398, 133.9, Fixed(0.0)),
        heavy("CZ2", ["CE2", "CD2", "CG"], 1.394, 122.4, Fixed(180.0)),
        heavy("CZ3", ["CE3", "CD2", "CG"], 1.382, 118.6, Fixed(180.0)),
        heavy("CH2", ["CZ2", "CE2", "CD2"], 1.368, 117.5, Fixed(0.0)),
    ],
    [
        HA,
        HB,
        hydrogens("CD1", &["HD1"], Planar),
        hydrogens("NE1", &["HE1"], Planar),
        hydrogens("CE3", &["HE3"], Planar),
        hydrogens("CZ2", &["HZ2"], Planar),
        hydrogens("CZ3", &["HZ3"], Planar),
        hydrogens("CH2", &["HH2"], Planar),
    ],
    [["NE1", "CE2"], ["CZ3", "CH2"]]
);

// χ1 is N–CA–CB–CG; the second angle is CB–CA–N–CD, which the pucker ties to it.
residue!(
    PRO,
    [
        cb(1.530, 102.85, -118.1),
        heavy("CG", ["CB", "CA", "N"], 1.492, 103.95, Chi(0, 0.0)),
        heavy("CD", ["N", "CA", "CB"], 1.473, 112.07, Chi(1, 0.0)),
    ],
    // HD2 and HD3 are told apart as seen from CG, not from N
    [HA, HB, HG, hydrogens("CD", &["HD3", "HD2"], Tetrahedral)],
    [["CG", "CD"]]
);

// φ of the residue that follows plays the part of χ1.
residue!(
    ACE,
    [
        heavy("C", ["+N", "+CA", "+C"], 1.329, 121.7, Chi(0, 0.0)),
        heavy("O", ["C", "+N", "+CA"], 1.231, 123.0, Fixed(0.0)),
        heavy("CH3", ["C", "+N", "+CA"], 1.525, 116.2, Fixed(180.0)),
    ],
    [hydrogens("CH3", &["H1", "H2", "H3"], Tetrahedral)]
);

residue!(
    NME,
    [
        heavy("N", ["-C", "-CA", "-O"], 1.329, 116.2, Fixed(180.0)),
        heavy("C", ["N", "-C", "-CA"], 1.458, 121.7, Fixed(180.0)),
    ],
    [
        hydrogens("N", &["H"], Planar),
        hydrogens("C", &["H1", "H2", "H3"], Tetrahedral)
    ]
);

residue!(
    NHE,
    [heavy("N", ["-C", "-CA", "-O"], 1.328, 116.4, Fixed(180.0))],
    [hydrogens("N", &["HN1", "HN2"], Planar)]
);
