//! What every fuzz target does with its bytes: read them as a file of one format, in order and at
//! random. Errors are fine; panics, endless loops, memory beyond the limit, a number of frames that
//! is not the one announced and a frame that is another at random than in order are findings.

use molio::{Format, Frame};

/// Reads `data` as frames and as a topology.
pub fn read(format: Format, data: &[u8]) {
    let _ = molio::read_topology_bytes(format, "fuzz", data.to_vec());
    let Ok(mut reader) = molio::open_bytes(format, "fuzz", data.to_vec()) else {
        return;
    };
    let counted = reader.n_frames();
    let middle = counted.as_ref().map_or(0, |count| count.unwrap_or(0) / 2);
    let (mut frame, mut expected) = (Frame::default(), None);
    let mut n_frames = 0;
    let end = loop {
        match reader.read_frame(&mut frame) {
            Ok(true) => {}
            end => break end,
        }
        assert!(frame.positions.as_flattened().iter().all(|x| x.is_finite()));
        if n_frames == middle {
            expected = Some(frame.clone());
        }
        n_frames += 1;
    };
    if let Ok(Some(counted)) = counted {
        assert!(n_frames <= counted, "{n_frames} frames, {counted} counted");
        assert!(
            end.is_err() || n_frames == counted,
            "{n_frames} frames, {counted} counted"
        );
        // not the times, which may be NaN
        let numbers = |frame: Frame| (frame.positions, frame.velocities, frame.forces);
        if let Some(expected) = expected
            && reader.seek(middle).is_ok()
            && let Ok(true) = reader.read_frame(&mut frame)
        {
            assert_eq!(
                numbers(frame),
                numbers(expected),
                "frame {middle} at random"
            );
        }
    }
}
