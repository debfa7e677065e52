//! One input, opened: its compression undone, its text in UTF-8.

use std::fs::{self, File};
use std::io::{self, BufReader, Cursor, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::compression::MAGIC_BYTES;
use super::pump::{Pump, fill};
use super::source::{Origin, Source};
use super::utf16::{Utf16Reader, byte_order};
use super::{ChunkReader, Compression, InputError, InputPath, ReaderOptions};

/// An input, ready to be read.
pub struct Input {
    /// What it is called.
    pub name: String,
    /// How many bytes the file has on disk, compressed or not; unknown for pipes.
    pub size: Option<u64>,
    /// When the file was last written; unknown for pipes.
    pub modified: Option<SystemTime>,
    /// How it is compressed.
    pub compression: Compression,
    /// True when later runs may find more in it: a plain file, as opposed to a compressed one or a pipe.
    pub may_grow: bool,
    source: Source,
    consumed: Option<Arc<AtomicU64>>,
}

/// Opens an input.
pub fn open(path: &InputPath) -> Result<Input, InputError> {
    let name = path.name();
    match path {
        InputPath::Stdin => {
            let file = io::stdin().as_fd().try_clone_to_owned().map(File::from);
            let file = file.map_err(|source| InputError::Open { path: name.clone(), source })?;
            open_stream(name, file)
        }
        InputPath::File(file_path) => {
            let failed = |source| InputError::Open { path: name.clone(), source };
            check_kind(&name, file_path, path.is_descriptor())?;
            let file = File::open(file_path).map_err(failed)?;
            if file.metadata().map_err(failed)?.is_file() { open_file(name, file) } else { open_stream(name, file) }
        }
    }
}

/// Refuses what is no regular file before it is opened: opening a named pipe waits for its other end.
fn check_kind(name: &str, path: &Path, is_descriptor: bool) -> Result<(), InputError> {
    let open_failed = |source| InputError::Open { path: name.to_owned(), source };
    let kind = fs::metadata(path).map_err(open_failed)?.file_type();
    if kind.is_dir() {
        return Err(InputError::Folder { path: name.to_owned() });
    }
    let kind = match () {
        () if kind.is_file() || is_descriptor => return Ok(()),
        () if kind.is_fifo() => "named pipe",
        () if kind.is_socket() => "socket",
        () => "device",
    };
    Err(InputError::NotFile { path: name.to_owned(), kind })
}

fn open_file(name: String, file: File) -> Result<Input, InputError> {
    let failed = |source| InputError::Open { path: name.clone(), source };
    let metadata = file.metadata().map_err(failed)?;
    let (size, modified) = (metadata.len(), metadata.modified().ok());
    let mut head = [0; MAGIC_BYTES];
    let head = {
        let mut filled = 0;
        while filled < head.len() {
            match file.read_at(&mut head[filled..], filled as u64).map_err(failed)? {
                0 => break,
                read => filled += read,
            }
        }
        &head[..filled]
    };
    let compression = detect(&name, head)?;
    if compression == Compression::None && byte_order(head).is_none() {
        let end = if size == 0 { u64::MAX } else { size };
        let source = Source::new(name.clone(), compression, Origin::File { file, end });
        return Ok(Input { name, size: Some(size), modified, compression, may_grow: true, source, consumed: None });
    }
    let consumed = Arc::new(AtomicU64::new(0));
    let counted = Counted { input: file, count: consumed.clone() };
    let stream = decode(counted, compression).map_err(failed)?;
    let stream = Pump::new(stream).map_err(failed)?;
    let source = Source::new(name.clone(), compression, Origin::Stream(Box::new(stream)));
    let may_grow = compression == Compression::None;
    Ok(Input { name, size: Some(size), modified, compression, may_grow, source, consumed: Some(consumed) })
}

fn open_stream(name: String, mut file: File) -> Result<Input, InputError> {
    let failed = |source| InputError::Open { path: name.clone(), source };
    // A shell may have connected a regular file: then its size is known, though it is read as a pipe.
    let metadata = file.metadata().ok().filter(fs::Metadata::is_file);
    let size = metadata.as_ref().map(fs::Metadata::len);
    let modified = metadata.and_then(|metadata| metadata.modified().ok());
    let mut head = [0; MAGIC_BYTES];
    let (filled, failure) = fill(&mut file, &mut head);
    if let Some(failure) = failure {
        return Err(failed(failure));
    }
    let head = &head[..filled];
    let compression = detect(&name, head)?;
    let consumed = Arc::new(AtomicU64::new(0));
    let source = if compression == Compression::None && byte_order(head).is_none() {
        consumed.store(head.len() as u64, Ordering::Relaxed);
        let pipe = file.try_clone().map_err(failed)?.into();
        let counted = Counted { input: file, count: consumed.clone() };
        Source::of_pipe(name.clone(), Box::new(counted), head, pipe)
    } else {
        let whole = Cursor::new(head.to_vec()).chain(file);
        let counted = Counted { input: whole, count: consumed.clone() };
        let stream = decode(counted, compression).map_err(failed)?;
        let stream = Pump::new(stream).map_err(failed)?;
        Source::new(name.clone(), compression, Origin::Stream(Box::new(stream)))
    };
    Ok(Input { name, size, modified, compression, may_grow: false, source, consumed: Some(consumed) })
}

fn detect(name: &str, head: &[u8]) -> Result<Compression, InputError> {
    Compression::detect(head).map_err(|kind| InputError::Unsupported { path: name.to_owned(), kind })
}

/// Returns a reader of the decompressed data as UTF-8.
fn decode<R: Read + Send + 'static>(input: R, compression: Compression) -> io::Result<Box<dyn Read + Send>> {
    let decoder = compression.decoder(BufReader::with_capacity(128 * 1024, input))?;
    Ok(Box::new(Utf8 { input: decoder, decided: false }))
}

/// Looks at the first bytes when they are first asked for, and reads UTF-16 as UTF-8.
struct Utf8 {
    input: Box<dyn Read + Send>,
    decided: bool,
}

impl Read for Utf8 {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.decided {
            self.decided = true;
            let mut head = [0; 2];
            let (filled, failure) = fill(&mut self.input, &mut head);
            let inner = std::mem::replace(&mut self.input, Box::new(io::empty()));
            let rest: Box<dyn Read + Send> = match failure {
                Some(failure) => Box::new(Failing { failure: Some(failure) }),
                None => inner,
            };
            let whole = Cursor::new(head[..filled].to_vec()).chain(rest);
            self.input = match byte_order(&head[..filled]) {
                Some(little_endian) => Box::new(Utf16Reader::new(whole, little_endian)),
                None => Box::new(whole),
            };
        }
        self.input.read(buffer)
    }
}

/// Fails once, then ends.
struct Failing {
    failure: Option<io::Error>,
}

impl Read for Failing {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        self.failure.take().map_or(Ok(0), Err)
    }
}

/// Counts the bytes that are read through it.
struct Counted<R> {
    input: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl Input {
    /// Starts reading.
    pub fn into_reader(self, options: ReaderOptions) -> ChunkReader {
        ChunkReader::new(self.source, self.consumed, options)
    }
}
