//! Exit codes, and how an error becomes one. `docs/exit-codes.md` tells users the same.

use std::fmt;

use crate::ingest::IngestError;
use crate::query::ScanError;
use crate::storage::StorageError;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// A flag asked to be told so: nothing matched (`-e`), or something was found (`--fail-on`).
    Asked = 1,
    /// Wrong usage, or something could not be read or written.
    Failed = 2,
    /// Finished, but with more rejects than allowed, or without a file that could not be read.
    Incomplete = 3,
    /// The store is busy, locked or damaged.
    Store = 4,
    /// Ctrl-C.
    Interrupted = 130,
}

/// An error on its way to the user: what went wrong, what to do next, and the exit code.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What went wrong, with its causes.
    pub error: anyhow::Error,
    /// Lines that show the place, for example a caret under a token.
    pub place: Option<String>,
    /// What to do next.
    pub hint: Option<String>,
}

impl Failure {
    /// Makes a failure of usage or input and output.
    pub fn new(error: impl Into<anyhow::Error>) -> Failure {
        Failure { exit: Exit::Failed, error: error.into(), place: None, hint: None }
    }

    /// Makes a failure from a message.
    pub fn message(text: impl fmt::Display) -> Failure {
        Failure::new(anyhow::anyhow!("{text}"))
    }

    /// Says what the user was trying to do.
    pub fn context(self, text: impl fmt::Display + Send + Sync + 'static) -> Failure {
        Failure { error: self.error.context(text), ..self }
    }

    /// Says what to do next.
    pub fn hint(self, hint: impl Into<String>) -> Failure {
        Failure { hint: Some(hint.into()), ..self }
    }

    /// Returns true when whoever read our output has closed it: a normal end.
    pub fn is_closed_pipe(&self) -> bool {
        self.error.chain().any(|cause| {
            let io = cause.downcast_ref::<std::io::Error>();
            io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
        })
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::new(error).context("could not write the output")
    }
}

impl From<ScanError> for Failure {
    fn from(error: ScanError) -> Failure {
        match error {
            ScanError::Storage(_) => Failure { exit: Exit::Store, ..Failure::new(error) },
            ScanError::Output(error) => error.into(),
            ScanError::Memory(_) => Failure::new(error).hint("group by fewer different values, or filter first"),
        }
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Failure {
        let hint = match &error {
            StorageError::Busy { .. } => "another logan is writing to it; try again when that is done",
            StorageError::Damaged { .. } => "if it is a store, restore it from a backup or import the logs again",
            StorageError::Poisoned { .. } => "see to the disk, then start again",
            StorageError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                "`logan import FILE…` makes a store"
            }
            StorageError::Io { .. } => return Failure::new(error),
            StorageError::Scan(_) => {
                let StorageError::Scan(error) = error else { unreachable!("matched above") };
                return error.into();
            }
        };
        let exit = if matches!(error, StorageError::Io { .. }) { Exit::Failed } else { Exit::Store };
        Failure { exit, ..Failure::new(error).hint(hint) }
    }
}

impl fmt::Display for Failure {
    /// Writes `error:`, `caused by:` and `hint:` lines, without a last line end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.error)?;
        let mut said = self.error.to_string();
        for cause in self.error.chain().skip(1) {
            let text = cause.to_string();
            // Some errors tell their cause in their own message already.
            if !said.ends_with(&text) {
                write!(f, "\ncaused by: {text}")?;
            }
            said = text;
        }
        if let Some(place) = &self.place {
            place.lines().try_for_each(|line| write!(f, "\n  {line}"))?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl From<IngestError> for Failure {
    fn from(error: IngestError) -> Failure {
        match error {
            IngestError::Sink(error) => error.into(),
            IngestError::Storage(error) => error.into(),
            IngestError::Unaccounted { .. } => Failure::new(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_and_hints_have_lines_of_their_own() {
        let failure = Failure::new(std::io::Error::other("disk on fire"))
            .context("could not write the rejects")
            .hint("use another disk");
        assert_eq!(
            failure.to_string(),
            "error: could not write the rejects\ncaused by: disk on fire\nhint: use another disk"
        );
    }

    #[test]
    fn a_closed_pipe_is_found_behind_its_contexts() {
        let closed = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert!(Failure::new(closed).context("could not write").is_closed_pipe());
        assert!(!Failure::message("no").is_closed_pipe());
    }
}
