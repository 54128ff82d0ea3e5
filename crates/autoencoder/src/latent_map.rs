//! A grid over two latent coordinates.

use crate::data::FrameSource;
use crate::{Autoencoder, Error, Result};
use candle_core::{DType, Device, Tensor};

/// Codes of frames, `[n_frames][latent]`, in the order of `indices`.
///
/// The model must be in evaluation mode.
///
/// # Errors
/// Frames that cannot be had, or a failing device.
pub fn encode_frames(
    model: &dyn Autoencoder,
    frames: &dyn FrameSource,
    indices: &[usize],
    batch_size: usize,
    device: &Device,
) -> Result<Vec<Vec<f32>>> {
    let mut codes = Vec::with_capacity(indices.len());
    for batch in frames.batches(indices, batch_size) {
        let batch = batch.map_err(Error::Frames)?;
        let shape = (batch.indices.len(), frames.n_atoms(), 3);
        let positions = Tensor::from_vec(batch.values, shape, device)?;
        codes.extend(
            model
                .encode(&positions)?
                .to_dtype(DType::F32)?
                .to_vec2::<f32>()?,
        );
    }
    Ok(codes)
}

/// Decoded codes, `[n_codes][n_atoms][3]`, standardised.
///
/// # Errors
/// Codes of another length than the model's, or a failing device.
pub(crate) fn decode_codes(
    model: &dyn Autoencoder,
    codes: &[Vec<f32>],
    batch_size: usize,
    device: &Device,
) -> Result<Vec<f32>> {
    let mut values = Vec::with_capacity(codes.len() * model.n_atoms() * 3);
    for batch in codes.chunks(batch_size.max(1)) {
        let width = batch[0].len();
        if batch.iter().any(|code| code.len() != width) {
            return Err(Error::setting(
                "codes",
                format!("{width} numbers each"),
                "another length",
            ));
        }
        let latent = Tensor::from_vec(batch.concat(), (batch.len(), width), device)?;
        let decoded = model.decode(&latent)?.to_dtype(DType::F32)?;
        values.extend(decoded.flatten_all()?.to_vec1::<f32>()?);
    }
    Ok(values)
}

/// Points evenly spread over a rectangle in two of the latent coordinates; the others are fixed.
///
/// A cell is `[row, column]`. Columns follow the first axis, rows the second, so a map drawn with row
/// 0 at the bottom has its axes the usual way. Maps are flat, row after row.
///
/// # Examples
/// ```
/// use autoencoder::LatentMap;
/// let codes = [vec![0.0, 1.0], vec![2.0, 5.0]];
/// let map = LatentMap::around(&codes, [0, 1], [5, 3], 0.25)?;
/// assert_eq!(map.point([0, 0]), [-0.5, 0.0]);
/// assert_eq!(map.point([2, 4]), [2.5, 6.0]);
/// assert_eq!(map.cell(&[2.4, 2.8]), Some([1, 4]));
/// # Ok::<(), autoencoder::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LatentMap {
    axes: [usize; 2],
    origin: [f64; 2],
    spacing: [f64; 2],
    size: [usize; 2],
    centre: Vec<f32>,
}

impl LatentMap {
    /// A grid of `[columns, rows]` points over the extent of `codes` in two `axes`, widened on each
    /// side by `padding` times the extent. Coordinates that are not axes stay at the codes' mean.
    ///
    /// # Errors
    /// [`Error::Setting`] without codes, for codes that are not finite, axes that are equal or not
    /// there, fewer than 2 points along an axis, or a negative padding.
    pub fn around(
        codes: &[Vec<f32>],
        axes: [usize; 2],
        size: [usize; 2],
        padding: f64,
    ) -> Result<Self> {
        let width = codes.first().map_or(0, Vec::len);
        let whole = |c: &Vec<f32>| c.len() == width && c.iter().all(|v| v.is_finite());
        if width == 0 || !codes.iter().all(whole) {
            return Err(Error::setting(
                "codes",
                "finite codes of equal length",
                "others, or none",
            ));
        }
        if axes[0] == axes[1] || axes.iter().any(|&axis| axis >= width) {
            let expected = format!("two different axes below {width}");
            return Err(Error::setting("axes", expected, format!("{axes:?}")));
        }
        if size.iter().any(|n| !(2..=1 << 14).contains(n)) {
            return Err(Error::setting(
                "grid size",
                "2 to 16384 each way",
                format!("{size:?}"),
            ));
        }
        if !(padding.is_finite() && padding >= 0.0) {
            return Err(Error::setting("padding", "0 or more", padding));
        }
        let mean = |axis: usize| {
            let sum: f64 = codes.iter().map(|code| f64::from(code[axis])).sum();
            (sum / codes.len() as f64) as f32
        };
        let (mut origin, mut spacing) = ([0.0; 2], [0.0; 2]);
        for (way, &axis) in axes.iter().enumerate() {
            let values = codes.iter().map(|code| f64::from(code[axis]));
            let low = values.clone().fold(f64::INFINITY, f64::min);
            let high = values.fold(f64::NEG_INFINITY, f64::max);
            // codes without extent still get a map to look at
            let extent = if high > low { high - low } else { 1.0 };
            let middle = 0.5 * (low + high);
            let full = extent * (1.0 + 2.0 * padding);
            origin[way] = middle - 0.5 * full;
            spacing[way] = full / (size[way] - 1) as f64;
        }
        Ok(Self {
            axes,
            origin,
            spacing,
            size,
            centre: (0..width).map(mean).collect(),
        })
    }

    /// Numbers of columns and rows.
    pub fn size(&self) -> [usize; 2] {
        self.size
    }

    /// Distances between columns and between rows.
    pub fn spacing(&self) -> [f64; 2] {
        self.spacing
    }

    /// Values of the two axes at columns and at rows.
    pub fn ticks(&self) -> [Vec<f64>; 2] {
        std::array::from_fn(|way| {
            let tick = |i: usize| self.origin[way] + self.spacing[way] * i as f64;
            (0..self.size[way]).map(tick).collect()
        })
    }

    /// The code of a cell.
    pub fn point(&self, [row, column]: [usize; 2]) -> Vec<f32> {
        let mut point = self.centre.clone();
        for (way, index) in [column, row].into_iter().enumerate() {
            point[self.axes[way]] = (self.origin[way] + self.spacing[way] * index as f64) as f32;
        }
        point
    }

    /// The cell nearest to a code; `None` outside the map (by more than half a cell).
    pub fn cell(&self, code: &[f32]) -> Option<[usize; 2]> {
        let mut index = [0; 2];
        for way in 0..2 {
            let value = f64::from(*code.get(self.axes[way])?);
            let at = ((value - self.origin[way]) / self.spacing[way]).round();
            if !(at >= 0.0 && at < self.size[way] as f64) {
                return None;
            }
            index[way] = at as usize;
        }
        Some([index[1], index[0]])
    }

    /// The codes of all cells, row after row.
    pub fn points(&self) -> Vec<Vec<f32>> {
        let [columns, rows] = self.size;
        let cells = (0..rows).flat_map(|row| (0..columns).map(move |column| [row, column]));
        cells.map(|cell| self.point(cell)).collect()
    }

    /// Decodes all cells row after row, a batch at a time, and scores each: `score` gets the
    /// standardised positions `[n_atoms][3]` of one cell.
    ///
    /// # Errors
    /// A failing device, or what `score` returns.
    pub fn scan(
        &self,
        model: &dyn Autoencoder,
        device: &Device,
        score: &mut dyn FnMut(&[f32]) -> Result<f64>,
    ) -> Result<Vec<f64>> {
        let points = self.points();
        let mut scores = Vec::with_capacity(points.len());
        for batch in points.chunks(64) {
            let values = decode_codes(model, batch, 64, device)?;
            for conformation in values.chunks_exact(3 * model.n_atoms()) {
                scores.push(score(conformation)?);
            }
        }
        Ok(scores)
    }
}
