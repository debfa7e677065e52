use proptest::prelude::*;

use super::sources::{StoreLike, batch_of, entries, filter};
use crate::entry::{LogLevel, Timestamp, Zone};
use crate::query::exec::{Loader, Selector};
use crate::query::literal::Clock;
use crate::query::prune::{Share, share};
use crate::query::text::text_of;
use crate::query::token::{hash, tokens};
use crate::query::{BlockStats, ColumnStats, Columns, Filter, Need, oracle};

/// Statistics a store would keep of a batch.
struct Known(crate::entry::EntryBatch);

impl BlockStats for Known {
    fn rows(&self) -> usize {
        self.0.rows
    }

    fn time_range(&self) -> Option<(i64, i64)> {
        let timed = || self.0.entries().filter_map(|entry| entry.ts().map(Timestamp::nanos));
        Some((timed().min()?, timed().max()?))
    }

    fn levels(&self) -> u16 {
        self.0
            .entries()
            .map(|entry| 1 << entry.level().map_or(0, |level: LogLevel| level as u8))
            .fold(0, |all, one| all | one)
    }

    fn column(&self, name: &str) -> Option<ColumnStats> {
        let view = Columns::column(&self.0, name, Need::All).unwrap()?;
        let values: Vec<_> = (0..view.column.len()).map(|index| view.column.value(index, view.text)).collect();
        let numbers: Vec<f64> = values.iter().filter_map(|value| value.as_f64()).collect();
        let least = numbers.iter().copied().reduce(f64::min);
        let greatest = numbers.iter().copied().reduce(f64::max);
        Some(ColumnStats {
            present: values.len() as u64,
            numbers: least.zip(greatest),
            only_numbers: numbers.len() == values.len(),
        })
    }

    fn may_contain(&self, name: &str, token: u64) -> bool {
        let Some(view) = Columns::column(&self.0, name, Need::All).unwrap() else { return false };
        (0..view.column.len())
            .any(|index| tokens(&text_of(view.column.value(index, view.text))).any(|word| hash(word) == token))
    }
}

fn parse(text: &str) -> Filter {
    let clock = Clock { now: Timestamp::from_nanos(0).unwrap(), zone: Zone::Fixed(0) };
    Filter::parse(text, &clock).unwrap_or_else(|error| panic!("{text}: {error}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases * 12, ..ProptestConfig::default() })]
    #[test]
    fn every_way_to_evaluate_a_filter_agrees(entries in entries(30), text in filter()) {
        let filter = parse(&text);
        let batch = batch_of(&entries);
        let expected: Vec<u32> =
            (0..batch.rows).filter(|row| oracle::matches(&filter, batch.entry(*row))).map(|row| row as u32).collect();
        let selector = Selector::new(&filter);
        let plain = selector.select(&Loader::new(&batch)).unwrap().into_rows();
        prop_assert_eq!(&plain, &expected, "plain: {}", text);
        let stored = StoreLike { batch: batch.clone() };
        let stored = selector.select(&Loader::new(&stored)).unwrap().into_rows();
        prop_assert_eq!(&stored, &expected, "stored: {}", text);
        match share(&filter, &Known(batch)) {
            Share::None => prop_assert!(expected.is_empty(), "pruned: {}", text),
            Share::All => prop_assert_eq!(expected.len(), entries.len(), "all: {}", text),
            Share::Some => {}
        }
    }
}
