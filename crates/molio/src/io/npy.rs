//! NumPy arrays: `.npy` with positions, and `.npz` with positions and what else frames have.
//!
//! | array | shape | unit |
//! |---|---|---|
//! | `positions` | (frames, atoms, 3) | nm |
//! | `velocities` | (frames, atoms, 3) | nm/ps |
//! | `forces` | (frames, atoms, 3) | kJ/mol/nm |
//! | `cell` | (frames, 3, 3), rows are vectors, zeros mean none | nm |
//! | `time` | (frames,), NaN means unknown | ps |
//! | `step` | (frames,), negative means unknown | |
//!
//! f32 and f64 of both byte orders are read, f32 (f64 for cell and time, i64 for step) is written. A
//! `.npz` is a zip archive; its arrays are streamed side by side, each from where it lies in the file,
//! which a library that hands out one member at a time cannot do. So the few fields of zip and npy that
//! this takes are read here.

mod array;
mod checked;
mod header;
mod inflate;
mod reader;
mod writer;
mod zip;

pub(crate) use reader::{npy, npz};
pub(crate) use writer::{NpyWriter, NpzWriter};
