//! A question that begins with a minus: `logan query '-bot method = GET'`.
//!
//! To clap a word with a minus is a flag. So the first word behind `query` that stands where the question does and
//! is no flag gets a blank in front, which the query language passes over, before clap sees it.

use std::ffi::OsString;

use clap::{Arg, Command, CommandFactory};

use super::args::Cli;
use crate::entry::LogLevel;
use crate::output::OutputFormat;

/// Returns the command line with a question that begins with a minus made safe.
pub fn shielded(mut words: Vec<OsString>) -> Vec<OsString> {
    let Some(place) = place(&words) else { return words };
    let mut shielded = OsString::from(" ");
    shielded.push(&words[place]);
    words[place] = shielded;
    words
}

/// Returns the question as it was typed.
pub fn unshielded(question: &str) -> &str {
    question.strip_prefix(' ').filter(|question| question.starts_with('-')).unwrap_or(question)
}

/// Returns where a question that begins with a minus stands.
fn place(words: &[OsString]) -> Option<usize> {
    let command = words.iter().position(|word| word == "query")?;
    let mut cli = Cli::command();
    // Building hands the flags every command has to the commands.
    cli.build();
    let query = cli.find_subcommand("query")?;
    let mut at = command + 1;
    loop {
        let word = words.get(at)?.to_str()?;
        if let Some(long) = word.strip_prefix("--") {
            let flag = query.get_arguments().find(|flag| flag.get_long() == Some(long));
            if long.is_empty() || (flag.is_none() && !long.contains('=')) {
                // What follows `--` is no flag; what is unknown is clap's to tell.
                return None;
            }
            at += if flag.is_some_and(takes_value) { 2 } else { 1 };
        } else if word.len() > 1 && word.starts_with('-') {
            match flags(query, &word[1..]) {
                Some(next) => at += if next { 2 } else { 1 },
                None => return Some(at),
            }
        } else {
            return None;
        }
    }
}

fn takes_value(flag: &Arg) -> bool {
    flag.get_action().takes_values()
}

/// Returns whether the next word is a value when `letters` are short flags, `None` when they are a question.
fn flags(query: &Command, letters: &str) -> Option<bool> {
    let mut seen = Vec::new();
    for (index, letter) in letters.char_indices() {
        let flag = query.get_arguments().find(|flag| flag.get_short() == Some(letter))?;
        if seen.contains(&letter) {
            return None;
        }
        seen.push(letter);
        if takes_value(flag) {
            let value = &letters[index + letter.len_utf8()..];
            return match value.strip_prefix('=').unwrap_or(value) {
                "" => Some(true),
                value => is_value(letter, value).then_some(false),
            };
        }
    }
    Some(false)
}

/// Returns true when the rest of a word is a likely value of the flag it begins with: `-ojson`, not `-only`.
fn is_value(flag: char, value: &str) -> bool {
    let is_number = || value.starts_with(|first: char| first.is_ascii_digit());
    match flag {
        'o' => value.parse::<OutputFormat>().is_ok(),
        'l' => LogLevel::from_word(value.as_bytes(), true).is_some(),
        'w' => value.contains(['=', '<', '>', '~', ':']),
        'S' | 'U' => is_number() || value.starts_with(['-', '+', '@']),
        _ => is_number(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_told_from_flags() {
        for (line, expected) in [
            ("logan query -word", Some(2)),
            ("logan query -error f.log", Some(2)),
            ("logan query -word -o json f.log", Some(2)),
            ("logan -q query --db x.db -word", Some(5)),
            ("logan query --db=x.db -e -o json -word", Some(6)),
            ("logan query -w status=5 -bot", Some(4)),
            ("logan query --since -2h -path:/health", Some(4)),
            ("logan query -qe -word", Some(3)),
            ("logan query -5", Some(2)),
            ("logan query -ojson x f.log", None),
            ("logan query -o=json x", None),
            ("logan query -n5 -j2 -lwarn x", None),
            ("logan query -S2h -wstatus=5 x", None),
            ("logan query x -word", None),
            ("logan query -- -word", None),
            ("logan query --outptu json -word", None),
            ("logan query - -word", None),
            ("logan query", None),
            ("logan parse -word", None),
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(place(&words), expected, "{line}");
            let shielded = shielded(words.clone());
            for (index, (word, shielded)) in words.iter().zip(&shielded).enumerate() {
                assert_eq!(unshielded(shielded.to_str().expect("UTF-8")), word.to_str().expect("UTF-8"), "{line}");
                assert_eq!(word != shielded, expected == Some(index), "{line}");
            }
        }
    }
}
