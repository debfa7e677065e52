//! Frames: the pieces a column is compressed and read by.
//!
//! A frame is compressed with zstd when that helps and stored as it is when not, followed by four
//! bytes of hash of what is stored. Every frame that is read is checked, so a flipped bit is told, not
//! answered.

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
    packed: bool,
    /// Decompressed bytes.
    pub raw: usize,
}

thread_local! {
    static SPARE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static PACKER: RefCell<Option<(zstd::bulk::Compressor<'static>, Vec<u8>)>> = const { RefCell::new(None) };
    static UNPACKER: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Appends a frame to `body` and its directory entry to `head`. The decompressed length is not noted.
pub fn put_frame(head: &mut Vec<u8>, body: &mut Vec<u8>, raw: &[u8]) {
    let start = body.len();
    let packed = PACKER.with_borrow_mut(|slot| {
        let (packer, buffer) = slot.get_or_insert_with(|| {
            let packer = zstd::bulk::Compressor::new(LEVEL).expect("zstd has level 1");
            (packer, Vec::new())
        });
        buffer.clear();
        buffer.reserve(zstd::zstd_safe::compress_bound(raw.len()));
        let done = raw.len() > 8 && packer.compress_to_buffer(raw, buffer).is_ok();
        let pays = done && buffer.len() < raw.len() - raw.len() / 64;
        body.extend_from_slice(if pays { buffer } else { raw });
        pays
    });
    let stored = body.len() - start;
    put_varint(head, (stored as u64) << 1 | u64::from(packed));
    let sum = xxh3_64(&body[start..]) as u32;
    body.extend_from_slice(&sum.to_le_bytes());
}

impl Frame {
    /// Reads a directory entry; `at` is where the frame begins and is moved behind it.
    pub fn parse(head: &mut Reader<'_>, at: &mut usize, raw: usize) -> Result<Frame, Fault> {
        let entry = head.count(MAX_RAW * 2)?;
        let frame = Frame { at: *at, stored: entry >> 1, packed: entry & 1 == 1, raw };
        if raw > MAX_RAW || (!frame.packed && frame.stored != raw) {
            return Err(Fault::new("a frame has an impossible length"));
        }
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
        if !self.packed {
            out.extend_from_slice(stored);
            return Ok(());
        }
        let start = out.len();
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
