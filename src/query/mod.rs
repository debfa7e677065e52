//! The question: from text to a plan, and its execution over batches.
//!
//! [`Query::parse`] reads the text, [`Plan::new`] takes it apart, [`exec::Execution`] is the [`BatchSink`] a scan
//! pushes its batches to. A source only says what a batch holds ([`Columns`]) and may skip what cannot match
//! ([`prune::may_match`]); what matches is decided here alone, so every source gives the same answer. That answer
//! does not depend on threads or on where batches are cut. [`oracle`] is the slow and obvious evaluation everything
//! is tested against. The room opens nothing: no file, no clock; entries are written by whoever calls.

pub mod ast;
mod columns;
mod columns_batch;
mod compare;
mod error;
pub mod exec;
mod filter;
mod in_order;
mod lexer;
pub mod literal;
mod narrow;
pub mod oracle;
mod order;
mod parser;
mod pattern;
mod plan;
pub mod prune;
pub mod suggest;
mod table;
mod text;
pub mod token;

pub use ast::Query;
pub use columns::{BatchSink, BlockStats, ColumnStats, ColumnView, Columns, Need, ScanError};
pub use error::QueryError;
pub use filter::{Comparison, Filter, Operand, Test, TextTest};
pub use in_order::InOrder;
pub use pattern::PatternLimits;
pub use plan::{Plan, time_range};
pub use table::Table;
