//! `--rejects`: the lines no format accepted, as JSON lines.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::exit::Failure;
use crate::entry::Reject;
use crate::input::InputPath;
use crate::output::json_text;

/// Makes the file, unless it is one of those that are read.
pub fn create(path: &Path, inputs: &[InputPath]) -> Result<BufWriter<File>, Failure> {
    if path == Path::new("-") {
        return Err(Failure::message("--rejects -: rejects are not mixed with what is printed")
            .hint("name a file (`./-` if it is to be called so)"));
    }
    let same = |input: &InputPath| match (input.file().map(Path::canonicalize), path.canonicalize()) {
        (Some(Ok(input)), Ok(path)) => input == path,
        _ => false,
    };
    if inputs.iter().any(same) {
        let text = format!("--rejects {}: this file is one of those to read", path.display());
        return Err(Failure::message(text).hint("name another file: this one would be overwritten"));
    }
    let file = File::create(path)
        .map_err(|error| Failure::new(error).context(format!("--rejects {}: cannot be written", path.display())))?;
    Ok(BufWriter::with_capacity(64 * 1024, file))
}

/// Writes one reject as a JSON object: `source`, `line`, `offset`, `length`, `reason`, `raw`.
pub fn write(source: &str, reject: &Reject, out: &mut dyn Write) -> io::Result<()> {
    let mut line = Vec::with_capacity(reject.raw.len() + 200);
    line.extend_from_slice(b"{\"source\":");
    json_text(source.as_bytes(), false, &mut line);
    write!(line, ",\"line\":{},\"offset\":{},\"length\":{},\"reason\":", reject.line, reject.offset, reject.length)?;
    json_text(reject.reason.as_bytes(), false, &mut line);
    line.extend_from_slice(b",\"raw\":");
    json_text(&reject.raw, false, &mut line);
    line.extend_from_slice(b"}\n");
    out.write_all(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reject_is_one_json_object() {
        let reject =
            Reject { line: 3, offset: 40, length: 5, reason: "no format".into(), raw: b"a\"\xff\x1b"[..].into() };
        let mut out = Vec::new();
        write("a.log", &reject, &mut out).expect("vectors take all");
        assert_eq!(
            String::from_utf8_lossy(&out),
            "{\"source\":\"a.log\",\"line\":3,\"offset\":40,\"length\":5,\"reason\":\"no format\",\
             \"raw\":\"a\\\"\u{fffd}\\u001b\"}\n"
        );
    }

    #[test]
    fn an_input_is_never_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.log");
        std::fs::write(&path, "kept").expect("written");
        assert!(create(&path, &[InputPath::File(path.clone())]).is_err());
        assert_eq!(std::fs::read(&path).expect("read"), b"kept");
        assert!(create(Path::new("-"), &[]).is_err());
        assert!(create(&folder.path().join("b"), &[InputPath::File(path)]).is_ok());
    }
}
