//! What every fuzz target does with its bytes: read them as a file of one format, in order and at
//! random. Errors are fine; panics, endless loops and memory beyond the limit are findings.
//!
//! `cargo +nightly fuzz run xtc fuzz/corpus/xtc fuzz/seeds/xtc -- -max_total_time=600
//! -rss_limit_mb=2048 -timeout=10`

use molio::{Format, Frame};

/// Reads `data` as frames and as a topology.
pub fn read(format: Format, data: &[u8]) {
    let _ = molio::read_topology_bytes(format, "fuzz", data.to_vec());
    let Ok(mut reader) = molio::open_bytes(format, "fuzz", data.to_vec()) else {
        return;
    };
    let counted = reader.n_frames();
    let mut frame = Frame::default();
    let mut n_frames = 0;
    while let Ok(true) = reader.read_frame(&mut frame) {
        assert!(frame.positions.as_flattened().iter().all(|x| x.is_finite()));
        n_frames += 1;
    }
    if let Ok(Some(counted)) = counted {
        assert!(n_frames <= counted, "{n_frames} frames, {counted} counted");
        if reader.seek(counted / 2).is_ok() {
            let _ = reader.read_frame(&mut frame);
        }
    }
}
