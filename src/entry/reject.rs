//! Lines no format accepted, and the account that proves none was dropped.

use std::borrow::Cow;

/// Why a line became a reject. Lower case, no full stop; shown to the user and stored.
pub type RejectReason = Cow<'static, str>;

/// A line no format accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// 1-based number of the line in its source.
    pub line: u64,
    /// Byte offset of the line in its (decompressed) source.
    pub offset: u64,
    /// Length of the line in bytes, without its line end.
    pub length: u64,
    /// Why it was not accepted.
    pub reason: RejectReason,
    /// The line's bytes, at most the first [`Reject::MAX_KEPT`].
    pub raw: Box<[u8]>,
}

impl Reject {
    /// How many bytes of a rejected line are kept.
    pub const MAX_KEPT: usize = 64 * 1024;
}

/// Counts of one run: `lines = entries + continuation + blank + comment + rejects`, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Lines read, a last line without a line end included.
    pub lines: u64,
    /// Entries; each has one first line.
    pub entries: u64,
    /// Lines that joined the entry before them.
    pub continuation: u64,
    /// Lines of nothing but blanks.
    pub blank: u64,
    /// Lines a format marks as comment or header.
    pub comment: u64,
    /// Lines no format accepted.
    pub rejects: u64,
    /// Bytes read, line ends included.
    pub bytes: u64,
    /// Bytes of entries (their continuation lines included), without their last line end.
    pub entry_bytes: u64,
    /// Bytes of rejects, without line ends.
    pub reject_bytes: u64,
    /// Everything else: line ends after entries and rejects, blank and comment lines, a byte order mark.
    pub separator_bytes: u64,
}

impl Account {
    /// Adds the counts of `other`.
    pub fn add(&mut self, other: &Account) {
        self.lines += other.lines;
        self.entries += other.entries;
        self.continuation += other.continuation;
        self.blank += other.blank;
        self.comment += other.comment;
        self.rejects += other.rejects;
        self.bytes += other.bytes;
        self.entry_bytes += other.entry_bytes;
        self.reject_bytes += other.reject_bytes;
        self.separator_bytes += other.separator_bytes;
    }

    /// Returns the counts without those of `part`; none is below zero, and they still add up.
    pub fn without(&self, part: &Account) -> Account {
        let mut left = Account {
            lines: 0,
            entries: self.entries.saturating_sub(part.entries),
            continuation: self.continuation.saturating_sub(part.continuation),
            blank: self.blank.saturating_sub(part.blank),
            comment: self.comment.saturating_sub(part.comment),
            rejects: self.rejects.saturating_sub(part.rejects),
            bytes: 0,
            entry_bytes: self.entry_bytes.saturating_sub(part.entry_bytes),
            reject_bytes: self.reject_bytes.saturating_sub(part.reject_bytes),
            separator_bytes: self.separator_bytes.saturating_sub(part.separator_bytes),
        };
        left.lines = left.entries + left.continuation + left.blank + left.comment + left.rejects;
        left.bytes = left.entry_bytes + left.reject_bytes + left.separator_bytes;
        left
    }

    /// Returns true when every line and every byte is accounted for.
    pub fn adds_up(&self) -> bool {
        self.lines == self.entries + self.continuation + self.blank + self.comment + self.rejects
            && self.bytes == self.entry_bytes + self.reject_bytes + self.separator_bytes
    }
}
