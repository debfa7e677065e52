//! `--why`: how well each format reads each file.

use std::io::Write;

use super::exit::{Exit, Failure};
use super::session::Session;
use super::source::Source;
use super::{entries, zone};
use crate::cli::args::ReadingArgs;
use crate::entry::Projection;
use crate::input::{self, LastLine, ReaderOptions};
use crate::output::safe;
use crate::parse::{self, Settings};

/// How much of a file is looked at: as much as when it is read.
const SAMPLE_BYTES: usize = 256 * 1024;

/// Prints the candidates of each file, the best first.
pub fn run(source: &Source, args: &ReadingArgs, session: &Session) -> Result<Exit, Failure> {
    let Source::Files(files) = source else { return Err(Failure::message("--why needs files")) };
    let settings =
        Settings { projection: Projection::none(), zone: zone::read(&args.tz, session.now)?, reference: None };
    let expanded = input::expand(files, args.recursive);
    let mut errors = expanded.errors;
    let mut output = session.terminal.output();
    for path in &expanded.paths {
        let input = match input::open(path) {
            Ok(input) => input,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        let name = path.name();
        let mut reader = input.into_reader(ReaderOptions {
            chunk_bytes: SAMPLE_BYTES,
            chunk_lines: usize::MAX,
            max_line: ReaderOptions::MAX_LINE,
            last_line: LastLine::Take,
            fingerprints: false,
        });
        let detection = parse::detect(reader.sample(SAMPLE_BYTES), &settings);
        let lines = detection.candidates.first().map_or(0, |candidate| candidate.lines);
        writeln!(output, "{}: read as {} (of {lines} lines)", safe::display(&name), detection.formats.main().name())?;
        for candidate in &detection.candidates {
            let percent = candidate.score * 100.0;
            writeln!(output, "  {:<10} {:>5.1} %  {} lines", candidate.format.name(), percent, candidate.matched)?;
        }
    }
    output.flush()?;
    for error in &errors {
        entries::tell_input_error(error, session);
    }
    Ok(if errors.is_empty() { Exit::Done } else { Exit::Incomplete })
}
