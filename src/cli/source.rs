//! Where entries come from: files, standard input, or a store.

use std::ffi::OsString;
use std::path::PathBuf;

use super::args::SourceArgs;
use super::exit::Failure;
use super::session::Session;

/// The store that is asked and written when none is named.
pub const DEFAULT_STORE: &str = "logan.db";

/// Where entries come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Files, globs, folders, or `-`; as the user named them.
    Files(Vec<OsString>),
    /// A store.
    Store(PathBuf),
}

impl Source {
    /// Returns the files, or standard input when there is none and something is piped in.
    pub fn files(files: &[OsString], session: &Session) -> Result<Source, Failure> {
        if !files.is_empty() {
            return Ok(Source::Files(files.to_vec()));
        }
        if session.terminal.piped_in {
            return Ok(Source::Files(vec!["-".into()]));
        }
        Err(Failure::message("no file was named and nothing is piped in").hint("try `logan parse access.log`"))
    }

    /// Returns the files or the store that were named; with neither, what is piped in, or else the store
    /// LOGAN_DB names, or else `logan.db`.
    pub fn files_or_store(args: &SourceArgs, session: &Session) -> Result<Source, Failure> {
        let store_variable = std::env::var_os("LOGAN_DB").filter(|path| !path.is_empty()).map(PathBuf::from);
        choose(args, session.terminal.piped_in, store_variable, |path| path.exists())
    }
}

fn choose(
    args: &SourceArgs,
    piped_in: bool,
    store_variable: Option<PathBuf>,
    exists: impl Fn(&PathBuf) -> bool,
) -> Result<Source, Failure> {
    if let Some(db) = &args.db {
        return Ok(Source::Store(db.clone()));
    }
    if !args.files.is_empty() {
        return Ok(Source::Files(args.files.clone()));
    }
    if piped_in {
        return Ok(Source::Files(vec!["-".into()]));
    }
    let named = store_variable.is_some();
    let store = store_variable.unwrap_or_else(|| DEFAULT_STORE.into());
    // A store that LOGAN_DB names and that is not there is an error with the name in it.
    if named || exists(&store) {
        return Ok(Source::Store(store));
    }
    Err(Failure::message("there is nothing to ask: no file, no --db, nothing piped in, and no logan.db here")
        .hint("name a file, or make a store with `logan import FILE…`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_beats_what_is_there() {
        let named = SourceArgs { files: vec!["a.log".into()], db: None };
        let db = SourceArgs { files: Vec::new(), db: Some("x.db".into()) };
        let nothing = SourceArgs::default();
        let files = |name: &str| Some(Source::Files(vec![name.into()]));
        let store = |name: &str| Some(Source::Store(name.into()));
        let cases = [
            (&named, true, Some("env.db"), true, files("a.log")),
            (&db, true, Some("env.db"), true, store("x.db")),
            (&nothing, true, Some("env.db"), true, files("-")),
            (&nothing, false, Some("env.db"), false, store("env.db")),
            (&nothing, false, None, true, store("logan.db")),
            (&nothing, false, None, false, None),
        ];
        for (number, (args, piped_in, variable, exists, expected)) in cases.into_iter().enumerate() {
            let source = choose(args, piped_in, variable.map(PathBuf::from), |_| exists);
            assert_eq!(source.ok(), expected, "case {number}");
        }
    }
}
