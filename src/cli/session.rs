//! What every command of a run shares: the terminal, how talkative to be, threads, the clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::args::GlobalArgs;
use super::terminal::Terminal;
use crate::entry::Timestamp;

/// How long after Ctrl-C a run may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(2);

/// One run of the program.
#[derive(Debug)]
pub struct Session {
    /// The standard streams.
    pub terminal: Terminal,
    /// When it began.
    pub started: Instant,
    /// The present, for relative times: the same for the whole run.
    pub now: Timestamp,
    /// How many threads to use.
    pub threads: usize,
    verbose: bool,
    quiet: bool,
    no_progress: bool,
    interrupted: Arc<AtomicBool>,
}

impl Session {
    /// Begins a run.
    pub fn new(args: &GlobalArgs) -> Session {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Session {
            terminal: Terminal::detect(args.color),
            started: Instant::now(),
            now: i64::try_from(now.as_nanos())
                .ok()
                .and_then(Timestamp::from_nanos)
                .expect("the present lies before the year 2262"),
            threads: args.threads.map_or_else(|| thread::available_parallelism().map_or(1, usize::from), usize::from),
            verbose: args.verbose,
            quiet: args.quiet,
            no_progress: args.no_progress,
            interrupted: Arc::default(),
        }
    }

    /// Tells the user something that is not an error, unless asked to be quiet.
    pub fn warn(&self, text: &str) {
        if !self.quiet {
            self.terminal.tell(&format!("warning: {text}"));
        }
    }

    /// Returns true when warnings are not wanted.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Tells the user a fact, unless asked to be quiet.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.terminal.tell(text);
        }
    }

    /// Returns true when the summary of the run is wanted.
    pub fn wants_summary(&self) -> bool {
        self.verbose || (self.terminal.stderr && !self.quiet)
    }

    /// Returns true when a progress bar may be shown while rows are printed or (`silent`) are not. On a
    /// terminal that shows rows it would be in their way.
    pub fn wants_progress(&self, silent: bool) -> bool {
        self.terminal.stderr && !self.quiet && !self.no_progress && (silent || !self.terminal.stdout)
    }

    /// Makes Ctrl-C set the returned flag instead of ending the process. A second one ends it at once, and without one it is
    /// ended after [`PATIENCE`]: what waits for a silent pipe does not look at the flag, and a store is whole whenever
    /// its writer ends.
    pub fn stop_on_interrupt(&self) -> Arc<AtomicBool> {
        let flag = self.interrupted.clone();
        let handler = move || {
            let end = || std::process::exit(super::Exit::Interrupted as i32);
            if flag.swap(true, Ordering::SeqCst) {
                end();
            }
            thread::spawn(move || {
                thread::sleep(PATIENCE);
                end();
            });
        };
        // It fails only when there is a handler already: this one, set by an earlier call.
        let _ = ctrlc::set_handler(handler);
        self.interrupted.clone()
    }

    /// Returns true after Ctrl-C.
    pub fn was_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }
}
