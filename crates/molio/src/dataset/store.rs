//! Where a dataset's frames are: in memory, or in a scratch file.

use crate::{Error, Place, Result};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Positions of equally long frames, `[n_frames][n_atoms][3]` f32 in nm.
#[derive(Debug)]
pub(super) struct FrameStore {
    n_atoms: usize,
    n_frames: usize,
    place: Backing,
}

#[derive(Debug)]
enum Backing {
    Memory(Vec<[f32; 3]>),
    /// Little-endian f32 without a header, read and written at computed offsets.
    Scratch {
        file: File,
        path: PathBuf,
    },
}

impl FrameStore {
    pub(super) fn in_memory(n_atoms: usize) -> Self {
        Self {
            n_atoms,
            n_frames: 0,
            place: Backing::Memory(Vec::new()),
        }
    }

    /// A new file in `folder` that goes away with the store.
    pub(super) fn in_folder(folder: &Path, n_atoms: usize) -> Result<Self> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(
            "foldscape-frames-{}-{number}.f32",
            std::process::id()
        ));
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|source| Error::io(&path, Place::File, "scratch file", source))?;
        Ok(Self {
            n_atoms,
            n_frames: 0,
            place: Backing::Scratch { file, path },
        })
    }

    pub(super) fn n_atoms(&self) -> usize {
        self.n_atoms
    }

    pub(super) fn n_frames(&self) -> usize {
        self.n_frames
    }

    /// Appends a frame of `n_atoms` positions.
    pub(super) fn push(&mut self, frame: &[[f32; 3]]) -> Result<()> {
        debug_assert_eq!(frame.len(), self.n_atoms);
        if let Backing::Memory(all) = &mut self.place {
            all.extend_from_slice(frame);
        }
        self.n_frames += 1;
        if let Backing::Scratch { .. } = &self.place {
            self.write(self.n_frames - 1, frame)?;
        }
        Ok(())
    }

    /// Copies the frames from `first` on that fill `out`.
    pub(super) fn read(&self, first: usize, out: &mut [[f32; 3]]) -> Result<()> {
        let start = first * self.n_atoms;
        match &self.place {
            Backing::Memory(all) => out.copy_from_slice(&all[start..start + out.len()]),
            Backing::Scratch { file, path } => {
                let mut bytes = vec![0; out.len() * 12];
                read_at(file, &mut bytes, start as u64 * 12)
                    .map_err(|source| Error::io(path, Place::Frame(first), "a frame", source))?;
                for (x, bytes) in out.iter_mut().zip(bytes.chunks_exact(12)) {
                    *x = std::array::from_fn(|axis| {
                        f32::from_le_bytes(std::array::from_fn(|byte| bytes[4 * axis + byte]))
                    });
                }
            }
        }
        Ok(())
    }

    /// Overwrites the frames from `first` on.
    pub(super) fn write(&mut self, first: usize, frames: &[[f32; 3]]) -> Result<()> {
        let start = first * self.n_atoms;
        match &mut self.place {
            Backing::Memory(all) => all[start..start + frames.len()].copy_from_slice(frames),
            Backing::Scratch { file, path } => {
                let bytes: Vec<u8> = frames
                    .iter()
                    .flatten()
                    .flat_map(|value| value.to_le_bytes())
                    .collect();
                write_at(file, &bytes, start as u64 * 12)
                    .map_err(|source| Error::io(path, Place::Frame(first), "a frame", source))?;
            }
        }
        Ok(())
    }
}

impl Drop for FrameStore {
    fn drop(&mut self) {
        if let Backing::Scratch { path, .. } = &self.place {
            // nothing can be done about a scratch file that cannot be removed
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(unix)]
fn write_at(file: &File, buffer: &[u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> std::io::Result<()> {
    while !buffer.is_empty() {
        let n = std::os::windows::fs::FileExt::seek_read(file, buffer, offset)?;
        if n == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        buffer = &mut buffer[n..];
        offset += n as u64;
    }
    Ok(())
}

#[cfg(windows)]
fn write_at(file: &File, mut buffer: &[u8], mut offset: u64) -> std::io::Result<()> {
    while !buffer.is_empty() {
        let n = std::os::windows::fs::FileExt::seek_write(file, buffer, offset)?;
        buffer = &buffer[n..];
        offset += n as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_places_hold_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let mut stores = [
            FrameStore::in_memory(2),
            FrameStore::in_folder(folder.path(), 2).unwrap(),
        ];
        for store in &mut stores {
            for frame in 0..5 {
                store.push(&[[frame as f32; 3], [0.5; 3]]).unwrap();
            }
            store.write(3, &[[7.0, 8.0, 9.0], [1.0; 3]]).unwrap();
            let mut out = vec![[0.0; 3]; 4];
            store.read(2, &mut out).unwrap();
            assert_eq!(out, [[2.0; 3], [0.5; 3], [7.0, 8.0, 9.0], [1.0; 3]]);
            assert_eq!(store.n_frames(), 5);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        drop(stores);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_missing_folder_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(FrameStore::in_folder(&folder.path().join("none"), 2).is_err());
    }
}
