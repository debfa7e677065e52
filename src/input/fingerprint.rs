//! Fingerprints of content: how a file is known again under another name.

use xxhash_rust::xxh3::xxh3_128;

/// How many bytes of the beginning identify a content.
pub const HEAD_BYTES: usize = 4096;

/// How many bytes before an offset prove that what was read up to it is still the same.
pub const TAIL_BYTES: usize = 64 * 1024;

/// Length and XXH3-128 of some bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    /// How many bytes.
    pub length: u32,
    /// Their hash, big endian.
    pub hash: [u8; 16],
}

impl Fingerprint {
    /// Returns the fingerprint of `bytes`.
    pub fn of(bytes: &[u8]) -> Fingerprint {
        Fingerprint { length: bytes.len() as u32, hash: xxh3_128(bytes).to_be_bytes() }
    }
}

/// The last [`TAIL_BYTES`] of what passed by.
#[derive(Clone, Debug, Default)]
pub struct TailWindow {
    bytes: Vec<u8>,
}

impl TailWindow {
    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        if bytes.len() >= TAIL_BYTES {
            self.bytes.clear();
            self.bytes.extend_from_slice(&bytes[bytes.len() - TAIL_BYTES..]);
            return;
        }
        let excess = (self.bytes.len() + bytes.len()).saturating_sub(TAIL_BYTES);
        self.bytes.drain(..excess);
        self.bytes.extend_from_slice(bytes);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Returns the bytes, oldest first.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_holds_the_last_bytes_however_they_come() {
        let all: Vec<u8> = (0..300_000_u32).map(|number| (number * 7 % 251) as u8).collect();
        for step in [1_usize, 1000, 65_535, 65_536, 65_537, 300_000] {
            let mut window = TailWindow::default();
            for piece in all.chunks(step.max(97)) {
                window.push(piece);
            }
            assert_eq!(window.bytes(), &all[all.len() - TAIL_BYTES..], "step {step}");
        }
        let mut short = TailWindow::default();
        short.push(b"ab");
        short.push(b"c");
        assert_eq!(short.bytes(), b"abc");
    }
}
