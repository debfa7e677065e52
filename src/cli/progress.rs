//! The progress bar: on stderr, and only when the work lasts.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// A bar that appears when the work lasts longer than half a second.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    started: Instant,
    shown: Mutex<bool>,
}

impl Progress {
    /// Makes a bar for so many bytes, or for an unknown number. `enabled` false never shows it.
    pub fn new(bytes: Option<u64>, enabled: bool) -> Progress {
        let bar = match bytes {
            Some(bytes) => ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::hidden()),
            None => ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()),
        };
        let template = match bytes {
            Some(_) => "{msg} {wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta} left",
            None => "{msg} {spinner} {bytes} {binary_bytes_per_sec}",
        };
        bar.set_style(ProgressStyle::with_template(template).expect("the template is fixed").progress_chars("=> "));
        Progress { bar, started: Instant::now(), shown: Mutex::new(!enabled) }
    }

    /// Says how many bytes are done and what to call the work.
    pub fn set(&self, bytes: u64, message: impl FnOnce() -> String) {
        let mut shown = self.shown.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !*shown {
            if self.started.elapsed() < PATIENCE {
                return;
            }
            *shown = true;
            self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(8));
        }
        if !self.bar.is_hidden() {
            self.bar.set_message(message());
            self.bar.set_position(bytes);
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
