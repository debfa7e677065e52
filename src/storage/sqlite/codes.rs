//! Codes at rest.
//!
//! A dictionary is numbered by first appearance, so a code that was not seen before is always the next
//! one: it is stored as 0, any other as code + 1. A column of many rare values becomes mostly zeros.
//!
//! Of many values it is also noted which ones are in no frame but that of their first appearance: whoever looks for a
//! rare value need not read the frames behind it.

use super::bytes::{Fault, Reader, put_varint};
use super::frame::{Frame, ReadAt, put_plane};
use super::ints::{FRAME_ROWS, Planes, by_frame, byte_width, put_planes};

/// Stored codes.
#[derive(Debug)]
pub struct Codes {
    count: usize,
    distinct: usize,
    width: usize,
    frames: Vec<CodeFrame>,
    /// A one for each code that is in one frame only.
    once: Option<Frame>,
    /// Address after the last plane.
    pub end: usize,
}

#[derive(Debug)]
struct CodeFrame {
    /// Codes seen before this frame, and how many are new in it.
    next: u32,
    new: u32,
    planes: [Frame; 4],
}

/// A dictionary of one value needs no codes.
fn width_of(distinct: usize) -> usize {
    if distinct <= 1 { 0 } else { byte_width(distinct as u64) }
}

/// Returns true when it is noted which codes are in one frame only: of few values hardly any is.
fn notes_once(count: usize, distinct: usize) -> bool {
    count > FRAME_ROWS && distinct >= 256
}

/// Appends codes below `distinct`, numbered by first appearance. Neither count is noted.
pub fn put_codes(head: &mut Vec<u8>, body: &mut Vec<u8>, codes: &[u32], distinct: usize) {
    let width = width_of(distinct);
    if width == 0 {
        return;
    }
    let mut next = 0;
    let mut symbols = Vec::with_capacity(FRAME_ROWS);
    for frame in codes.chunks(FRAME_ROWS) {
        symbols.clear();
        let before = next;
        symbols.extend(frame.iter().map(|code| {
            let new = *code == next;
            next += u32::from(new);
            if new { 0 } else { *code as u64 + 1 }
        }));
        put_varint(head, (next - before) as u64);
        put_planes(head, body, &symbols, width);
    }
    if notes_once(codes.len(), distinct) {
        put_plane(head, body, &once(codes, distinct));
    }
}

/// Returns a one for each code that is in one frame only, a zero for the others.
fn once(codes: &[u32], distinct: usize) -> Vec<u8> {
    let mut first = vec![u32::MAX; distinct];
    let mut once = vec![1; distinct];
    for (number, frame) in (0..).zip(codes.chunks(FRAME_ROWS)) {
        for code in frame {
            let first = &mut first[*code as usize];
            if *first == u32::MAX {
                *first = number;
            }
            once[*code as usize] &= u8::from(*first == number);
        }
    }
    once
}

impl Codes {
    /// Reads the directory of `count` codes below `distinct`. `may_note` says whether it can be noted which codes are in one frame
    /// only: old stores did not.
    pub fn parse(
        head: &mut Reader<'_>,
        at: usize,
        count: usize,
        distinct: usize,
        may_note: bool,
    ) -> Result<Codes, Fault> {
        let mut codes = Codes { count, distinct, width: width_of(distinct), frames: Vec::new(), once: None, end: at };
        if codes.width > 4 || (distinct == 0 && count > 0) {
            return Err(Fault::new("codes are too large"));
        }
        let mut next = 0;
        for first in (0..count).step_by(FRAME_ROWS).take_while(|_| codes.width > 0) {
            let new = head.count(distinct - next as usize)? as u32;
            let mut planes = [Frame::default(); 4];
            for plane in planes.iter_mut().take(codes.width) {
                *plane = Frame::parse(head, &mut codes.end, FRAME_ROWS.min(count - first))?;
            }
            codes.frames.push(CodeFrame { next, new, planes });
            next += new;
        }
        if may_note && codes.width > 0 && notes_once(count, distinct) {
            codes.once = Some(Frame::parse(head, &mut codes.end, distinct)?);
        }
        Ok(codes)
    }

    /// Returns every code.
    pub fn all(&self, source: &dyn ReadAt) -> Result<Vec<u32>, Fault> {
        if self.width == 0 {
            return Ok(vec![0; self.count]);
        }
        let mut codes = Vec::with_capacity(self.count);
        let mut plane = Vec::with_capacity(FRAME_ROWS);
        for number in 0..self.frames.len() {
            self.append(number, source, &mut plane, &mut codes)?;
        }
        Ok(codes)
    }

    /// Returns the codes with these numbers, which ascend.
    pub fn some(&self, wanted: &[u32], source: &dyn ReadAt) -> Result<Vec<u32>, Fault> {
        let (mut found, mut buffer) = (Vec::with_capacity(wanted.len()), Vec::new());
        for (number, places) in by_frame(wanted, self.count)? {
            if self.width == 0 {
                found.extend(places.map(|_| 0));
                continue;
            }
            let frame = &self.frames[number];
            let planes = Planes::read(&frame.planes[..self.width], source, &mut buffer)?;
            // New codes are told by how many were new before.
            let (mut next, mut counted) = (frame.next, 0);
            for place in places {
                let symbol = planes.get(place) as u32;
                if symbol > 0 {
                    found.push(symbol - 1);
                    continue;
                }
                next += planes.zeros(counted, place) as u32;
                counted = place;
                if next - frame.next >= frame.new {
                    return Err(Fault::new("a code has no value"));
                }
                found.push(next);
            }
        }
        let inside = found.iter().all(|code| (*code as usize) < self.distinct);
        if inside { Ok(found) } else { Err(Fault::new("a code has no value")) }
    }

    /// Returns the places of the codes that are wanted: `wanted` has one answer for each.
    pub fn find(&self, wanted: &[bool], source: &dyn ReadAt) -> Result<Vec<u32>, Fault> {
        if wanted.len() != self.distinct || !wanted.contains(&true) {
            return if wanted.len() == self.distinct { Ok(Vec::new()) } else { Err(Fault::new("a code has no value")) };
        }
        if self.width == 0 {
            return Ok((0..self.count as u32).collect());
        }
        let mut once = Vec::new();
        self.once.map_or(Ok(()), |frame| frame.read(source, &mut once))?;
        // By symbol; that of a new code tells nothing by itself.
        let by_symbol: Vec<bool> = std::iter::once(&false).chain(wanted).copied().collect();
        let is_wanted = |symbol: u32| by_symbol.get(symbol as usize).copied();
        let (mut places, mut plane, mut symbols) = (Vec::new(), Vec::new(), Vec::with_capacity(FRAME_ROWS));
        // Wanted codes that appeared before and may be in frames to come.
        let mut lasting = 0;
        for (number, frame) in self.frames.iter().enumerate() {
            let new = frame.next as usize..(frame.next + frame.new) as usize;
            let any_new = wanted[new.clone()].contains(&true);
            if !any_new && lasting == 0 {
                continue;
            }
            lasting += new.filter(|code| wanted[*code] && once.get(*code) != Some(&1)).count();
            let count = FRAME_ROWS.min(self.count - number * FRAME_ROWS);
            symbols.clear();
            let planes = Planes::read(&frame.planes[..self.width], source, &mut plane)?;
            planes.append(count, &mut symbols, |symbol| symbol as u32);
            let first = (number * FRAME_ROWS) as u32;
            let mut next = frame.next;
            for (group, symbols) in (0..).zip(symbols.chunks(64)) {
                // Most groups have none: a look at all of a group at once.
                let mut any = false;
                let mut greatest = 0;
                let mut has_new = false;
                for symbol in symbols {
                    greatest = greatest.max(*symbol);
                    any |= is_wanted(*symbol).unwrap_or(false);
                    has_new |= *symbol == 0;
                }
                if greatest as usize > self.distinct || (has_new && frame.new == 0) {
                    return Err(Fault::new("a code has no value"));
                }
                if !any && !has_new {
                    continue;
                }
                for (place, symbol) in (first + group * 64..).zip(symbols) {
                    let passes = if *symbol == 0 {
                        next += 1;
                        wanted.get(next as usize - 1).copied().ok_or(Fault::new("a code has no value"))?
                    } else {
                        by_symbol[*symbol as usize]
                    };
                    if passes {
                        places.push(place);
                    }
                }
            }
        }
        Ok(places)
    }

    /// Appends the codes of one frame. `plane` is a buffer to reuse.
    fn append(
        &self,
        number: usize,
        source: &dyn ReadAt,
        plane: &mut Vec<u8>,
        codes: &mut Vec<u32>,
    ) -> Result<(), Fault> {
        let frame = &self.frames[number];
        let count = FRAME_ROWS.min(self.count - number * FRAME_ROWS);
        let start = codes.len();
        let planes = Planes::read(&frame.planes[..self.width], source, plane)?;
        if frame.new == 0 {
            // A zero where no code is new wraps round and is found below.
            planes.append(count, codes, |symbol| (symbol as u32).wrapping_sub(1));
        } else {
            let mut next = frame.next;
            planes.append(count, codes, |symbol| {
                let is_new = symbol == 0;
                let code = if is_new { next } else { symbol as u32 - 1 };
                next = next.wrapping_add(u32::from(is_new));
                code
            });
        }
        let most = codes[start..].iter().fold(0, |most, code| most.max(*code));
        if (most as usize) < self.distinct { Ok(()) } else { Err(Fault::new("a code has no value")) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_codes_round_trip(picks in prop::collection::vec(0_u32..70_000, 0..20_000), spread in 1_u32..70_000) {
            // Number by first appearance.
            let mut seen = std::collections::HashMap::new();
            let codes: Vec<u32> = picks
                .iter()
                .map(|pick| {
                    let next = seen.len() as u32;
                    *seen.entry(pick % spread).or_insert(next)
                })
                .collect();
            let (mut head, mut body) = (Vec::new(), Vec::new());
            put_codes(&mut head, &mut body, &codes, seen.len());
            let stored =
                Codes::parse(&mut Reader::new(&head), 0, codes.len(), seen.len(), true).expect("whole");
            prop_assert_eq!(stored.end, body.len());
            prop_assert_eq!(stored.all(&body.as_slice()).expect("whole"), &codes[..]);
            let wanted: Vec<u32> = (0..codes.len() as u32).step_by(5).collect();
            let some: Vec<u32> = wanted.iter().map(|index| codes[*index as usize]).collect();
            prop_assert_eq!(stored.some(&wanted, &body.as_slice()).expect("whole"), some);
            for (start, step) in [(0, 1), (0, 3), (seen.len() / 2, 97), (seen.len().saturating_sub(1), 1)] {
                let mut wanted = vec![false; seen.len()];
                wanted.iter_mut().skip(start).step_by(step).for_each(|wanted| *wanted = true);
                let expected: Vec<u32> =
                    (0..codes.len() as u32).filter(|place| wanted[codes[*place as usize] as usize]).collect();
                prop_assert_eq!(stored.find(&wanted, &body.as_slice()).expect("whole"), expected);
            }
            prop_assert_eq!(stored.find(&vec![false; seen.len()], &body.as_slice()), Ok(Vec::new()));
        }

        /// Some codes are in many frames, some in two, most in one.
        #[test]
        fn codes_of_many_frames_are_found(rows in FRAME_ROWS..5 * FRAME_ROWS, often in 1..40_u32) {
            let mut next = 0;
            let codes: Vec<u32> = (0..rows as u32)
                .map(|row| match row % 7 {
                    0 | 3 if next > often => row % often,
                    5 if next > 2000 => next - 2000 + row % 3,
                    _ => {
                        next += 1;
                        next - 1
                    }
                })
                .collect();
            let distinct = next as usize;
            let (mut head, mut body) = (Vec::new(), Vec::new());
            put_codes(&mut head, &mut body, &codes, distinct);
            let stored = Codes::parse(&mut Reader::new(&head), 0, rows, distinct, true).expect("whole");
            prop_assert!(stored.once.is_some());
            for code in (0..next).step_by(499) {
                let mut wanted = vec![false; distinct];
                wanted[code as usize] = true;
                let expected: Vec<u32> =
                    (0..rows as u32).filter(|place| codes[*place as usize] == code).collect();
                prop_assert_eq!(stored.find(&wanted, &body.as_slice()).expect("whole"), expected);
            }
        }
    }
}
