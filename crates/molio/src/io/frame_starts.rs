//! Where the frames of a file start, for the formats that only tell by being read.

use super::input::Input;
use super::lines::Lines;
use super::no_such_frame;
use crate::Result;
use std::path::Path;

/// A source of frames that can return to a place where it was.
pub(super) trait Source {
    /// A place, with whatever holds there.
    type Place: Copy;

    fn path(&self) -> &Path;
    fn place(&self) -> Self::Place;
    fn go_to(&mut self, place: Self::Place) -> Result<()>;
}

impl Source for Input {
    type Place = u64;

    fn path(&self) -> &Path {
        self.path()
    }

    fn place(&self) -> u64 {
        self.position()
    }

    fn go_to(&mut self, place: u64) -> Result<()> {
        self.seek(place)
    }
}

impl Source for Lines {
    /// Offset and number of the next line.
    type Place = (u64, usize);

    fn path(&self) -> &Path {
        self.path()
    }

    fn place(&self) -> (u64, usize) {
        (self.position(), self.number() + 1)
    }

    fn go_to(&mut self, (position, number): (u64, usize)) -> Result<()> {
        self.seek(position, number)
    }
}

/// The places of a file's frames, found when first asked for.
pub(super) struct FrameStarts<S: Source> {
    first: S::Place,
    starts: Option<Vec<S::Place>>,
}

impl<S: Source> FrameStarts<S> {
    /// Of a file whose first frame starts where `source` is.
    pub(super) fn from_here(source: &S) -> Self {
        Self {
            first: source.place(),
            starts: None,
        }
    }

    /// Number of frames. `skip` moves behind the next frame, or returns `false` if there is none;
    /// the source is back where it was afterwards.
    pub(super) fn count(
        &mut self,
        source: &mut S,
        skip: impl FnMut(&mut S) -> Result<bool>,
    ) -> Result<usize> {
        self.all(source, skip).map(<[_]>::len)
    }

    /// Moves the source to the start of frame `index`.
    pub(super) fn seek(
        &mut self,
        source: &mut S,
        index: usize,
        skip: impl FnMut(&mut S) -> Result<bool>,
    ) -> Result<()> {
        let starts = self.all(source, skip)?;
        let n_frames = starts.len();
        match starts.get(index) {
            Some(&place) => source.go_to(place),
            None => Err(no_such_frame(source.path(), index, n_frames)),
        }
    }

    fn all(
        &mut self,
        source: &mut S,
        skip: impl FnMut(&mut S) -> Result<bool>,
    ) -> Result<&[S::Place]> {
        if self.starts.is_none() {
            let back = source.place();
            let starts = find(source, self.first, skip);
            source.go_to(back)?;
            self.starts = Some(starts?);
        }
        Ok(self.starts.as_deref().unwrap_or_default())
    }
}

fn find<S: Source>(
    source: &mut S,
    first: S::Place,
    mut skip: impl FnMut(&mut S) -> Result<bool>,
) -> Result<Vec<S::Place>> {
    let mut starts = Vec::new();
    source.go_to(first)?;
    loop {
        let start = source.place();
        if !skip(source)? {
            return Ok(starts);
        }
        starts.push(start);
    }
}
