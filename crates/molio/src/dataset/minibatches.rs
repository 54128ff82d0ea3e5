//! Batches of frames, prepared on a thread of their own.

use super::Standardisation;
use super::store::FrameStore;
use crate::Result;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

/// Batches that wait in the channel while one is in use.
const AHEAD: usize = 2;

/// Some frames, standardised.
#[derive(Clone, Debug, PartialEq)]
pub struct Minibatch {
    /// The frames' indices in the dataset.
    pub indices: Vec<usize>,
    /// (x − mean)/std, `[indices.len()][n_atoms][3]`.
    pub data: Vec<f32>,
}

/// Iterates over minibatches that a thread prepares ahead of their use.
///
/// Each item is the next batch, or the error that ended the reading. The thread ends with the iterator.
#[derive(Debug)]
pub struct Minibatches {
    batches: Option<Receiver<Result<Minibatch>>>,
    thread: Option<JoinHandle<()>>,
}

impl Minibatches {
    /// `order` and `batch_size` have been checked.
    pub(super) fn start(
        store: Arc<FrameStore>,
        standardisation: Standardisation,
        order: Vec<usize>,
        batch_size: usize,
    ) -> Self {
        let (sender, receiver) = sync_channel(AHEAD);
        let thread = std::thread::spawn(move || {
            for indices in order.chunks(batch_size) {
                let mut data = Vec::new();
                let batch =
                    gather(&store, standardisation, indices, &mut data).map(|()| Minibatch {
                        indices: indices.to_vec(),
                        data,
                    });
                let failed = batch.is_err();
                // the receiver is gone when the iterator was dropped
                if sender.send(batch).is_err() || failed {
                    break;
                }
            }
        });
        Self {
            batches: Some(receiver),
            thread: Some(thread),
        }
    }
}

impl Iterator for Minibatches {
    type Item = Result<Minibatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batches.as_ref()?.recv().ok()
    }
}

impl Drop for Minibatches {
    fn drop(&mut self) {
        // first the channel, so that a thread waiting to send wakes up
        self.batches = None;
        if let Some(thread) = self.thread.take() {
            // the thread has no panic to report: its errors came through the channel
            let _ = thread.join();
        }
    }
}

/// Appends nothing: replaces `out` by the standardised frames.
pub(super) fn gather(
    store: &FrameStore,
    standardisation: Standardisation,
    indices: &[usize],
    out: &mut Vec<f32>,
) -> Result<()> {
    out.clear();
    out.reserve(indices.len() * store.n_atoms() * 3);
    let mut frame = vec![[0.0; 3]; store.n_atoms()];
    for &index in indices {
        store.read(index, &mut frame)?;
        standardisation.apply(&frame, out);
    }
    Ok(())
}
