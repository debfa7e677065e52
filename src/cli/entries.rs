//! The one way from a source to its entries, for every command that reads.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::args::ReadingArgs;
use super::exit::{Exit, Failure};
use super::progress::Progress;
use super::session::Session;
use super::source::Source;
use super::summary::{self, Facts};
use super::{rejects, zone};
use crate::entry::{Projection, Reject, Timestamp, grouped};
use crate::ingest::{self, FileReport, NoObserver, Observer, Outcome, ScanOptions, Summary};
use crate::input::{self, InputError, InputPath};
use crate::parse::{Format, FormatSet, Settings};
use crate::query::{BatchSink, Filter, suggest};
use crate::storage::{LogStorage, ScanStats, SqliteLogStorage};

/// What became of a reading.
#[derive(Debug)]
pub enum Reading {
    /// Of files: what was read, and how many arguments led nowhere.
    Files(Box<Summary>, usize),
    /// Of a store: what it read and skipped.
    Store(ScanStats),
}

impl Reading {
    /// Tells the summary, when all results are printed, and says how the run ends.
    pub fn conclude(&self, args: &ReadingArgs, session: &Session) -> Exit {
        match self {
            Reading::Files(summary, unreadable) => conclude(summary, *unreadable, args, session),
            Reading::Store(_) if session.was_interrupted() => Exit::Interrupted,
            Reading::Store(_) => Exit::Done,
        }
    }
}

/// Hands the entries of a source to `sink`: of files all of them, of a store those that may match.
/// Tells the user what could not be read. `silent` means that no rows are printed meanwhile.
pub fn read(
    source: &Source,
    args: &ReadingArgs,
    filter: &Filter,
    projection: &Projection,
    sink: &dyn BatchSink,
    silent: bool,
    session: &Session,
) -> Result<Reading, Failure> {
    match source {
        Source::Files(files) => {
            let Inputs { paths, unreadable } = Inputs::expand(files, args, session);
            let mut options = ScanOptions::new(settings(args, projection, session)?, session.threads);
            options.formats = formats(args);
            let watcher = Watcher::new(args, &paths, silent, session)?;
            let cancel = session.stop_on_interrupt();
            let summary = ingest::scan(&paths, &options, sink, &watcher, &cancel);
            watcher.close()?;
            Ok(Reading::Files(Box::new(summary?), unreadable))
        }
        Source::Store(path) => {
            let storage = open_store(path, session)?;
            Ok(Reading::Store(storage.query(filter, projection, sink)?))
        }
    }
}

/// Returns true when nothing of a source can be read a second time: it is a pipe.
pub fn is_read_once(source: &Source, args: &ReadingArgs) -> bool {
    match source {
        Source::Files(files) => !input::expand(files, args.recursive).paths.iter().any(is_file),
        Source::Store(_) => false,
    }
}

fn is_file(path: &InputPath) -> bool {
    path.file().is_some_and(Path::is_file) && !path.is_descriptor()
}

/// Hands the entries of a source to `sink` once more, without telling anything. What cannot be read twice (pipes) is
/// passed over.
pub fn read_again(
    source: &Source,
    args: &ReadingArgs,
    filter: &Filter,
    projection: &Projection,
    sink: &dyn BatchSink,
    session: &Session,
) -> Result<(), Failure> {
    match source {
        Source::Files(files) => {
            let mut paths = input::expand(files, args.recursive).paths;
            paths.retain(is_file);
            let mut options = ScanOptions::new(settings(args, projection, session)?, session.threads);
            options.formats = formats(args);
            ingest::scan(&paths, &options, sink, &NoObserver, &session.stop_on_interrupt())?;
        }
        Source::Store(path) => {
            open_store(path, session)?.query(filter, projection, sink)?;
        }
    }
    Ok(())
}

/// Opens a store for reading.
pub fn open_store(path: &Path, session: &Session) -> Result<SqliteLogStorage, Failure> {
    SqliteLogStorage::open(path, session.threads).map_err(Failure::from)
}

/// Returns how lines are read.
pub fn settings(args: &ReadingArgs, projection: &Projection, session: &Session) -> Result<Settings, Failure> {
    Ok(Settings {
        projection: projection.clone(),
        zone: zone::read(&args.tz, session.now)?,
        reference: Some(session.now),
    })
}

/// Returns the formats when one is forced.
pub fn formats(args: &ReadingArgs) -> Option<FormatSet> {
    let name = args.format.as_deref()?;
    let format = Format::from_name(name).expect("the value parser lets only known names through");
    Some(FormatSet::only(format))
}

/// The inputs that were found.
#[derive(Debug)]
pub struct Inputs {
    /// They, in order.
    pub paths: Vec<InputPath>,
    /// How many arguments led nowhere; the user was told.
    pub unreadable: usize,
}

impl Inputs {
    /// Finds the inputs that arguments mean, and tells the user about those that are none.
    pub fn expand(files: &[std::ffi::OsString], args: &ReadingArgs, session: &Session) -> Inputs {
        let expanded = input::expand(files, args.recursive);
        expanded.errors.iter().for_each(|error| tell_input_error(error, session));
        Inputs { paths: expanded.paths, unreadable: expanded.errors.len() }
    }
}

/// Tells the user that an input could not be read.
pub fn tell_input_error(error: &InputError, session: &Session) {
    let mut text = format!("error: {error}");
    if let Some(hint) = error.hint().map(str::to_owned).or_else(|| missing_hint(error)) {
        text += &format!("\nhint: {hint}");
    }
    session.terminal.tell(&text);
}

/// Says which file was probably meant instead of one that is not there.
fn missing_hint(error: &InputError) -> Option<String> {
    let InputError::Open { path, source } = error else { return None };
    if source.kind() != io::ErrorKind::NotFound {
        return None;
    }
    let path = Path::new(path);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let Ok(siblings) = std::fs::read_dir(folder.unwrap_or(Path::new("."))) else {
        return folder.map(|folder| format!("there is no folder {}", folder.display()));
    };
    let mut names: Vec<String> = siblings.filter_map(|sibling| sibling.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    let near = suggest::near(path.file_name()?.to_str()?, names.iter().map(String::as_str));
    Some(match near {
        Some(near) => format!("did you mean {}?", folder.unwrap_or(Path::new("")).join(near).display()),
        None => "paths are relative to the folder you are in; a store is asked with --db".to_owned(),
    })
}

/// Prints the summary and says how the run ends.
pub fn conclude(summary: &Summary, unreadable: usize, args: &ReadingArgs, session: &Session) -> Exit {
    let account = &summary.account;
    let failed = summary.failed().count() + unreadable;
    // What breaks off and is in the store as far as it goes was read, only not again.
    let unread = |file: &FileReport| file.error.is_some() && !matches!(file.outcome, Outcome::AlreadyImported { .. });
    let nothing_read = failed > 0 && account.bytes == 0 && summary.files.iter().all(unread);
    if session.wants_summary() && !nothing_read {
        let facts = Facts {
            account: *account,
            formats: summary.formats.iter().map(|(name, entries)| (name.to_string(), *entries)).collect(),
            span: summary
                .time_range
                .and_then(|(first, last)| Timestamp::from_nanos(first).zip(Timestamp::from_nanos(last))),
            elapsed: session.started.elapsed(),
        };
        session.note(&summary::text(&facts));
    }
    if summary.cancelled {
        return Exit::Interrupted;
    }
    if nothing_read {
        return Exit::Failed;
    }
    if !args.max_rejects().allows(account) {
        session.terminal.tell(&format!(
            "error: {} of {} lines were rejected, more than allowed",
            grouped(account.rejects),
            grouped(account.lines)
        ));
        if args.rejects.is_none() {
            session.terminal.tell("hint: --rejects FILE writes them down with their places and reasons");
        }
        return Exit::Incomplete;
    }
    if account.rejects > 0 && args.rejects.is_none() {
        session.warn(&format!(
            "{} of {} lines are of no known format and were left out; --rejects FILE writes them down",
            grouped(account.rejects),
            grouped(account.lines)
        ));
    }
    if failed > 0 { Exit::Incomplete } else { Exit::Done }
}

/// Watches a run: shows progress, writes rejects down, tells of inputs that cannot be read.
#[derive(Debug)]
pub struct Watcher<'s> {
    session: &'s Session,
    progress: Progress,
    rejects: Option<Mutex<(BufWriter<File>, io::Result<()>)>>,
}

impl<'s> Watcher<'s> {
    /// Makes a watcher for a run over these inputs.
    pub fn new(
        args: &ReadingArgs,
        inputs: &[InputPath],
        silent: bool,
        session: &'s Session,
    ) -> Result<Watcher<'s>, Failure> {
        let rejects = match &args.rejects {
            Some(path) => Some(Mutex::new((rejects::create(path, inputs)?, Ok(())))),
            None => None,
        };
        Ok(Watcher { session, progress: Progress::new(session.wants_progress(silent)), rejects })
    }

    /// Runs what writes to stderr with the progress bar out of the way.
    pub fn aside(&self, write: &dyn Fn()) {
        self.progress.aside(write);
    }

    /// Ends the watch.
    pub fn close(self) -> Result<(), Failure> {
        self.progress.finish();
        if let Some(rejects) = self.rejects {
            let (mut file, outcome) = rejects.into_inner().unwrap_or_else(PoisonError::into_inner);
            outcome
                .and_then(|()| file.flush())
                .map_err(|error| Failure::new(error).context("could not write the rejects"))?;
        }
        Ok(())
    }
}

impl Observer for Watcher<'_> {
    fn progress(&self, done: u64, total: Option<u64>) {
        self.progress.set(done, total);
    }

    fn reject(&self, source: &str, reject: &Reject) {
        if let Some(rejects) = &self.rejects {
            let mut guard = rejects.lock().unwrap_or_else(PoisonError::into_inner);
            let (file, outcome) = &mut *guard;
            if outcome.is_ok() {
                *outcome = rejects::write(source, reject, file);
            }
        }
    }

    fn failed(&self, error: &InputError) {
        self.progress.aside(|| tell_input_error(error, self.session));
    }

    fn finished(&self, _: &FileReport) {}
}
