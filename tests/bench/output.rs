//! Entries to bytes.

use criterion::{Criterion, Throughput};
use logan::output::{EntryWriter, Options, OutputFormat, Rows};
use logan::parse::Format;

use crate::lines::batch;

pub fn measure(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("output");
    let formats = [OutputFormat::Json, OutputFormat::Text, OutputFormat::Logfmt, OutputFormat::Csv, OutputFormat::Raw];
    for source in [Format::Combined, Format::Json] {
        let batch = batch(source);
        group.throughput(Throughput::Bytes(batch.chunk.len() as u64));
        for format in formats {
            let writer = EntryWriter::new(Options::new(format));
            let mut out = Vec::new();
            group.bench_function(format!("{}/{}", format.name(), source.name()), |bencher| {
                bencher.iter(|| {
                    out.clear();
                    writer.write(&batch, Rows::All(batch.rows), &mut out, None);
                    out.len()
                });
            });
        }
    }
    group.finish();
}
