//! From keys and values to a record: who becomes the time, the level and the message, and what stays a field.

use super::table::{Action, KeyId, ROOT};
use super::{Claim, MONGO_SEVERITY, Role, SYSLOG_PRIORITY};
use crate::entry::{BatchBuilder, FieldId, Kind, LogLevel, NO_TIME, Record, Span, TextRef};
use crate::parse::Settings;
use crate::parse::timestamp::TimeParser;

/// The value of a key that may be the time, the level or the message.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    claim: Claim,
    key: KeyId,
    field: Option<FieldId>,
    /// Of the inner line of a wrapper, which goes before the wrapper itself.
    inner: bool,
    won: bool,
    /// Where among the record's fields it belongs when it loses.
    place: usize,
    kind: Kind,
    payload: u64,
    /// The value's text, escapes undone.
    text: Span,
}

/// A value as a line has it.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Its kind.
    pub kind: Kind,
    /// Its payload, as [`Record::fields`] has it.
    pub payload: u64,
    /// Its text, escapes undone.
    pub text: Span,
}

impl Found {
    /// A text value.
    #[inline]
    pub fn text(span: Span) -> Found {
        Found { kind: Kind::Text, payload: span.pack(), text: span }
    }
}

/// Gathers the values of one line into a [`Record`].
#[derive(Debug)]
pub struct Assembly {
    matters: [bool; 3],
    times: TimeParser,
    candidates: Vec<Candidate>,
    /// For each field the last line that had it, to notice a key that comes twice.
    last_line: Vec<u32>,
    line: u32,
    inner: bool,
    gelf: bool,
    /// Fields before an inner line was tried.
    saved: Vec<(FieldId, Kind, u64)>,
    saved_candidates: usize,
}

impl Assembly {
    /// Makes one for entries read with `settings`.
    pub fn new(settings: &Settings) -> Assembly {
        Assembly {
            matters: Role::ALL.map(|role| role.matters(&settings.projection)),
            times: TimeParser::new(settings),
            candidates: Vec::new(),
            last_line: Vec::new(),
            line: 0,
            inner: false,
            gelf: false,
            saved: Vec::new(),
            saved_candidates: 0,
        }
    }

    /// Returns true when it makes a difference who wins the role.
    pub fn matters(&self, role: Role) -> bool {
        self.matters[role.index()]
    }

    /// Returns the parser of times.
    pub fn times(&mut self) -> &mut TimeParser {
        &mut self.times
    }

    /// Begins a line.
    #[inline]
    pub fn begin(&mut self, record: &mut Record) {
        record.clear();
        self.candidates.clear();
        self.inner = false;
        self.gelf = false;
        self.line = self.line.wrapping_add(1);
        if self.line == 0 {
            self.last_line.clear();
            self.line = 1;
        }
    }

    /// Notes that the entry is GELF.
    pub fn mark_gelf(&mut self) {
        self.gelf = true;
    }

    /// Begins the inner line of a wrapper.
    pub fn begin_inner(&mut self, record: &Record) {
        self.inner = true;
        self.saved.clone_from(&record.fields);
        self.saved_candidates = self.candidates.len();
    }

    /// Takes back everything since [`Assembly::begin_inner`].
    pub fn undo_inner(&mut self, record: &mut Record) {
        record.fields.clone_from(&self.saved);
        self.candidates.truncate(self.saved_candidates);
    }

    /// Takes a value. Of a name that comes twice the last value counts.
    #[inline(always)]
    pub fn take(&mut self, record: &mut Record, action: Action, found: Found) {
        match action {
            Action::Field(field) => self.put(record, record.fields.len(), field, found.kind, found.payload),
            Action::Candidate(claim, field, key) => self.propose(record, claim, field, key, found),
            Action::Skip | Action::Unresolved => {}
        }
    }

    /// Takes a text that is the role's by its place in the line, whatever keys there are.
    pub fn offer(&mut self, record: &Record, role: Role, text: Span) {
        if self.matters(role) {
            self.propose(record, Claim { role, rank: 0 }, None, ROOT, Found::text(text));
        }
    }

    /// Takes a null: the entry does not have the field.
    pub fn take_null(&mut self, record: &mut Record, action: Action) {
        match action {
            Action::Field(field) => {
                if self.last_line.get(field as usize) == Some(&self.line)
                    && let Some(place) = record.fields.iter().position(|(known, _, _)| *known == field)
                {
                    record.fields.remove(place);
                    self.candidates.iter_mut().filter(|later| later.place > place).for_each(|later| later.place -= 1);
                }
            }
            Action::Candidate(_, _, key) => {
                let inner = self.inner;
                self.candidates.retain(|known| known.key != key || known.inner != inner);
            }
            Action::Skip | Action::Unresolved => {}
        }
    }

    /// Drops the wrapper's own message: its inner line takes its place.
    pub fn drop_message_of(&mut self, key: KeyId) {
        self.candidates.retain(|known| known.key != key || known.inner);
    }

    #[inline(always)]
    fn put(&mut self, record: &mut Record, place: usize, field: FieldId, kind: Kind, payload: u64) {
        let Some(last_line) = self.last_line.get_mut(field as usize) else {
            return self.put_new(record, place, field, kind, payload);
        };
        if *last_line == self.line {
            return replace(record, field, kind, payload);
        }
        *last_line = self.line;
        if place == record.fields.len() {
            record.fields.push((field, kind, payload));
        } else {
            record.fields.insert(place, (field, kind, payload));
        }
    }

    #[cold]
    fn put_new(&mut self, record: &mut Record, place: usize, field: FieldId, kind: Kind, payload: u64) {
        self.last_line.resize(field as usize + 1, 0);
        self.put(record, place, field, kind, payload);
    }

    #[inline]
    fn propose(&mut self, record: &Record, claim: Claim, field: Option<FieldId>, key: KeyId, found: Found) {
        let Found { kind, payload, text } = found;
        let inner = self.inner;
        match self.candidates.iter_mut().find(|known| known.key == key && known.inner == inner) {
            Some(known) => *known = Candidate { kind, payload, text, ..*known },
            None => {
                let place = record.fields.len();
                self.candidates.push(Candidate { claim, key, field, inner, won: false, place, kind, payload, text });
            }
        }
    }

    /// Ends the line: the best candidates become time, level and message, the others fields.
    #[inline]
    pub fn finish(&mut self, chunk: &[u8], record: &mut Record, builder: &mut BatchBuilder) {
        if self.candidates.is_empty() {
            return;
        }
        let text = TextRef { chunk, scratch: builder.scratch() };
        for role in Role::ALL {
            let mut last = None;
            while let Some((order, index)) = self.next_candidate(role, last) {
                if self.try_candidate(index, record, text) {
                    self.candidates[index].won = true;
                    break;
                }
                last = Some(order);
            }
        }
        for index in (0..self.candidates.len()).rev() {
            let Candidate { won, field, place, kind, payload, .. } = self.candidates[index];
            if let Some(field) = field.filter(|_| !won) {
                self.put(record, place.min(record.fields.len()), field, kind, payload);
            }
        }
    }

    /// Returns the best candidate of a role after the one whose order was `last`.
    #[inline]
    fn next_candidate(&self, role: Role, last: Option<(bool, u8, usize)>) -> Option<((bool, u8, usize), usize)> {
        let candidates = self.candidates.iter().enumerate().filter(|(_, known)| known.claim.role == role);
        let ordered = candidates.map(|(index, known)| ((!known.inner, known.claim.rank, index), index));
        ordered.filter(|(order, _)| last.is_none_or(|last| *order > last)).min()
    }

    /// Lets a candidate win when its value fits its role.
    #[inline]
    fn try_candidate(&mut self, index: usize, record: &mut Record, text: TextRef<'_>) -> bool {
        let candidate = &self.candidates[index];
        match candidate.claim.role {
            Role::Time => {
                if !matches!(candidate.kind, Kind::Text | Kind::Int | Kind::Float) {
                    return false;
                }
                match self.times.exact(text.get(candidate.text)) {
                    None | Some((NO_TIME, _)) => false,
                    Some((ts, style)) => {
                        (record.ts, record.style) = (ts, style);
                        true
                    }
                }
            }
            Role::Level => {
                let level = match candidate.kind {
                    Kind::Text => level_of_text(text.get(candidate.text), candidate.claim.rank, self.gelf),
                    Kind::Int => level_of_number(candidate.payload as i64, candidate.claim.rank, self.gelf),
                    Kind::Float | Kind::Bool | Kind::Json => None,
                };
                record.level = level.or(record.level);
                level.is_some()
            }
            Role::Message => {
                if candidate.kind != Kind::Text {
                    return false;
                }
                record.message = Some(candidate.text);
                true
            }
        }
    }
}

/// Puts another value in the place of a field's value; adds it when the field is not there.
#[cold]
fn replace(record: &mut Record, field: FieldId, kind: Kind, payload: u64) {
    match record.fields.iter_mut().find(|(known, _, _)| *known == field) {
        Some(known) => *known = (field, kind, payload),
        None => record.fields.push((field, kind, payload)),
    }
}

/// Returns the level of a word, or of a number written as text.
#[inline]
fn level_of_text(text: &[u8], rank: u8, gelf: bool) -> Option<LogLevel> {
    let text = text.trim_ascii();
    if rank == MONGO_SEVERITY {
        // `s` is too usual a key to take anything but the letters MongoDB writes: F, E, W, I, D1 to D5.
        return match text {
            [b'F' | b'E' | b'W' | b'I' | b'D'] | [b'D', b'1'..=b'5'] => LogLevel::from_word(&text[..1], true),
            _ => None,
        };
    }
    if text.len() <= 2 && !text.is_empty() && text.iter().all(u8::is_ascii_digit) {
        let number = text.iter().fold(0, |number, digit| number * 10 + (digit - b'0') as i64);
        return level_of_number(number, rank, gelf);
    }
    LogLevel::from_word(text, true)
}

/// Returns the level of a number: a syslog severity where that is what the key means, else pino's.
fn level_of_number(number: i64, rank: u8, gelf: bool) -> Option<LogLevel> {
    if rank == SYSLOG_PRIORITY || gelf {
        return u8::try_from(number).ok().and_then(LogLevel::from_syslog);
    }
    if rank == MONGO_SEVERITY {
        return None;
    }
    LogLevel::from_pino(number)
}
