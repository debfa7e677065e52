//! Which format a file has, from its first lines.

use super::chunk::is_blank;
use super::formats::AnyParser;
use super::{Format, FormatSet, LineParser, Settings};
use crate::entry::{BatchBuilder, Projection, Record};

/// How well a format reads a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The format.
    pub format: Format,
    /// Lines it reads. `plain` reads any line with a timestamp, so only those count that nothing else reads.
    pub matched: u64,
    /// Lines of the sample that are not blank.
    pub lines: u64,
    /// `matched / lines`, 0 for an empty sample.
    pub score: f64,
}

/// What was found out about a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Detection {
    /// How to read the file.
    pub formats: FormatSet,
    /// Every format, the best first: higher score, or the more specific of equals.
    pub candidates: Vec<Candidate>,
}

/// Finds the format of a file from its first lines (whole ones). The file's other lines are tried with the other
/// formats as well, the better candidates first; a sample no format reads is taken as `plain`.
pub fn detect(sample: &[u8], settings: &Settings) -> Detection {
    let settings = Settings { projection: Projection::none(), ..settings.clone() };
    let mut builder = BatchBuilder::new(&settings.projection);
    let mut parsers = Format::ALL.map(|format| AnyParser::new(format, &settings, &mut builder));
    let mut matched = [0u64; Format::ALL.len()];
    let mut lines = 0;
    let mut record = Record::default();
    for line in sample.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if is_blank(line) {
            continue;
        }
        lines += 1;
        let mut any = false;
        for (index, format) in Format::ALL.into_iter().enumerate() {
            record.clear();
            let reads = parsers[index].parse(line, 0, line.len(), &mut record, &mut builder).is_ok();
            let counts = format != Format::Plain || !any;
            any |= reads;
            matched[index] += u64::from(reads && counts);
        }
        builder.scratch().clear();
    }
    let mut candidates: Vec<Candidate> = Format::ALL
        .into_iter()
        .zip(matched)
        .map(|(format, matched)| {
            let score = if lines == 0 { 0.0 } else { matched as f64 / lines as f64 };
            Candidate { format, matched, lines, score }
        })
        .collect();
    // Stable: equals stay in the order of how much they say.
    candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.matched));
    let main = if candidates[0].matched > 0 { candidates[0].format } else { Format::Plain };
    let formats = FormatSet::new(main, candidates.iter().map(|candidate| candidate.format));
    Detection { formats, candidates }
}
