//! What `analyze` measures of each frame.

use super::frame_values::{Fluctuations, FrameValues};
use anyhow::Result;
use metrics::backbone::{Backbone, ResidueTorsions, TorsionKind};
use metrics::chirality::Chirality;
use metrics::clashes::{ClashConfig, Clashes, StrainedBonds};
use metrics::contacts::{NativeContacts, NativeContactsConfig};
use metrics::dope::{DopeLibrary, DopeRule};
use metrics::geometry::map_frames;
use metrics::gyration::{RadiusOfGyration, Weighting, chain_ends, end_to_end};
use metrics::hydrogen_bonds::{BakerHubbard, BakerHubbardConfig};
use metrics::ramachandran::{Ramachandran, RamachandranGrids};
use metrics::rmsd::{Alignment, Rmsd};
use metrics::secondary_structure::Dssp;
use metrics::surface_area::{SurfaceArea, SurfaceAreaConfig};
use molio::{Element, ResidueKind, Topology, Trajectory, residue_kind};
use serde::Serialize;
use serde::ser::Serializer;
use std::collections::BTreeMap;
use std::path::Path;

/// Pairs farther apart than this do not count in DOPE (nm), as in Modeller.
const DOPE_CUTOFF: f64 = 1.5;
/// Standard deviations from which a backbone bond counts as strained.
const STRAINED_SIGMA: f64 = 4.0;
/// Points on each sphere of the surface: its error is then below 1 %.
const SURFACE_POINTS: usize = 240;

/// Angles of each residue, in this order.
const TORSIONS: [TorsionKind; 4] = [
    TorsionKind::Phi,
    TorsionKind::Psi,
    TorsionKind::Omega,
    TorsionKind::Chi(1),
];

/// Measures that take long, or much memory, and can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Costly {
    /// Solvent-accessible surface.
    Sasa,
    /// Clashes and strained bonds.
    Clashes,
    /// Secondary structure and hydrogen bonds.
    SecondaryStructure,
    /// Fraction of native contacts.
    NativeContacts,
    /// φ, ψ, ω and χ₁ of every residue, most of the memory of a long run; their rows are then empty.
    Torsions,
}

/// Several numbers a frame, `[n_frames][width]`; NaN is written as `null`.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    pub(super) width: usize,
    pub(super) values: Vec<f32>,
    /// Written as one number a frame and not as rows of one.
    pub(super) flat: bool,
}

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.flat {
            return serializer.collect_seq(&self.values);
        }
        // A system without residues still has frames, of which this cannot tell the number.
        serializer.collect_seq(self.values.chunks_exact(self.width.max(1)))
    }
}

/// The document of `--json`: arrays over frames; `null` where something is undefined (no such
/// atoms, no table, a frame with coordinates that are not finite).
#[derive(Default, Serialize)]
pub(super) struct Analysis {
    pub(super) frames: usize,
    pub(super) atoms: usize,
    /// first frame of each file
    #[serde(skip)]
    pub(super) starts: Vec<usize>,
    /// frames with a coordinate that is not finite; all their values are `null`
    pub(super) rejected: usize,
    /// nm, of the selected atoms from the reference or the first frame, after superposition
    pub(super) rmsd: Vec<f64>,
    /// nm, mass-weighted
    pub(super) rg: Vec<f64>,
    /// nm, of each selected atom, around the mean of the superposed frames
    pub(super) rmsf: Vec<f64>,
    /// nm, first to last CA of each chain
    pub(super) end_to_end: Rows,
    /// radians; `null` where a residue has none
    pub(super) phi: Rows,
    pub(super) psi: Rows,
    pub(super) omega: Rows,
    pub(super) chi1: Rows,
    /// Top8000 classes, numbers of residues
    pub(super) ramachandran: Vec<Option<RamachandranFrame>>,
    /// D amino acids
    pub(super) chirality_errors: Vec<Option<u32>>,
    /// DOPE, arbitrary units
    pub(super) dope: Vec<f64>,
    /// which atoms the DOPE sum saw
    pub(super) dope_label: Option<&'static str>,
    /// fraction of native contacts (soft), those of the reference or the first frame
    pub(super) native_contacts: Vec<f64>,
    /// nm², solvent-accessible
    pub(super) sasa: Vec<f64>,
    /// DSSP letters, one a residue, `-` for loops and residues without a backbone
    pub(super) secondary_structure: Vec<Option<String>>,
    /// Baker–Hubbard hydrogen bonds
    pub(super) hydrogen_bonds: Vec<Option<u32>>,
    /// overlaps of van der Waals spheres by 0.04 nm or more
    pub(super) clashes: Vec<Option<u32>>,
    /// backbone bonds 4 σ from the ideal length of Engh and Huber
    pub(super) strained_bonds: Vec<Option<u32>>,
    /// the user's own values, by name
    pub(super) columns: BTreeMap<String, Rows>,
}

#[derive(Clone, Copy, Serialize)]
pub(super) struct RamachandranFrame {
    pub(super) favored: usize,
    pub(super) allowed: usize,
    pub(super) outlier: usize,
}

/// The measures of one system, and what they have given so far.
pub(super) struct Measures {
    topology: Topology,
    atoms: Vec<usize>,
    reference: Option<Vec<[f32; 3]>>,
    /// `None` where they are left out.
    torsions: Option<ResidueTorsions>,
    ramachandran: Ramachandran,
    chirality: Option<Chirality>,
    gyration: RadiusOfGyration,
    ends: Vec<[usize; 2]>,
    dope: Option<DopeLibrary>,
    native_contacts: Option<NativeContacts>,
    surface: Option<SurfaceArea>,
    secondary_structure: Option<Dssp>,
    hydrogen_bonds: Option<BakerHubbard>,
    clashes: Option<Clashes>,
    strained: Option<StrainedBonds>,
    left_out: Vec<Costly>,
    rmsf: Fluctuations,
    analysis: Analysis,
}

impl Measures {
    pub(super) fn new(
        topology: &Topology,
        atoms: Vec<usize>,
        reference: Option<Vec<[f32; 3]>>,
        dope: Option<&Path>,
        left_out: &[Costly],
    ) -> Result<Self> {
        let massless = (0..topology.n_atoms()).all(|atom| topology.mass(atom) == 0.0);
        let weighting = if massless {
            Weighting::Equal
        } else {
            Weighting::Mass
        };
        let backbone = Backbone::new(topology);
        let has_backbone = backbone
            .residues
            .iter()
            .any(|r| r.n.is_some() && r.c.is_some());
        let has_side_chain = backbone
            .residues
            .iter()
            .any(|r| r.n.is_some() && r.cb.is_some());
        let has_hydrogen = topology
            .atoms()
            .iter()
            .any(|a| a.element == Element::HYDROGEN);
        let wanted = |measure: Costly| !left_out.contains(&measure);
        let surface = SurfaceAreaConfig {
            n_points: SURFACE_POINTS,
            ..SurfaceAreaConfig::default()
        };
        let new_clashes = || Clashes::new(topology, ClashConfig::default());
        let new_bonds = || BakerHubbard::new(topology, BakerHubbardConfig::default());
        Ok(Self {
            topology: topology.clone(),
            rmsf: Fluctuations::new(atoms.len()),
            atoms,
            reference,
            torsions: wanted(Costly::Torsions)
                .then(|| ResidueTorsions::new(topology, &TORSIONS))
                .transpose()?,
            ramachandran: Ramachandran::new(topology)?,
            chirality: has_side_chain.then(|| Chirality::new(topology)),
            gyration: RadiusOfGyration::new(topology, weighting)?,
            // water and ions are chains in many files
            ends: chain_ends(topology)
                .into_iter()
                .filter(|&[first, _]| {
                    let kind = residue_kind(&topology.residue_of(first).name);
                    !matches!(kind, ResidueKind::Water | ResidueKind::Ion)
                })
                .collect(),
            dope: dope.map(DopeLibrary::read).transpose()?,
            native_contacts: None,
            surface: wanted(Costly::Sasa)
                .then(|| SurfaceArea::new(topology, surface))
                .transpose()?,
            secondary_structure: (wanted(Costly::SecondaryStructure) && has_backbone)
                .then(|| Dssp::new(topology)),
            hydrogen_bonds: (wanted(Costly::SecondaryStructure) && has_hydrogen)
                .then(new_bonds)
                .transpose()?,
            clashes: wanted(Costly::Clashes).then(new_clashes).transpose()?,
            strained: (wanted(Costly::Clashes) && has_backbone)
                .then(|| StrainedBonds::backbone(topology, STRAINED_SIGMA))
                .transpose()?,
            left_out: left_out.to_vec(),
            analysis: Analysis {
                atoms: topology.n_atoms(),
                ..Analysis::default()
            },
        })
    }

    pub(super) fn add(&mut self, frames: &Trajectory) -> Result<()> {
        if frames.n_frames() == 0 {
            return Ok(());
        }
        if self.reference.is_none() {
            self.reference = Some(frames.positions(0).to_vec());
        }
        let reference = self.reference.clone().unwrap_or_default();
        let finite =
            |positions: &[[f32; 3]]| positions.as_flattened().iter().all(|x| x.is_finite());
        anyhow::ensure!(
            finite(&reference),
            "the reference, or the first frame in its place, has coordinates that are not finite"
        );
        if self.native_contacts.is_none() && !self.left_out.contains(&Costly::NativeContacts) {
            let config = NativeContactsConfig::default();
            match NativeContacts::new(&self.topology, &reference, config) {
                Ok(contacts) => self.native_contacts = Some(contacts),
                // A short or extended chain has none, and so no fraction of them.
                Err(metrics::Error::TooFew { .. }) => self.left_out.push(Costly::NativeContacts),
                Err(other) => return Err(other.into()),
            }
        }
        let rmsd = Rmsd::new(&reference, Some(&self.atoms), Alignment::Measured)?;
        let dope = match &self.dope {
            Some(library) => {
                let dope = library.score(&self.topology, DopeRule::Modeller, DOPE_CUTOFF)?;
                self.analysis.dope_label = Some(dope.coverage().label());
                Some(dope)
            }
            None => None,
        };
        let measured = map_frames(frames, |positions| -> metrics::Result<_> {
            if !finite(positions) {
                return Ok(None);
            }
            let mut values = self.of_frame(positions)?;
            values.rmsd = rmsd.evaluate(positions)?;
            if let Some(dope) = &dope {
                values.dope = dope.evaluate(positions)?;
            }
            Ok(Some(values))
        });
        for (frame, values) in measured.into_iter().enumerate() {
            self.analysis.frames += 1;
            let values = match values? {
                Some(values) => {
                    self.rmsf
                        .add(frames.positions(frame), &reference, &self.atoms)?;
                    values
                }
                None => {
                    self.analysis.rejected += 1;
                    self.undefined()
                }
            };
            values.join(&mut self.analysis);
        }
        Ok(())
    }

    fn undefined(&self) -> FrameValues {
        let n_residues = self.torsions.as_ref().map_or(0, |t| t.n_residues());
        FrameValues::undefined(n_residues, self.ends.len())
    }

    fn of_frame(&self, positions: &[[f32; 3]]) -> metrics::Result<FrameValues> {
        let ends = self.ends.iter().map(|&[a, b]| end_to_end(positions, a, b));
        let mut values = FrameValues {
            rg: self.gyration.evaluate(positions)?,
            end_to_end: ends
                .map(|d| d.map(|d| d as f32))
                .collect::<Result<_, _>>()?,
            torsions: match &self.torsions {
                Some(torsions) => torsions.evaluate(positions)?,
                None => Vec::new(),
            },
            ..self.undefined()
        };
        let grids = RamachandranGrids::built_in();
        let counts = self.ramachandran.evaluate(positions, grids)?.counts;
        if counts.favored + counts.allowed + counts.outlier > 0 {
            values.ramachandran = Some(RamachandranFrame {
                favored: counts.favored,
                allowed: counts.allowed,
                outlier: counts.outlier,
            });
        }
        let count = |n: usize| Some(n as u32);
        if let Some(chirality) = &self.chirality {
            values.chirality_errors = count(chirality.count_d(positions)?);
        }
        if let Some(contacts) = &self.native_contacts {
            values.native_contacts = contacts.soft(positions)?;
        }
        if let Some(surface) = &self.surface {
            values.sasa = surface.total(positions)?;
        }
        if let Some(dssp) = &self.secondary_structure {
            let states = dssp.evaluate(positions)?;
            let letters = states.iter().map(|s| s.map_or('-', |s| s.letter()));
            values.secondary_structure =
                Some(letters.map(|c| if c == ' ' { '-' } else { c }).collect());
        }
        if let Some(bonds) = &self.hydrogen_bonds {
            values.hydrogen_bonds = count(bonds.evaluate(positions)?.len());
        }
        if let Some(clashes) = &self.clashes {
            values.clashes = count(clashes.evaluate(positions)?.len());
        }
        if let Some(strained) = &self.strained {
            values.strained_bonds = count(strained.evaluate(positions)?.len());
        }
        Ok(values)
    }

    /// The analysis; `None` without a frame.
    pub(super) fn finish(mut self) -> Option<Analysis> {
        self.analysis.rmsf = self.rmsf.finish()?;
        Some(self.analysis)
    }
}
