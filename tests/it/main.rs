//! The rooms working together, and what a user types and sees. One binary, because linking is slow.

#![allow(
    clippy::unwrap_used,
    reason = "a test may panic; helpers of integration tests are no test functions to clippy"
)]

mod cmd;
mod completions;
mod configuration;
mod import;
mod input;
mod kill;
mod readme;
mod sameness;
mod scan;
mod serve;
mod storage_contract;
mod streams;
mod terminal;
mod tidy;
