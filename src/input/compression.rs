//! Compressions, known by their first bytes.

use std::fmt;
use std::io::{self, BufRead, Read};

use super::gzip::GzipReader;
use super::xz::XzReader;

/// How many bytes [`Compression::detect`] looks at.
pub const MAGIC_BYTES: usize = 10;

/// Most memory a decompressor may take for its window. Data that needs more is refused, as by `zstd -d`.
const MAX_WINDOW_LOG: u32 = 27;

/// How an input is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, one member or many.
    Gzip,
    /// Zstandard, one frame or many.
    Zstd,
    /// bzip2, one stream or many.
    Bzip2,
    /// xz, one stream or many.
    Xz,
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Compression::None => "plain",
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Bzip2 => "bzip2",
            Compression::Xz => "xz",
        })
    }
}

impl Compression {
    /// Returns how data that begins like this is compressed, or what it is when it cannot be read.
    pub fn detect(head: &[u8]) -> Result<Compression, &'static str> {
        match head {
            [0x1f, 0x8b, ..] => Ok(Compression::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Ok(Compression::Zstd),
            // The magic number of the first block, or of the end of an empty stream: `BZh9` alone may begin a text.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90] => Ok(Compression::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Ok(Compression::Xz),
            [b'P', b'K', 3, 4, ..] => Err("zip"),
            [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Err("7-Zip"),
            [0x04, 0x22, 0x4d, 0x18, ..] => Err("LZ4"),
            [0x1f, 0x9d, ..] => Err("compress (.Z)"),
            [b'S', b'Q', b'L', b'i', b't', b'e', b' ', b'f', b'o', b'r'] => Err("SQLite"),
            _ => Ok(Compression::None),
        }
    }

    /// Returns a reader of the decompressed data.
    pub fn decoder<R: BufRead + Send + 'static>(self, input: R) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Compression::None => Box::new(input),
            Compression::Gzip => Box::new(GzipReader::new(input)),
            Compression::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(input)?;
                decoder.window_log_max(MAX_WINDOW_LOG)?;
                Box::new(decoder)
            }
            Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(input)),
            Compression::Xz => Box::new(XzReader::new(input, 1 << MAX_WINDOW_LOG)?),
        })
    }
}
