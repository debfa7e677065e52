//! The question: from text to a plan, and its execution over batches.

mod columns;
mod filter;
mod in_order;
pub mod token;

pub use columns::{BatchSink, BlockStats, ColumnStats, ColumnView, Columns, Need, ScanError};
pub use filter::{Comparison, Filter, Operand, Test, TextTest};
pub use in_order::InOrder;
