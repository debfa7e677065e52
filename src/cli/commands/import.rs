//! `logan import`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use crate::cli::args::ReadingArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::session::Session;

/// Put logs into a store, each line exactly once
///
/// A store is one SQLite file that holds entries as compressed columns with an index of their words. What is in it
/// already is known by its content, not by its name: importing a file again, after it grew, was rotated, renamed or
/// compressed, adds only what is new. An import that is stopped at any moment is continued by running it again.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  logan import /var/log/nginx/access.log*          into logan.db, rotated and compressed files too
  logan import -r /var/log --db all.db             every file below a folder
  zcat old.gz | logan import - --db web.db         from a pipe
  logan import app.log && logan query 'level >= error'")]
pub struct ImportArgs {
    /// Files, globs or (with -r) folders to read, compressed or not; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<OsString>,
    /// Put them into this store; it is made when it does not exist
    #[arg(long, value_name = "STORE", env = "LOGAN_DB", default_value = "logan.db")]
    pub db: PathBuf,
    /// Take a last line without a line end as complete (otherwise it waits for the next import)
    #[arg(long)]
    pub eof: bool,
    /// How files are read.
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// TEMP
pub fn run(_args: &ImportArgs, _session: &Session) -> Result<Exit, Failure> {
    todo!()
}
