//! Tests on the values of one column, a column at a time.

use crate::entry::{Column, ColumnData, Dictionary, Kind, Kinds, Span, TextRef, ValueRef};
use crate::query::ColumnView;
use crate::query::text::{Needle, TextMatcher, text_of};

use super::Selection;

/// Returns the rows whose text matches.
pub fn matching_text(view: &ColumnView<'_>, candidates: &Selection, matcher: &TextMatcher) -> Selection {
    let matcher = &*matcher.for_thread();
    let test = |value: ValueRef<'_>| matcher.is_match(&text_of(value));
    let column = &*view.column;
    match (&column.data, matcher) {
        (ColumnData::Dict { dictionary, .. }, TextMatcher::Ascii(needle)) if is_dense(candidates, dictionary) => {
            let flags = dictionary_hits(dictionary, needle, &test);
            if !flags.contains(&true) {
                return Selection::of(candidates.total(), Vec::new());
            }
            keep_codes(column, candidates, false, |code| flags[code as usize])
        }
        (ColumnData::Plain { kinds: Kinds::Same(Kind::Text | Kind::Json), payload }, TextMatcher::Ascii(needle))
            if candidates.len() * 2 >= candidates.total() =>
        {
            let spans = payload.iter().map(|payload| Span::unpack(*payload));
            match buffer_hits(view.text, spans, needle) {
                Some(hits) => {
                    let mut hits = hits.into_iter().peekable();
                    // Values are asked for in rising order.
                    candidates.keep_values(column, false, |index| {
                        while hits.next_if(|hit| (*hit as usize) < index).is_some() {}
                        hits.next_if_eq(&(index as u32)).is_some()
                    })
                }
                None => matching(view, candidates, false, test),
            }
        }
        _ => matching(view, candidates, false, test),
    }
}

/// Returns the rows whose value passes a test; `absent` says whether rows without a value pass.
pub fn matching(
    view: &ColumnView<'_>,
    candidates: &Selection,
    absent: bool,
    test: impl Fn(ValueRef<'_>) -> bool,
) -> Selection {
    let column = &*view.column;
    match &column.data {
        ColumnData::Plain { kinds, payload } => {
            candidates.keep_values(column, absent, |index| test(view.text.value(kinds.get(index), payload[index])))
        }
        ColumnData::Dict { dictionary, .. } if is_dense(candidates, dictionary) => {
            let flags = values_passing(dictionary, test);
            if !absent && !flags.contains(&true) {
                return Selection::of(candidates.total(), Vec::new());
            }
            keep_codes(column, candidates, absent, |code| flags[code as usize])
        }
        ColumnData::Dict { dictionary, .. } => {
            // Few rows of many values: each value is looked at when it comes up.
            let mut known: Vec<Option<bool>> = vec![None; dictionary.len()];
            keep_codes(column, candidates, absent, |code| {
                *known[code as usize].get_or_insert_with(|| test(dictionary.value(code)))
            })
        }
    }
}

/// Returns for each distinct value whether its text matches.
pub fn texts_matching(dictionary: &Dictionary, matcher: &TextMatcher) -> Vec<bool> {
    let matcher = &*matcher.for_thread();
    let test = |value: ValueRef<'_>| matcher.is_match(&text_of(value));
    match matcher {
        TextMatcher::Ascii(needle) => dictionary_hits(dictionary, needle, &test),
        TextMatcher::Folded { .. } | TextMatcher::Regex(_) | TextMatcher::Network(_) => {
            values_passing(dictionary, test)
        }
    }
}

/// Returns for each distinct value whether it passes a test.
pub fn values_passing(dictionary: &Dictionary, test: impl Fn(ValueRef<'_>) -> bool) -> Vec<bool> {
    (0..dictionary.len() as u32).map(|code| test(dictionary.value(code))).collect()
}

/// Returns true when it pays to test each distinct value once.
fn is_dense(candidates: &Selection, dictionary: &Dictionary) -> bool {
    candidates.len() >= dictionary.len() / 2
}

fn keep_codes(column: &Column, candidates: &Selection, absent: bool, mut passes: impl FnMut(u32) -> bool) -> Selection {
    let ColumnData::Dict { codes, .. } = &column.data else { unreachable!("only dictionary columns have codes") };
    candidates.keep_values(column, absent, |index| passes(codes[index]))
}

/// Returns for each code whether its text holds the needle.
fn dictionary_hits(dictionary: &Dictionary, needle: &Needle, test: &impl Fn(ValueRef<'_>) -> bool) -> Vec<bool> {
    let text = TextRef { chunk: &dictionary.text, scratch: &[] };
    let all_text = matches!(dictionary.kinds, Kinds::Same(Kind::Text | Kind::Json));
    let spans = dictionary.payload.iter().map(|payload| Span::unpack(*payload));
    match all_text.then(|| buffer_hits(text, spans, needle)).flatten() {
        Some(hits) => {
            let mut flags = vec![false; dictionary.len()];
            hits.into_iter().for_each(|hit| flags[hit as usize] = true);
            flags
        }
        None => values_passing(dictionary, test),
    }
}

/// Searches the buffer in which the values stand, all at once, and returns the numbers of the values that
/// hold the needle. `None` when the values do not lie in order and close together.
///
/// Searching 65,536 values of 20 bytes one by one takes 12 ns a value, at once 3 ns (memchr starts and
/// ends cost more than the bytes).
fn buffer_hits(text: TextRef<'_>, spans: impl Iterator<Item = Span> + Clone, needle: &Needle) -> Option<Vec<u32>> {
    let (mut first, mut last, mut length) = (None, 0, 0);
    for span in spans.clone() {
        if span.is_scratch() || span.start() < last {
            return None;
        }
        first.get_or_insert(span.start());
        last = span.end();
        length += span.len as usize;
    }
    let first = first.unwrap_or(0);
    if needle.len() == 0 || (last - first) > 2 * length {
        return None;
    }
    let buffer = &text.chunk[..last];
    // A sample of this size costs as much as 100 false starts, and saves one a value.
    let needle = &needle.tuned(&buffer[first..last.min(first + 2048)]);
    let mut hits = Vec::new();
    let mut values = spans.enumerate();
    let Some((mut index, mut span)) = values.next() else { return Some(hits) };
    let mut from = first;
    while let Some(start) = needle.next(buffer, from) {
        while span.end() <= start {
            match values.next() {
                Some(next) => (index, span) = next,
                None => return Some(hits),
            }
        }
        let inside = span.start() <= start && start + needle.len() <= span.end();
        if inside && needle.is_whole(&buffer[span.start()..span.end()], start - span.start()) {
            hits.push(index as u32);
            from = span.end();
        } else {
            from = start + 1;
        }
    }
    Some(hits)
}
