//! Log text made from a seed, of every format, and batches of it.

use std::collections::HashMap;

use logan::entry::{Column, ColumnData, Dictionary, EntryBatch, Kind, Kinds, Projection, Span, Timestamp, ValueRef};
use logan::parse::{ChunkParser, Format, FormatSet, Settings, Zone};

/// Lines a chunk: about a megabyte, as the reader cuts it.
pub const LINES: usize = 5000;
/// 2026-09-07 in seconds.
const START: i64 = 1_788_739_200;

const PATHS: [&str; 6] =
    ["/index.html", "/images/logo.png", "/api/v1/items", "/search?q=rust+log+parser", "/favicon.ico", "/login"];
const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:27.0) Gecko/20100101 Firefox/27.0",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.107 Safari/537.36",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "curl/8.5.0",
];
const LEVELS: [&str; 8] = ["info", "info", "info", "info", "info", "debug", "warn", "error"];
const SERVICES: [&str; 5] = ["checkout", "inventory", "mailer", "api-gateway", "auth"];

/// SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, 2014).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }
}

/// Returns a chunk of lines of one format, seven entries a second.
pub fn chunk(format: Format) -> Vec<u8> {
    let mut random = Random(format.name().len() as u64);
    let mut text = String::new();
    for index in 0..LINES as i64 {
        let (second, nanos) = (START + index / 7, (index % 7 * 140_000_000) as u32);
        let time = Timestamp::from_seconds(second, nanos).expect("a time of this century").to_rfc3339(3);
        line(format, &time, second - START, &mut random, &mut text);
        text.push('\n');
    }
    text.into_bytes()
}

/// Appends one line. `time` is its RFC 3339 form, `second` that of its day.
fn line(format: Format, time: &str, second: i64, random: &mut Random, text: &mut String) {
    let clock = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    let level = random.one(&LEVELS);
    let service = random.one(&SERVICES);
    let (path, agent) = (random.one(&PATHS), random.one(&AGENTS));
    let status = [200, 200, 200, 200, 304, 404, 500, 302][random.below(8) as usize];
    let (a, b, bytes, number) = (random.below(200), random.below(250), random.below(90_000), random.next());
    *text += &match format {
        Format::Combined => format!(
            "10.{a}.{b}.7 - - [07/Sep/2026:{clock} +0000] \"GET {path} HTTP/1.1\" {status} {bytes} \"-\" \"{agent}\""
        ),
        Format::Common => {
            format!("10.{a}.{b}.7 - frank [07/Sep/2026:{clock} +0000] \"GET {path} HTTP/1.1\" {status} {bytes}")
        }
        Format::Json => format!(
            "{{\"ts\":\"{time}\",\"level\":\"{level}\",\"service\":\"{service}\",\"trace_id\":\"{number:032x}\",\
             \"msg\":\"request {a} done in {b} ms\",\"duration_ms\":{b}.25,\"status\":{status},\
             \"http\":{{\"method\":\"GET\",\"path\":\"{path}\",\"bytes\":{bytes}}}}}"
        ),
        Format::Logfmt => format!(
            "ts={time} level={level} service={service} trace_id={number:032x} msg=\"request {a} done in {b} ms\" \
             duration_ms={b}.25 status={status} http.method=GET http.path={path}"
        ),
        Format::Syslog => format!(
            "<{}>1 {time} web-{a} sshd {b} ID{a} - Failed password for root from 10.{a}.{b}.7 port {}",
            32 + a % 8,
            1024 + bytes % 60_000
        ),
        Format::Plain => {
            let date = &time[..10];
            format!(
                "{date} {clock},{:03} {} [worker-{a}] com.acme.{service}: request {b} done",
                b,
                level.to_uppercase()
            )
        }
    };
}

/// How chunks are read: with what projection asks for.
pub fn settings(projection: Projection) -> Settings {
    Settings { projection, zone: Zone::Fixed(0), reference: Timestamp::from_seconds(START + 86_400, 0) }
}

/// Returns a parser of one format.
pub fn parser(format: Format, projection: Projection) -> ChunkParser {
    ChunkParser::new(&FormatSet::only(format), &settings(projection))
}

/// Returns a chunk as a batch with everything.
pub fn batch(format: Format) -> EntryBatch {
    let parsed = parser(format, Projection::all()).parse(chunk(format));
    assert_eq!((parsed.batch.rows, parsed.rejects.len()), (LINES, 0), "every line is an entry");
    parsed.batch
}

/// Returns the batch with dictionary columns, as it comes from a store.
pub fn dictionaries(batch: &EntryBatch) -> EntryBatch {
    let mut made = batch.clone();
    made.message = dictionary(&batch.message, batch);
    for (_, column) in &mut made.fields {
        *column = dictionary(column, batch);
    }
    made
}

fn dictionary(column: &Column, batch: &EntryBatch) -> Column {
    let mut values: Vec<ValueRef<'_>> = Vec::new();
    let mut known: HashMap<(u8, Vec<u8>), u32> = HashMap::new();
    let mut codes = Vec::with_capacity(column.len());
    for index in 0..column.len() {
        let value = column.value(index, batch.text());
        let key = (value.kind() as u8, bytes(value));
        let next = values.len() as u32;
        let code = *known.entry(key).or_insert(next);
        if code == next {
            values.push(value);
        }
        codes.push(code);
    }
    let (mut kinds, mut payload, mut text) = (Kinds::Same(Kind::Text), Vec::new(), Vec::new());
    for (index, value) in values.iter().enumerate() {
        kinds.push(index, value.kind());
        payload.push(match value {
            ValueRef::Text(bytes) | ValueRef::Json(bytes) => {
                let span = Span::chunk(text.len(), bytes.len());
                text.extend_from_slice(bytes);
                span.pack()
            }
            ValueRef::Int(number) => *number as u64,
            ValueRef::Float(number) => number.to_bits(),
            ValueRef::Bool(truth) => u64::from(*truth),
        });
    }
    let dictionary = Dictionary { kinds, payload, text };
    Column { rows: column.rows.clone(), data: ColumnData::Dict { codes, dictionary } }
}

/// Returns what tells a value from others of its kind.
fn bytes(value: ValueRef<'_>) -> Vec<u8> {
    match value {
        ValueRef::Text(text) | ValueRef::Json(text) => text.to_vec(),
        ValueRef::Int(number) => number.to_le_bytes().to_vec(),
        ValueRef::Float(number) => number.to_bits().to_le_bytes().to_vec(),
        ValueRef::Bool(truth) => vec![u8::from(truth)],
    }
}
