//! How fast the hot paths are: `cargo bench`, or `cargo bench -- parse/json` for some of them.
//!
//! All input is made in code from a seed, so numbers of different days and machines mean the same work.
//! Rates are bytes of log text or entries a second, on one thread. They are for comparing two states of
//! the code on one machine; what logan must reach is measured on whole files.

mod detect;
mod intake;
mod lines;
mod output;
mod parse;
mod query;
mod storage;

use criterion::Criterion;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    parse::measure(&mut criterion);
    output::measure(&mut criterion);
    query::measure(&mut criterion);
    storage::measure(&mut criterion);
    detect::measure(&mut criterion);
    intake::measure(&mut criterion);
    criterion.final_summary();
}
