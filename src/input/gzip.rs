//! gzip, read as gzip(1) does: zeros after the data say nothing.
//!
//! Tapes and block devices pad files with zeros. Anything else that follows the last member is damage: it may be
//! the rest of a log.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// Decompresses gzip members, one after the other, up to the end or to zeros that last until the end.
pub struct GzipReader<R> {
    /// `None` once it is through.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> GzipReader<R> {
    /// Reads `input`, which begins with a member.
    pub fn new(input: R) -> GzipReader<R> {
        GzipReader { member: Some(GzDecoder::new(input)) }
    }
}

impl<R: BufRead> Read for GzipReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let mut input = self.member.take().expect("it was just read from").into_inner();
            match skip_zeros(&mut input)? {
                Follows::Nothing => {}
                Follows::Member => self.member = Some(GzDecoder::new(input)),
                Follows::Other => {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "something else follows the gzip data"));
                }
            }
        }
        Ok(0)
    }
}

/// What stands behind a member.
enum Follows {
    Nothing,
    Member,
    Other,
}

/// Passes zeros, as many as there are.
fn skip_zeros(input: &mut impl BufRead) -> io::Result<Follows> {
    let mut any = false;
    loop {
        let bytes = match input.fill_buf() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if bytes.is_empty() {
            return Ok(Follows::Nothing);
        }
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        if zeros < bytes.len() {
            // What looks like a member may still be damaged; its decoder says how.
            let is_member = !any && zeros == 0 && bytes[0] == 0x1f;
            return Ok(if is_member { Follows::Member } else { Follows::Other });
        }
        any = true;
        input.consume(zeros);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    /// Reads through buffers of a few bytes.
    fn read(bytes: &[u8]) -> (String, Option<String>) {
        let mut reader = GzipReader::new(io::BufReader::with_capacity(3, bytes));
        let mut text = Vec::new();
        let failure = reader.read_to_end(&mut text).err().map(|error| error.to_string());
        (String::from_utf8(text).unwrap(), failure)
    }

    #[test]
    fn members_follow_each_other_and_zeros_are_the_end() {
        assert_eq!(read(&[gzip("a"), gzip(""), gzip("b")].concat()), ("ab".into(), None));
        assert_eq!(read(&[gzip("a"), gzip("b"), vec![0; 1000]].concat()), ("ab".into(), None));
    }

    #[test]
    fn anything_else_behind_the_data_is_damage() {
        let damage = Some("something else follows the gzip data".to_owned());
        assert_eq!(read(&[gzip("a"), b"more".to_vec()].concat()), ("a".into(), damage.clone()));
        assert_eq!(read(&[gzip("a"), vec![0; 10], b"more".to_vec()].concat()), ("a".into(), damage.clone()));
        assert_eq!(read(&[gzip("a"), vec![0; 10], gzip("b")].concat()), ("a".into(), damage));
        let cut = gzip("b");
        assert!(read(&[gzip("a"), cut[..cut.len() - 3].to_vec()].concat()).1.is_some());
    }
}
