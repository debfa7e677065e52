//! Lists of integers: frames of a base and byte planes.
//!
//! Each frame of [`FRAME_ROWS`] values stores differences to its least value, or to the value before,
//! whichever is narrower in the first frame; the bytes of equal weight stand together (planes) and are
//! compressed on their own, because each plane has its own statistics.

use super::bytes::{Fault, Reader, put_signed};
use super::frame::{Frame, ReadAt, put_plane};

/// Values a frame. One frame decodes in some ten microseconds, and is what one row costs.
pub const FRAME_ROWS: usize = 8192;

const FROM_LEAST: u8 = 0;
const FROM_PREVIOUS: u8 = 1;

/// A stored list of integers.
#[derive(Clone, Debug)]
pub struct Ints {
    count: usize,
    mode: u8,
    frames: Vec<IntFrame>,
    /// Address after the last plane.
    pub end: usize,
}

#[derive(Clone, Debug)]
struct IntFrame {
    base: i64,
    /// Least step, in `FROM_PREVIOUS` only.
    step: i64,
    width: usize,
    planes: [Frame; 8],
}

/// Returns how many bytes numbers up to `most` need.
pub fn byte_width(most: u64) -> usize {
    (64 - most.leading_zeros() as usize).div_ceil(8)
}

/// Returns the least and the greatest value; of no values, the greatest and the least there are.
fn range(values: impl Iterator<Item = i64>) -> (i64, i64) {
    values.fold((i64::MAX, i64::MIN), |(least, most), value| (least.min(value), most.max(value)))
}

fn width_from_least(frame: &[i64]) -> usize {
    let (least, most) = range(frame.iter().copied());
    byte_width(most.wrapping_sub(least) as u64)
}

fn steps(frame: &[i64]) -> impl Iterator<Item = i64> {
    frame.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]))
}

fn width_from_previous(frame: &[i64]) -> usize {
    if frame.len() < 2 {
        return 0;
    }
    let (least, most) = range(steps(frame));
    byte_width(most.wrapping_sub(least) as u64)
}

/// Appends a list; its length is not noted.
pub fn put_ints(head: &mut Vec<u8>, body: &mut Vec<u8>, values: &[i64]) {
    // The first frame speaks for the others: looking at all of them takes as long as writing them.
    let first = values.chunks(FRAME_ROWS).next().unwrap_or(&[]);
    let mode = if width_from_previous(first) < width_from_least(first) { FROM_PREVIOUS } else { FROM_LEAST };
    head.push(mode);
    let mut numbers = Vec::with_capacity(FRAME_ROWS);
    for frame in values.chunks(FRAME_ROWS) {
        numbers.clear();
        if mode == FROM_PREVIOUS {
            let least = range(steps(frame)).0;
            let least = if frame.len() < 2 { 0 } else { least };
            put_signed(head, frame[0]);
            put_signed(head, least);
            numbers.push(0);
            numbers.extend(steps(frame).map(|step| step.wrapping_sub(least) as u64));
        } else {
            let least = range(frame.iter().copied()).0;
            put_signed(head, least);
            numbers.extend(frame.iter().map(|value| value.wrapping_sub(least) as u64));
        }
        let width = byte_width(numbers.iter().fold(0, |all, number| all | number));
        head.push(width as u8);
        put_planes(head, body, &numbers, width);
    }
}

/// Appends numbers as byte planes.
pub fn put_planes(head: &mut Vec<u8>, body: &mut Vec<u8>, numbers: &[u64], width: usize) {
    let mut plane = Vec::with_capacity(numbers.len());
    for byte in 0..width {
        plane.clear();
        plane.extend(numbers.iter().map(|number| (number >> (8 * byte)) as u8));
        put_plane(head, body, &plane);
    }
}

impl Ints {
    /// Reads the directory of a list of `count` integers whose first frame begins at `at`.
    pub fn parse(head: &mut Reader<'_>, at: usize, count: usize) -> Result<Ints, Fault> {
        let mode = head.byte()?;
        if mode > FROM_PREVIOUS {
            return Err(Fault::new("integers are stored in an unknown way"));
        }
        let mut ints = Ints { count, mode, frames: Vec::new(), end: at };
        for first in (0..count).step_by(FRAME_ROWS) {
            let base = head.signed()?;
            let step = if mode == FROM_PREVIOUS { head.signed()? } else { 0 };
            let width = head.count(8)?;
            let mut planes = [Frame::default(); 8];
            for plane in planes.iter_mut().take(width) {
                *plane = Frame::parse(head, &mut ints.end, FRAME_ROWS.min(count - first))?;
            }
            ints.frames.push(IntFrame { base, step, width, planes });
        }
        Ok(ints)
    }

    /// Returns what a frame counts from: in a list that ascends its first integer. `None` behind the last frame.
    pub fn base(&self, frame: usize) -> Option<i64> {
        self.frames.get(frame).map(|frame| frame.base)
    }

    /// Returns the last frame whose number and base pass a test that those of the first frames pass and no others.
    pub fn last_frame(&self, passes: impl Fn(usize, i64) -> bool) -> Option<usize> {
        let failing = self.frames.iter().enumerate().position(|(number, frame)| !passes(number, frame.base));
        failing.unwrap_or(self.frames.len()).checked_sub(1)
    }

    /// Returns every integer.
    pub fn all(&self, source: &dyn ReadAt) -> Result<Vec<i64>, Fault> {
        let mut values = Vec::with_capacity(self.count);
        let mut plane = Vec::new();
        for number in 0..self.frames.len() {
            self.append(number, source, &mut plane, &mut values)?;
        }
        Ok(values)
    }

    /// Returns the integers with these numbers, which ascend.
    pub fn some(&self, wanted: &[u32], source: &dyn ReadAt) -> Result<Vec<i64>, Fault> {
        let (mut found, mut planes, mut values) = (Vec::with_capacity(wanted.len()), Vec::new(), Vec::new());
        for (number, places) in by_frame(wanted, self.count)? {
            let frame = &self.frames[number];
            if self.mode == FROM_LEAST {
                let planes = Planes::read(&frame.planes[..frame.width], source, &mut planes)?;
                found.extend(places.map(|place| frame.base.wrapping_add(planes.get(place) as i64)));
            } else {
                values.clear();
                self.append(number, source, &mut planes, &mut values)?;
                found.extend(places.map(|place| values[place]));
            }
        }
        Ok(found)
    }

    /// Appends the integers of one frame. `plane` is a buffer to reuse.
    pub fn append(
        &self,
        number: usize,
        source: &dyn ReadAt,
        plane: &mut Vec<u8>,
        values: &mut Vec<i64>,
    ) -> Result<(), Fault> {
        let frame = &self.frames[number];
        let count = FRAME_ROWS.min(self.count - number * FRAME_ROWS);
        let planes = Planes::read(&frame.planes[..frame.width], source, plane)?;
        if self.mode == FROM_LEAST {
            planes.append(count, values, |number| frame.base.wrapping_add(number as i64));
        } else {
            let mut last = frame.base.wrapping_sub(frame.step);
            planes.append(count, values, |number| {
                last = last.wrapping_add(frame.step).wrapping_add(number as i64);
                last
            });
        }
        Ok(())
    }
}

/// Byte planes of one frame, one behind the other.
#[derive(Clone, Copy)]
pub struct Planes<'a> {
    bytes: &'a [u8],
    count: usize,
}

impl<'a> Planes<'a> {
    /// Reads planes into `buffer`.
    pub fn read(planes: &[Frame], source: &dyn ReadAt, buffer: &'a mut Vec<u8>) -> Result<Planes<'a>, Fault> {
        buffer.clear();
        planes.iter().try_for_each(|plane| plane.read(source, buffer))?;
        Ok(Planes { bytes: buffer, count: planes.first().map_or(0, |plane| plane.raw) })
    }

    /// Appends what becomes of each number, in order; where there are no planes, of `count` zeros.
    #[inline]
    pub fn append<T>(self, count: usize, out: &mut Vec<T>, mut each: impl FnMut(u64) -> T) {
        let mut planes = self.bytes.chunks_exact(self.count.max(1));
        match (planes.next(), planes.next(), planes.next()) {
            (None, ..) => out.extend((0..count).map(|_| each(0))),
            (Some(low), None, _) => out.extend(low.iter().map(|low| each(u64::from(*low)))),
            (Some(low), Some(high), None) => {
                out.extend(low.iter().zip(high).map(|(low, high)| each(u64::from(*low) | u64::from(*high) << 8)));
            }
            (Some(low), Some(high), Some(_)) => {
                // A few at a time, each plane in a loop of its own.
                let mut numbers = [0_u64; 64];
                for start in (0..self.count).step_by(numbers.len()) {
                    let end = self.count.min(start + numbers.len());
                    let pairs = low[start..end].iter().zip(&high[start..end]);
                    let pairs = numbers.iter_mut().zip(pairs);
                    pairs.for_each(|(number, (low, high))| *number = u64::from(*low) | u64::from(*high) << 8);
                    for (byte, plane) in self.bytes.chunks_exact(self.count).enumerate().skip(2) {
                        let digits = numbers.iter_mut().zip(&plane[start..end]);
                        digits.for_each(|(number, digit)| *number |= u64::from(*digit) << (8 * byte));
                    }
                    out.extend(numbers[..end - start].iter().map(|number| each(*number)));
                }
            }
        }
    }

    /// Returns the number at a place.
    #[inline]
    pub fn get(self, place: usize) -> u64 {
        let planes = self.bytes.chunks_exact(self.count.max(1)).enumerate();
        planes.fold(0, |number, (byte, plane)| number | u64::from(plane[place]) << (8 * byte))
    }

    /// Returns how many numbers between two places are zero.
    pub fn zeros(self, from: usize, to: usize) -> usize {
        let mut planes = self.bytes.chunks_exact(self.count.max(1));
        let Some(low) = planes.next() else { return 0 };
        match (planes.next(), planes.next()) {
            (None, _) => low[from..to].iter().filter(|byte| **byte == 0).count(),
            (Some(high), None) => {
                low[from..to].iter().zip(&high[from..to]).filter(|(low, high)| **low | **high == 0).count()
            }
            (Some(_), Some(_)) => (from..to).filter(|place| self.get(*place) == 0).count(),
        }
    }
}

/// Splits numbers of values, which ascend and must be below `count`, by the frame of [`FRAME_ROWS`] they are in:
/// the frame's number and the places there.
pub fn by_frame(
    wanted: &[u32],
    count: usize,
) -> Result<impl Iterator<Item = (usize, impl Iterator<Item = usize>)>, Fault> {
    if wanted.last().is_some_and(|last| *last as usize >= count) {
        return Err(Fault::new("a value is missing"));
    }
    let frame = |index: u32| index as usize / FRAME_ROWS;
    let runs = wanted.chunk_by(move |one, next| frame(*one) == frame(*next));
    Ok(runs.map(move |run| (frame(run[0]), run.iter().map(|index| *index as usize % FRAME_ROWS))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(values: &[i64]) -> usize {
        let (mut head, mut body) = (Vec::new(), Vec::new());
        put_ints(&mut head, &mut body, values);
        let ints = Ints::parse(&mut Reader::new(&head), 0, values.len()).expect("whole");
        assert_eq!(ints.end, body.len());
        assert_eq!(ints.all(&body.as_slice()).expect("whole"), values);
        let wanted: Vec<u32> = (0..values.len() as u32).step_by(7).collect();
        let some: Vec<i64> = wanted.iter().map(|index| values[*index as usize]).collect();
        assert_eq!(ints.some(&wanted, &body.as_slice()).expect("whole"), some);
        body.len()
    }

    #[test]
    fn steady_steps_take_no_planes() {
        assert_eq!(check(&(0..20_000).map(|n| 1_700_000_000 + n * 3).collect::<Vec<i64>>()), 0);
        assert_eq!(check(&[42; 10_000]), 0);
        assert_eq!(check(&[]), 0);
        assert_eq!(check(&[-5]), 0);
    }

    proptest! {
        #[test]
        fn any_integers_round_trip(values in prop::collection::vec(prop_oneof![any::<i64>(), -300i64..300], 0..300)) {
            check(&values);
        }
    }
}
