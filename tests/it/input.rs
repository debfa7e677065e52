//! Reading: compression, encodings, cutting into pieces.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use logan::input::{Compression, Fingerprint, InputError, InputPath, LastLine, Piece, ReaderOptions, TAIL_BYTES, open};
use proptest::prelude::*;

fn options(chunk_bytes: usize) -> ReaderOptions {
    ReaderOptions {
        chunk_bytes,
        chunk_lines: usize::MAX,
        max_line: ReaderOptions::MAX_LINE,
        last_line: LastLine::Take,
        fingerprints: true,
    }
}

/// What reading a file gave.
#[derive(Debug, Default, PartialEq)]
struct Read {
    /// All lines of all pieces, and the beginnings of long lines.
    bytes: Vec<u8>,
    /// Where each piece begins.
    cuts: Vec<u64>,
    /// Offset, length and line end of each line that was too long.
    long: Vec<(u64, u64, u8)>,
    unfinished: u64,
    error: Option<String>,
    tail: Fingerprint,
    position: u64,
    capacity: usize,
}

fn read(path: &Path, options: ReaderOptions) -> Read {
    let mut reader = open(&InputPath::File(path.into())).unwrap().into_reader(options);
    let (mut read, mut buffer) = (Read::default(), Vec::new());
    loop {
        let at = reader.position();
        match reader.next(&mut buffer, &mut |_, line| line.starts_with(b"#")) {
            Ok(None) => break,
            Ok(Some(Piece::ByteOrderMark)) => assert_eq!((at, reader.position()), (0, 3)),
            Ok(Some(Piece::Lines { offset })) => {
                assert_eq!(offset, at);
                read.cuts.push(offset);
                read.bytes.extend_from_slice(&buffer);
            }
            Ok(Some(Piece::TooLong { offset, length, line_end })) => {
                assert_eq!(offset, at);
                assert_eq!(buffer.len() as u64, length.min(64 * 1024));
                read.long.push((offset, length, line_end));
            }
            Err(error) => {
                assert!(read.error.is_none(), "an error comes once");
                read.error = Some(error.to_string().replace(path.to_str().unwrap(), "FILE"));
            }
        }
    }
    read.unfinished = reader.unfinished();
    read.tail = reader.tail(TAIL_BYTES);
    read.position = reader.position();
    read.capacity = buffer.capacity();
    read
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

type Encoder = fn(&[u8]) -> Vec<u8>;
const ENCODERS: [(Compression, Encoder); 4] =
    [(Compression::Gzip, gzip), (Compression::Zstd, zstd), (Compression::Bzip2, bzip2), (Compression::Xz, xz)];

/// Lines that do not compress too well: a truncation then loses less than all.
fn numbered_lines(count: u64) -> Vec<u8> {
    let mut lines = Vec::new();
    for number in 0..count {
        let noise = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        writeln!(lines, "#{number} {noise:016x} {:016x}", noise.rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9))
            .unwrap();
    }
    lines
}

#[test]
fn compressed_files_are_read_whole_in_many_parts_and_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (first, second) = (numbered_lines(20_000), b"# the second part\n".to_vec());
    let whole = [first.as_slice(), &second].concat();
    for (compression, encode) in ENCODERS {
        let parts = [encode(&first), encode(&second)].concat();
        fs::write(&path, &parts).unwrap();
        let input = open(&InputPath::File(path.clone())).unwrap();
        assert_eq!((input.compression, input.may_grow, input.size), (compression, false, Some(parts.len() as u64)));
        for chunk_bytes in [1000, 1 << 20] {
            let read = read(&path, options(chunk_bytes));
            assert_eq!(read.error, None);
            assert!(read.bytes == whole, "{compression}");
            assert_eq!(read.tail, Fingerprint::of(&whole[whole.len() - TAIL_BYTES..]));
        }

        let one = encode(&whole);
        fs::write(&path, &one[..one.len() / 2]).unwrap();
        let cut_off = read(&path, options(64 * 1024));
        let kept = cut_off.bytes.len();
        assert!(whole.starts_with(&cut_off.bytes) && kept < whole.len(), "{compression}");
        assert!(kept > whole.len() / 8, "{compression} kept {kept} of {}", whole.len());
        let expected = format!("the {compression} data ends early after {} bytes", grouped(kept));
        assert_eq!(cut_off.error, Some(format!("FILE: {expected}; what came before was read")), "{compression}");
        let careful = read(&path, ReaderOptions { last_line: LastLine::TakeUnlessBroken, ..options(64 * 1024) });
        assert!(careful.bytes.ends_with(b"\n") && careful.bytes.len() + careful.unfinished as usize == kept);
        assert_eq!(careful.position, careful.bytes.len() as u64);

        let mut garbage = encode(&second);
        garbage.extend_from_slice(b"this is no compressed data at all, but a good deal of it");
        fs::write(&path, &garbage).unwrap();
        let followed = read(&path, options(64 * 1024));
        assert_eq!(followed.bytes, second, "{compression}");
        let error = followed.error.expect("an error");
        assert!(error.contains("damaged after 18 bytes") || error.contains("ends early after 18 bytes"), "{error}");

        let mut flipped = one.clone();
        flipped[one.len() / 2] ^= 0x55;
        fs::write(&path, &flipped).unwrap();
        let damaged = read(&path, options(64 * 1024));
        assert!(damaged.error.is_some(), "{compression}: a changed byte goes unnoticed");
        let good = damaged.bytes.iter().zip(&whole).take_while(|(left, right)| left == right).count();
        // The data compressed as one block with the changed byte is lost, what lies before is not.
        assert!(good > whole.len() / 4, "{compression}: {good} good bytes of {}", whole.len());

        fs::write(&path, encode(b"")).unwrap();
        assert_eq!(read(&path, options(64 * 1024)).bytes, b"");
    }
}

fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

#[test]
fn utf16_and_byte_order_marks_are_read_as_utf8() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let text = "#1 zażółć\r\n#2 😀\n".repeat(5000);
    let marked = format!("\u{feff}{text}");
    let units: Vec<u16> = marked.encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    for bytes in [marked.clone().into_bytes(), little.clone(), big, gzip(marked.as_bytes()), zstd(&little)] {
        fs::write(&path, &bytes).unwrap();
        let read = read(&path, options(777));
        assert_eq!(String::from_utf8(read.bytes).unwrap(), text);
        assert_eq!(read.cuts[0], 3);
        assert_eq!(read.position, marked.len() as u64);
        assert_eq!(read.error, None);
        let mut reader = open(&InputPath::File(path.clone())).unwrap().into_reader(options(777));
        assert_eq!(reader.sample(10), &text.as_bytes()[..7]);
        assert_eq!(reader.head().1, &marked.as_bytes()[..4096]);
    }
    for (bytes, position) in [(&b""[..], 0), (b"\xef\xbb\xbf", 3), (b"\xef\xbb", 2)] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(read(&path, options(777)).position, position);
    }
}

#[test]
fn archives_and_other_things_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    fs::write(&path, b"PK\x03\x04zip").unwrap();
    let error = open(&InputPath::File(path)).map(|_| ()).unwrap_err();
    assert!(matches!(error, InputError::Unsupported { kind: "zip", .. }), "{error}");
    let error = open(&InputPath::File(folder.path().into())).map(|_| ()).unwrap_err();
    assert!(matches!(error, InputError::Folder { .. }), "{error}");
    assert!(error.hint().is_some());
    let error = open(&InputPath::File("/dev/null".into())).map(|_| ()).unwrap_err();
    assert!(error.to_string() == "/dev/null: is a device, not a file", "{error}");
    let error = open(&InputPath::File(folder.path().join("none"))).map(|_| ()).unwrap_err();
    assert!(matches!(error, InputError::Open { .. }), "{error}");
}

#[test]
fn compressed_data_that_needs_too_much_memory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    for (window_log, fits) in [(27, true), (28, false)] {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(window_log).unwrap();
        encoder.write_all(b"#1\n").unwrap();
        encoder.flush().unwrap();
        encoder.write_all(b"#2\n").unwrap();
        fs::write(&path, encoder.finish().unwrap()).unwrap();
        let mut reader = open(&InputPath::File(path.clone())).unwrap().into_reader(options(1000));
        let result = reader.next(&mut Vec::new(), &mut |_, _| true);
        match result {
            Ok(piece) => assert!(fits && piece.is_some()),
            Err(error) => assert!(!fits && error.hint().is_some_and(|hint| hint.contains("--long")), "{error}"),
        }
    }
}

#[test]
fn a_giant_line_passes_in_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let giant = 1_u64 << 30;
    let mut file = File::create(&path).unwrap();
    file.write_all(b"#1 first\n").unwrap();
    file.set_len(9 + giant).unwrap();
    drop(file);
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"\r\n#2 last\n").unwrap();
    let read = read(&path, ReaderOptions { max_line: 1 << 20, ..options(1 << 20) });
    assert_eq!(read.bytes, b"#1 first\n#2 last\n");
    assert_eq!(read.long, [(9, giant, 2)]);
    assert!(read.capacity <= 8 << 20, "the buffer grew to {} bytes", read.capacity);
}

#[test]
fn an_unfinished_line_waits_and_a_position_can_be_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let whole = numbered_lines(10_000);
    let plain = folder.path().join("log");
    let packed = folder.path().join("log.gz");
    fs::write(&plain, &whole[..whole.len() - 5]).unwrap();
    fs::write(&packed, gzip(&whole[..whole.len() - 5])).unwrap();
    let end = whole[..whole.len() - 5].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for path in [&plain, &packed] {
        let left = read(path, ReaderOptions { last_line: LastLine::Leave, ..options(100_000) });
        assert!(left.bytes == whole[..end]);
        assert_eq!((left.position, left.unfinished), (end as u64, (whole.len() - 5 - end) as u64));
        assert_eq!(left.tail, Fingerprint::of(&whole[end - TAIL_BYTES..end]));

        let mut reader = open(&InputPath::File(path.clone())).unwrap().into_reader(options(1 << 20));
        assert!(reader.skip_to(end as u64));
        assert_eq!(reader.tail(100), Fingerprint::of(&whole[end - 100..end]));
        let mut buffer = Vec::new();
        assert_eq!(reader.next(&mut buffer, &mut |_, _| true).unwrap(), Some(Piece::Lines { offset: end as u64 }));
        assert_eq!(buffer, &whole[end..whole.len() - 5]);
        let mut reader = open(&InputPath::File(path.clone())).unwrap().into_reader(options(1 << 20));
        assert!(!reader.skip_to(whole.len() as u64), "there is less than that");
    }
}

#[test]
fn a_file_cut_short_while_it_is_read_ends_early_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    fs::write(&path, numbered_lines(1000)).unwrap();
    let mut reader = open(&InputPath::File(path.clone())).unwrap().into_reader(options(1000));
    let mut buffer = Vec::new();
    assert!(reader.next(&mut buffer, &mut |_, _| true).unwrap().is_some());
    let read = reader.position();
    for written in [&b"#new\n"[..], &[b'x'; 100_000]] {
        let mut reader = open(&InputPath::File(path.clone())).unwrap().into_reader(options(1000));
        assert!(reader.next(&mut buffer, &mut |_, _| true).unwrap().is_some());
        fs::write(&path, written).unwrap();
        let error = reader.next(&mut buffer, &mut |_, _| true).map(|piece| piece.map(|_| ())).unwrap_err();
        assert!(matches!(error, InputError::Shrunk { bytes, .. } if bytes == read), "{error}");
        assert!(reader.next(&mut buffer, &mut |_, _| true).unwrap().is_none());
        assert_eq!(reader.position(), read);
        fs::write(&path, numbered_lines(1000)).unwrap();
    }
}

#[test]
fn pieces_of_many_short_lines_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    for text in ["x\n", "#\n"] {
        let whole = text.repeat(1_000_000).into_bytes();
        fs::write(&path, &whole).unwrap();
        let read = read(&path, ReaderOptions { chunk_lines: 1000, ..options(1 << 20) });
        assert!(read.bytes == whole);
        assert!(read.cuts.windows(2).all(|pair| pair[1] - pair[0] <= 4000), "{text:?}: {:?}", &read.cuts[..5]);
    }
}

/// The lines of a text as (offset, line with its end), the plain way.
fn lines(text: &[u8]) -> Vec<(u64, &[u8])> {
    let mut offset = 0;
    let lines = text.split_inclusive(|byte| *byte == b'\n').map(|line| {
        offset += line.len() as u64;
        (offset - line.len() as u64, line)
    });
    lines.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases * 6 / 5, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_chunk_size_gives_the_same_lines(
        text in proptest::collection::vec(prop_oneof![
            Just(b"#a\n".to_vec()), Just(b"\n".to_vec()), Just(b" more\r\n".to_vec()), Just(b"\r".to_vec()),
            Just(b"#longer than the rest\n".to_vec()), Just(b"0123456789".to_vec()), Just(vec![0; 7]),
        ], 0..60).prop_map(|parts| parts.concat()),
        chunk_bytes in 1_usize..80,
        max_line in 1_usize..40,
        packed: bool,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, if packed { gzip(&text) } else { text.clone() }).unwrap();
        let read = read(&path, ReaderOptions { max_line, ..options(chunk_bytes) });

        let (mut short, mut long) = (Vec::new(), Vec::new());
        let mut free = vec![0];
        for (offset, line) in lines(&text) {
            let bare = line.strip_suffix(b"\n").unwrap_or(line);
            if bare.len() <= max_line {
                short.extend_from_slice(line);
                continue;
            }
            let bare = if bare.len() < line.len() { bare.strip_suffix(b"\r").unwrap_or(bare) } else { bare };
            long.push((offset, bare.len() as u64, (line.len() - bare.len()) as u8));
            free.push(offset + line.len() as u64);
        }
        prop_assert_eq!(&read.bytes, &short);
        prop_assert_eq!(&read.long, &long);
        for cut in read.cuts {
            // Each piece begins an entry, or where there is no choice.
            prop_assert!(free.contains(&cut) || text[cut as usize..].starts_with(b"#"), "cut at {}", cut);
        }
        prop_assert_eq!(read.tail, Fingerprint::of(&text[text.len().saturating_sub(TAIL_BYTES)..]));
        prop_assert_eq!(read.position, text.len() as u64);
        prop_assert_eq!(read.error, None);
    }
}
