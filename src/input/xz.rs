//! xz, read so that nothing good is lost.

use std::io::{self, BufRead, Read};

use liblzma::stream::{Action, CONCATENATED, Status, Stream};

/// Decompresses xz streams, one after the other.
///
/// The reader of `liblzma` throws away what one call expanded before it came upon damage; this one
/// delivers it first.
pub struct XzReader<R> {
    input: R,
    stream: Stream,
    failure: Option<io::Error>,
    ended: bool,
}

impl<R: BufRead> XzReader<R> {
    /// Reads `input`, with at most so many bytes of memory for the dictionary.
    pub fn new(input: R, max_memory: u64) -> io::Result<XzReader<R>> {
        let stream = Stream::new_stream_decoder(max_memory, CONCATENATED)?;
        Ok(XzReader { input, stream, failure: None, ended: false })
    }
}

impl<R: BufRead> Read for XzReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.ended && !buffer.is_empty() {
            if let Some(failure) = self.failure.take() {
                self.ended = true;
                return Err(failure);
            }
            let bytes = self.input.fill_buf()?;
            let at_end = bytes.is_empty();
            let before = (self.stream.total_in(), self.stream.total_out());
            let status = self.stream.process(bytes, buffer, if at_end { Action::Finish } else { Action::Run });
            let consumed = (self.stream.total_in() - before.0) as usize;
            let produced = (self.stream.total_out() - before.1) as usize;
            self.input.consume(consumed);
            match status {
                Ok(Status::StreamEnd) => self.ended = true,
                Err(error) => self.failure = Some(error.into()),
                Ok(_) if produced == 0 && at_end => self.failure = Some(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
            }
            if produced > 0 {
                return Ok(produced);
            }
        }
        Ok(0)
    }
}
