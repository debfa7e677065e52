//! The `logan` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    logan::cli::run()
}
