//! Fields that a query names and nothing has: told, with the name that was probably meant.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::args::ReadingArgs;
use super::entries::{self, Reading};
use super::exit::Failure;
use super::session::Session;
use super::source::Source;
use crate::entry::{Projection, RESERVED_NAMES, STANDARD_NAMES};
use crate::query::exec::has_field;
use crate::query::{BatchSink, Columns, Filter, ScanError, Test, suggest};

/// How many batches are looked at for names.
const BATCHES: u64 = 16;
/// How many entries of each.
const ROWS: usize = 256;

/// Warns of the fields among `names` that the source has not. It is looked at once more only when there are such.
pub fn warn(
    names: Vec<String>,
    source: &Source,
    args: &ReadingArgs,
    read: &Reading,
    session: &Session,
) -> Result<(), Failure> {
    let has_entries = match read {
        Reading::Files(summary, _) => summary.account.entries > 0,
        Reading::Store(stats) => stats.blocks > 0,
    };
    if names.is_empty() || !has_entries || session.is_quiet() || session.was_interrupted() {
        return Ok(());
    }
    let missing = match read {
        Reading::Files(..) => names,
        Reading::Store(_) => nowhere(names, source, args, session)?,
    };
    if missing.is_empty() {
        return Ok(());
    }
    let known = Names::default();
    entries::read_again(source, args, &Filter::All, &Projection::fields(), &known, session)?;
    let mut known = known.into_names();
    if known.is_empty() {
        // What is piped in cannot be looked at twice.
        known.extend(STANDARD_NAMES.map(str::to_owned));
    }
    known.extend(RESERVED_NAMES.map(str::to_owned));
    for name in missing {
        let near = suggest::near(&name, known.iter().map(String::as_str).filter(|known| *known != name));
        let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        session.warn(&format!("no entry that was looked at has a field called {name}{near}"));
    }
    Ok(())
}

/// Returns those names that no block of a store has; blocks without any of them are passed over.
fn nowhere(names: Vec<String>, source: &Source, args: &ReadingArgs, session: &Session) -> Result<Vec<String>, Failure> {
    let exists = |name: &String| Filter::Field { field: name.clone(), test: Test::Exists };
    let filter = Filter::Or(names.iter().map(exists).collect());
    let missing = Missing(Mutex::new(names));
    entries::read_again(source, args, &filter, &Projection::none(), &missing, session)?;
    Ok(missing.0.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Strikes out the names that a batch has.
struct Missing(Mutex<Vec<String>>);

impl BatchSink for Missing {
    fn batch(&self, _: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        let mut names = lock(&self.0);
        let mut left = Vec::new();
        for name in names.drain(..) {
            if !has_field(batch, &name)? {
                left.push(name);
            }
        }
        *names = left;
        Ok(if names.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

/// Collects the names of fields from some entries of the first batches.
#[derive(Default)]
struct Names {
    names: Mutex<BTreeSet<String>>,
    batches: AtomicU64,
}

impl Names {
    fn into_names(self) -> BTreeSet<String> {
        self.names.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BatchSink for Names {
    fn batch(&self, sequence: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        // By number, so that the same batches are looked at by any number of threads.
        if sequence < BATCHES {
            let every = batch.rows().div_ceil(ROWS).max(1);
            let rows: Vec<u32> = (0..batch.rows() as u32).step_by(every).collect();
            let sample = batch.gather(&rows, &Projection::fields())?;
            let names = sample.fields.iter().filter(|(_, column)| !column.is_empty());
            lock(&self.names).extend(names.map(|(name, _)| name.to_string()));
        }
        let taken = self.batches.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(if taken >= BATCHES { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
