//! The formats by name, and which of them are tried on a file's lines.

use std::fmt;

/// How a line is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Apache and nginx access logs with referer and user agent.
    Combined,
    /// Apache and nginx access logs without them.
    Common,
    /// One JSON object a line.
    Json,
    /// `key=value` pairs.
    Logfmt,
    /// RFC 3164 and RFC 5424.
    Syslog,
    /// Text that begins with a timestamp.
    Plain,
}

/// The name of no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct UnknownFormat {
    /// What was given.
    pub name: String,
    /// The format it is probably meant to be.
    pub near: Option<Format>,
}

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown format {:?}", self.name)?;
        match self.near {
            Some(near) => write!(f, ", did you mean {}?", near.name()),
            None => write!(f, ", expected one of {}", Format::ALL.map(Format::name).join(", ")),
        }
    }
}

impl Format {
    /// Every format, the most specific first: when two read a line, the first one says more about it.
    pub const ALL: [Format; 6] =
        [Format::Combined, Format::Common, Format::Json, Format::Syslog, Format::Logfmt, Format::Plain];

    /// Returns the name used in flags, output and stores.
    pub fn name(self) -> &'static str {
        match self {
            Format::Combined => "combined",
            Format::Common => "common",
            Format::Json => "json",
            Format::Logfmt => "logfmt",
            Format::Syslog => "syslog",
            Format::Plain => "plain",
        }
    }

    /// Returns what the format is, in one line.
    pub fn description(self) -> &'static str {
        match self {
            Format::Combined => "Apache and nginx access logs with referer and user agent",
            Format::Common => "Apache and nginx access logs without referer and user agent",
            Format::Json => "one JSON object a line, Docker and Kubernetes wrappers included",
            Format::Logfmt => "key=value pairs",
            Format::Syslog => "RFC 3164 and RFC 5424, with and without the priority",
            Format::Plain => "text that begins with a timestamp, with its level in the first words",
        }
    }

    /// Returns the format of this name.
    ///
    /// # Errors
    /// When there is none; the error knows the nearest name.
    pub fn from_name(name: &str) -> Result<Format, UnknownFormat> {
        let lower = name.to_ascii_lowercase();
        if let Some(format) = Format::ALL.into_iter().find(|format| format.name() == lower) {
            return Ok(format);
        }
        let (distance, near) = Format::ALL
            .into_iter()
            .map(|format| (edit_distance(&lower, format.name()), format))
            .min_by_key(|(distance, _)| *distance)
            .expect("there are formats");
        Err(UnknownFormat { name: name.to_owned(), near: (distance <= 2).then_some(near) })
    }
}

/// Returns how many characters have to be added, removed or replaced (Levenshtein).
fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, from) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, to) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

/// The format of a file and those tried on lines it refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatSet {
    main: Format,
    others: Vec<Format>,
}

impl FormatSet {
    /// One format for every line, never overruled.
    pub fn only(format: Format) -> FormatSet {
        FormatSet { main: format, others: Vec::new() }
    }

    /// A main format, and the others to try in their order on lines it refuses.
    pub fn new(main: Format, others: impl IntoIterator<Item = Format>) -> FormatSet {
        let mut set = FormatSet::only(main);
        for other in others {
            if other != main && !set.others.contains(&other) {
                set.others.push(other);
            }
        }
        set
    }

    /// Returns the format tried first.
    pub fn main(&self) -> Format {
        self.main
    }

    /// Returns the formats tried on lines the main one refuses, in order.
    pub fn others(&self) -> &[Format] {
        &self.others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_formats() {
        for format in Format::ALL {
            assert_eq!(Format::from_name(format.name()), Ok(format));
        }
        assert_eq!(Format::from_name("JSON"), Ok(Format::Json));
    }

    #[test]
    fn wrong_names_get_the_nearest_one() {
        let check = |name: &str, expected: &str| {
            assert_eq!(Format::from_name(name).expect_err("no format").to_string(), expected);
        };
        check("sylog", "unknown format \"sylog\", did you mean syslog?");
        check("combine", "unknown format \"combine\", did you mean combined?");
        check("evtx", "unknown format \"evtx\", expected one of combined, common, json, syslog, logfmt, plain");
    }

    #[test]
    fn sets_name_each_format_once() {
        let set = FormatSet::new(Format::Json, [Format::Plain, Format::Json, Format::Plain]);
        assert_eq!((set.main(), set.others()), (Format::Json, [Format::Plain].as_slice()));
    }
}
