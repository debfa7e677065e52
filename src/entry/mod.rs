//! The nouns: what a log entry is, as a row ([`LogEntry`]) and as columns ([`EntryBatch`]).
//!
//! Entries move between rooms as batches of columns, because every question asked of logs touches few
//! fields of many entries. A batch that was just parsed borrows its text from the chunk it was read
//! from (positions, not copies); a batch that comes from a store has dictionary columns. Both answer
//! through [`Column`], so the query executor does not know which one it has.
//!
//! This room opens nothing and knows no other room.

mod batch;
mod column;
mod field;
mod grouped;
mod level;
mod log_entry;
mod reject;
mod runs;
mod timestamp;
mod value;
mod zone;

pub use batch::{BatchBuilder, EntryBatch, EntryRef, Names, Position, Record};
pub use column::{Column, ColumnData, Dictionary, Kinds, Span, TextRef};
pub use field::{FieldId, Projection, RESERVED_NAMES, STANDARD_NAMES, field_name, field_order, is_reserved};
pub use grouped::grouped;
pub use level::LogLevel;
pub use log_entry::LogEntry;
pub use reject::{Account, Reject, RejectReason};
pub use runs::Runs;

pub use timestamp::{NO_TIME, TimeStyle, Timestamp, days_from_civil};
pub use value::{Kind, Value, ValueRef};
pub use zone::{UnknownZone, Zone};
