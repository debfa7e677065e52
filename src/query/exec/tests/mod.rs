//! The executor against the oracle.

mod filters;
mod runs;
mod sources;
