//! The rooms working together, and what a user types and sees. One binary, because linking is slow.

mod cmd;
mod completions;
mod import;
mod input;
mod scan;
mod storage_contract;
mod tidy;
