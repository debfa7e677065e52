//! The executor against the oracle.

mod filters;
mod sources;
