//! Lines as servers mostly write them, in one pass.
//!
//! ```text
//! client - - [07/Sep/2026:13:55:36 +0000] "request" 200 2326[ "referer" "agent"[ more]]
//! ```
//!
//! A bit mask of every 64 bytes tells where quotes and escapes are (Langdale and Lemire, "Parsing Gigabytes of JSON
//! per Second", 2019, section 3.1); everything else stands at a fixed distance from them. What does not is left to
//! [`Parts::split`].

use wide::u8x16;

use super::clock::{CLF_LENGTH, Clock};
use super::{Head, Parts, head};

/// From the end of the client to the time: ` - - [`.
const NOBODY: &[u8; 6] = b" - - [";
/// From the end of the time to the request: `] "`.
const REQUEST: usize = 3;

impl Parts {
    /// Splits a usual line at `start..end` of the chunk; `None` for any other, and near the end of the chunk.
    #[inline]
    pub(super) fn usual(chunk: &[u8], start: usize, end: usize, quoted_tail: bool, clock: &mut Clock) -> Option<Parts> {
        let (line, rest) = (chunk.get(start..end)?, chunk.get(start..)?);
        let client = mask(block(rest, 0)?, |bytes| is(bytes, b' ') | is(bytes, b'[')).trailing_zeros() as usize;
        let after_client = line.get(client..client + NOBODY.len() + CLF_LENGTH + REQUEST)?;
        let (nobody, after_client) = after_client.split_first_chunk()?;
        let (time, quote) = after_client.split_first_chunk()?;
        if client == 0 || nobody != NOBODY || quote != b" \"" || time[CLF_LENGTH] != b']' || !clock.goes_on(time) {
            return None;
        }
        let (nanos, style) = (clock.nanos, clock.style);
        if head::is_list(&line[..client]) {
            return None;
        }
        let head = Head::nobody(client);

        // As many marks as there should be quotes, and each of those a quote where it should be: there is no other.
        let Marks { at: [opened, closed, referer, referer_end, agent, agent_end, ref more @ ..], count } =
            Marks::find(rest, line.len())?;
        let request = client + NOBODY.len() + CLF_LENGTH + REQUEST;
        if opened + 1 != request {
            return None;
        }
        let status = match line.get(closed..closed + 6)? {
            [b'"', b' ', a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', b' '] => {
                i64::from(*a) * 100 + i64::from(*b) * 10 + i64::from(*c) - i64::from(b'0') * 111
            }
            _ => return None,
        };
        let (bytes_end, quoted) = match (quoted_tail, count) {
            (false, 2) => (line.len(), None),
            // Two more quotes: one more field behind the user agent.
            (true, 6 | 8) => {
                let is_usual = line.get(referer - 1..=referer)? == b" \""
                    && line.get(referer_end..=agent)? == b"\" \""
                    && line[agent_end] == b'"'
                    && line.get(agent_end + 1).is_none_or(|next| *next == b' ')
                    && more.iter().take(count - 6).all(|at| line[*at] == b'"');
                if !is_usual {
                    return None;
                }
                (referer - 1, Some(((referer + 1, referer_end), (agent + 1, agent_end))))
            }
            _ => return None,
        };
        let (referer, user_agent) = quoted.unzip();
        Some(Parts {
            nanos,
            style,
            head,
            request: (request, closed),
            status: Some(status),
            bytes: match line.get(closed + 6..bytes_end)? {
                b"-" => None,
                _ => Some(digits(line, closed + 6, bytes_end)?),
            },
            referer,
            user_agent,
            end: quoted.map_or(line.len(), |(_, (_, agent_end))| agent_end + 1),
        })
    }
}

/// The quotes and backslashes of a line.
struct Marks {
    /// Where they are; of more than there is room for, the last ones.
    at: [usize; 8],
    count: usize,
}

impl Marks {
    /// Finds those of the first `length` bytes; `None` when the text ends soon after them.
    #[inline(always)]
    fn find(text: &[u8], length: usize) -> Option<Marks> {
        let mut marks = Marks { at: [0; 8], count: 0 };
        let mut from = 0;
        while from < length {
            let mut bits = mask(block(text, from)?, |bytes| is(bytes, b'"') | is(bytes, b'\\'));
            if length - from < 64 {
                bits &= (1 << (length - from)) - 1;
            }
            while bits != 0 {
                marks.at[marks.count % 8] = from + bits.trailing_zeros() as usize;
                marks.count += 1;
                bits &= bits - 1;
            }
            from += 64;
        }
        Some(marks)
    }
}

/// Returns the number whose digits stand at `from..to` of a line, up to eight of them behind at least eight bytes.
#[inline]
fn digits(line: &[u8], from: usize, to: usize) -> Option<i64> {
    let length = to.checked_sub(from).filter(|length| (1..=8).contains(length))?;
    let text = u64::from_le_bytes(*line.get(..to)?.last_chunk()?);
    // Zeros in front, where there is other text.
    let missing = 64 - 8 * length as u32;
    let other = 1_u64.checked_shl(missing).unwrap_or(0).wrapping_sub(1);
    let text = text & !other | 0x3030_3030_3030_3030 & other;
    // A digit's upper half is 3, also when six is added to it.
    let halves = text & 0xf0f0_f0f0_f0f0_f0f0 | (text.wrapping_add(0x0606_0606_0606_0606) & 0xf0f0_f0f0_f0f0_f0f0) >> 4;
    if halves != 0x3333_3333_3333_3333 {
        return None;
    }
    // Pairs, then fours, then all eight; the first digit is the lowest byte.
    let ones = text & 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = (ones * 10).wrapping_add(ones >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    let all = (fours * 10_000).wrapping_add(fours >> 32) & 0xffff_ffff;
    Some(all as i64)
}

/// Returns the 64 bytes of a text from `at` on, when there are as many.
#[inline]
fn block(text: &[u8], at: usize) -> Option<&[u8; 64]> {
    text.get(at..)?.first_chunk()
}

/// Returns a vector of ones where the byte is.
#[inline]
fn is(bytes: u8x16, byte: u8) -> u8x16 {
    bytes.simd_eq(u8x16::splat(byte))
}

/// Returns a bit for each byte, the lowest for the first.
#[inline]
fn mask(block: &[u8; 64], test: impl Fn(u8x16) -> u8x16) -> u64 {
    let (vectors, _) = block.as_chunks::<16>();
    let mut bits = 0;
    for (number, vector) in vectors.iter().enumerate() {
        bits |= u64::from(test(u8x16::from(*vector)).to_bitmask()) << (16 * number);
    }
    bits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entry::Projection;
    use crate::parse::{Settings, Zone};

    const LINES: [&str; 8] = [
        r#"1.2.3.4 - - [07/Sep/2026:13:55:36 +0000] "GET /a?b=1 HTTP/1.1" 200 2326 "http://r/x y" "Mozilla/5.0 (X11; Linux)""#,
        r#"2001:db8::17 - - [07/Sep/2026:13:55:37 +0000] "GET / HTTP/2.0" 404 0 "" "-""#,
        r#"h - - [07/Sep/2026:13:55:37 +0000] "-" 408 12345678 "-" "-""#,
        r#"::1 - - [07/Sep/2026:13:55:41 +0000] "GET /same HTTP/1.1" 304 - "-" "curl/8.0""#,
        r#"1.2.3.4 - - [07/Sep/2026:13:55:36 +0000] "GET /a HTTP/1.1" 200 1 "-" "-" "10.1.2.3" 0.004"#,
        r#"1.2.3.4 - - [07/Sep/2026:13:55:36 +0000] "GET /a HTTP/1.1" 200 1 "-" "-" 0.004 x"#,
        r#"10.0.0.1 - - [07/Sep/2026:13:55:01 +0000] "POST /b HTTP/1.1" 201 9"#,
        r#"1.2.3.4444444444 - - [07/Sep/2026:13:55:01 +0000] "POST /b HTTP/1.1" 201 9"#,
    ];

    /// Splits a line in the middle of other text by both ways; returns whether the quick one did it.
    fn agree(line: &[u8], quoted_tail: bool) -> Result<bool, TestCaseError> {
        let settings = Settings { projection: Projection::all(), zone: Zone::default(), reference: None };
        let mut clock = Clock::new(&settings);
        // So that there is a time to go on from.
        clock.read(&LINES[0].as_bytes()[13..]);
        let chunk = [b"\"[ \\x\n", line, b"\n\"\\ []", &[b' '; 64]].concat();
        let (start, end) = (6, 6 + line.len());
        let usual = Parts::usual(&chunk, start, end, quoted_tail, &mut clock);
        let at_the_end = Parts::usual(line, 0, line.len(), quoted_tail, &mut clock);
        let split = Parts::split(line, quoted_tail, &mut Clock::new(&settings)).ok();
        for parts in [&usual, &at_the_end] {
            prop_assert!(parts.is_none() || *parts == split, "{usual:?} {split:?}");
        }
        Ok(usual.is_some())
    }

    #[test]
    fn usual_lines_are_split_the_quick_way() {
        for (number, line) in LINES.iter().enumerate() {
            for quoted_tail in [false, true] {
                assert_eq!(agree(line.as_bytes(), quoted_tail).unwrap(), quoted_tail == (number < 6), "{line}");
            }
        }
    }

    #[test]
    fn numbers_are_read_as_ever() {
        for text in ["0", "7", "10", "00012", "999", "1234567", "12345678", "99999999"] {
            let line = format!("in front {text}");
            assert_eq!(digits(line.as_bytes(), 9, line.len()), text.parse().ok(), "{text}");
        }
        for text in ["", "123456789", "-", "1/", "/1", ":", "1 2", "12a4", "\u{fa}1"] {
            let line = format!("in front {text}");
            assert_eq!(digits(line.as_bytes(), 9, line.len()), None, "{text}");
        }
    }

    proptest! {
        /// A line with a few bytes replaced, put in or taken out.
        #[test]
        fn whatever_the_quick_way_takes_is_split_as_ever(
            number in 0..LINES.len(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), "[\"\\\\ \\[\\]\\-/0-9:a,]", 0..3), 1..4),
            quoted_tail: bool,
        ) {
            let mut line = LINES[number].as_bytes().to_vec();
            for (index, byte, change) in changes {
                let (at, byte) = (index.index(line.len()), byte.as_bytes()[0]);
                match change {
                    0 => line[at] = byte,
                    1 => line.insert(at, byte),
                    _ => {
                        line.remove(at);
                    }
                }
            }
            agree(&line, quoted_tail)?;
        }
    }
}
