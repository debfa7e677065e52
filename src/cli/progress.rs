//! The progress bar: on stderr, and only when the work lasts.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// A bar that appears when the work lasts longer than half a second.
#[derive(Debug)]
pub struct Progress {
    enabled: bool,
    started: Instant,
    bar: OnceLock<ProgressBar>,
}

impl Progress {
    /// Makes a bar; when not `enabled` it never appears.
    pub fn new(enabled: bool) -> Progress {
        Progress { enabled, started: Instant::now(), bar: OnceLock::new() }
    }

    /// Says how many bytes are done, and of how many if that is known.
    pub fn set(&self, done: u64, total: Option<u64>) {
        if self.enabled && (self.bar.get().is_some() || self.started.elapsed() >= PATIENCE) {
            self.bar.get_or_init(|| self.make_bar(total)).set_position(done);
        }
    }

    fn make_bar(&self, total: Option<u64>) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(8));
        let template = match total {
            Some(_) => "{wide_bar} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left",
            None => "{spinner} {bytes}, {bytes_per_sec}, {elapsed}",
        };
        bar.set_style(ProgressStyle::with_template(template).expect("the template is fixed").progress_chars("=> "));
        bar.with_elapsed(self.started.elapsed())
    }

    /// Runs what writes to stderr with the bar out of the way.
    pub fn aside(&self, write: impl FnOnce()) {
        match self.bar.get() {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}
