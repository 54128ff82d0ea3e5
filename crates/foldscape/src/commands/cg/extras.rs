//! What labels know besides positions and forces: standard errors of the forces, and energies.
//!
//! A `.npz` file has them as further arrays, any other file as `.npy` files beside it, which is also how
//! `foldscape learn` leaves its labels.
//!
//! | what | array in `.npz` | file beside `NAME.trr` | shape | unit |
//! |---|---|---|---|---|
//! | errors of forces | `force_errors` | `NAME-errors.npy` | (frames, atoms, 3) | kJ/mol/nm |
//! | energies | `energies` | `NAME-energies.npy` | (frames,) | kJ/mol |

use crate::input::{Array, parse_array};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// Standard errors and energies of one file's frames.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extras {
    n_atoms: usize,
    errors: Option<Vec<f64>>,
    energies: Option<Vec<f64>>,
}

impl Extras {
    /// Reads what there is for a trajectory of so many atoms; energies only if they are asked for.
    pub(crate) fn read(path: &Path, n_atoms: usize, energies: bool) -> Result<Self> {
        let errors = find(path, "force_errors", "errors")?;
        let energies = match energies {
            true => find(path, "energies", "energies")?,
            false => None,
        };
        if let Some(array) = &errors
            && !matches!(array.shape[..], [_, n, 3] if n == n_atoms)
        {
            let found = &array.shape;
            bail!(
                "{}: expected the shape (frames, {n_atoms}, 3), found {found:?}",
                array.place
            );
        }
        // an error is squared on its way to the beads, which would hide its sign
        let values = errors.iter().flat_map(|array| &array.values);
        if let Some(value) = values.into_iter().find(|e| !(e.is_finite() && **e > 0.0)) {
            bail!(
                "{}: expected standard errors above 0, found {value}",
                path.display()
            );
        }
        if let Some(array) = &energies
            && array.shape.len() != 1
        {
            let found = &array.shape;
            bail!(
                "{}: expected the shape (frames,), found {found:?}",
                array.place
            );
        }
        Ok(Self {
            n_atoms,
            errors: errors.map(|array| array.values),
            energies: energies.map(|array| array.values),
        })
    }

    /// Standard errors of a frame's forces (kJ/mol/nm), `[atom][3]`.
    pub(crate) fn errors(&self, frame: usize) -> Result<Option<Vec<[f64; 3]>>> {
        let Some(errors) = &self.errors else {
            return Ok(None);
        };
        let size = 3 * self.n_atoms;
        let rows = errors.get(frame * size..(frame + 1) * size);
        let rows = rows.context("no standard errors of this frame")?;
        let (triples, _) = rows.as_chunks::<3>();
        Ok(Some(triples.to_vec()))
    }

    /// A frame's energy (kJ/mol).
    pub(crate) fn energy(&self, frame: usize) -> Result<Option<f64>> {
        let Some(energies) = &self.energies else {
            return Ok(None);
        };
        let energy = energies.get(frame).context("no energy of this frame")?;
        Ok(Some(*energy))
    }
}

/// An array of a `.npz` file, or the `.npy` file beside another; `None` where there is none.
fn find(path: &Path, array: &str, suffix: &str) -> Result<Option<Array>> {
    let is_archive = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("npz"));
    if is_archive {
        let place = format!("{}, array {array}", path.display());
        let file = std::fs::File::open(path).with_context(|| place.clone())?;
        let mut archive = zip::ZipArchive::new(file).with_context(|| place.clone())?;
        let member = match archive.by_name(&format!("{array}.npy")) {
            Ok(member) => member,
            Err(zip::result::ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(error).context(place),
        };
        return parse_array(member, place).map(Some);
    }
    let beside = beside(path, suffix);
    let place = beside.display().to_string();
    match std::fs::File::open(&beside) {
        Ok(file) => parse_array(std::io::BufReader::new(file), place).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context(place),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}-{suffix}.npy"))
}
