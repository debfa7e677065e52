//! Heads that are too long because of their credential: a token of a megabyte is no credential of ours (401), not a
//! request that is too large (431).
//!
//! hyper refuses a head that does not fit; what it would say is held back by [`Watched`](super::patience::Watched), and
//! the head, whose beginning hyper hands back, is read on to its end. Credentials that cannot be ours are taken out of it
//! as they come, so that no more than one usual head is ever kept. What is left is served as if it had come so, with a
//! credential that is none: routes, limits and metrics see a request like any other, and each protocol refuses it in its
//! own words.

use tokio::io::{AsyncRead, AsyncReadExt};

/// The headers that may hold a credential, in small letters.
const CREDENTIALS: [&[u8]; 2] = [b"authorization:", b"x-api-key:"];
/// Bytes of a header above which it holds no credential of ours.
const MOST_CREDENTIAL: usize = 8 * 1024;
/// What such a header holds afterwards: no token and no key reads like it.
const NO_CREDENTIAL: &[u8] = b" Bearer too-long";
/// Most bytes that are read of a head and thrown away.
const MOST_DROPPED: usize = 2 << 20;

/// What a head has become.
#[derive(Debug, PartialEq, Eq)]
pub enum Head {
    /// It is complete: what is left of it, and what came behind it.
    Short(Vec<u8>),
    /// It is too long without its credentials as well.
    TooLong,
}

/// Reads a head to its end. `read` is its beginning (and what came with it), `most` the length a head may have.
///
/// # Errors
/// When the connection breaks off.
pub async fn shorten(stream: &mut (impl AsyncRead + Unpin), read: &[u8], most: usize) -> std::io::Result<Head> {
    let mut shortener = Shortener { most, ..Shortener::default() };
    let mut found = shortener.feed(read);
    let mut buffer = vec![0; 16 * 1024];
    loop {
        match found {
            Fed::More => {}
            Fed::End(rest) => {
                let rest = rest.to_vec();
                return Ok(shortener.finish(&rest));
            }
            Fed::TooLong => return Ok(Head::TooLong),
        }
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        found = shortener.feed(&buffer[..count]);
    }
}

/// Reads what a client still sends, so that it gets to read its answer: whoever closes with unread bytes resets the
/// connection. Ends with the client, or after as much as is read of a head.
pub async fn linger(stream: &mut (impl AsyncRead + Unpin)) {
    let mut buffer = vec![0; 16 * 1024];
    let mut left = MOST_DROPPED;
    while left > 0 {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(count) => left = left.saturating_sub(count),
        }
    }
}

/// What a piece of a head was.
enum Fed<'a> {
    /// The head goes on.
    More,
    /// The head ends; what follows it in the piece.
    End(&'a [u8]),
    /// It is too long.
    TooLong,
}

/// Takes long credentials out of a head, piece by piece.
#[derive(Debug, Default)]
struct Shortener {
    most: usize,
    kept: Vec<u8>,
    /// Where the line begins that is being read.
    line: usize,
    /// The rest of the line is thrown away.
    drops: bool,
    dropped: usize,
}

impl Shortener {
    fn feed<'a>(&mut self, mut piece: &'a [u8]) -> Fed<'a> {
        while !piece.is_empty() {
            // No more at once than what a line may have before it is looked at.
            let most = piece.len().min(1024);
            let end = memchr::memchr(b'\n', &piece[..most]);
            let (part, rest) = piece.split_at(end.map_or(most, |end| end + 1));
            piece = rest;
            if self.drops {
                // The line's end is kept: `\r\n` and `\n` alike.
                self.dropped += part.len();
                if end.is_some() {
                    self.kept.extend_from_slice(b"\r\n");
                }
            } else {
                self.kept.extend_from_slice(part);
            }
            if self.is_too_long() {
                return Fed::TooLong;
            }
            if end.is_some() {
                let is_last = matches!(&self.kept[self.line..], b"\r\n" | b"\n") && self.line > 0;
                (self.line, self.drops) = (self.kept.len(), false);
                if is_last {
                    return Fed::End(piece);
                }
            }
        }
        Fed::More
    }

    /// Shortens the line when it has become too long for a credential; returns true when the head is too long anyway.
    fn is_too_long(&mut self) -> bool {
        let line = &self.kept[self.line..];
        let name = CREDENTIALS
            .into_iter()
            .find(|name| self.line > 0 && line.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name)));
        let open = name.filter(|_| !self.drops && line.last() != Some(&b'\n')).map_or(0, |_| line.len());
        if let Some(name) = name.filter(|_| !self.drops && line.len() > MOST_CREDENTIAL) {
            let ended = line.ends_with(b"\n");
            self.dropped += line.len() - name.len();
            self.kept.truncate(self.line + name.len());
            self.kept.extend_from_slice(NO_CREDENTIAL);
            if ended {
                self.kept.extend_from_slice(b"\r\n");
            }
            self.drops = !ended;
            return self.kept.len() > self.most;
        }
        self.kept.len() - open > self.most || self.dropped > MOST_DROPPED
    }

    fn finish(mut self, rest: &[u8]) -> Head {
        // Nothing was taken out: then the credential is not what makes it long.
        if self.dropped == 0 || self.kept.len() > self.most {
            return Head::TooLong;
        }
        self.kept.extend_from_slice(rest);
        Head::Short(self.kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 16 * 1024;

    fn head(lines: &[&str]) -> String {
        format!("GET /x HTTP/1.1\r\n{}\r\n\r\n", lines.join("\r\n"))
    }

    /// Reads a head that comes in pieces of this size.
    fn read(text: &str, piece: usize) -> Head {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let (first, rest) = text.as_bytes().split_at(text.len().min(piece));
        let pieces = rest.chunks(piece).map(|piece| Ok::<_, std::io::Error>(piece.to_vec().into()));
        let stream = futures_util::stream::iter(pieces.collect::<Vec<std::io::Result<hyper::body::Bytes>>>());
        let mut stream = tokio_util::io::StreamReader::new(stream);
        runtime.block_on(shorten(&mut stream, first, MOST)).expect("it ends")
    }

    #[test]
    fn a_long_credential_is_taken_out_and_nothing_else_changes() {
        let long = "x".repeat(1 << 20);
        for name in ["Authorization", "AUTHORIZATION", "authorization", "X-Api-Key"] {
            let text = head(&["Host: a", &format!("{name}: Bearer {long}"), "Accept: */*"]) + "the body\r\n\r\n";
            let expected = head(&["Host: a", &format!("{name}: Bearer too-long"), "Accept: */*"]) + "the body\r\n\r\n";
            for piece in [1000, 1024, 4097, 60_000, 3 << 20] {
                assert_eq!(read(&text, piece), Head::Short(expected.clone().into_bytes()), "{name} by {piece}");
            }
        }
    }

    #[test]
    fn what_is_long_without_its_credential_is_too_long() {
        let (long, full) = ("x".repeat(1 << 20), "x".repeat(MOST));
        for (what, text) in [
            ("another header", head(&[&format!("Cookie: {long}")])),
            ("beside the credential", head(&[&format!("Authorization: {long}"), &format!("Cookie: {full}")])),
            ("before it", head(&[&format!("Cookie: {full}"), &format!("Authorization: {long}")])),
            ("many headers", head(&vec!["a: b"; MOST])),
            ("a credential that could be one", head(&[&format!("Authorization: {}", &full[..7000]), &full[..10_000]])),
            ("the path", format!("GET /{long} HTTP/1.1\r\n\r\n")),
            ("a path like a credential", format!("authorization:{long} HTTP/1.1\r\n\r\n")),
            ("more than is read", head(&[&format!("Authorization: {}", "x".repeat(MOST_DROPPED + MOST))])),
        ] {
            for piece in [1000, 60_000, 8 << 20] {
                assert_eq!(read(&text, piece), Head::TooLong, "{what} by {piece}");
            }
        }
    }

    #[test]
    fn no_more_is_kept_than_a_head_may_have() {
        let mut shortener = Shortener { most: MOST, ..Shortener::default() };
        let text = head(&[&format!("Authorization: {}", "x".repeat(1 << 20))]);
        for piece in text.as_bytes().chunks(1500) {
            shortener.feed(piece);
            assert!(shortener.kept.capacity() <= 2 * (MOST + MOST_CREDENTIAL), "{}", shortener.kept.capacity());
        }
    }
}
