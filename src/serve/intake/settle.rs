//! The limits every entry keeps, whatever protocol it came by, and the time of those that brought none.

use std::borrow::Cow;

use super::{Arrival, Decoded, IntakeError, Limits, TS_ASSUMED};
use crate::entry::{
    Column, ColumnData, EntryBatch, Kind, NO_TIME, Projection, Reject, RejectReason, Runs, TimeStyle, Timestamp,
    field_order,
};

/// Makes what was read into what is stored: entries beyond the limits become rejects, entries without a time get that
/// of their arrival and say so. On a batch within the limits it looks at each row's time and length and at each
/// column's name, no more.
///
/// # Errors
/// When the request is too large as a whole.
pub fn settle(
    mut batch: EntryBatch,
    mut rejects: Vec<Reject>,
    lines: u64,
    arrival: &Arrival,
) -> Result<Decoded, IntakeError> {
    check_room(batch.rows, rejects.len(), batch.fields.len())?;
    let faults = faults(&batch, &arrival.limits);
    if !faults.is_empty() {
        for (row, reason) in &faults {
            let entry = batch.entry(*row as usize);
            let position = entry.position().unwrap_or_default();
            rejects.push(reject(position.line, position.offset, entry.raw().unwrap_or_default(), reason.clone()));
        }
        let mut faulty = faults.iter().map(|(row, _)| *row).peekable();
        let kept: Vec<u32> = (0..batch.rows as u32).filter(|row| faulty.next_if_eq(row).is_none()).collect();
        batch = batch.gather(&kept, &Projection::all());
        check_room(batch.rows, rejects.len(), batch.fields.len())?;
    }
    rejects.sort_by_key(|reject| reject.line);
    assume_times(&mut batch, arrival.now);
    Ok(Decoded { batch, rejects, lines })
}

/// Makes a reject of a text, of which the beginning is kept.
pub fn reject(line: u64, offset: u64, text: &[u8], reason: impl Into<RejectReason>) -> Reject {
    Reject {
        line,
        offset,
        length: text.len() as u64,
        reason: reason.into(),
        raw: text[..text.len().min(Reject::MAX_KEPT)].into(),
    }
}

/// Refuses a request that has become too large.
///
/// # Errors
/// When it has.
pub fn check_room(entries: usize, rejects: usize, names: usize) -> Result<(), IntakeError> {
    let too_many = |most: usize, what: &str| {
        let most = crate::entry::grouped(most as u64);
        Err(IntakeError::TooLarge(format!("more than {most} {what} in one request; nothing of it was stored")))
    };
    match () {
        _ if entries > Limits::ENTRIES => too_many(Limits::ENTRIES, "entries"),
        _ if rejects > Limits::REJECTS => too_many(Limits::REJECTS, "lines that could not be read"),
        _ if names > Limits::NAMES => too_many(Limits::NAMES, "different field names"),
        _ => Ok(()),
    }
}

/// Returns the rows that break a limit, ascending, each once.
fn faults(batch: &EntryBatch, limits: &Limits) -> Vec<(u32, RejectReason)> {
    let mut faults: Vec<(u32, RejectReason)> = Vec::new();
    for (row, raw) in batch.raw.iter().enumerate() {
        if raw.end() - raw.start() > limits.line {
            faults.push((row as u32, limits.too_long()));
        }
    }
    for (name, column) in &batch.fields {
        if name.len() > limits.field_name {
            let reason = format!("a field name is longer than {} bytes", limits.field_name);
            faults.extend((0..column.len()).map(|index| (column.row(index), Cow::Owned(reason.clone()))));
        }
    }
    if batch.fields.len() > limits.fields {
        let mut counts = vec![0u16; batch.rows];
        for (_, column) in &batch.fields {
            (0..column.len()).for_each(|index| counts[column.row(index) as usize] += 1);
        }
        let many = counts.iter().enumerate().filter(|(_, count)| **count as usize > limits.fields);
        faults.extend(many.map(|(row, count)| (row as u32, limits.too_many_fields(usize::from(*count)))));
    }
    faults.sort_by_key(|(row, _)| *row);
    faults.dedup_by_key(|(row, _)| *row);
    faults
}

/// Gives entries without a time that of their arrival, and the field that says so.
fn assume_times(batch: &mut EntryBatch, now: Timestamp) {
    if !batch.ts.contains(&NO_TIME) {
        return;
    }
    let at = batch.fields.iter().position(|(name, _)| &**name == TS_ASSUMED);
    let sent = at.map(|at| batch.fields.remove(at).1).unwrap_or_default();
    let mut column = Column::default();
    let mut cursor = 0;
    let mut styles = Runs::default();
    for row in 0..batch.rows as u32 {
        let ts = &mut batch.ts[row as usize];
        let style = batch.styles.get(row).unwrap_or_default();
        styles.push(row, if *ts == NO_TIME { TimeStyle::exact(now.nanos()) } else { style });
        if *ts == NO_TIME {
            *ts = now.nanos();
            column.push(row, Kind::Bool, 1);
        } else if let Some(index) = sent.seek(row, &mut cursor)
            && let ColumnData::Plain { kinds, payload } = &sent.data
        {
            // A client's own field of that name stays with the entries that brought a time.
            column.push(row, kinds.get(index), payload[index]);
        }
    }
    batch.styles = styles;
    let order = field_order(TS_ASSUMED);
    let place = batch.fields.partition_point(|(name, _)| field_order(name) < order);
    batch.fields.insert(place, (TS_ASSUMED.into(), column));
}
