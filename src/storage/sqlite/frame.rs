//! Frames: the pieces a column is compressed and read by.
//!
//! A frame is compressed with zstd when that helps and stored as it is when not, followed by four
//! bytes of hash of what is stored. Every frame that is read is checked, so a flipped bit is told, not
//! answered.
//!
//! Frames of numbers below 16 may be stored with one, two or four bits a number instead ([`put_plane`]): where such
//! numbers change often, zstd makes less of them but takes twenty times as long to give them back.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::Cursor;

use xxhash_rust::xxh3::xxh3_64;

use super::bytes::{Fault, Reader, put_varint};

/// Bytes of hash after each frame.
const SUM: usize = 4;
/// The largest frame, decompressed; spans reach no further.
const MAX_RAW: usize = crate::entry::Span::MAX_BUFFER;
/// zstd's fastest proper level: 400 MB/s on log text, and no higher level earns its time in an import.
const LEVEL: i32 = 1;

/// Where stored bytes are read from.
pub trait ReadAt {
    /// Returns `len` bytes from `at` on.
    fn read_at(&self, at: usize, len: usize) -> Result<Cow<'_, [u8]>, Fault>;
}

impl ReadAt for &[u8] {
    fn read_at(&self, at: usize, len: usize) -> Result<Cow<'_, [u8]>, Fault> {
        let end = at.checked_add(len).ok_or(Fault::new("a place lies outside"))?;
        self.get(at..end).map(Cow::Borrowed).ok_or(Fault::new("a place lies outside"))
    }
}

/// A part of stored bytes that was read at once, under its old addresses.
#[derive(Debug)]
pub struct Window<'a> {
    at: usize,
    bytes: Cow<'a, [u8]>,
}

impl<'a> Window<'a> {
    /// Reads the bytes between two addresses.
    pub fn read(source: &'a dyn ReadAt, from: usize, to: usize) -> Result<Window<'a>, Fault> {
        Ok(Window { at: from, bytes: source.read_at(from, to.saturating_sub(from))? })
    }
}

impl Drop for Window<'_> {
    fn drop(&mut self) {
        if let Cow::Owned(bytes) = &mut self.bytes {
            let bytes = std::mem::take(bytes);
            SPARE.with_borrow_mut(|spare| {
                if spare.capacity() < bytes.capacity() {
                    *spare = bytes;
                }
            });
        }
    }
}

/// Returns `len` zero bytes, in memory that a window gave back if there is some: what is fresh from the system
/// costs more in page faults than the reading itself.
pub fn buffer(len: usize) -> Vec<u8> {
    let mut bytes = SPARE.take();
    bytes.clear();
    bytes.resize(len, 0);
    bytes
}

impl ReadAt for Window<'_> {
    fn read_at(&self, at: usize, len: usize) -> Result<Cow<'_, [u8]>, Fault> {
        let at = at.checked_sub(self.at).ok_or(Fault::new("a place lies outside"))?;
        let end = at.checked_add(len).ok_or(Fault::new("a place lies outside"))?;
        self.bytes.get(at..end).map(Cow::Borrowed).ok_or(Fault::new("a place lies outside"))
    }
}

/// Where a frame lies and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// First byte.
    pub at: usize,
    /// Stored bytes, the hash not counted.
    stored: usize,
    form: Form,
    /// Decompressed bytes.
    pub raw: usize,
}

/// How a frame is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Form {
    #[default]
    Plain,
    Zstd,
    /// So many bits a byte: see [`put_bits`].
    Bits(u8),
}

/// Fewer numbers than this are never stored as bits: of so few, a stored length would not tell how many bits each has.
const LEAST_BITS: usize = 64;

/// Returns the bytes that so many numbers take with so many bits each (1, 2 or 4).
fn bits_len(count: usize, bits: u8) -> usize {
    count.div_ceil(8 / bits as usize)
}

thread_local! {
    static SPARE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static PACKER: RefCell<Option<(zstd::bulk::Compressor<'static>, Vec<u8>)>> = const { RefCell::new(None) };
    static UNPACKER: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Appends a frame to `body` and its directory entry to `head`. The decompressed length is not noted.
pub fn put_frame(head: &mut Vec<u8>, body: &mut Vec<u8>, raw: &[u8]) {
    put_zstd(head, body, raw, raw.len() / 64);
}

/// Appends a frame of numbers, each in a byte.
pub fn put_plane(head: &mut Vec<u8>, body: &mut Vec<u8>, plane: &[u8]) {
    let most = plane.iter().fold(0, |most, number| most.max(*number));
    let bits = match most {
        0..=1 => 1,
        2..=3 => 2,
        4..=15 => 4,
        // Digits that are nearly random are not worth the time that Huffman's code takes to read.
        16.. => return put_zstd(head, body, plane, plane.len() / 8),
    };
    // zstd takes two bytes for three changes, whatever lies between them.
    let changes = plane.windows(2).filter(|pair| pair[0] != pair[1]).count();
    if plane.len() < LEAST_BITS || bits_len(plane.len(), bits) > 3 * changes {
        return put_zstd(head, body, plane, plane.len() / 64);
    }
    let start = body.len();
    put_bits(body, plane, bits);
    end_frame(head, body, start, false);
}

/// Appends numbers with so many bits each: byte `i` holds number `i` in its lowest bits, then those that come after
/// it by the length of the whole, once and twice and so on. So the loops over them are as long as they can be.
fn put_bits(body: &mut Vec<u8>, plane: &[u8], bits: u8) {
    let start = body.len();
    let length = bits_len(plane.len(), bits);
    body.resize(start + length, 0);
    for (turn, numbers) in plane.chunks(length).enumerate() {
        let shift = turn as u32 * u32::from(bits);
        body[start..].iter_mut().zip(numbers).for_each(|(byte, number)| *byte |= number << shift);
    }
}

/// Appends a frame compressed, if that saves more than `least` bytes, or as it is.
fn put_zstd(head: &mut Vec<u8>, body: &mut Vec<u8>, raw: &[u8], least: usize) {
    let start = body.len();
    let packed = PACKER.with_borrow_mut(|slot| {
        let (packer, buffer) = slot.get_or_insert_with(|| {
            let packer = zstd::bulk::Compressor::new(LEVEL).expect("zstd has level 1");
            (packer, Vec::new())
        });
        buffer.clear();
        buffer.reserve(zstd::zstd_safe::compress_bound(raw.len()));
        let done = raw.len() > 8 && packer.compress_to_buffer(raw, buffer).is_ok();
        let pays = done && buffer.len() < raw.len() - least;
        body.extend_from_slice(if pays { buffer } else { raw });
        pays
    });
    end_frame(head, body, start, packed);
}

/// Appends the hash of what stands in `body` from `start` on, and its entry to the directory.
fn end_frame(head: &mut Vec<u8>, body: &mut Vec<u8>, start: usize, packed: bool) {
    let stored = body.len() - start;
    put_varint(head, (stored as u64) << 1 | u64::from(packed));
    let sum = xxh3_64(&body[start..]) as u32;
    body.extend_from_slice(&sum.to_le_bytes());
}

impl Frame {
    /// Reads a directory entry; `at` is where the frame begins and is moved behind it.
    pub fn parse(head: &mut Reader<'_>, at: &mut usize, raw: usize) -> Result<Frame, Fault> {
        let entry = head.count(MAX_RAW * 2)?;
        let stored = entry >> 1;
        let form = match entry & 1 {
            1 => Form::Zstd,
            _ if stored == raw => Form::Plain,
            _ => {
                let bits = [1, 2, 4].into_iter().find(|bits| raw >= LEAST_BITS && bits_len(raw, *bits) == stored);
                Form::Bits(bits.ok_or(Fault::new("a frame has an impossible length"))?)
            }
        };
        if raw > MAX_RAW {
            return Err(Fault::new("a frame has an impossible length"));
        }
        let frame = Frame { at: *at, stored, form, raw };
        *at = frame.end();
        Ok(frame)
    }

    /// Returns the address after the frame and its hash.
    pub fn end(&self) -> usize {
        self.at + self.stored + SUM
    }

    /// Appends the decompressed bytes to `out`.
    pub fn read(&self, source: &dyn ReadAt, out: &mut Vec<u8>) -> Result<(), Fault> {
        let bytes = source.read_at(self.at, self.stored + SUM)?;
        let (stored, sum) = bytes.split_at(self.stored);
        if sum != (xxh3_64(stored) as u32).to_le_bytes() {
            return Err(Fault::new("a frame does not have the hash it was stored with"));
        }
        let start = out.len();
        match self.form {
            Form::Zstd => {}
            Form::Plain => {
                out.extend_from_slice(stored);
                return Ok(());
            }
            Form::Bits(bits) => {
                out.resize(start + self.raw, 0);
                let mask = (1_u8 << bits) - 1;
                for (turn, numbers) in out[start..].chunks_mut(stored.len()).enumerate() {
                    let shift = turn as u32 * u32::from(bits);
                    numbers.iter_mut().zip(stored).for_each(|(number, byte)| *number = byte >> shift & mask);
                }
                return Ok(());
            }
        }
        out.try_reserve_exact(self.raw).map_err(|_| Fault::new("a frame does not fit in memory"))?;
        // Written behind what is there, into memory that need not be cleared first.
        let mut free = Cursor::new(std::mem::take(out));
        free.set_position(start as u64);
        let written = UNPACKER.with_borrow_mut(|slot| {
            let unpacker = slot.get_or_insert_with(zstd::bulk::Decompressor::default);
            unpacker.decompress_to_buffer(stored, &mut free)
        });
        *out = free.into_inner();
        match written {
            Ok(len) if len == self.raw => Ok(()),
            _ => Err(Fault::new("a frame does not decompress to its length")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_round_trip_in_whatever_form_they_take() {
        // Numbers that change often, seldom, and hardly a pattern in them, at lengths around whole bytes.
        let numbers: [fn(usize) -> u8; 5] = [
            |place| (place * 7 % 11 % 3) as u8,
            |place| (place * 31 % 17 % 16) as u8,
            |place| (place % 2) as u8,
            |place| (place / 900) as u8,
            |place| (place.wrapping_mul(0x9e37_79b9) >> 13) as u8,
        ];
        let mut forms = Vec::new();
        for number in numbers {
            for count in [0, 1, 7, 63, 64, 65, 66, 67, 4096, 8191, 8192] {
                let plane: Vec<u8> = (0..count).map(number).collect();
                let (mut head, mut body) = (Vec::new(), b"before".to_vec());
                put_plane(&mut head, &mut body, &plane);
                let (mut reader, mut at) = (Reader::new(&head), 6);
                let frame = Frame::parse(&mut reader, &mut at, count).expect("the head is whole");
                assert_eq!(at, body.len());
                let mut out = b"kept".to_vec();
                frame.read(&body.as_slice(), &mut out).expect("the body is whole");
                assert_eq!(out.strip_prefix(b"kept"), Some(plane.as_slice()), "{count} numbers as {:?}", frame.form);
                forms.push(frame.form);
            }
        }
        for form in [Form::Plain, Form::Zstd, Form::Bits(1), Form::Bits(2), Form::Bits(4)] {
            assert!(forms.contains(&form), "{form:?} is tested");
        }
    }

    #[test]
    fn frames_round_trip_and_every_flipped_bit_is_found() {
        let (mut head, mut body) = (Vec::new(), Vec::new());
        let texts: [&[u8]; 4] = [b"", b"abc", &[7; 5000], b"GET /a GET /b GET /a GET /b GET /a GET /b"];
        texts.iter().for_each(|text| put_frame(&mut head, &mut body, text));
        let read = |body: &[u8]| {
            let (mut reader, mut at) = (Reader::new(&head), 0);
            texts.map(|text| {
                let frame = Frame::parse(&mut reader, &mut at, text.len()).expect("the head is whole");
                let mut out = Vec::new();
                frame.read(&body, &mut out).map(|()| out)
            })
        };
        for (got, text) in read(&body).iter().zip(texts) {
            assert_eq!(got.as_deref(), Ok(text));
        }
        for bit in 0..body.len() * 8 {
            let mut damaged = body.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read(&damaged).iter().filter(|got| got.is_err()).count(), 1, "bit {bit}");
        }
    }
}
