//! Values at rest: text in frames, each with a filter of its tokens.
//!
//! A frame of mostly IPv4 addresses holds four bytes of each: two thirds of what their text takes compressed, and
//! written out again in a quarter of the time.

use std::ops::Range;

use super::addresses;
use super::bloom::{self, TokenSet};
use super::bytes::{Fault, Reader, put_varint};
use super::dictionary::DictionaryBuilder;
use super::frame::{Frame, ReadAt, put_frame, put_plane};
use crate::entry::{Dictionary, Kind, Kinds, Span};

/// The kind byte that says that each value has its own kind.
const MIXED: u8 = 255;
/// Added to the length of a frame of addresses. No frame is that long.
const ADDRESSES: usize = Span::MAX_BUFFER + 1;

/// Stored values, numbered from 0.
#[derive(Debug)]
pub struct Values {
    /// How many.
    pub count: usize,
    kind: Option<Kind>,
    kinds: Option<Frame>,
    filters: Option<Frame>,
    frames: Vec<ValueFrame>,
    /// Address after the last frame.
    pub end: usize,
}

#[derive(Debug)]
struct ValueFrame {
    first: usize,
    count: usize,
    /// Where the frame's filter lies among the filters; `None` when every token may be there.
    filter: Option<(usize, usize)>,
    /// True when most values are addresses, and packed.
    is_addresses: bool,
    frame: Frame,
}

impl ValueFrame {
    /// Returns how many bytes of text there are at most.
    fn most_text(&self) -> usize {
        if self.is_addresses { self.count * addresses::MOST_TEXT + self.frame.raw } else { self.frame.raw }
    }
}

/// How values are cut into frames.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// Bytes of text after which a frame ends.
    pub frame_bytes: usize,
    /// True when frames get a filter of their tokens.
    pub filters: bool,
}

/// Appends values that come one by one, with their kinds.
#[derive(Debug)]
pub struct ValuesWriter {
    cut: Cut,
    head: Vec<u8>,
    body: Vec<u8>,
    frames: usize,
    filters: Vec<u8>,
    kinds: Kinds,
    count: usize,
    tokens: TokenSet,
    in_frame: usize,
    only_text: bool,
    lengths: Vec<u8>,
    text: Vec<u8>,
}

impl ValuesWriter {
    /// Starts an empty list.
    pub fn new(cut: Cut) -> ValuesWriter {
        ValuesWriter {
            cut,
            head: Vec::new(),
            body: Vec::new(),
            frames: 0,
            filters: Vec::new(),
            kinds: Kinds::Same(Kind::Text),
            count: 0,
            tokens: TokenSet::new(),
            in_frame: 0,
            only_text: true,
            lengths: Vec::new(),
            text: Vec::new(),
        }
    }

    /// Appends a value; numbers come as the eight bytes of their payload.
    #[inline]
    pub fn push(&mut self, kind: Kind, bytes: &[u8]) {
        self.kinds.push(self.count, kind);
        self.count += 1;
        self.in_frame += 1;
        put_varint(&mut self.lengths, bytes.len() as u64);
        self.text.extend_from_slice(bytes);
        if !kind.is_text() {
            self.only_text = false;
        } else if self.cut.filters {
            self.tokens.add(bytes);
        }
        if self.text.len() >= self.cut.frame_bytes {
            self.end_frame();
        }
    }

    fn end_frame(&mut self) {
        put_varint(&mut self.head, self.in_frame as u64);
        // A number's text has tokens of its own that the filter does not know.
        let before = self.filters.len();
        self.tokens.drain(&mut self.filters);
        if self.cut.filters && self.only_text {
            put_varint(&mut self.head, (self.filters.len() - before) as u64 + 1);
        } else {
            self.filters.truncate(before);
            put_varint(&mut self.head, 0);
        }
        let packed = if self.only_text { addresses::pack(&self.lengths, &self.text) } else { None };
        let is_addresses = packed.is_some();
        let raw = packed.unwrap_or_else(|| {
            self.lengths.append(&mut self.text);
            std::mem::take(&mut self.lengths)
        });
        put_varint(&mut self.head, raw.len() as u64 + if is_addresses { ADDRESSES as u64 } else { 0 });
        if is_addresses {
            put_plane(&mut self.head, &mut self.body, &raw);
        } else {
            put_frame(&mut self.head, &mut self.body, &raw);
        }
        self.text.clear();
        if is_addresses {
            self.lengths.clear();
        } else {
            // Its memory is of use for the next frame.
            self.lengths = raw;
            self.lengths.clear();
        }
        self.frames += 1;
        self.in_frame = 0;
        self.only_text = true;
    }

    /// Appends what was pushed. The filters come first, so that they can be read with the head.
    pub fn finish(mut self, head: &mut Vec<u8>, body: &mut Vec<u8>) {
        if self.in_frame > 0 {
            self.end_frame();
        }
        put_varint(head, self.count as u64);
        match &self.kinds {
            Kinds::Same(kind) => head.push(*kind as u8),
            Kinds::Each(kinds) => {
                head.push(MIXED);
                let kinds: Vec<u8> = kinds.iter().map(|kind| *kind as u8).collect();
                put_frame(head, body, &kinds);
            }
        }
        put_varint(head, self.filters.len() as u64);
        if !self.filters.is_empty() {
            put_frame(head, body, &self.filters);
        }
        put_varint(head, self.frames as u64);
        head.extend_from_slice(&self.head);
        body.extend_from_slice(&self.body);
    }
}

/// Appends the values of a dictionary.
pub fn put_dictionary(head: &mut Vec<u8>, body: &mut Vec<u8>, dictionary: &DictionaryBuilder, cut: Cut) {
    let mut writer = ValuesWriter::new(cut);
    for code in 0..dictionary.len() {
        writer.push(dictionary.kinds.get(code), dictionary.bytes(code));
    }
    writer.finish(head, body);
}

/// Some values, and which they are.
#[derive(Debug)]
pub struct Found {
    /// The values.
    pub dictionary: Dictionary,
    /// Their numbers: ranges that ascend and do not touch.
    pub ranges: Vec<Range<u32>>,
}

/// Values being loaded.
struct Loader {
    payload: Vec<u64>,
    text: Vec<u8>,
    buffer: Vec<u8>,
}

impl Values {
    /// Reads the directory of at most `most` values whose first byte lies at `at`.
    pub fn parse(head: &mut Reader<'_>, at: usize, most: usize) -> Result<Values, Fault> {
        let mut values =
            Values { count: head.count(most)?, kind: None, kinds: None, filters: None, frames: Vec::new(), end: at };
        match head.byte()? {
            MIXED => values.kinds = Some(Frame::parse(head, &mut values.end, values.count)?),
            kind => values.kind = Some(Kind::from_u8(kind).ok_or(Fault::new("a kind is unknown"))?),
        }
        let filter_bytes = head.count(Span::MAX_BUFFER)?;
        if filter_bytes > 0 {
            values.filters = Some(Frame::parse(head, &mut values.end, filter_bytes)?);
        }
        let (mut first, mut filter_at) = (0, 0);
        for _ in 0..head.count(head.left())? {
            let count = head.count(values.count - first)?;
            let filter = head.count(filter_bytes - filter_at + 1)?.checked_sub(1);
            let filter = filter.map(|len| (filter_at, len));
            let raw = head.count(ADDRESSES + Span::MAX_BUFFER)?;
            let is_addresses = raw >= ADDRESSES;
            let raw = if is_addresses { raw - ADDRESSES } else { raw };
            let frame = Frame::parse(head, &mut values.end, raw)?;
            values.frames.push(ValueFrame { first, count, filter, is_addresses, frame });
            first += count;
            filter_at += filter.map_or(0, |(_, len)| len);
        }
        if first == values.count { Ok(values) } else { Err(Fault::new("values are missing")) }
    }

    /// Returns the filters of all frames.
    pub fn filters(&self, source: &dyn ReadAt) -> Result<Vec<u8>, Fault> {
        let mut filters = Vec::new();
        self.filters.map_or(Ok(()), |frame| frame.read(source, &mut filters))?;
        Ok(filters)
    }

    /// Returns false only when no value of the frame holds the token.
    fn frame_may_contain(frame: &ValueFrame, filters: &[u8], token: u64) -> bool {
        frame.filter.is_none_or(|(at, len)| bloom::may_contain(&filters[at..at + len], token))
    }

    /// Returns false only when no value holds the token.
    pub fn may_contain(&self, filters: &[u8], token: u64) -> bool {
        self.frames.iter().any(|frame| Values::frame_may_contain(frame, filters, token))
    }

    fn kinds(&self, source: &dyn ReadAt) -> Result<Kinds, Fault> {
        let Some(frame) = self.kinds else {
            return Ok(Kinds::Same(self.kind.ok_or(Fault::new("a kind is unknown"))?));
        };
        let mut bytes = Vec::new();
        frame.read(source, &mut bytes)?;
        let kinds: Option<Vec<Kind>> = bytes.iter().map(|byte| Kind::from_u8(*byte)).collect();
        kinds.map(Kinds::Each).ok_or(Fault::new("a kind is unknown"))
    }

    /// Returns all values.
    pub fn all(&self, source: &dyn ReadAt) -> Result<Dictionary, Fault> {
        Ok(self.load(source, |_| true)?.dictionary)
    }

    /// Returns the values of the frames that may hold all tokens, or `None` when those are more than half of all:
    /// then picking out the rows that have one costs more than it saves.
    pub fn with_tokens(&self, source: &dyn ReadAt, filters: &[u8], tokens: &[u64]) -> Result<Option<Found>, Fault> {
        let may = |frame: &ValueFrame| tokens.iter().all(|token| Values::frame_may_contain(frame, filters, *token));
        let values: usize = self.frames.iter().filter(|frame| may(frame)).map(|frame| frame.count).sum();
        if values * 2 > self.count { Ok(None) } else { self.load(source, may).map(Some) }
    }

    fn load(&self, source: &dyn ReadAt, wanted: impl Fn(&ValueFrame) -> bool) -> Result<Found, Fault> {
        let frames: Vec<&ValueFrame> = self.frames.iter().filter(|frame| wanted(frame)).collect();
        let text_bytes = frames.iter().map(|frame| frame.most_text()).sum();
        let mut text = Vec::new();
        text.try_reserve_exact(text_bytes).map_err(|_| Fault::new("a column does not fit in memory"))?;
        let payload = Vec::with_capacity(frames.iter().map(|frame| frame.count).sum());
        let mut loader = Loader { payload, text, buffer: Vec::new() };
        let mut ranges: Vec<Range<u32>> = Vec::new();
        let all_kinds = self.kinds(source)?;
        for frame in frames {
            loader.frame(frame, &all_kinds, source)?;
            let range = frame.first as u32..(frame.first + frame.count) as u32;
            match ranges.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => ranges.push(range),
            }
        }
        let kinds = match all_kinds {
            Kinds::Each(kinds) if loader.payload.len() < self.count => Kinds::Each(
                ranges.iter().flat_map(|range| &kinds[range.start as usize..range.end as usize]).copied().collect(),
            ),
            kinds => kinds,
        };
        Ok(Found { dictionary: Dictionary { kinds, payload: loader.payload, text: loader.text }, ranges })
    }

    /// Returns the values with these numbers, which ascend, in a dictionary of their own.
    pub fn some(&self, source: &dyn ReadAt, wanted: &[u32]) -> Result<Dictionary, Fault> {
        if wanted.last().is_some_and(|last| *last as usize >= self.count) {
            return Err(Fault::new("a value is missing"));
        }
        let kinds = self.kinds(source)?;
        let mut found = Dictionary {
            kinds: if wanted.is_empty() { Kinds::Same(Kind::Text) } else { Kinds::Same(kinds.get(wanted[0] as usize)) },
            payload: Vec::with_capacity(wanted.len()),
            text: Vec::new(),
        };
        let mut loader = Loader { payload: Vec::new(), text: Vec::new(), buffer: Vec::new() };
        let mut loaded = usize::MAX;
        for code in wanted {
            let code = *code as usize;
            let number = self.frames.partition_point(|frame| frame.first + frame.count <= code);
            let frame = self.frames.get(number).ok_or(Fault::new("a value is missing"))?;
            if number != loaded {
                loader.payload.clear();
                loader.text.clear();
                loader.frame(frame, &kinds, source)?;
                loaded = number;
            }
            let payload = loader.payload[code - frame.first];
            let kind = kinds.get(code);
            found.kinds.push(found.payload.len(), kind);
            found.payload.push(if kind.is_text() {
                let span = Span::unpack(payload);
                let start = found.text.len();
                found.text.extend_from_slice(&loader.text[span.start()..span.end()]);
                Span::chunk(start, span.len as usize).pack()
            } else {
                payload
            });
        }
        Ok(found)
    }
}

impl Loader {
    fn is_text(&self, frame: &ValueFrame, kinds: &Kinds) -> bool {
        (frame.first..frame.first + frame.count).all(|value| kinds.get(value).is_text())
    }

    /// Appends the values of one frame.
    fn frame(&mut self, frame: &ValueFrame, kinds: &Kinds, source: &dyn ReadAt) -> Result<(), Fault> {
        self.buffer.clear();
        frame.frame.read(source, &mut self.buffer)?;
        if frame.is_addresses {
            if !matches!(kinds, Kinds::Same(Kind::Text)) && !self.is_text(frame, kinds) {
                return Err(Fault::new("an address is no text"));
            }
            if self.text.len() + frame.most_text() > Span::MAX_BUFFER {
                return Err(Fault::new("a column has too much text"));
            }
            let payload = &mut self.payload;
            return addresses::each(&self.buffer, frame.count, &mut self.text, |out, text| {
                let start = out.len();
                text.write(out);
                payload.push(Span::chunk(start, out.len() - start).pack());
            });
        }
        let mut lengths = Reader::new(&self.buffer);
        let first = self.payload.len();
        for _ in 0..frame.count {
            self.payload.push(lengths.varint()?);
        }
        let mut bytes = lengths.rest();
        if self.text.len() + bytes.len() > Span::MAX_BUFFER {
            return Err(Fault::new("a column has too much text"));
        }
        let mut start = self.text.len();
        if let Kinds::Same(Kind::Text | Kind::Json) = kinds {
            let total = self.payload[first..].iter().try_fold(0_u64, |sum, len| sum.checked_add(*len));
            if total != Some(bytes.len() as u64) {
                return Err(Fault::new("values are longer than their frame"));
            }
            self.text.extend_from_slice(bytes);
            for payload in &mut self.payload[first..] {
                let len = *payload as usize;
                *payload = Span::chunk(start, len).pack();
                start += len;
            }
            return Ok(());
        }
        for index in 0..frame.count {
            let len = usize::try_from(self.payload[first + index]).ok().filter(|len| *len <= bytes.len());
            let (value, rest) = bytes.split_at(len.ok_or(Fault::new("values are longer than their frame"))?);
            bytes = rest;
            self.payload[first + index] = if kinds.get(frame.first + index).is_text() {
                self.text.extend_from_slice(value);
                Span::chunk(self.text.len() - value.len(), value.len()).pack()
            } else {
                u64::from_le_bytes(value.try_into().map_err(|_| Fault::new("a number is not eight bytes"))?)
            };
        }
        Ok(())
    }
}
