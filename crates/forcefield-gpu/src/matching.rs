//! Which atom of a residue is which atom of a template, by elements and bonds alone.
//!
//! Names play no part, so structures from any program match. Where a template has symmetric atoms
//! (the two sides of a phenyl ring, the hydrogens of a methyl group) several assignments fit; the
//! search goes through residue atoms and candidates in the order of OpenMM's search, because the
//! assignment decides the order of atoms in improper torsions and with it the energy.

use molio::Element;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Steps after which a search gives up: real residues need as many as they have atoms, only graphs
/// built to be hard come near it.
const MAX_STEPS: usize = 2_000_000;

/// Atoms with their elements, bonds among them, and the number of bonds to other residues.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Graph {
    pub(crate) elements: Vec<Element>,
    /// For each atom the atoms bonded to it; the order decides between symmetric assignments.
    pub(crate) bonded: Vec<Vec<usize>>,
    pub(crate) external: Vec<usize>,
}

/// Number of atoms of each element, extra particles aside.
pub(crate) type Signature = BTreeMap<Element, usize>;

impl Graph {
    /// The composition, by which templates are looked up.
    pub(crate) fn signature(&self) -> Signature {
        let mut signature = Signature::new();
        for &element in &self.elements {
            if element != Element::UNKNOWN {
                *signature.entry(element).or_default() += 1;
            }
        }
        signature
    }

    fn census(&self) -> BTreeMap<(Element, usize, usize), usize> {
        let mut census = BTreeMap::new();
        for (atom, &element) in self.elements.iter().enumerate() {
            let key = (element, self.bonded[atom].len(), self.external[atom]);
            *census.entry(key).or_default() += 1;
        }
        census
    }

    /// Template atoms that could be atom `atom` of the residue, looking at it alone.
    fn candidates(&self, template: &Self, atom: usize) -> Vec<usize> {
        (0..template.elements.len())
            .filter(|&other| {
                let element = template.elements[other];
                (element == Element::UNKNOWN || element == self.elements[atom])
                    && template.bonded[other].len() == self.bonded[atom].len()
                    && template.external[other] == self.external[atom]
            })
            .collect()
    }
}

/// For each atom of `residue` its atom in `template`, or `None` where their graphs differ.
pub(crate) fn match_residue(residue: &Graph, template: &Graph) -> Option<Vec<usize>> {
    let n_atoms = residue.elements.len();
    if n_atoms != template.elements.len() || residue.census() != template.census() {
        return None;
    }
    let candidates: Vec<Vec<usize>> = (0..n_atoms)
        .map(|atom| residue.candidates(template, atom))
        .collect();
    let order = search_order(residue, &candidates);
    let mut position_of = vec![0; n_atoms];
    for (position, &atom) in order.iter().enumerate() {
        position_of[atom] = position;
    }
    let matched = Search {
        template,
        candidates: order
            .iter()
            .map(|&atom| candidates[atom].as_slice())
            .collect(),
        bonded: order
            .iter()
            .map(|&atom| {
                residue.bonded[atom]
                    .iter()
                    .map(|&b| position_of[b])
                    .collect()
            })
            .collect(),
    }
    .run()?;
    Some(
        (0..n_atoms)
            .map(|atom| matched[position_of[atom]])
            .collect(),
    )
}

/// Begins with the atom that has the fewest candidates, then goes along bonds, again fewest first.
fn search_order(residue: &Graph, candidates: &[Vec<usize>]) -> Vec<usize> {
    let n_atoms = candidates.len();
    let mut order = Vec::with_capacity(n_atoms);
    let mut seen = vec![false; n_atoms];
    let mut frontier = BinaryHeap::new();
    // Roots in ascending (candidates, index): the first unseen one starts the next component.
    let mut roots: Vec<usize> = (0..n_atoms).collect();
    roots.sort_by_key(|&atom| (candidates[atom].len(), atom));
    for root in roots {
        if seen[root] {
            continue;
        }
        seen[root] = true;
        frontier.push(Reverse((candidates[root].len(), root)));
        while let Some(Reverse((_, atom))) = frontier.pop() {
            order.push(atom);
            for &next in &residue.bonded[atom] {
                if !seen[next] {
                    seen[next] = true;
                    frontier.push(Reverse((candidates[next].len(), next)));
                }
            }
        }
    }
    order
}

/// A depth-first search; all indices of residue atoms are positions in the search order.
struct Search<'a> {
    template: &'a Graph,
    candidates: Vec<&'a [usize]>,
    bonded: Vec<Vec<usize>>,
}

impl Search<'_> {
    fn run(&self) -> Option<Vec<usize>> {
        let n_atoms = self.candidates.len();
        let mut matched = vec![0; n_atoms];
        let mut used = vec![false; n_atoms];
        let mut tried = vec![0; n_atoms + 1];
        let mut position = 0;
        for _ in 0..MAX_STEPS {
            if position == n_atoms {
                return Some(matched);
            }
            let options = self.options(position, &matched);
            let next = (tried[position]..options.len())
                .find(|&choice| self.fits(position, options[choice], &matched, &used));
            if let Some(choice) = next {
                matched[position] = options[choice];
                used[options[choice]] = true;
                tried[position] = choice + 1;
                position += 1;
                tried[position] = 0;
            } else {
                position = position.checked_sub(1)?;
                used[matched[position]] = false;
            }
        }
        None
    }

    /// Template atoms to try: the neighbours of what a bonded atom was matched to, if there is one.
    fn options<'b>(&'b self, position: usize, matched: &[usize]) -> &'b [usize] {
        let anchor = self.bonded[position].iter().find(|&&b| b < position);
        anchor.map_or(self.candidates[position], |&b| {
            &self.template.bonded[matched[b]]
        })
    }

    fn fits(&self, position: usize, atom: usize, matched: &[usize], used: &[bool]) -> bool {
        !used[atom]
            && self.candidates[position].contains(&atom)
            && self.bonded[position]
                .iter()
                .all(|&b| b > position || self.template.bonded[atom].contains(&matched[b]))
    }
}
