//! Who is told what happens during a run.

use super::FileReport;
use crate::entry::Reject;
use crate::input::InputError;

/// Is told what happens during a run. All methods do nothing unless written.
///
/// `reject`, `failed` and `finished` come in the order of the inputs and of their lines, never two at once,
/// from changing threads.
pub trait Observer: Sync {
    /// So many bytes of the files on disk were taken; `total` is unknown when a pipe is among them.
    fn progress(&self, done: u64, total: Option<u64>) {
        let _ = (done, total);
    }

    /// A line no format accepted, with its position in the input.
    fn reject(&self, source: &str, reject: &Reject) {
        let _ = (source, reject);
    }

    /// An input could not be read, or not to its end; it is also in the input's report.
    fn failed(&self, error: &InputError) {
        let _ = error;
    }

    /// An input is done with.
    fn finished(&self, report: &FileReport) {
        let _ = report;
    }
}

/// Looks away.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoObserver;

impl Observer for NoObserver {}
