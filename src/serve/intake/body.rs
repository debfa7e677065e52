//! Takes the compression off a body, with limits: a few kilobytes can unfold to gigabytes.

use std::io::{self, Read};

use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::IntakeError;

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    Identity,
    /// One or more members.
    Gzip,
    /// zlib, or the bare stream some clients send under that name.
    Deflate,
    /// One or more frames.
    Zstd,
    /// A block of raw snappy, as Loki's clients pack protobuf.
    Snappy,
}

/// How far a body may unfold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimits {
    /// Most bytes after decompression.
    pub bytes: usize,
    /// Most bytes for each compressed byte, once there is more than [`BodyLimits::FREE_BYTES`].
    pub ratio: usize,
}

impl BodyLimits {
    /// Up to here the ratio does not count: small bodies of equal lines pack very well.
    pub const FREE_BYTES: usize = 1 << 20;
}

impl Default for BodyLimits {
    fn default() -> BodyLimits {
        BodyLimits { bytes: 64 << 20, ratio: 200 }
    }
}

/// The window a zstd frame may ask for: 8 MiB, what RFC 8878 asks decoders to support.
const ZSTD_WINDOW_LOG: u32 = 23;

impl Encoding {
    /// Reads the header `Content-Encoding`; absent or empty means not packed.
    ///
    /// # Errors
    /// When it names a packing that is not read, or several.
    pub fn from_header(header: Option<&str>) -> Result<Encoding, IntakeError> {
        let name = header.unwrap_or("").trim();
        Ok(match name.to_ascii_lowercase().as_str() {
            "" | "identity" => Encoding::Identity,
            "gzip" | "x-gzip" => Encoding::Gzip,
            "deflate" => Encoding::Deflate,
            "zstd" => Encoding::Zstd,
            "snappy" => Encoding::Snappy,
            _ => {
                let what = format!("Content-Encoding {name:?} is not read; send gzip, zstd, deflate or identity");
                return Err(IntakeError::Unsupported(what));
            }
        })
    }
}

/// Returns the body unpacked.
///
/// # Errors
/// When it is not what `encoding` says, ends early, or unfolds beyond the limits.
pub fn unpack(packed: Vec<u8>, encoding: Encoding, limits: BodyLimits) -> Result<Vec<u8>, IntakeError> {
    let input = packed.as_slice();
    match encoding {
        Encoding::Identity if packed.len() > limits.bytes => Err(too_many_bytes(limits)),
        Encoding::Identity => Ok(packed),
        Encoding::Gzip => read(MultiGzDecoder::new(input), input.len(), "gzip", limits),
        Encoding::Deflate if is_zlib(input) => {
            let mut decoder = ZlibDecoder::new(input);
            read(&mut decoder, input.len(), "deflate", limits).and_then(|body| only(body, decoder.get_ref()))
        }
        Encoding::Deflate => {
            let mut decoder = DeflateDecoder::new(input);
            read(&mut decoder, input.len(), "deflate", limits).and_then(|body| only(body, decoder.get_ref()))
        }
        Encoding::Zstd => {
            let mut decoder =
                zstd::stream::read::Decoder::with_buffer(input).map_err(|error| broken("zstd", &error))?;
            decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(|error| broken("zstd", &error))?;
            read(decoder, input.len(), "zstd", limits)
        }
        Encoding::Snappy => unpack_snappy(input, limits),
    }
}

/// A zlib header: method 8, and a checksum of its two bytes.
fn is_zlib(input: &[u8]) -> bool {
    match input {
        [method, flags, ..] => method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31),
        _ => false,
    }
}

fn read(mut from: impl Read, packed: usize, name: &str, limits: BodyLimits) -> Result<Vec<u8>, IntakeError> {
    let by_ratio = packed.saturating_mul(limits.ratio).max(BodyLimits::FREE_BYTES);
    let most = limits.bytes.min(by_ratio);
    let mut out = Vec::new();
    // One byte more than allowed tells apart what just fits from what does not.
    let read = from.by_ref().take(most as u64 + 1).read_to_end(&mut out);
    if out.len() > most {
        return Err(if most == limits.bytes { too_many_bytes(limits) } else { too_dense(limits) });
    }
    read.map_err(|error| broken(name, &error))?;
    Ok(out)
}

/// Refuses what stands behind a deflate stream: unlike gzip and zstd it has no further ones, and what is not read must
/// not be answered as stored.
fn only(body: Vec<u8>, rest: &[u8]) -> Result<Vec<u8>, IntakeError> {
    match rest.len() {
        0 => Ok(body),
        more => Err(IntakeError::Wrong(format!(
            "the body goes on for {more} bytes behind the end of its deflate stream; send one stream, or gzip, which may \
             have several members"
        ))),
    }
}

/// The block says its size first; it is believed only as far as its bytes could unfold (64 from 3 at the most).
fn unpack_snappy(input: &[u8], limits: BodyLimits) -> Result<Vec<u8>, IntakeError> {
    let broken = |what: String| IntakeError::Wrong(format!("the body is not a block of raw snappy: {what}"));
    let declared = snap::raw::decompress_len(input).map_err(|error| broken(error.to_string()))?;
    if declared > limits.bytes {
        return Err(too_many_bytes(limits));
    }
    if declared > input.len().saturating_mul(22) {
        return Err(broken("it says it holds more than it can".to_owned()));
    }
    snap::raw::Decoder::new().decompress_vec(input).map_err(|error| broken(error.to_string()))
}

fn broken(name: &str, error: &io::Error) -> IntakeError {
    IntakeError::Wrong(match error.kind() {
        io::ErrorKind::UnexpectedEof => format!("the {name} data of the body ends early"),
        _ => format!("the body is not {name} data as its Content-Encoding says: {error}"),
    })
}

fn too_many_bytes(limits: BodyLimits) -> IntakeError {
    let bytes = crate::entry::grouped(limits.bytes as u64);
    IntakeError::TooLarge(format!("the body has more than {bytes} bytes unpacked; send it in smaller requests"))
}

fn too_dense(limits: BodyLimits) -> IntakeError {
    IntakeError::TooLarge(format!("the body unfolds to more than {} times its size; pack it less", limits.ratio))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn pack(text: &[u8]) -> Vec<(Encoding, Vec<u8>)> {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(text).unwrap();
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::default());
        bare.write_all(text).unwrap();
        let snappy = snap::raw::Encoder::new().compress_vec(text).unwrap();
        vec![
            (Encoding::Identity, text.to_vec()),
            (Encoding::Gzip, gzip(text)),
            (Encoding::Deflate, zlib.finish().unwrap()),
            (Encoding::Deflate, bare.finish().unwrap()),
            (Encoding::Zstd, zstd::stream::encode_all(text, 3).unwrap()),
            (Encoding::Snappy, snappy),
        ]
    }

    #[test]
    fn every_packing_comes_off() {
        for text in [&b""[..], b"{\"a\":1}\n", &b"line of text\n".repeat(10_000)] {
            for (encoding, packed) in pack(text) {
                assert_eq!(unpack(packed, encoding, BodyLimits::default()).as_deref(), Ok(text), "{encoding:?}");
            }
        }
    }

    #[test]
    fn members_and_frames_are_joined() {
        let joined = [gzip(b"one\n"), gzip(b"two\n")].concat();
        assert_eq!(unpack(joined, Encoding::Gzip, BodyLimits::default()).unwrap(), b"one\ntwo\n");
        let frames = [&b"one\n"[..], b"two\n"].map(|text| zstd::stream::encode_all(text, 1).unwrap()).concat();
        assert_eq!(unpack(frames, Encoding::Zstd, BodyLimits::default()).unwrap(), b"one\ntwo\n");
    }

    #[test]
    fn what_stands_behind_the_end_is_refused_and_not_left_out() {
        for (encoding, packed) in pack(b"line of text\nline of text\n") {
            if encoding == Encoding::Identity {
                continue;
            }
            let twice = packed.repeat(2);
            let behind = [&packed[..], b"junk"].concat();
            let nul = [&packed[..], b"\0"].concat();
            let several = matches!(encoding, Encoding::Gzip | Encoding::Zstd);
            for (name, wrong) in [("another", twice), ("junk", behind), ("nul", nul)] {
                let read = unpack(wrong, encoding, BodyLimits::default());
                if several && name == "another" {
                    read.expect("members and frames are joined");
                    continue;
                }
                let error = read.expect_err(name);
                assert!(matches!(error, IntakeError::Wrong(_)), "{encoding:?} {name}: {error}");
                if encoding == Encoding::Deflate {
                    assert!(error.to_string().contains("behind the end of its deflate stream"), "{name}: {error}");
                }
            }
        }
    }

    #[test]
    fn what_unfolds_too_far_is_413() {
        let zeros = vec![0; 8 << 20];
        for (encoding, packed) in pack(&zeros) {
            let small = BodyLimits { bytes: 4 << 20, ratio: usize::MAX };
            let error = unpack(packed.clone(), encoding, small).unwrap_err();
            assert!(matches!(error, IntakeError::TooLarge(_)), "{encoding:?}: {error}");
            let just = BodyLimits { bytes: 8 << 20, ratio: usize::MAX };
            assert_eq!(unpack(packed, encoding, just).map(|body| body.len()), Ok(8 << 20));
        }
        let error = unpack(gzip(&zeros), Encoding::Gzip, BodyLimits::default()).unwrap_err();
        assert_eq!(error, too_dense(BodyLimits::default()));
    }

    #[test]
    fn a_declared_size_is_not_believed() {
        // 60 MB, says a block of six bytes.
        let mut block = vec![0x80, 0x8e, 0xce, 0x1c];
        block.extend_from_slice(&[0, b'x']);
        let error = unpack(block, Encoding::Snappy, BodyLimits::default()).unwrap_err();
        assert!(error.to_string().contains("more than it can"), "{error}");
        // A frame with a window of 16 MiB; the decoder would allocate as much.
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(24).unwrap();
        encoder.write_all(&[7; 1000]).unwrap();
        let frame = encoder.finish().unwrap();
        let error = unpack(frame, Encoding::Zstd, BodyLimits::default()).unwrap_err();
        assert!(matches!(error, IntakeError::Wrong(_)), "{error}");
    }

    #[test]
    fn wrong_data_is_400_and_says_what() {
        for (encoding, packed) in pack(&b"some text that packs, some text that packs\n".repeat(100)) {
            if encoding == Encoding::Identity {
                continue;
            }
            let cut = packed[..packed.len() / 2].to_vec();
            for wrong in [cut, b"\xff\xff\xff\xff no such thing".to_vec()] {
                let error = unpack(wrong, encoding, BodyLimits::default()).unwrap_err();
                assert!(matches!(error, IntakeError::Wrong(_)), "{encoding:?}: {error}");
            }
        }
        let error = Encoding::from_header(Some("br")).unwrap_err();
        assert!(matches!(error, IntakeError::Unsupported(_)), "{error}");
        assert_eq!(Encoding::from_header(Some(" GZIP ")), Ok(Encoding::Gzip));
        assert_eq!(Encoding::from_header(None), Ok(Encoding::Identity));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for encoding in [Encoding::Gzip, Encoding::Deflate, Encoding::Zstd, Encoding::Snappy] {
                let _ = unpack(bytes.clone(), encoding, BodyLimits::default());
            }
        }
    }
}
