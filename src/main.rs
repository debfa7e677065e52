//! The `logan` command.
fn main() {}
