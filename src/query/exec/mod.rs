//! Runs a plan over batches, column at a time, on any number of threads, always with the same answer.

mod loader;
mod scan;
mod selection;
mod selector;

pub use loader::Loader;
pub use selection::Selection;
pub use selector::{Selector, filter_columns};

#[cfg(test)]
mod tests;
