//! Which atoms of a topology are backbone, and which residues follow each other.

use molio::{Element, Topology};

/// Indices of the backbone atoms of one residue; `None` where it lacks them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResidueBackbone {
    /// N.
    pub n: Option<usize>,
    /// CA.
    pub ca: Option<usize>,
    /// C.
    pub c: Option<usize>,
    /// O, or O1, OT1 of a C terminus.
    pub o: Option<usize>,
    /// CB.
    pub cb: Option<usize>,
}

/// The backbone of a topology.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backbone {
    /// One entry for each residue of the topology; empty for water, ions and ligands.
    pub residues: Vec<ResidueBackbone>,
    /// For each residue, whether the next residue of the topology is bonded to it by a peptide bond.
    ///
    /// Where the topology has bonds at the C of a residue, they decide. Elsewhere (no bonds, CA-only
    /// models) the next residue of the same chain follows if its number is one higher, or the same
    /// with another insertion code.
    pub linked: Vec<bool>,
}

impl Backbone {
    /// Finds the backbone of `topology` by atom names.
    pub fn new(topology: &Topology) -> Self {
        let n_residues = topology.n_residues();
        let residues: Vec<_> = (0..n_residues).map(|i| backbone_of(topology, i)).collect();
        let neighbours = topology.neighbours();
        let linked = (0..n_residues)
            .map(|i| i + 1 < n_residues && is_linked(topology, &residues, &neighbours, i))
            .collect();
        Self { residues, linked }
    }

    /// The residue before `residue`, if it is linked.
    pub fn previous(&self, residue: usize) -> Option<usize> {
        let previous = residue.checked_sub(1)?;
        self.linked[previous].then_some(previous)
    }

    /// The residue after `residue`, if it is linked.
    pub fn next(&self, residue: usize) -> Option<usize> {
        self.linked[residue].then_some(residue + 1)
    }
}

fn backbone_of(topology: &Topology, residue: usize) -> ResidueBackbone {
    let find = |name: &str, element: Element| {
        topology
            .find(residue, name)
            // a calcium ion is called CA too
            .filter(|&atom| [element, Element::UNKNOWN].contains(&topology.atoms()[atom].element))
    };
    let found = ResidueBackbone {
        n: find("N", Element::NITROGEN),
        ca: find("CA", Element::CARBON),
        c: find("C", Element::CARBON),
        o: ["O", "O1", "OT1"]
            .iter()
            .find_map(|name| find(name, Element::OXYGEN)),
        cb: find("CB", Element::CARBON),
    };
    let cap = matches!(
        topology.residues()[residue].name.as_str(),
        "ACE" | "NME" | "NHE" | "NH2"
    );
    if found.ca.is_none() && !cap {
        return ResidueBackbone::default();
    }
    if cap && found.n.is_some() {
        // the methyl carbon of NME is called C in some files
        return ResidueBackbone {
            n: found.n,
            ..ResidueBackbone::default()
        };
    }
    found
}

fn is_linked(
    topology: &Topology,
    residues: &[ResidueBackbone],
    neighbours: &[Vec<usize>],
    i: usize,
) -> bool {
    let (a, b) = (&topology.residues()[i], &topology.residues()[i + 1]);
    if let (Some(c), Some(n)) = (residues[i].c, residues[i + 1].n)
        && !neighbours[c].is_empty()
    {
        return neighbours[c].contains(&n);
    }
    let peptide = |r: &ResidueBackbone| r.ca.or(r.c).or(r.n).is_some();
    let follows = b.number == a.number.wrapping_add(1)
        || (b.number == a.number && b.insertion_code != a.insertion_code);
    a.chain == b.chain && follows && peptide(&residues[i]) && peptide(&residues[i + 1])
}
