//! Where chains are interrupted.

use super::PrepareReport;
use super::report::{Gap, ResidueId};
use crate::Topology;

/// Whether no peptide bond joins two residues that follow each other; if so it is reported. Where its C or N is
/// missing, the distance between atoms around it decides.
pub(super) fn is_gap(
    topology: &Topology,
    positions: &[[f32; 3]],
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
    if carbon.is_none() || nitrogen.is_none() {
        let near = |from: &str, to: &str, limit: f32| {
            let atoms = (topology.find(before, from), topology.find(after, to));
            let (Some(a), Some(b)) = atoms else {
                return false;
            };
            let square = |x: usize| (positions[a][x] - positions[b][x]).powi(2);
            (0..3).map(square).sum::<f32>() < limit * limit
        };
        // two bonds apart, and three
        if near("CA", "N", 0.28) || near("C", "CA", 0.28) || near("CA", "CA", 0.42) {
            return false;
        }
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
