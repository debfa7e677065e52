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
    /// Lines it reads. `plain` reads any line with a timestamp, so only those count that nothing else reads;
    /// `common` takes referer and user agent for extra fields, so only those count that `combined` does not read.
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
        let (mut any, mut matches_combined) = (false, false);
        for (index, format) in Format::ALL.into_iter().enumerate() {
            record.clear();
            let reads = parsers[index].parse(line, 0, line.len(), &mut record, &mut builder).is_ok();
            let counts = match format {
                Format::Plain => !any,
                Format::Common => !matches_combined,
                Format::Combined | Format::Json | Format::Syslog | Format::Logfmt => true,
            };
            matches_combined |= reads && format == Format::Combined;
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
    let best = candidates[0];
    let has_combined = candidates.iter().any(|candidate| candidate.format == Format::Combined && candidate.matched > 0);
    let main = match best.format {
        _ if best.matched == 0 => Format::Plain,
        // `common` would leave the others no line of `combined`.
        Format::Common if has_combined => Format::Combined,
        format => format,
    };
    // A `combined` line that was cut off can look like a `common` one, so that is tried only where it is at home.
    let is_tried = |candidate: &&Candidate| {
        candidate.format != Format::Common || main != Format::Combined || candidate.matched >= MIN_COMMON
    };
    let formats = FormatSet::new(main, candidates.iter().filter(is_tried).map(|candidate| candidate.format));
    Detection { formats, candidates }
}

/// How many lines of a sample of `combined` must be `common` for the file to be a mix of both.
const MIN_COMMON: u64 = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Zone;

    const SYSLOG: &str = "Nov 22 10:00:00 web sshd[1]: x\n";
    const PLAIN: &str = "2026-11-22 10:00:00 INFO x\n";
    const COMBINED: &str = "10.0.0.1 - - [22/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"curl\"\n";
    const COMMON: &str = "10.0.0.1 - - [22/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 5\n";

    /// Checks the main format and how many lines it matched.
    fn check(sample: &str, main: Format, matched: u64, lines: u64) {
        let settings = Settings { projection: Projection::all(), zone: Zone::default(), reference: None };
        let found = detect(sample.as_bytes(), &settings);
        let candidate =
            found.candidates.iter().find(|candidate| candidate.format == main).expect("every format is one");
        assert_eq!((found.formats.main(), candidate.matched, candidate.lines), (main, matched, lines), "{sample:?}");
        let left_out = main == Format::Combined && !sample.contains(&COMMON.repeat(2));
        let others = Format::ALL.len() - 1 - usize::from(left_out);
        assert_eq!(found.formats.others().len(), others, "every other format is tried as well: {sample:?}");
    }

    #[test]
    fn a_combined_line_cut_off_is_not_taken_as_common() {
        let settings = Settings { projection: Projection::all(), zone: Zone::default(), reference: None };
        let of = |sample: String| detect(sample.as_bytes(), &settings).formats;
        assert!(!of(format!("{COMBINED}{COMMON}{COMBINED}")).others().contains(&Format::Common));
        assert!(of(format!("{COMBINED}{COMMON}{COMMON}{COMBINED}")).others().contains(&Format::Common));
    }

    #[test]
    fn the_format_that_reads_most_lines_wins() {
        check(&SYSLOG.repeat(3), Format::Syslog, 3, 3);
        check(&format!("{SYSLOG}{}", PLAIN.repeat(2)), Format::Plain, 2, 3);
        check(&format!("{}\n  \r\n", COMMON.repeat(2)), Format::Common, 2, 2);
        check(&format!("{}{COMMON}", COMBINED.repeat(2)), Format::Combined, 2, 3);
        check(&format!("{}{}", COMBINED.repeat(3), COMMON.repeat(2)), Format::Combined, 3, 5);
        check(&format!("{PLAIN}\tat a.b.C(D.java:1)\n"), Format::Plain, 1, 2);
    }

    #[test]
    fn of_equals_the_more_specific_wins() {
        check(&format!("{PLAIN}{SYSLOG}"), Format::Syslog, 1, 2);
        check(&format!("{COMMON}{COMBINED}"), Format::Combined, 1, 2);
    }

    #[test]
    fn combined_comes_before_common_wherever_both_occur() {
        check(&format!("{COMBINED}{}", COMMON.repeat(2)), Format::Combined, 1, 3);
    }

    #[test]
    fn what_nothing_reads_is_plain() {
        for (sample, lines) in [("", 0), ("\n\n", 0), ("what is this\n", 1)] {
            let settings = Settings { projection: Projection::all(), zone: Zone::default(), reference: None };
            let found = detect(sample.as_bytes(), &settings);
            assert_eq!(found.formats.main(), Format::Plain);
            assert!(found.candidates.iter().all(|candidate| candidate.lines == lines && candidate.score == 0.0));
        }
    }
}
