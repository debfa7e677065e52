//! A sequence of bytes that is read forward, and may be stepped back a little.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::pump::fill;
use super::{Compression, InputError};

/// Where bytes come from.
pub enum Origin {
    /// A plain file, read at positions, up to the size it had when it was opened.
    File {
        /// The file.
        file: File,
        /// Its size; `u64::MAX` for files that do not tell, as those of `/proc`.
        end: u64,
    },
    /// Anything else.
    Stream(Box<dyn Read + Send>),
}

/// The bytes of one input.
pub struct Source {
    name: String,
    compression: Compression,
    origin: Origin,
    position: u64,
    /// Bytes of a stream that were read but not yet taken: `ahead[taken..]`.
    ahead: Vec<u8>,
    taken: usize,
    failure: Option<InputError>,
    failed: bool,
    /// How a plain file began when it was opened.
    witness: Vec<u8>,
    /// Tells whether more of a pipe is ready.
    pipe: Option<OwnedFd>,
}

/// How much of a file's beginning shows that it is still the same.
const WITNESS_BYTES: usize = 512;

impl Source {
    pub fn new(name: String, compression: Compression, origin: Origin) -> Source {
        let mut witness = Vec::new();
        if let Origin::File { file, end } = &origin
            && *end != u64::MAX
        {
            witness.resize(WITNESS_BYTES.min(usize::try_from(*end).unwrap_or(usize::MAX)), 0);
            let (filled, _) = read_at(file, &mut witness, 0);
            witness.truncate(filled);
        }
        let (ahead, taken, failure, failed) = (Vec::new(), 0, None, false);
        Source { name, compression, origin, position: 0, ahead, taken, failure, failed, witness, pipe: None }
    }

    /// A pipe that can be asked whether more is ready; `ahead` was read from it already.
    pub fn of_pipe(name: String, stream: Box<dyn Read + Send>, ahead: &[u8], pipe: OwnedFd) -> Source {
        let source = Source::new(name, Compression::None, Origin::Stream(stream));
        Source { ahead: ahead.to_vec(), pipe: Some(pipe), ..source }
    }

    /// Returns the offset of the next byte.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Returns true once reading has failed; what was read before is good.
    pub fn failed(&self) -> bool {
        self.failed
    }

    /// Returns the failure, once.
    pub fn take_failure(&mut self) -> Option<InputError> {
        self.failure.take()
    }

    /// Returns true when any position can be read at any time.
    pub fn is_seekable(&self) -> bool {
        matches!(self.origin, Origin::File { .. })
    }

    /// Returns the size a plain file had when it was opened, if it told.
    pub fn file_size(&self) -> Option<u64> {
        match &self.origin {
            Origin::File { end, .. } => Some(*end).filter(|end| *end != u64::MAX),
            Origin::Stream(_) => None,
        }
    }

    /// Returns up to `max` bytes of a plain file; none where it cannot be read, which a later read will report.
    pub fn window(&self, position: u64, max: usize) -> Vec<u8> {
        let Origin::File { file, .. } = &self.origin else { return Vec::new() };
        let mut bytes = vec![0; max];
        let (filled, _) = read_at(file, &mut bytes, position);
        bytes.truncate(filled);
        bytes
    }

    /// Goes to a position of a plain file.
    pub fn seek(&mut self, position: u64) {
        debug_assert!(self.is_seekable());
        self.position = position;
    }

    /// Fills `buffer` and returns how many bytes there were: fewer than it holds only at the end or after a failure.
    pub fn read(&mut self, buffer: &mut [u8]) -> usize {
        let mut filled = 0;
        let failure = match &mut self.origin {
            Origin::File { file, end } => {
                let left = usize::try_from(end.saturating_sub(self.position)).unwrap_or(usize::MAX);
                let wanted = left.min(buffer.len());
                let (read, failure) = read_at(file, &mut buffer[..wanted], self.position);
                filled = read;
                let shrunk = read < wanted && *end != u64::MAX && failure.is_none();
                let bytes = self.position + read as u64;
                if shrunk {
                    // A later read must not find what was written there meanwhile.
                    *end = bytes;
                }
                let path = || self.name.clone();
                let failure = failure.map(|source| InputError::Read { path: path(), bytes, source });
                failure.or_else(|| shrunk.then(|| InputError::Shrunk { path: path(), bytes }))
            }
            Origin::Stream(stream) => {
                let ready = &self.ahead[self.taken..];
                filled += ready.len().min(buffer.len());
                buffer[..filled].copy_from_slice(&ready[..filled]);
                self.taken += filled;
                if filled < buffer.len() && !self.failed {
                    let (read, failure) = fill(stream, &mut buffer[filled..]);
                    filled += read;
                    let bytes = self.position + filled as u64;
                    failure.map(|error| stream_error(&self.name, self.compression, bytes, error))
                } else {
                    None
                }
            }
        };
        self.position += filled as u64;
        if failure.is_some() && !self.failed {
            self.failed = true;
            self.failure = failure;
        }
        filled
    }

    /// Reads what there is of a pipe: returns how many bytes, and true when nothing more came for as long as
    /// `patience`. Waits for the first of them, if there is to be one, as long as it takes. Anything but a pipe is
    /// read as ever.
    pub fn read_until_quiet(&mut self, buffer: &mut [u8], patience: Duration, waits_for_first: bool) -> (usize, bool) {
        let mut filled = 0;
        while filled < buffer.len() {
            let is_first = filled == 0 && waits_for_first;
            if self.pipe.is_none() || self.failed {
                return (filled + self.read(&mut buffer[filled..]), false);
            }
            let ready = self.ahead.len() - self.taken;
            if ready > 0 {
                let wanted = ready.min(buffer.len() - filled);
                filled += self.read(&mut buffer[filled..][..wanted]);
                continue;
            }
            if !is_first && self.is_quiet_for(patience) {
                return (filled, true);
            }
            match self.read_once(&mut buffer[filled..]) {
                0 => break,
                read => filled += read,
            }
        }
        (filled, false)
    }

    /// Reads what comes with one call; 0 at the end or after a failure.
    fn read_once(&mut self, buffer: &mut [u8]) -> usize {
        let Origin::Stream(stream) = &mut self.origin else { return 0 };
        let read = loop {
            match stream.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        let read = read.unwrap_or_else(|error| {
            self.failed = true;
            self.failure = Some(stream_error(&self.name, self.compression, self.position, error));
            0
        });
        self.position += read as u64;
        read
    }

    /// Returns true when nothing came, and not the end either.
    fn is_quiet_for(&self, patience: Duration) -> bool {
        let Some(pipe) = &self.pipe else { return false };
        let timeout = Timespec { tv_sec: patience.as_secs() as i64, tv_nsec: i64::from(patience.subsec_nanos()) as _ };
        let mut polled = [PollFd::new(pipe, PollFlags::IN)];
        // What cannot be asked is read, which tells why.
        matches!(poll(&mut polled, Some(&timeout)), Ok(0))
    }

    /// Returns true when a plain file no longer begins as it did: it was emptied, and perhaps written anew.
    pub fn is_replaced(&self) -> bool {
        let Origin::File { file, .. } = &self.origin else { return false };
        let mut now = [0; WITNESS_BYTES];
        let (filled, _) = read_at(file, &mut now[..self.witness.len()], 0);
        now[..filled] != self.witness[..]
    }

    /// Ends reading at the present position, as if the file had been cut short there.
    pub fn break_off(&mut self) {
        if let Origin::File { end, .. } = &mut self.origin {
            *end = self.position;
        }
        if !self.failed {
            self.failed = true;
            self.failure = Some(InputError::Shrunk { path: self.name.clone(), bytes: self.position });
        }
    }

    /// Takes back the last bytes read: the next read begins with them.
    pub fn unread(&mut self, bytes: &[u8]) {
        self.position -= bytes.len() as u64;
        if self.is_seekable() {
            return;
        }
        if bytes.len() <= self.taken {
            self.taken -= bytes.len();
            self.ahead[self.taken..][..bytes.len()].copy_from_slice(bytes);
            return;
        }
        let rest = self.ahead.len() - self.taken;
        let mut ahead = Vec::with_capacity(bytes.len() + rest);
        ahead.extend_from_slice(bytes);
        ahead.extend_from_slice(&self.ahead[self.taken..]);
        (self.ahead, self.taken) = (ahead, 0);
    }
}

fn read_at(file: &File, buffer: &mut [u8], position: u64) -> (usize, Option<io::Error>) {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], position + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(error)),
        }
    }
    (filled, None)
}

fn stream_error(name: &str, compression: Compression, bytes: u64, error: io::Error) -> InputError {
    let path = name.to_owned();
    match (compression, error.kind()) {
        (Compression::None, _) => InputError::Read { path, bytes, source: error },
        // The decompressors report what they think of the data as one of these, or without a kind; anything
        // else comes from the file below them.
        (_, io::ErrorKind::UnexpectedEof) => InputError::EndsEarly { path, compression, bytes },
        (_, io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other) => {
            InputError::Damaged { path, compression, bytes, detail: error.to_string() }
        }
        (_, _) => InputError::Read { path, bytes, source: error },
    }
}
