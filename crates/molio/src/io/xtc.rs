//! GROMACS XTC: positions rounded to a fixed precision and packed into as few bits as they need.
//!
//! Reading has a decoder of its own ([`decode`]). molly's is as quick as the C library, but it trusts
//! the stream: corrupt counts and runs end in failed assertions and indices out of bounds, which a
//! reader of users' files cannot afford. Writing goes through molly (feature `xtc`), which only sees
//! frames that were checked before.

mod decode;
mod header;
mod reader;
#[cfg(feature = "xtc")]
mod writer;

pub(crate) use header::cell;
pub(crate) use reader::Reader;
#[cfg(feature = "xtc")]
pub(crate) use writer::Writer;
