//! Runs a reader on a thread of its own.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

/// Size of the buffers that travel.
const BUFFER_BYTES: usize = 256 * 1024;
/// How many buffers may be ready and not yet read.
const READY_BUFFERS: usize = 8;

/// Reads ahead on a helper thread, so that decompressing overlaps with parsing. The thread ends with
/// its input, or at the latest one buffer after the pump is dropped.
pub struct Pump {
    full: Receiver<io::Result<Vec<u8>>>,
    empty: Sender<Vec<u8>>,
    current: Vec<u8>,
    given: usize,
    ended: bool,
}

impl Pump {
    /// Starts reading `input`.
    pub fn new(input: Box<dyn Read + Send>) -> io::Result<Pump> {
        let (send_full, full) = sync_channel(READY_BUFFERS);
        let (empty, receive_empty) = channel();
        thread::Builder::new().name("decompress".into()).spawn(move || run(input, &send_full, &receive_empty))?;
        Ok(Pump { full, empty, current: Vec::new(), given: 0, ended: false })
    }
}

fn run(mut input: Box<dyn Read + Send>, full: &SyncSender<io::Result<Vec<u8>>>, empty: &Receiver<Vec<u8>>) {
    loop {
        let mut buffer = empty.try_recv().unwrap_or_default();
        buffer.resize(BUFFER_BYTES, 0);
        let (filled, failure) = fill(&mut input, &mut buffer);
        buffer.truncate(filled);
        if filled > 0 && full.send(Ok(buffer)).is_err() {
            return;
        }
        if let Some(failure) = failure {
            // Nobody left to tell is as good as told.
            let _ = full.send(Err(failure));
            return;
        }
        if filled < BUFFER_BYTES {
            // An empty buffer says that this is the end, and not a thread that died.
            let _ = full.send(Ok(Vec::new()));
            return;
        }
    }
}

/// Reads until the buffer is full, the input ends or fails.
pub fn fill(input: &mut dyn Read, buffer: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(error)),
        }
    }
    (filled, None)
}

impl Read for Pump {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.current.len() && !self.ended {
            let spent = std::mem::take(&mut self.current);
            self.given = 0;
            // The thread may have ended already; then the buffer is just freed.
            let _ = self.empty.send(spent);
            let next = self.full.recv().unwrap_or_else(|_| Err(io::Error::other("the decompressor failed")));
            self.ended = !matches!(&next, Ok(bytes) if !bytes.is_empty());
            self.current = next?;
        }
        let rest = &self.current[self.given..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.given += length;
        Ok(length)
    }
}
