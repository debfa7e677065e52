//! Batches for tests: plain, and as a store would give them.

use std::borrow::Cow;
use std::collections::HashMap;

use proptest::prelude::*;

use crate::entry::{
    BatchBuilder, Column, ColumnData, Dictionary, EntryBatch, Kinds, LogEntry, LogLevel, NO_TIME, Position, Projection,
    Span, Timestamp, Value, ValueRef,
};
use crate::query::text::text_of;
use crate::query::token::{hash, tokens};
use crate::query::{BlockStats, ColumnStats, ColumnView, Columns, Need, ScanError};

/// Builds a batch as a parser would.
pub fn batch_of(entries: &[LogEntry]) -> EntryBatch {
    let mut builder = BatchBuilder::new(&Projection::all());
    entries.iter().for_each(|entry| builder.push_owned(entry));
    builder.finish(Vec::new())
}

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> + Clone {
    proptest::sample::select(texts)
}

/// Entries of few words and numbers, so that filters match now and then.
pub fn entries(most: usize) -> impl Strategy<Value = Vec<LogEntry>> {
    proptest::collection::vec(entry(), 0..most)
}

fn entry() -> impl Strategy<Value = LogEntry> {
    let fields = (
        proptest::option::of(value()),
        proptest::option::weighted(0.9, (0..5_i64).prop_map(Value::Int)),
        proptest::option::weighted(0.2, text().prop_map(|text| Value::Text(text.into_bytes().into()))),
    );
    (
        proptest::option::weighted(0.9, 0..40_i64),
        proptest::option::weighted(0.8, 0..9_usize),
        proptest::option::of(text()),
        proptest::option::weighted(0.8, text()),
        fields,
        0..2_usize,
    )
        .prop_map(|(ts, level, message, raw, (a, b, c), source)| LogEntry {
            ts: ts.and_then(|seconds| Timestamp::from_seconds(seconds, 0)),
            level: level.map(|level| LogLevel::ALL[level]),
            message: message.map(|text| text.into_bytes().into()),
            fields: [("a", a), ("b", b), ("c", c)]
                .into_iter()
                .filter_map(|(name, value)| value.map(|value| (name.to_owned(), value)))
                .collect(),
            raw: Some(raw.unwrap_or_default().into_bytes().into()),
            position: Some(Position { line: 7, offset: 70 }),
            format: Some("json".to_owned()),
            source: Some(["x.log", "y.log"][source].to_owned()),
            ..LogEntry::default()
        })
}

fn text() -> impl Strategy<Value = String> {
    let word = one_of(&[
        "err",
        "Error",
        "errors",
        "a",
        "b-c",
        "200",
        "ä",
        "Ärger",
        "",
        "x_y",
        "1.5",
        "\u{212a}elvin",
        "10.0.0.7",
        "[::ffff:10.0.0.9]:80",
        "12ms",
        "2KB",
    ]);
    proptest::collection::vec(word, 0..4).prop_map(|words| words.join(" "))
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        text().prop_map(|text| Value::Text(text.into_bytes().into())),
        (-3..5_i64).prop_map(Value::Int),
        prop_oneof![Just(1.5), Just(2.0), Just(-0.0), Just(f64::NAN), Just(1e300)].prop_map(Value::Float),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Json(b"[1,2]".to_vec().into())),
    ]
}

/// A batch as a store gives it: dictionary columns, and nothing that was not asked for.
pub struct StoreLike {
    pub batch: EntryBatch,
}

impl StoreLike {
    fn dictionary(&self, view: &ColumnView<'_>, need: Need<'_>) -> Column {
        let mut codes = Vec::new();
        let mut known: HashMap<(u8, Vec<u8>), u32> = HashMap::new();
        let mut dictionary = Dictionary { kinds: Kinds::Each(Vec::new()), payload: Vec::new(), text: Vec::new() };
        for index in 0..view.column.len() {
            let value = view.column.value(index, view.text);
            let bits = match value {
                ValueRef::Text(text) | ValueRef::Json(text) => text.to_vec(),
                ValueRef::Int(number) => number.to_le_bytes().to_vec(),
                ValueRef::Float(number) => number.to_bits().to_le_bytes().to_vec(),
                ValueRef::Bool(truth) => vec![u8::from(truth)],
            };
            let code = *known.entry((value.kind() as u8, bits)).or_insert_with(|| {
                let code = dictionary.payload.len();
                dictionary.kinds.push(code, value.kind());
                dictionary.payload.push(match value {
                    ValueRef::Text(text) | ValueRef::Json(text) => {
                        let span = Span::chunk(dictionary.text.len(), text.len());
                        dictionary.text.extend_from_slice(text);
                        span.pack()
                    }
                    ValueRef::Int(number) => number as u64,
                    ValueRef::Float(number) => number.to_bits(),
                    ValueRef::Bool(truth) => u64::from(truth),
                });
                code as u32
            });
            codes.push(code);
        }
        let wanted = |code: u32, dictionary: &Dictionary| match need {
            Need::All => true,
            Need::Presence => false,
            Need::Rows(rows) => {
                (0..codes.len()).any(|index| codes[index] == code && rows.contains(&view.column.row(index)))
            }
            Need::Tokens(wanted) => {
                let text = text_of(dictionary.value(code)).into_owned();
                let found: Vec<u64> = tokens(&text).map(hash).collect();
                wanted.iter().all(|token| found.contains(token))
            }
        };
        let gone: Vec<u32> = (0..dictionary.len() as u32).filter(|code| !wanted(*code, &dictionary)).collect();
        for code in &gone {
            // What is left out is rubbish.
            dictionary.payload[*code as usize] = Span::chunk(0, 0).pack();
        }
        if let Need::Tokens(_) = need {
            let kept: Vec<usize> = (0..codes.len()).filter(|index| !gone.contains(&codes[*index])).collect();
            let rows = kept.iter().map(|index| view.column.row(*index)).collect();
            let codes = kept.iter().map(|index| codes[*index]).collect();
            return Column { rows: Some(rows), data: ColumnData::Dict { codes, dictionary } };
        }
        Column { rows: view.column.rows.clone(), data: ColumnData::Dict { codes, dictionary } }
    }
}

impl Columns for StoreLike {
    fn rows(&self) -> usize {
        self.batch.rows
    }

    fn ts(&self) -> Result<Cow<'_, [i64]>, ScanError> {
        self.batch.ts()
    }

    fn levels(&self) -> Result<Cow<'_, [u8]>, ScanError> {
        self.batch.levels()
    }

    fn column(&self, name: &str, need: Need<'_>) -> Result<Option<ColumnView<'_>>, ScanError> {
        let view = Columns::column(&self.batch, name, Need::All)?;
        Ok(view.map(|view| ColumnView::owned(self.dictionary(&view, need))))
    }

    fn gather(&self, rows: &[u32], projection: &Projection) -> Result<EntryBatch, ScanError> {
        Ok(self.batch.gather(rows, projection))
    }

    fn stats(&self) -> Option<&dyn BlockStats> {
        Some(self)
    }
}

impl BlockStats for StoreLike {
    fn rows(&self) -> usize {
        self.batch.rows
    }

    fn time_range(&self) -> Option<(i64, i64)> {
        let known = self.batch.ts.iter().copied().filter(|nanos| *nanos != NO_TIME);
        known.clone().min().zip(known.max())
    }

    fn levels(&self) -> u16 {
        match self.batch.levels.as_slice() {
            [] => 1,
            levels => levels.iter().fold(0, |set, level| set | 1 << level),
        }
    }

    fn column(&self, name: &str) -> Option<ColumnStats> {
        let view = Columns::column(&self.batch, name, Need::All).expect("it is in memory")?;
        Some(ColumnStats { present: view.column.len() as u64, numbers: None, only_numbers: false })
    }

    fn may_contain(&self, _: &str, _: u64) -> bool {
        true
    }
}

/// Filters over the fields of [`entries`], as text.
pub fn filter() -> impl Strategy<Value = String> {
    let name = one_of(&["a", "b", "c", "d", "message", "raw", "source", "format", "line"]);
    let operand = one_of(&[
        "1",
        "2",
        "-1",
        "1.5",
        "200",
        "\"200\"",
        "\"err\"",
        "\"Error\"",
        "\"true\"",
        "\"x.log\"",
        "1e300",
        "\"\"",
        "\"a b-c\"",
        "5ms",
        "1.9KB",
    ]);
    let word = one_of(&[
        "err",
        "ERROR",
        "a",
        "b-c",
        "2*",
        "er*",
        "\"err a\"",
        "ä*",
        "ärger",
        "\"kelvin\"",
        "\"ä kelvin\"",
        "x_y",
        "\"\"",
    ]);
    let operator = one_of(&["=", "!=", "<", "<=", ">", ">="]);
    let pattern = one_of(&["err", "^a", " a ", "(?i)ERR", "b-c$", ".", "1|2"]);
    let leaf = prop_oneof![
        Just("*".to_owned()),
        word.clone().prop_map(String::from),
        (name.clone(), word).prop_map(|(name, word)| format!("{name}:{word}")),
        name.clone().prop_map(|name| format!("{name}:*")),
        (name.clone(), operator.clone(), operand.clone())
            .prop_map(|(name, operator, operand)| format!("{name} {operator} {operand}")),
        (name.clone(), pattern).prop_map(|(name, pattern)| format!("{name} ~ \"{pattern}\"")),
        (name.clone(), one_of(&["=", "!=", ":"]), one_of(&["10.0.0.0/29", "10.0.0.0/28", "::/1"]))
            .prop_map(|(name, operator, network)| format!("{name} {operator}{network}")),
        (name.clone(), operand.clone()).prop_map(|(name, operand)| format!("{name} in (10.0.0.8/29, {operand})")),
        (name, operand.clone(), operand).prop_map(|(name, one, two)| format!("{name} in ({one}, {two})")),
        (operator.clone(), one_of(&["@10", "@20", "@39"])).prop_map(|(op, time)| format!("ts {op} {time}")),
        one_of(&["ts in (@1, @2)", "ts:*", "level:*", "level:e*", "level ~ \"r\"", "level in (warn, error)"])
            .prop_map(String::from),
        (operator, one_of(&["debug", "warn", "error"])).prop_map(|(op, level)| format!("level {op} {level}")),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("({one} {two})")),
            (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("({one} or {two})")),
            inner.prop_map(|part| format!("not ({part})")),
        ]
    })
}
