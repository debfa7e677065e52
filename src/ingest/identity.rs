//! Which content an input is: whether the store has it already, and how much of it.
//!
//! A content is known by its first bytes and by those before the offset up to which it was taken, never by
//! a path: so it is known again after a rename, under a second name, and compressed. For an input that ends
//! before the offset of a content it begins like, the bytes before the offset cannot be compared; see
//! [`super::older_copy`].

use hashbrown::HashMap;

use crate::input::{ChunkReader, Fingerprint, HEAD_BYTES, InputError};

/// What the store knows of a content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Its first bytes, at most [`HEAD_BYTES`] and none behind `offset`.
    pub head: Fingerprint,
    /// How much of it was taken.
    pub offset: u64,
    /// The bytes before `offset`.
    pub tail: Fingerprint,
}

/// Which content an input is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Unknown: the reader stands at its beginning.
    New,
    /// This one: the reader stands at its offset.
    Known(usize),
    /// It ends before the offset of these, and begins or may begin like them: an older copy of one, or a
    /// content of its own. The reader stands at its beginning.
    Shorter(Vec<usize>),
}

/// How many of the contents added last may be tried on an input that is shorter than the beginnings that are
/// known of them: there is no hash to find the right one by.
const SHORT_CANDIDATES: usize = 16;

/// The contents that are known, by number.
#[derive(Debug, Default)]
pub struct Contents {
    all: Vec<Content>,
    by_head: HashMap<Fingerprint, Vec<usize>>,
}

impl Contents {
    /// Adds a content and returns its number; one of which nothing is known yet is found only after [`Contents::set`].
    pub fn add(&mut self, content: Content) -> usize {
        self.all.push(Content::default());
        self.set(self.all.len() - 1, content);
        self.all.len() - 1
    }

    /// Learns more of a content.
    pub fn set(&mut self, number: usize, content: Content) {
        let old = std::mem::replace(&mut self.all[number], content);
        if let Some(numbers) = self.by_head.get_mut(&old.head) {
            numbers.retain(|known| *known != number);
        }
        if content.offset > 0 {
            self.by_head.entry(content.head).or_default().push(number);
        }
    }

    /// Returns what is known of a content.
    pub fn get(&self, number: usize) -> Content {
        self.all[number]
    }

    /// Returns the contents that begin like this, those known furthest last.
    pub fn beginning_like(&self, head: &[u8]) -> Vec<usize> {
        let mut lengths: Vec<u32> =
            self.by_head.iter().filter(|(_, numbers)| !numbers.is_empty()).map(|(head, _)| head.length).collect();
        lengths.sort_unstable();
        lengths.dedup();
        let known = lengths.into_iter().filter_map(|length| {
            let beginning = head.get(..length as usize)?;
            self.by_head.get(&Fingerprint::of(beginning))
        });
        let mut numbers: Vec<usize> = known.flatten().copied().collect();
        numbers.sort_by_key(|number| (self.all[*number].offset, *number));
        numbers
    }

    /// Returns the contents of which more first bytes are known than so many.
    fn beginning_longer(&self, length: usize) -> Vec<usize> {
        let numbers = (0..self.all.len()).rev().filter(|number| {
            let content = self.all[*number];
            content.head.length as usize > length
        });
        if length < HEAD_BYTES { numbers.take(SHORT_CANDIDATES).collect() } else { Vec::new() }
    }

    /// Finds out which content an input is. The reader stands at its beginning; `reopen` makes another one
    /// for inputs that can only be read forward.
    pub fn identify(
        &self,
        reader: &mut ChunkReader,
        reopen: &mut dyn FnMut() -> Result<ChunkReader, InputError>,
    ) -> Result<Identity, InputError> {
        let head = reader.peek(HEAD_BYTES);
        let candidates = self.beginning_like(head);
        let mut shorter = if head.is_empty() { Vec::new() } else { self.beginning_longer(head.len()) };
        let mut found = None;
        let is_this =
            |reader: &ChunkReader, content: Content| reader.tail(content.tail.length as usize) == content.tail;
        if reader.is_seekable() {
            for number in candidates.into_iter().rev() {
                let content = self.all[number];
                if !reader.skip_to(content.offset) {
                    shorter.push(number);
                } else if is_this(reader, content) {
                    found = Some(number);
                    break;
                }
            }
        } else {
            let mut ended = false;
            for number in candidates {
                let content = self.all[number];
                // What does not reach one offset reaches none of the later ones.
                ended = ended || !reader.skip_to(content.offset);
                if ended {
                    shorter.push(number);
                } else if is_this(reader, content) {
                    found = Some(number);
                }
            }
        }
        let position = found.map_or(0, |number| self.all[number].offset);
        go_to(reader, position, reopen)?;
        Ok(match found {
            Some(number) => Identity::Known(number),
            None if shorter.is_empty() => Identity::New,
            None => Identity::Shorter(shorter),
        })
    }
}

/// Goes to a position, with another reader when there is no other way.
pub fn go_to(
    reader: &mut ChunkReader,
    position: u64,
    reopen: &mut dyn FnMut() -> Result<ChunkReader, InputError>,
) -> Result<(), InputError> {
    if reader.position() == position && !reader.is_broken() {
        return Ok(());
    }
    if !reader.is_seekable() && reader.position() > position || reader.is_broken() {
        *reader = reopen()?;
    }
    reader.skip_to(position);
    Ok(())
}
