//! Runs a plan over batches, column at a time, on any number of threads, always with the same answer.

mod aggregate;
mod collect;
mod execution;
mod loader;
mod scan;
mod selection;
mod selector;
mod tables;

pub use aggregate::Aggregator;
pub use execution::{Counts, Deliver, Execution, Outcome, Render, Rendered, Rendering, has_field};
pub use loader::Loader;
pub use selection::Selection;
pub use selector::{Selector, filter_columns};

#[cfg(test)]
mod tests;
