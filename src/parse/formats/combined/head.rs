//! What stands before the time of an access log's line.
//!
//! ```text
//! [host ][forwarded ]client ident user [07/Sep/2026:13:55:36 +0000] …
//! ```
//!
//! Mostly that is a client and two dashes. The list of a header `X-Forwarded-For` may stand before the client or in its
//! place, also in quotes. More than one blank counts as one, but within a user's name, which may have some.

use memchr::memchr;

use super::{Fields, text_or_dash};
use crate::entry::{Record, Span};

/// The longest address of IPv4. What is longer may be a list without blanks.
const MAX_IPV4: usize = 15;

/// What stands before the time. Positions within the line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// Where the virtual host ends; 0 when there is none.
    pub(super) host_end: usize,
    /// Where the list of a header `X-Forwarded-For` begins and ends; it may stand before the client or in its place.
    pub(super) forwarded: (usize, usize),
    pub(super) client: (usize, usize),
    pub(super) ident: (usize, usize),
    pub(super) user: (usize, usize),
}

impl Head {
    /// Returns the head of a line without identity and user, whose client is the first word: most lines.
    #[inline(always)]
    pub(super) fn nobody(client: usize) -> Head {
        Head { client: (0, client), ident: (client + 1, client + 2), user: (client + 3, client + 4), ..Head::default() }
    }

    #[inline]
    pub(super) fn split(line: &[u8], bracket: usize) -> Option<Head> {
        if bracket < 6 || line[bracket - 1] != b' ' {
            return None;
        }
        // Most servers know neither identity nor user: then all before them is the client, if it is one word.
        let client = &line[..bracket - 5];
        let is_word = memchr(b' ', client).is_none() && !client.starts_with(b"\"") && !is_list(client);
        if is_word && line[bracket - 5..].starts_with(b" - - [") {
            return (!client.is_empty()).then(|| Head::nobody(client.len()));
        }
        Head::split_words(&line[..bracket])
    }

    #[cold]
    fn split_words(text: &[u8]) -> Option<Head> {
        let text = text.trim_ascii_end();
        let first = word(text, 0).filter(|first| first.0 == 0)?;
        let second = word(text, first.1)?;
        let list = |at: usize| Some((at, ForwardedFor::split(&text[at..])?));
        if let Some((at, list)) = list(0).or_else(|| list(second.0)) {
            return Head::behind_list(text, at, (at > 0).then_some(first), &list);
        }
        let third = word(text, second.1)?;
        let of = |(from, to): (usize, usize)| &text[from..to];
        let head = match word(text, third.1) {
            // A fourth word: a virtual host in front, or a user name with blanks.
            Some(fourth) if looks_like_address(of(second)) || is_vhost(of(second), of(third), &text[fourth.0..]) => {
                let user = (fourth.0, text.len());
                Head { host_end: host_end(of(first)), client: second, ident: third, user, ..Head::default() }
            }
            _ => Head { client: first, ident: second, user: (third.0, text.len()), ..Head::default() },
        };
        Some(head)
    }

    /// What follows a list that begins at `at`: the client that brought it, unless the list stands in its place.
    fn behind_list(text: &[u8], at: usize, host: Option<(usize, usize)>, list: &ForwardedFor) -> Option<Head> {
        let on = |(from, to): (usize, usize)| (at + from, at + to);
        let first = word(text, at + list.length)?;
        let second = word(text, first.1)?;
        let (client, ident, user) = match word(text, second.1) {
            Some(third) if looks_like_address(&text[first.0..first.1]) => (first, second, third.0),
            _ => (on(list.first), first, second.0),
        };
        let forwarded = if list.is_one { (0, 0) } else { on(list.all) };
        let host_end = host.map_or(0, |host| host_end(&text[host.0..host.1]));
        Some(Head { host_end, forwarded, client, ident, user: (user, text.len()) })
    }

    #[inline]
    pub(super) fn note(&self, record: &mut Record, fields: &Fields, chunk: &[u8], start: usize) {
        if self.host_end > 0 {
            record.text(fields.host, Span::chunk(start, self.host_end));
        }
        if self.forwarded.1 > 0 {
            let (from, to) = self.forwarded;
            record.text(fields.forwarded_for, Span::chunk(start + from, to - from));
        }
        text_or_dash(record, fields.client_ip, chunk, start, self.client.0, self.client.1);
        text_or_dash(record, fields.ident, chunk, start, self.ident.0, self.ident.1);
        text_or_dash(record, fields.user, chunk, start, self.user.0, self.user.1);
    }
}

/// Returns true for a first word that is a list, `203.0.113.7,10.0.0.1`. Shorter ones are left alone: to look for a comma
/// in each address of IPv4 would cost time at the lines that are most frequent.
#[inline(always)]
pub(super) fn is_list(client: &[u8]) -> bool {
    client.len() > MAX_IPV4 && memchr(b',', client).is_some()
}

/// Returns the word at or after the blanks at `at`.
fn word(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let start = at + text[at..].iter().position(|byte| *byte != b' ')?;
    Some((start, memchr(b' ', &text[start..]).map_or(text.len(), |length| start + length)))
}

/// Returns where a host at the beginning ends; 0 for a dash, which means absent.
fn host_end(host: &[u8]) -> usize {
    if host == b"-" { 0 } else { host.len() }
}

/// `203.0.113.7, 10.0.0.1`: a client and the proxies that passed its request on. Positions within the text.
#[derive(Debug, PartialEq, Eq)]
struct ForwardedFor {
    /// The first of the list, without its port.
    first: (usize, usize),
    /// The list, without its quotes.
    all: (usize, usize),
    /// Whether the list has but one element, as may be in quotes.
    is_one: bool,
    /// Length of all of it.
    length: usize,
}

impl ForwardedFor {
    /// Returns the list that the text begins with: of two or more, or of any number in quotes.
    fn split(text: &[u8]) -> Option<ForwardedFor> {
        let (from, to, length) = match text.strip_prefix(b"\"") {
            Some(rest) => {
                let length = memchr(b'"', rest).filter(|length| *length > 0)?;
                (text.get(length + 2) == Some(&b' ')).then_some((1, 1 + length, length + 2))?
            }
            None => {
                let mut end = word(text, 0)?.1;
                let first = &text[..end];
                if !(first.ends_with(b",") || is_list(first) && looks_like_address(first)) {
                    return None;
                }
                while text[..end].ends_with(b",") {
                    end = word(text, end)?.1;
                }
                (0, end, end)
            }
        };
        let list = &text[from..to];
        let comma = memchr(b',', list);
        let first = list[..comma.unwrap_or(list.len())].trim_ascii_end();
        let first = (from, from + without_port(first).len());
        (first.0 < first.1).then_some(ForwardedFor { first, all: (from, to), is_one: comma.is_none(), length })
    }
}

/// Returns an address of IPv4 without its port, anything else as it is.
fn without_port(address: &[u8]) -> &[u8] {
    let Some(colon) = memchr(b':', address) else { return address };
    let is_digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let mut parts = address[..colon].split(|byte| *byte == b'.');
    let is_ipv4 = parts.by_ref().take(4).filter(|part| is_digits(part)).count() == 4 && parts.next().is_none();
    if is_ipv4 && is_digits(&address[colon + 1..]) { &address[..colon] } else { address }
}

/// Returns true for what can be a client address, unlike an identity (`-`, a word).
fn looks_like_address(word: &[u8]) -> bool {
    word.iter().any(|byte| matches!(byte, b'.' | b':'))
}

/// Returns true when a client without address, an identity and a user follow a virtual host: most servers know no
/// identity, and some no client. Else the second word is the identity, mostly unknown, and the user has blanks.
fn is_vhost(client: &[u8], ident: &[u8], user: &[u8]) -> bool {
    ident == b"-" && (client != b"-" || user == b"-")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Splits what stands before the time and checks what comes out: `host forwarded client ident user`, `|` between
    /// them, `-` for what is absent.
    fn check(text: &str, expected: &str) {
        let line = format!("{text}[");
        let Some(head) = Head::split(line.as_bytes(), text.len()) else {
            assert_eq!("refused", expected, "{text}");
            return;
        };
        let parts = [(0, head.host_end), head.forwarded, head.client, head.ident, head.user];
        let shown = parts.map(|(from, to)| if from == to { "-" } else { &line[from..to] }).join("|");
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn client_identity_and_user_stand_before_the_time() {
        check("1.2.3.4 - - ", "-|-|1.2.3.4|-|-");
        check("1.2.3.4 - frank ", "-|-|1.2.3.4|-|frank");
        check("1.2.3.4 - Doe, Jane ", "-|-|1.2.3.4|-|Doe, Jane");
        check("1.2.3.4 - john  doe ", "-|-|1.2.3.4|-|john  doe");
        check("1.2.3.4 a,b c ", "-|-|1.2.3.4|a,b|c");
        check("www.x.org:443 1.2.3.4 - - ", "www.x.org:443|-|1.2.3.4|-|-");
        check("example.org:443 webclient - bob ", "example.org:443|-|webclient|-|bob");
        check("example.org - - - ", "example.org|-|-|-|-");
        check("- - - - ", "-|-|-|-|-");
        check("- 1.2.3.4 - - ", "-|-|1.2.3.4|-|-");
        check("1.2.3.4:5555 - - ", "-|-|1.2.3.4:5555|-|-");
        check("2001:db8:85a3:8d3:1319:8a2e:370:7348 - - ", "-|-|2001:db8:85a3:8d3:1319:8a2e:370:7348|-|-");
        for refused in ["", "- - ", "1.2.3.4 - ", "1.2.3.4 -  ", " 1.2.3.4 - - ", "1.2.3.4 - -"] {
            check(refused, "refused");
        }
    }

    #[test]
    fn more_blanks_count_as_one() {
        check("10.1.1.1 -  -  ", "-|-|10.1.1.1|-|-");
        check("10.0.0.1 - -  ", "-|-|10.0.0.1|-|-");
        check("10.0.0.1  - bob ", "-|-|10.0.0.1|-|bob");
        check("x.org  10.0.0.1 -  - ", "x.org|-|10.0.0.1|-|-");
        check("203.0.113.7,  10.0.0.1 - - ", "-|203.0.113.7,  10.0.0.1|203.0.113.7|-|-");
    }

    #[test]
    fn lists_stand_before_the_client_or_in_its_place() {
        check("203.0.113.7, 10.0.0.1 - bob ", "-|203.0.113.7, 10.0.0.1|203.0.113.7|-|bob");
        check(
            "203.0.113.7, 198.51.100.2, 10.0.0.1 10.9.9.9 - - ",
            "-|203.0.113.7, 198.51.100.2, 10.0.0.1|10.9.9.9|-|-",
        );
        check("shop.example unknown, 2001:db8::7 - - ", "shop.example|unknown, 2001:db8::7|unknown|-|-");
        check("203.0.113.7,10.0.0.1 - - ", "-|203.0.113.7,10.0.0.1|203.0.113.7|-|-");
        check("203.0.113.7,10.0.0.1 - bob ", "-|203.0.113.7,10.0.0.1|203.0.113.7|-|bob");
        check("x.org 203.0.113.7,10.0.0.1 - - ", "x.org|203.0.113.7,10.0.0.1|203.0.113.7|-|-");
        check("203.0.113.7,10.0.0.1, 10.0.0.2 - - ", "-|203.0.113.7,10.0.0.1, 10.0.0.2|203.0.113.7|-|-");
        check("203.0.113.7, 10.0.0.1,10.0.0.2 - - ", "-|203.0.113.7, 10.0.0.1,10.0.0.2|203.0.113.7|-|-");
        check("203.0.113.7:5555, 10.0.0.1 - - ", "-|203.0.113.7:5555, 10.0.0.1|203.0.113.7|-|-");
        check("2001:db8::7, 10.0.0.1 - - ", "-|2001:db8::7, 10.0.0.1|2001:db8::7|-|-");
        check("example.org:80, 10.0.0.1 - - ", "-|example.org:80, 10.0.0.1|example.org:80|-|-");
    }

    #[test]
    fn lists_may_be_in_quotes() {
        check("\"203.0.113.7, 10.0.0.1\" - - ", "-|203.0.113.7, 10.0.0.1|203.0.113.7|-|-");
        check("\"203.0.113.7,10.0.0.1\" - bob ", "-|203.0.113.7,10.0.0.1|203.0.113.7|-|bob");
        check("\"203.0.113.7, 10.0.0.1\" 10.9.9.9 - - ", "-|203.0.113.7, 10.0.0.1|10.9.9.9|-|-");
        check("x.org \"203.0.113.7, 10.0.0.1\" - - ", "x.org|203.0.113.7, 10.0.0.1|203.0.113.7|-|-");
        check("\"203.0.113.7\" - - ", "-|-|203.0.113.7|-|-");
        check("\"-\" 10.9.9.9 - - ", "-|-|10.9.9.9|-|-");
    }

    proptest! {
        /// Whatever stands there, its parts lie within it one after the other.
        #[test]
        fn parts_follow_each_other(
            pieces in prop::collection::vec(
                prop::sample::select(vec![" ", "-", ",", "\"", "1.2.3.4", ":5", "203.0.113.7,10.0.0.1", "x.org", "bob"]),
                0..12,
            ),
        ) {
            let text = pieces.concat() + " ";
            let line = format!("{text}[");
            if let Some(head) = Head::split(line.as_bytes(), text.len()) {
                prop_assert!(head.host_end <= head.client.0.max(head.forwarded.0), "{head:?}");
                prop_assert!(head.client.0 < head.client.1 && head.client.1 < head.ident.0, "{head:?}");
                prop_assert!(head.ident.0 < head.ident.1 && head.ident.1 < head.user.0, "{head:?}");
                prop_assert!(head.user.0 < head.user.1 && head.user.1 < text.len(), "{head:?}");
                prop_assert!(head.forwarded.1 < head.ident.0, "{head:?}");
            }
        }
    }
}
