//! Codes at rest.
//!
//! A dictionary is numbered by first appearance, so a code that was not seen before is always the next
//! one: it is stored as 0, any other as code + 1. A column of many rare values becomes mostly zeros.

use std::ops::Range;

use super::bytes::{Fault, Reader, put_varint};
use super::frame::{Frame, ReadAt};
use super::ints::{FRAME_ROWS, Planes, by_frame, byte_width, put_planes};

/// Stored codes.
#[derive(Debug)]
pub struct Codes {
    count: usize,
    distinct: usize,
    width: usize,
    frames: Vec<CodeFrame>,
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
}

impl Codes {
    /// Reads the directory of `count` codes below `distinct`.
    pub fn parse(head: &mut Reader<'_>, at: usize, count: usize, distinct: usize) -> Result<Codes, Fault> {
        let mut codes = Codes { count, distinct, width: width_of(distinct), frames: Vec::new(), end: at };
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

    /// Returns the places of the codes in these ranges (ascending, apart), and each as a number within them all.
    pub fn find(&self, ranges: &[Range<u32>], source: &dyn ReadAt) -> Result<(Vec<u32>, Vec<u32>), Fault> {
        let (mut places, mut found) = (Vec::new(), Vec::new());
        let Some(least) = ranges.first().map(|range| range.start) else { return Ok((places, found)) };
        if self.width == 0 {
            return Ok(((0..self.count as u32).collect(), vec![0; self.count]));
        }
        let (mut plane, mut codes) = (Vec::new(), Vec::with_capacity(FRAME_ROWS));
        for (number, frame) in self.frames.iter().enumerate() {
            // Codes that come up later only are not in this frame.
            if frame.next + frame.new <= least {
                continue;
            }
            codes.clear();
            self.append(number, source, &mut plane, &mut codes)?;
            let mut before = 0;
            for range in ranges {
                let length = range.end - range.start;
                for (group, codes) in codes.chunks(64).enumerate() {
                    // Most groups have none: a look at all of a group at once.
                    if codes.iter().fold(false, |any, code| any | (code.wrapping_sub(range.start) < length)) {
                        let first = (number * FRAME_ROWS + group * 64) as u32;
                        for (place, code) in codes.iter().enumerate().filter(|(_, code)| range.contains(code)) {
                            places.push(first + place as u32);
                            found.push(before + code - range.start);
                        }
                    }
                }
                before += length;
            }
        }
        if ranges.len() > 1 {
            let mut both: Vec<(u32, u32)> = places.into_iter().zip(found).collect();
            both.sort_unstable();
            return Ok(both.into_iter().unzip());
        }
        Ok((places, found))
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
        for (byte, place) in frame.planes[..self.width].iter().enumerate() {
            plane.clear();
            place.read(source, plane)?;
            if byte == 0 {
                codes.extend(plane.iter().map(|low| *low as u32));
            } else {
                let shift = 8 * byte;
                codes[start..].iter_mut().zip(plane.iter()).for_each(|(code, high)| *code |= (*high as u32) << shift);
            }
        }
        let codes = &mut codes[start..];
        debug_assert_eq!(codes.len(), count);
        if frame.new == 0 {
            // A zero where no code is new wraps round and is found below.
            codes.iter_mut().for_each(|code| *code = code.wrapping_sub(1));
        } else {
            let mut next = frame.next;
            for code in codes.iter_mut() {
                let new = *code == 0;
                *code = if new { next } else { *code - 1 };
                next = next.wrapping_add(u32::from(new));
            }
        }
        let most = codes.iter().fold(0, |most, code| most.max(*code));
        if (most as usize) < self.distinct { Ok(()) } else { Err(Fault::new("a code has no value")) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_codes_round_trip(picks in prop::collection::vec(0_u32..70_000, 0..2000), spread in 1_u32..70_000) {
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
            let stored = Codes::parse(&mut Reader::new(&head), 0, codes.len(), seen.len()).expect("whole");
            prop_assert_eq!(stored.end, body.len());
            prop_assert_eq!(stored.all(&body.as_slice()).expect("whole"), &codes[..]);
            let wanted: Vec<u32> = (0..codes.len() as u32).step_by(5).collect();
            let some: Vec<u32> = wanted.iter().map(|index| codes[*index as usize]).collect();
            prop_assert_eq!(stored.some(&wanted, &body.as_slice()).expect("whole"), some);
            let distinct = seen.len() as u32;
            let ranges = [distinct / 5..distinct / 3, distinct / 2..distinct];
            let ranges: Vec<Range<u32>> = ranges.into_iter().filter(|range| !range.is_empty()).collect();
            let (places, found) = stored.find(&ranges, &body.as_slice()).expect("whole");
            let numbers: Vec<u32> = ranges.iter().cloned().flatten().collect();
            let expected: Vec<u32> =
                (0..codes.len() as u32).filter(|place| numbers.contains(&codes[*place as usize])).collect();
            prop_assert_eq!(&places, &expected);
            for (place, number) in places.iter().zip(&found) {
                prop_assert_eq!(numbers[*number as usize], codes[*place as usize]);
            }
        }
    }
}
