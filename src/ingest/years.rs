//! The year of timestamps that name none, while the pieces of an input are parsed in parallel.
//!
//! It follows from the timestamps before them, so from the pieces before. Nobody waits to begin: a piece is
//! parsed from where the walk had come when it was begun, which is mostly the same year. When the piece before
//! is through, the guess is checked, and the piece parsed again if it was wrong. Pieces without such
//! timestamps wait for nothing.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::entry::{Projection, Timestamp};
use crate::input::ChunkReader;
use crate::parse::{ChunkParser, FormatSet, Settings, YearRule, YearWalk};

/// The walk through one input's timestamps, piece by piece.
#[derive(Debug)]
pub struct YearChain {
    links: Mutex<Links>,
    moved: Condvar,
}

#[derive(Debug)]
struct Links {
    /// How many pieces are through, and those before them as well.
    through: u64,
    /// The walk after them.
    walk: YearWalk,
    /// Pieces without such timestamps behind one that is not through.
    passed: BTreeSet<u64>,
    /// True when a thread gave up: then the run ends, and nobody is to wait for it.
    broken: bool,
}

impl YearChain {
    /// A chain that begins with this walk.
    pub fn new(walk: YearWalk) -> YearChain {
        let links = Links { through: 0, walk, passed: BTreeSet::new(), broken: false };
        YearChain { links: Mutex::new(links), moved: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Links> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins with a piece; 0, 1, 2, … without holes.
    pub fn link(&self, piece: u64) -> Link<'_> {
        Link { chain: self, piece, is_done: false }
    }
}

/// The place of one piece in the chain. Dropped undone, it breaks the chain.
pub struct Link<'a> {
    chain: &'a YearChain,
    piece: u64,
    is_done: bool,
}

impl Link<'_> {
    /// Returns how far the walk has come as yet.
    pub fn guess(&self) -> YearWalk {
        self.chain.lock().walk
    }

    /// Waits for the pieces before this one; returns the walk after them.
    pub fn before(&self) -> YearWalk {
        let mut links = self.chain.lock();
        while links.through < self.piece && !links.broken {
            links = self.chain.moved.wait(links).unwrap_or_else(PoisonError::into_inner);
        }
        links.walk
    }

    /// Says where the walk has come with this piece, `None` when it had nothing of it.
    pub fn done(mut self, walk: Option<YearWalk>) {
        self.is_done = true;
        let mut links = self.chain.lock();
        if let Some(walk) = walk {
            debug_assert!(links.through == self.piece || links.broken, "it waited for its turn");
            links.walk = walk;
        }
        links.passed.insert(self.piece);
        while {
            let next = links.through;
            links.passed.remove(&next)
        } {
            links.through += 1;
        }
        self.chain.moved.notify_all();
    }
}

impl Drop for Link<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            self.chain.lock().broken = true;
            self.chain.moved.notify_all();
        }
    }
}

/// How many places of a file are looked at.
const PLACES: u64 = 64;
/// How much of each.
const PLACE_BYTES: usize = 4096;
/// How much of the beginning of what can only be read forward.
const BEGINNING_BYTES: usize = 64 * 1024;

/// Finds out where the walk through an input begins, which stands at its beginning: from timestamps spread over a
/// plain file, else from those of its beginning.
pub fn survey(reader: &mut ChunkReader, formats: &FormatSet, settings: &Settings) -> YearWalk {
    let settings = Settings { projection: Projection::none(), ..settings.clone() };
    let mut parser = ChunkParser::new(formats, &settings);
    let mut stamps = Vec::new();
    let mut take = |text: &[u8], is_begun: bool| {
        let before = stamps.len();
        // What was cut off at either end is no line.
        let lines = text.split_inclusive(|byte| *byte == b'\n').skip(usize::from(is_begun));
        stamps.extend(lines.filter(|line| line.ends_with(b"\n")).filter_map(|line| parser.yearless(line)));
        stamps.len() > before
    };
    let Some(size) = reader.file_size() else {
        take(reader.sample(BEGINNING_BYTES), false);
        return YearRule::new(settings.zone, settings.reference).start(&stamps);
    };
    // The beginning says whether there is anything to look for.
    if take(reader.sample(PLACE_BYTES), false) {
        let step = (size / PLACES).max(PLACE_BYTES as u64);
        let end = size.saturating_sub(PLACE_BYTES as u64);
        let mut at = PLACE_BYTES as u64;
        while at < size {
            // Forward only, and the last lines in any case.
            take(&reader.window(at, PLACE_BYTES), true);
            at = if at + step < size { at + step } else { end.max(at + PLACE_BYTES as u64) };
        }
    }
    YearRule::new(settings.zone, settings.reference).start(&stamps)
}

/// Returns where the walk goes on after what is stored of an input.
pub fn after(stored: Option<Timestamp>) -> YearWalk {
    stored.map_or(YearWalk::default(), YearWalk::from)
}
