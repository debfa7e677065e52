//! Where the lines of both spellings go.

use crate::entry::{RejectReason, Span};
use crate::parse::Zone;
use crate::serve::intake::gather::{Gather, settings};
use crate::serve::intake::line::{Beside, InnerLines, set_time};
use crate::serve::intake::{Arrival, Decoded, IntakeError, Limits};

/// Lines of one request.
#[derive(Debug)]
pub struct Sink {
    gather: Gather,
    inner: InnerLines,
    stream: Beside,
    /// All lines, one after the other.
    text: Vec<u8>,
    count: u64,
}

impl Sink {
    /// Begins a request.
    pub fn new(arrival: &Arrival) -> Sink {
        let mut gather = Gather::new(arrival);
        let inner = InnerLines::new(&settings(arrival, Zone::default()), &mut gather, "loki");
        Sink { gather, inner, stream: Beside::default(), text: Vec::new(), count: 0 }
    }

    /// Returns what lines and entries may have.
    pub fn limits(&self) -> &Limits {
        self.gather.limits()
    }

    /// Begins a stream.
    pub fn stream(&mut self, labels: &[(String, Vec<u8>)]) -> Result<(), IntakeError> {
        let most = self.limits().fields;
        if labels.len() > most {
            return Err(IntakeError::Wrong(format!("a stream has {} labels, more than {most}", labels.len())));
        }
        self.stream = Beside::of(labels, &mut self.gather);
        Ok(())
    }

    /// Takes a line of the stream; `nanos` is [`crate::entry::NO_TIME`] when the envelope has none.
    pub fn line(&mut self, nanos: i64, line: &[u8], metadata: &[(String, Vec<u8>)]) -> Result<(), IntakeError> {
        self.count += 1;
        let start = self.text.len();
        if line.len() > self.limits().line {
            let reason = self.limits().too_long();
            return self.gather.reject(self.count, start, line, reason);
        }
        if metadata.len() > self.limits().fields {
            let reason = format!("{} pieces of metadata, more than {}", metadata.len(), self.limits().fields);
            return self.gather.reject(self.count, start, line, reason);
        }
        self.text.extend_from_slice(line);
        let format = self.inner.read(&mut self.gather, &self.text, start);
        set_time(&mut self.gather, nanos);
        // Labels last: what metadata or line have under the name of one makes way.
        if !metadata.is_empty() {
            Beside::of(metadata, &mut self.gather).add_to(&mut self.gather);
        }
        self.stream.add_to(&mut self.gather);
        self.gather.push(&self.text, Span::chunk(start, line.len()), (self.count, start), &format)
    }

    /// Takes note of a line that is not accepted.
    pub fn reject(&mut self, line: &[u8], reason: impl Into<RejectReason>) -> Result<(), IntakeError> {
        self.count += 1;
        self.gather.reject(self.count, self.text.len(), line, reason)
    }

    /// Ends the request.
    pub fn finish(self) -> Result<Decoded, IntakeError> {
        self.gather.finish(self.text, self.count)
    }
}
