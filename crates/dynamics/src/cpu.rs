//! The only unsafe code of this crate: entering functions compiled for wider registers.

mod dispatch;

pub(crate) use dispatch::{LaneKernel, dispatch};
