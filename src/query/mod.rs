//! The question: from text to a plan, and its execution over batches.

pub mod ast;
mod columns;
mod error;
mod filter;
mod in_order;
mod lexer;
pub mod literal;
mod parser;
pub mod suggest;
pub mod token;

pub use columns::{BatchSink, BlockStats, ColumnStats, ColumnView, Columns, Need, ScanError};
pub use ast::Query;
pub use error::QueryError;
pub use filter::{Comparison, Filter, Operand, Test, TextTest};
pub use in_order::InOrder;
