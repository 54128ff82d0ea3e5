//! Where chains are interrupted.

use super::PrepareReport;
use super::report::{Gap, ResidueId};
use crate::Topology;

/// Whether no peptide bond joins two residues that follow each other; if so it is reported.
pub(super) fn is_gap(
    topology: &Topology,
    [before, after]: [usize; 2],
    report: &mut PrepareReport,
) -> bool {
    let carbon = topology.find(before, "C");
    let nitrogen = topology.find(after, "N");
    if let (Some(c), Some(n)) = (carbon, nitrogen)
        && topology
            .bonds()
            .binary_search(&[c.min(n), c.max(n)])
            .is_ok()
    {
        return false;
    }
    let numbers = [before, after].map(|residue| topology.residues()[residue].number);
    let step = i64::from(numbers[1]) - i64::from(numbers[0]);
    report.gaps.push(Gap {
        after: ResidueId::new(topology, before),
        before: ResidueId::new(topology, after),
        n_missing: u32::try_from(step - 1).unwrap_or(0),
    });
    true
}
