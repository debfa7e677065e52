//! Where a piece may end.

use memchr::{memchr, memchr_iter, memrchr};

/// How far back from a piece's end a line that begins an entry is looked for. An entry up to this size is
/// never cut in two, and the parser lets none grow larger.
const LOOK_BACK: usize = 1 << 20;
/// How far a piece may grow in search of such a line.
pub const LOOK_AHEAD: usize = 2 << 20;

/// Returns the offset after line number `lines` of `bytes`, when there are that many whole lines.
pub fn end_of_line(bytes: &[u8], lines: usize) -> Option<usize> {
    if !is_dense(bytes, lines) || memchr_iter(b'\n', bytes).count() < lines {
        return None;
    }
    memchr_iter(b'\n', bytes).nth(lines.saturating_sub(1)).map(|at| at + 1)
}

/// Returns false when some samples make it unlikely that there are `lines` lines: counting all of them
/// costs as much as half of reading the bytes.
fn is_dense(bytes: &[u8], lines: usize) -> bool {
    const SAMPLE: usize = 256;
    const STRIDE: usize = 32 * 1024;
    let average = bytes.len() / lines.max(1);
    let mut samples = bytes.chunks(STRIDE).map(|part| &part[..part.len().min(SAMPLE)]);
    samples.any(|sample| memchr_iter(b'\n', sample).count().saturating_mul(average) >= sample.len() / 2)
}

/// Looks for a line that is too long.
pub struct LongLineSearch {
    max_line: usize,
    /// All lines before this offset are short enough.
    from: usize,
}

impl LongLineSearch {
    pub fn new(max_line: usize) -> LongLineSearch {
        LongLineSearch { max_line, from: 0 }
    }

    /// Returns where the first line begins that is too long. `bytes` are those of the last call, and more.
    pub fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        // One step a line length, not one a line: whatever lies between two line ends that are near enough is short.
        while bytes.len() - self.from > self.max_line {
            let window = &bytes[self.from..=self.from + self.max_line];
            match memrchr(b'\n', window) {
                Some(at) => self.from += at + 1,
                None => return Some(self.from),
            }
        }
        None
    }
}

/// Looks for a line that begins an entry, from the end of a piece backwards.
pub struct CutSearch {
    /// Lines that begin before this offset are not looked at (again).
    floor: Option<usize>,
    limit: usize,
    lines: usize,
}

impl CutSearch {
    pub fn new() -> CutSearch {
        CutSearch { floor: None, limit: 0, lines: 0 }
    }

    /// Returns where to cut. `bytes` are those of the last call, and more. `begins_entry` is given a line and, first, the
    /// line before it.
    pub fn find(
        &mut self,
        bytes: &[u8],
        max_lines: usize,
        begins_entry: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Option<usize> {
        let floor = *self.floor.get_or_insert_with(|| {
            self.limit = bytes.len() + LOOK_AHEAD;
            bytes.len().saturating_sub(LOOK_BACK)
        });
        let last = memrchr(b'\n', &bytes[floor..]).map(|at| floor + at)?;
        let mut line_end = last;
        loop {
            let start = memrchr(b'\n', &bytes[..line_end]).map_or(0, |at| at + 1);
            if start < floor.max(1) {
                break;
            }
            if begins_entry(line_before(bytes, start), without_return(&bytes[start..line_end])) {
                return Some(start);
            }
            self.lines += 1;
            line_end = start - 1;
        }
        self.floor = Some(last + 1);
        // There is no use in looking further. A piece of very many lines may end sooner, when no entry is open at its end.
        let gives_up = last >= self.limit
            || self.lines >= max_lines && (floor > 0 || last >= LOOK_BACK || !begins_entry(b"", first_line(bytes)));
        gives_up.then(|| last_entry(&bytes[..=last], begins_entry).unwrap_or(last + 1))
    }
}

/// Returns where the last entry begins of bytes that end with a line, when the bytes end amidst a line that goes on over more lines than an entry holds:
/// a line that would begin an entry, but for the one before it. Entries follow each other there without a line that
/// begins one whatever stands before, so they are counted from the first: none is longer than [`LOOK_BACK`].
pub fn last_entry(bytes: &[u8], begins_entry: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Option<usize> {
    let mut goes_on = |before: &[u8], line: &[u8]| !begins_entry(before, line) && begins_entry(b"", line);
    let end = bytes.strip_suffix(b"\n").map_or(bytes.len(), <[u8]>::len);
    let last = memrchr(b'\n', &bytes[..end])? + 1;
    if !goes_on(line_before(bytes, last), without_return(&bytes[last..end])) {
        return None;
    }
    let (mut entry, mut start, mut before): (usize, usize, &[u8]) = (0, 0, b"");
    for line_end in memchr_iter(b'\n', bytes) {
        let line = without_return(&bytes[start..line_end]);
        if start + line.len() - entry > LOOK_BACK || !goes_on(before, line) {
            entry = start;
        }
        (start, before) = (line_end + 1, line);
    }
    (entry > 0).then_some(entry)
}

/// Returns the line that ends before `start`, where another begins.
fn line_before(bytes: &[u8], start: usize) -> &[u8] {
    let begin = memrchr(b'\n', &bytes[..start - 1]).map_or(0, |at| at + 1);
    without_return(&bytes[begin..start - 1])
}

fn first_line(bytes: &[u8]) -> &[u8] {
    without_return(&bytes[..memchr(b'\n', bytes).unwrap_or(bytes.len())])
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}
