//! Names of the IANA database as zones: `2026-11-22 10:00:00 Europe/Berlin`, `2026-11-22T10:00:00+01:00[Europe/Berlin]`.

use crate::entry::Zone;

/// What the names of zones with a place begin with.
const AREAS: [&[u8]; 11] = [
    b"Africa",
    b"America",
    b"Antarctica",
    b"Arctic",
    b"Asia",
    b"Atlantic",
    b"Australia",
    b"Etc",
    b"Europe",
    b"Indian",
    b"Pacific",
];
/// The longest name: `America/Argentina/ComodRivadavia` has 32 bytes.
const MAX_NAME: usize = 40;

/// Finds zones by their names; remembers the last one, because a file mostly has one alone.
#[derive(Clone, Debug, Default)]
pub(super) struct NamedZones {
    name: Vec<u8>,
    zone: Option<Zone>,
}

impl NamedZones {
    /// Reads the name of a known zone at `at`, behind a blank or in brackets: the zone and the end. Behind an offset,
    /// which says more, only brackets are read.
    pub(super) fn read(&mut self, text: &[u8], at: usize, has_offset: bool) -> Option<(Zone, usize)> {
        let (start, end) = name(text, at)?;
        let in_brackets = text[at] == b'[';
        if has_offset && !in_brackets {
            return None;
        }
        let name = &text[start..end];
        if self.name != name {
            *self =
                NamedZones { name: name.to_vec(), zone: str::from_utf8(name).ok().and_then(|name| name.parse().ok()) };
        }
        self.zone.map(|zone| (zone, end + usize::from(in_brackets)))
    }
}

/// Returns where what looks like the name of a zone begins and ends: behind the blank or bracket at `at`.
pub(super) fn name(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let in_brackets = match text.get(at)? {
        b' ' => false,
        b'[' => true,
        _ => return None,
    };
    let rest = &text[at + 1..];
    if !matches!(rest, [b'A' | b'E' | b'I' | b'P', b'a'..=b'z', ..]) {
        return None;
    }
    let area = AREAS.into_iter().find(|area| rest.starts_with(area) && rest.get(area.len()) == Some(&b'/'))?;
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"/_-+".contains(byte);
    let length = rest.iter().take(MAX_NAME).take_while(|byte| is_of_name(byte)).count();
    let is_ended = match rest.get(length) {
        Some(b']') => true,
        None | Some(b' ' | b'\t' | b',' | b'|') => !in_brackets,
        Some(_) => false,
    };
    (is_ended && length > area.len() + 1).then_some((at + 1, at + 1 + length))
}
