//! The question: from text to a plan, and its execution over batches.

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
pub mod oracle;
mod order;
mod parser;
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
pub use plan::{Plan, time_range};
pub use table::Table;
