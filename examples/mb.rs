use logan::entry::*;
use logan::parse::formats::combined::CombinedParser;
use logan::parse::*;
fn main() {
    let data = std::fs::read("/tmp/logan-bench/access100.log").unwrap();
    for (name, proj) in
        [("none", Projection::none()), ("status", Projection::only(["status"])), ("all", Projection::all())]
    {
        let settings = Settings { projection: proj, zone: Zone::default(), reference: None };
        let mut b = BatchBuilder::new(&settings.projection);
        let mut p = CombinedParser::new(&settings, &mut b);
        let mut rec = Record::default();
        let fmt: std::sync::Arc<str> = "combined".into();
        let mut best = f64::MAX;
        let mut rows = 0;
        let mut bad = 0;
        for _ in 0..5 {
            rows = 0;
            bad = 0;
            let t = std::time::Instant::now();
            for chunk in data.chunks(4 << 20) {
                let mut start = 0;
                for end in memchr::memchr_iter(b'\n', chunk) {
                    match p.parse(chunk, start, end, &mut rec, &mut b) {
                        Ok(()) => b.push(
                            &rec,
                            Span::chunk(start, end - start),
                            Position { line: 0, offset: start as u64 },
                            &fmt,
                        ),
                        Err(_) => bad += 1,
                    }
                    start = end + 1;
                }
                let batch = b.finish(Vec::new());
                rows += batch.rows;
                b.recycle(batch);
            }
            best = best.min(t.elapsed().as_secs_f64());
        }
        println!(
            "{name}: {rows} rows {bad} bad {:.0} MB/s {:.1} ns/row",
            data.len() as f64 / best / 1e6,
            best * 1e9 / rows as f64
        );
    }
}
