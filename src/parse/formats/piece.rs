//! Long lines, which container runtimes cut in pieces.
//!
//! Kubernetes' runtimes say with each piece whether the line goes on (`P`) or ends (`F`). Docker cuts after 16 KiB and
//! says nothing; a piece that is not the last has no line end within its wrapper. The pieces of a line follow each other
//! in the file; where a line of the other stream comes between, they are not put together.

use memchr::memmem;

use super::json::without_line_end;

/// What Docker takes at most into one piece, before escapes.
const DOCKER_PIECE: usize = 16 * 1024;

/// A line as a runtime writes it, whole or a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece<'a> {
    /// `stdout` or `stderr`.
    stream: &'a [u8],
    /// True when the next piece follows.
    goes_on: bool,
}

impl Piece<'_> {
    /// Looks at a line, without its line end; `None` when no runtime wrote it.
    fn of(line: &[u8]) -> Option<Piece<'_>> {
        match line.first()? {
            b'{' => Piece::of_docker(line),
            b'0'..=b'9' => Piece::of_cri(line),
            _ => None,
        }
    }

    fn of_cri(line: &[u8]) -> Option<Piece<'_>> {
        const STREAM: usize = "stdout".len();
        if line.get(4) != Some(&b'-') || line.get(10) != Some(&b'T') {
            return None;
        }
        let time_end = memchr::memchr(b' ', &line[..line.len().min(40)])?;
        let (stream, rest) = line[time_end + 1..].split_at_checked(STREAM)?;
        let is_stream = matches!(stream, b"stdout" | b"stderr");
        match rest {
            [b' ', tag @ (b'P' | b'F')] if is_stream => Some(Piece { stream, goes_on: *tag == b'P' }),
            [b' ', tag @ (b'P' | b'F'), b' ' | b':', ..] if is_stream => Some(Piece { stream, goes_on: *tag == b'P' }),
            _ => None,
        }
    }

    fn of_docker(line: &[u8]) -> Option<Piece<'_>> {
        const STREAM: &[u8] = b"\",\"stream\":\"";
        let rest = line.strip_prefix(b"{\"log\":\"")?;
        let at = memmem::rfind(rest, STREAM)?;
        let (log, rest) = (&rest[..at], &rest[at + STREAM.len()..]);
        let stream = rest.split(|byte| *byte == b'"').next()?;
        Some(Piece { stream, goes_on: log.len() >= DOCKER_PIECE && without_line_end(log).len() == log.len() })
    }
}

/// Returns true when the line goes on in the next one, if that is of the same stream.
#[inline]
pub fn goes_on(line: &[u8]) -> bool {
    let may = match line.first() {
        // The rule, for it is asked of every line: a short one is whole.
        Some(b'{') => line.len() > DOCKER_PIECE,
        Some(b'0'..=b'9') => true,
        _ => false,
    };
    may && Piece::of(line).is_some_and(|piece| piece.goes_on)
}

/// Returns true when `line` goes on with the line that `before` is a piece of.
pub fn continues(before: &[u8], line: &[u8]) -> bool {
    goes_on(before) && Piece::of(before).is_some_and(|before| is_of(line, before.stream))
}

fn is_of(line: &[u8], stream: &[u8]) -> bool {
    Piece::of(line).is_some_and(|piece| piece.stream == stream)
}

/// Returns true for a line that may go on with one before it: one that a runtime wrote.
pub fn may_continue(line: &[u8]) -> bool {
    Piece::of(line).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_kubernetes_say_whether_they_go_on() {
        let cases: [(&str, Option<(&str, bool)>); 9] = [
            ("2026-11-22T10:00:00.1Z stdout P a", Some(("stdout", true))),
            ("2026-11-22T10:00:00.1+01:00 stderr F a", Some(("stderr", false))),
            ("2026-11-22T10:00:00.1Z stderr P:x a", Some(("stderr", true))),
            ("2026-11-22T10:00:00.1Z stdout F", Some(("stdout", false))),
            ("2026-11-22T10:00:00.1Z stdout Past the end", None),
            ("2026-11-22T10:00:00.1Z stdin P a", None),
            ("2026-11-22 10:00:00 stdout P a", None),
            ("2026-11-22T10:00:00.1Z", None),
            ("", None),
        ];
        for (line, expected) in cases {
            let found = Piece::of(line.as_bytes());
            let expected = expected.map(|(stream, goes_on)| Piece { stream: stream.as_bytes(), goes_on });
            assert_eq!(found, expected, "{line}");
            assert_eq!(goes_on(line.as_bytes()), expected.is_some_and(|piece| piece.goes_on), "{line}");
        }
    }

    #[test]
    fn pieces_of_docker_go_on_when_they_are_long_and_have_no_line_end() {
        let line = |log: &str| format!(r#"{{"log":"{log}","stream":"stdout","time":"2026-11-22T10:00:00Z"}}"#);
        let long = "x".repeat(DOCKER_PIECE);
        let cases = [
            (long.clone(), true),
            (format!(r"{long}\n"), false),
            (format!(r"{long}\\n"), true),
            (long[1..].to_owned(), false),
            ("short".to_owned(), false),
        ];
        for (log, expected) in cases {
            assert_eq!(goes_on(line(&log).as_bytes()), expected);
        }
        let other = r#"{"log":"x\n","stream":"stderr","time":"2026-11-22T10:00:00Z"}"#;
        assert!(continues(line(&long).as_bytes(), line(r"end\n").as_bytes()));
        assert!(!continues(line(&long).as_bytes(), other.as_bytes()), "of the other stream");
        assert!(!continues(line(r"end\n").as_bytes(), line(r"end\n").as_bytes()), "it had ended");
        assert!(may_continue(other.as_bytes()) && !may_continue(br#"{"message":"x"}"#));
    }
}
