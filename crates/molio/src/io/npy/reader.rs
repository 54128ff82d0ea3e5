//! Frames from arrays.

use super::array::Array;
use super::zip;
use crate::io::input::Input;
use crate::io::{check_finite, no_such_frame};
use crate::{Frame, FrameReader, Place, Result};

/// Reads `.npy` and `.npz`.
struct Reader {
    positions: Array,
    velocities: Option<Array>,
    forces: Option<Array>,
    cell: Option<Array>,
    time: Option<Array>,
    step: Option<Array>,
    n_frames: u64,
    next: u64,
}

/// A reader of positions in a `.npy` file, (frames, atoms, 3) or (atoms, 3).
pub(crate) fn npy(input: Input) -> Result<Box<dyn FrameReader>> {
    let length = input.length();
    let mut positions = Array::new(input, length)?;
    positions.make_frames();
    Ok(Box::new(Reader::new(positions, |_| Ok(None))?))
}

/// A reader of the arrays in a `.npz` file.
pub(crate) fn npz(mut input: Input) -> Result<Box<dyn FrameReader>> {
    let members = zip::members(&mut input)?;
    let array = |name: &str| {
        let file = format!("{name}.npy");
        let member = members.iter().find(|member| member.name == file);
        member
            .map(|member| Array::in_archive(&input, member))
            .transpose()
    };
    let Some(positions) = array("positions")? else {
        let names: Vec<_> = members.iter().map(|member| member.name.as_str()).collect();
        let found = names.join(", ");
        return Err(crate::Error::malformed(
            input.path(),
            Place::File,
            "an array `positions`",
            found,
        ));
    };
    Ok(Box::new(Reader::new(positions, array)?))
}

impl Reader {
    fn new(positions: Array, array: impl Fn(&str) -> Result<Option<Array>>) -> Result<Self> {
        let &[n_frames, n_atoms, 3] = positions.shape() else {
            let found = format!("{:?}", positions.shape());
            let expected = "positions of the shape (frames, atoms, 3)";
            return Err(positions.input().malformed(expected, found));
        };
        let checked = |name: &'static str, shape: &[u64]| -> Result<Option<Array>> {
            match array(name)? {
                Some(array) if array.shape() != shape => {
                    let expected = format!("`{name}` of the shape {shape:?}");
                    Err(array
                        .input()
                        .malformed(expected, format!("{:?}", array.shape())))
                }
                array => Ok(array),
            }
        };
        Ok(Self {
            velocities: checked("velocities", &[n_frames, n_atoms, 3])?,
            forces: checked("forces", &[n_frames, n_atoms, 3])?,
            cell: checked("cell", &[n_frames, 3, 3])?,
            time: checked("time", &[n_frames])?,
            step: checked("step", &[n_frames])?,
            positions,
            n_frames,
            next: 0,
        })
    }

    fn arrays(&mut self) -> impl Iterator<Item = &mut Array> {
        let others = [
            &mut self.velocities,
            &mut self.forces,
            &mut self.cell,
            &mut self.time,
            &mut self.step,
        ];
        std::iter::once(&mut self.positions).chain(others.into_iter().filter_map(Option::as_mut))
    }
}

impl FrameReader for Reader {
    fn read_frame(&mut self, frame: &mut Frame) -> Result<bool> {
        if self.next == self.n_frames {
            return Ok(false);
        }
        let place = Place::Frame(self.next as usize);
        self.positions.read_vectors(&mut frame.positions)?;
        let path = self.positions.input().path();
        check_finite(path, place, &frame.positions)?;
        for (array, field) in [
            (&mut self.velocities, &mut frame.velocities),
            (&mut self.forces, &mut frame.forces),
        ] {
            match array {
                Some(array) => {
                    let vectors = field.get_or_insert_default();
                    array.read_vectors(vectors)?;
                    check_finite(path, place, vectors)?;
                }
                None => *field = None,
            }
        }
        frame.cell = match &mut self.cell {
            Some(array) => {
                let n: [f64; 9] = array.read_numbers()?;
                crate::io::xtc::cell([[n[0], n[1], n[2]], [n[3], n[4], n[5]], [n[6], n[7], n[8]]])
            }
            None => None,
        };
        let number = |array: &mut Option<Array>| -> Result<Option<f64>> {
            array
                .as_mut()
                .map(|array| array.read_numbers::<1>().map(|[value]| value))
                .transpose()
        };
        frame.time = number(&mut self.time)?.filter(|time| time.is_finite());
        frame.step = number(&mut self.step)?
            .filter(|step| *step >= 0.0)
            .map(|step| step as i64);
        self.next += 1;
        Ok(true)
    }

    fn n_frames(&mut self) -> Result<Option<usize>> {
        Ok(usize::try_from(self.n_frames).ok())
    }

    fn seek(&mut self, index: usize) -> Result<()> {
        let index = index as u64;
        if index >= self.n_frames {
            let path = self.positions.input().path();
            return Err(no_such_frame(path, index as usize, self.n_frames as usize));
        }
        for array in self.arrays() {
            array.seek(index)?;
        }
        self.next = index;
        Ok(())
    }
}
