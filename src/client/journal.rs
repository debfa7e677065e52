//! What a push remembers: how far each content was acknowledged, and what is under way.
//!
//! A file of JSON lines that only grows; the last line of a content counts. Before a batch is sent, its exact bounds and
//! hash are on disk, so that a push that was killed sends *that* batch again under the same key, however the file has grown
//! since, and the server knows it. Who reads on after a kill finds a last line that is cut short, and leaves it out.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::ClientError;
use crate::ingest::Content;
use crate::input::Fingerprint;

/// Lines that may be there beside those that count before the file is written anew.
const SPARE_LINES: usize = 1024;

/// A content that is being sent, or was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// The name it was first sent under.
    pub name: String,
    /// How far it was acknowledged.
    pub content: Content,
    /// Lines that were acknowledged.
    pub lines: u64,
    /// A batch that was begun and not acknowledged.
    pub sending: Option<Sending>,
}

/// A batch under way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sending {
    /// The first bytes of its content, none behind its own end.
    pub head: Fingerprint,
    /// Where it begins.
    pub offset: u64,
    /// Its bytes.
    pub bytes: Fingerprint,
    /// When it was begun, in seconds since 1970.
    pub at: i64,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Line {
    content: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    taken: Option<Taken>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sending: Option<Begun>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Taken {
    name: String,
    head: Print,
    offset: u64,
    tail: Print,
    lines: u64,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Begun {
    head: Print,
    offset: u64,
    bytes: Print,
    at: i64,
}

/// A fingerprint: length and hash, in hexadecimal.
#[derive(Deserialize, Serialize)]
struct Print(u32, String);

impl From<Fingerprint> for Print {
    fn from(print: Fingerprint) -> Print {
        Print(print.length, hex(&print.hash))
    }
}

impl TryFrom<Print> for Fingerprint {
    type Error = String;

    fn try_from(Print(length, hash): Print) -> Result<Fingerprint, String> {
        let number = u128::from_str_radix(&hash, 16).map_err(|error| error.to_string())?;
        Ok(Fingerprint { length, hash: number.to_be_bytes() })
    }
}

/// Returns a hash in hexadecimal.
pub fn hex(hash: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*hash))
}

/// The journal of one server and org.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    known: Vec<Known>,
    /// Held as long as this lives.
    _lock: File,
}

impl Journal {
    /// Opens a journal; makes it when there is none.
    ///
    /// # Errors
    /// When it cannot be read or written, says what it should not, or another push works with it.
    pub fn open(path: &Path) -> Result<Journal, ClientError> {
        let failed = |source| ClientError::File { path: path.to_owned(), doing: "could not be opened", source };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        // A file of its own, for the journal itself is replaced at times.
        let mut lock_path = path.as_os_str().to_owned();
        lock_path.push(".lock");
        let options = || {
            let mut options = OpenOptions::new();
            options.create(true).read(true).append(true).mode(0o600);
            options
        };
        let lock = options().open(&lock_path).map_err(failed)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(ClientError::Busy { path: path.to_owned() }),
            Err(error) => return Err(failed(error.into())),
        }
        let file = options().open(path).map_err(failed)?;
        let text = fs::read(path).map_err(failed)?;
        let whole = memchr::memrchr(b'\n', &text).map_or(0, |at| at + 1);
        let mut known = Vec::new();
        let mut lines = 0;
        for (number, line) in text[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).enumerate() {
            let wrong = |reason: String| {
                let reason = format!("line {}: {reason}", number + 1);
                ClientError::Content { path: path.to_owned(), reason }
            };
            let line: Line = serde_json::from_slice(line).map_err(|error| wrong(error.to_string()))?;
            read(line, &mut known).map_err(wrong)?;
            lines += 1;
        }
        if whole < text.len() {
            file.set_len(whole as u64).map_err(failed)?;
        }
        let mut journal = Journal { path: path.to_owned(), file, known, _lock: lock };
        if lines > 2 * journal.known.len() + SPARE_LINES {
            journal.write_anew().map_err(failed)?;
        }
        Ok(journal)
    }

    /// Returns the contents by number.
    pub fn known(&self) -> &[Known] {
        &self.known
    }

    /// Adds a content of which nothing is acknowledged yet.
    pub fn add(&mut self, name: &str) -> usize {
        self.known.push(Known { name: name.to_owned(), ..Known::default() });
        self.known.len() - 1
    }

    /// Notes that a batch is about to be sent; on disk when it returns, with all that was noted before.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn sending(&mut self, number: usize, sending: Sending) -> Result<(), ClientError> {
        self.known[number].sending = Some(sending);
        let line = Line { content: number, taken: None, sending: Some(begun(&sending)) };
        self.append(&line).and_then(|()| self.file.sync_data()).map_err(|source| self.failed(source))
    }

    /// Notes how far a content is acknowledged.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn acknowledged(&mut self, number: usize, content: Content, lines: u64) -> Result<(), ClientError> {
        let known = &mut self.known[number];
        (known.content, known.lines, known.sending) = (content, lines, None);
        let line = Line { content: number, taken: Some(taken(known)), sending: None };
        self.append(&line).map_err(|source| self.failed(source))
    }

    /// Brings all that was noted to the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn sync(&self) -> Result<(), ClientError> {
        self.file.sync_data().map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> ClientError {
        ClientError::File { path: self.path.clone(), doing: "could not be written", source }
    }

    fn append(&mut self, line: &Line) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        // One call: a kill leaves all of the line or a part that does not count.
        self.file.write_all(&text)
    }

    /// Keeps only what counts.
    fn write_anew(&mut self) -> io::Result<()> {
        let new = self.path.with_extension("new");
        let mut text = Vec::new();
        for (number, known) in self.known.iter().enumerate() {
            let line = Line { content: number, taken: Some(taken(known)), sending: known.sending.as_ref().map(begun) };
            serde_json::to_writer(&mut text, &line)?;
            text.push(b'\n');
        }
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        self.file = OpenOptions::new().append(true).open(&self.path)?;
        Ok(())
    }
}

fn taken(known: &Known) -> Taken {
    let Content { head, offset, tail } = known.content;
    Taken { name: known.name.clone(), head: head.into(), offset, tail: tail.into(), lines: known.lines }
}

fn begun(sending: &Sending) -> Begun {
    Begun { head: sending.head.into(), offset: sending.offset, bytes: sending.bytes.into(), at: sending.at }
}

fn read(line: Line, known: &mut Vec<Known>) -> Result<(), String> {
    let number = line.content;
    if number > known.len() {
        return Err(format!("content {number} comes before content {}", known.len()));
    }
    if number == known.len() {
        known.push(Known::default());
    }
    let known = &mut known[number];
    if let Some(taken) = line.taken {
        let content = Content { head: taken.head.try_into()?, offset: taken.offset, tail: taken.tail.try_into()? };
        *known = Known { name: taken.name, content, lines: taken.lines, sending: None };
    }
    if let Some(begun) = line.sending {
        let (head, bytes) = (begun.head.try_into()?, begun.bytes.try_into()?);
        known.sending = Some(Sending { head, offset: begun.offset, bytes, at: begun.at });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(offset: u64) -> Content {
        Content { head: Fingerprint::of(b"head"), offset, tail: Fingerprint::of(&offset.to_be_bytes()) }
    }

    fn sending(offset: u64) -> Sending {
        Sending { head: Fingerprint::of(b"h"), offset, bytes: Fingerprint::of(b"bytes"), at: 5 }
    }

    #[test]
    fn what_was_noted_is_there_again_and_a_torn_line_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("push/a.jsonl");
        let mut journal = Journal::open(&path).expect("a new one");
        let (one, two) = (journal.add("one.log"), journal.add("two.log"));
        journal.sending(one, sending(0)).expect("noted");
        journal.acknowledged(one, content(10), 2).expect("noted");
        journal.sending(two, sending(0)).expect("noted");
        journal.acknowledged(two, content(7), 1).expect("noted");
        journal.sending(two, sending(7)).expect("noted");
        let known = journal.known().to_vec();
        drop(journal);
        fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(b"{\"content\":0,\"ta"))
            .expect("torn");
        let mut journal = Journal::open(&path).expect("it is read");
        assert_eq!(journal.known(), known);
        assert_eq!((known[0].sending, known[1].sending), (None, Some(sending(7))));
        journal.acknowledged(two, content(9), 2).expect("noted");
        drop(journal);
        assert_eq!(Journal::open(&path).expect("it is read").known()[1].content, content(9));
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.jsonl");
        let mut journal = Journal::open(&path).expect("a new one");
        let number = journal.add("one.log");
        (0..2 * SPARE_LINES as u64)
            .for_each(|offset| journal.acknowledged(number, content(offset), offset).expect("noted"));
        journal.sending(number, sending(9)).expect("noted");
        let known = journal.known().to_vec();
        drop(journal);
        let mut journal = Journal::open(&path).expect("it is read");
        assert_eq!(journal.known(), known);
        assert_eq!(fs::read_to_string(&path).expect("text").lines().count(), 1);
        journal.acknowledged(number, content(1), 1).expect("noted");
        drop(journal);
        assert_eq!(Journal::open(&path).expect("it is read").known()[0].lines, 1);
    }

    #[test]
    fn two_pushes_do_not_share_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.jsonl");
        let first = Journal::open(&path).expect("a new one");
        assert!(matches!(Journal::open(&path), Err(ClientError::Busy { .. })));
        drop(first);
        assert!(Journal::open(&path).is_ok());
        fs::write(&path, "{\"content\":3}\n").expect("written");
        assert!(matches!(Journal::open(&path), Err(ClientError::Content { .. })));
    }
}
